"""What tasks of any kind share: a model's input, units packed into samples, files by role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ovreport.errors import SuiteError
from ovreport_collector.engines.arrays import Array
from ovreport_collector.suite.model import Model


def only_input(model: Model) -> tuple[str, list[int]]:
    """Return name and static shape of the model's only input."""
    if len(model.shapes) != 1:
        raise SuiteError(
            f'task "{model.task}" feeds one input, and the model declares {len(model.shapes)}',
            where=model.id,
            remedy="declare one input in shapes, or use another task",
        )
    return next(iter(model.shapes.items()))


def required_file(files: Mapping[str, Path], role: str, *, model: Model, of: str) -> Path:
    """Return the file of a role; SuiteError when the suite does not name it."""
    try:
        return files[role]
    except KeyError:
        raise SuiteError(
            f'task "{model.task}" needs the {of} file "{role}"',
            where=model.id,
            remedy=f'add the role "{role}" to the {of} files in the suite',
        ) from None


def pack(units: Array, shape: Sequence[int]) -> Array:
    """Return units [k, …] as samples [n, *shape]; the last one is filled up from the start."""
    batch, rest = shape[0], tuple(shape[1:])
    samples = -(-len(units) // batch)
    index = np.arange(samples * batch) % len(units)
    return units[index].reshape(samples, batch, *rest)


def unpack(output: Array, units: int) -> Array:
    """Return outputs [n, batch, …] as [units, …], without what `pack` filled up."""
    return output.reshape(-1, *output.shape[2:])[:units]


def column(values: Array) -> NDArray[np.float64]:
    """Return values [units] as scores of one column [units, 1]."""
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


def shuffled_indices(rng: np.random.Generator, size: int, count: int) -> NDArray[np.int64]:
    """Return `count` indices below `size` in random order, each used as evenly as can be."""
    rounds = [rng.permutation(size) for _ in range(-(-count // size))]
    return np.concatenate(rounds)[:count]


def extension(path: str) -> str:
    """Return the last extension of a path, lower case, with its dot."""
    return PurePosixPath(path).suffix.lower()

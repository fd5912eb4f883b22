"""Arrays on their way between the collector and its measuring processes, and how they compare."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovreport.record import OutputAgreement
from ovreport.stats.intervals import Floats

Array = NDArray[Any]
"""An array of any type and shape."""
Sample = Mapping[str, Array]
"""Input name → array of the model's static shape."""
_TEXT = "SU"
"""Kinds of numpy types that hold text."""


def relative_rmse(found: Array, reference: Array) -> float:
    """Return the root mean square of the difference over that of the reference.

    ValueError if the shapes differ. Two empty arrays (nothing was detected) are the same. Values
    that are not finite (a mask of −inf) have to be the same in both, and do not count then; where
    they are not, infinity is returned. Of text it is the root of the share that differs.
    """
    if found.shape != reference.shape:
        raise ValueError(f"shape {found.shape}, the reference has {reference.shape}")
    pair = _comparable(found, reference)
    return np.inf if pair is None else _relative_rmse(*pair)


def _relative_rmse(found: Floats, reference: Floats) -> float:
    if not reference.size:
        return 0.0
    difference = float(np.sqrt(np.mean((found - reference) ** 2)))
    scale = float(np.sqrt(np.mean(reference**2)))
    return difference / scale if scale else difference


def output_agreement(name: str, found: Array, reference: Array) -> OutputAgreement:
    """Return how far an output [n, …] is from the reference's, over n inputs.

    Of outputs whose shapes depend on the input (see `as_column`), the inputs count for which both
    have the same shape. ValueError where there is none, or other values are not finite.
    """
    found, reference, others = _of_same_shape(found, reference)
    if found.shape != reference.shape:
        raise ValueError(f"{name}: shape {found.shape}, the reference has {reference.shape}")
    pair = _comparable(found, reference)
    if pair is None:
        raise ValueError(f"{name}: not finite where the reference is, or the other way round")
    return OutputAgreement(
        name=name,
        relative_rmse=_relative_rmse(*pair),
        max_abs_difference=float(np.abs(pair[0] - pair[1]).max(initial=0.0)),
        cosine=_cosine(*pair),
        other_shape=others,
    )


def _varies(column: Array) -> bool:
    """Return whether a column is an array of arrays: see `as_column`."""
    return column.dtype.kind == "O"


def _of_same_shape(found: Array, reference: Array) -> tuple[Array, Array, int]:
    """Return what two outputs have where their shapes agree, and for how many inputs they do not.

    Outputs of one shape are returned as they are.
    """
    if not (_varies(found) or _varies(reference)):
        return found, reference, 0
    pairs = [(a, b) for a, b in zip(found, reference, strict=True) if a.shape == b.shape]
    if not pairs:
        raise ValueError("another shape than the reference's for every input")
    a, b = (np.concatenate([part.ravel() for part in parts]) for parts in zip(*pairs, strict=True))
    return a, b, len(found) - len(pairs)


def _comparable(found: Array, reference: Array) -> tuple[Floats, Floats] | None:
    """Return the finite values of both, in f64; None where the others are not the same."""
    if found.dtype.kind in _TEXT:
        return (found == reference).astype(np.float64).ravel(), np.ones(found.size)
    a, b = found.astype(np.float64).ravel(), reference.astype(np.float64).ravel()
    finite = np.isfinite(a) & np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return None
    return a[finite], b[finite]


def _cosine(x: Floats, y: Floats) -> float:
    lengths = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(np.clip(x @ y / lengths, -1, 1)) if lengths else float(np.array_equal(x, y))


# ---------------------------------------------------------------- in files


def as_column(parts: Sequence[Array]) -> Array:
    """Return the arrays [1, …] of an output for n inputs as one: [n, …].

    Where their shapes differ, as those of detections do, it is an array of n arrays.
    """
    if len({part.shape for part in parts}) == 1:
        return np.concatenate(parts)
    column = np.empty(len(parts), object)
    for i, part in enumerate(parts):
        column[i] = part[0]
    return column


def save_outputs(path: Path, columns: Sequence[Array]) -> None:
    """Write the outputs of a model for n inputs, each as `as_column` gives it, in their order."""
    named: dict[str, Array] = {}
    for position, column in enumerate(columns):
        name = f"{position:03d}"
        if _varies(column):
            named |= {f"{name}/{i:05d}": part for i, part in enumerate(column)}
        else:
            named[name] = column
    save_arrays(path, named)


def load_outputs(path: Path) -> list[Array]:
    """Return what `save_outputs` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        named = {name: arrays[name] for name in sorted(arrays.files)}
    positions = itertools.groupby(named, key=lambda name: name.partition("/")[0])
    return [
        named[position] if position in named else as_column([named[n][np.newaxis] for n in names])
        for position, names in positions
    ]


def load_samples(path: Path) -> list[Sample]:
    """Return the samples in an `.npz` of arrays [n, …], one for each input; of no input, one."""
    with np.load(path, allow_pickle=False) as arrays:
        columns = {name: arrays[name] for name in arrays.files}
    if not columns:
        return [{}]
    count = min(len(column) for column in columns.values())
    return [{name: column[i] for name, column in columns.items()} for i in range(count)]


def save_arrays(path: Path, arrays: dict[str, Array]) -> None:
    """Write arrays as `.npz`, under names that need not be Python's."""
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes allow_pickle for a name


def rotated(samples: Sequence[Sample], seed: int) -> list[Sample]:
    """Return the samples in the order that a seed gives."""
    return [samples[i] for i in order(len(samples), seed)]


def order(count: int, seed: int) -> list[int]:
    """Return the numbers below `count` in the order that a seed gives."""
    # Not numpy's generators: importing them takes two megabytes of the memory that is measured.
    return random.Random(seed).sample(range(count), count)

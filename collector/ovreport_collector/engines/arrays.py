"""Arrays on their way between the collector and its measuring processes, and how they compare."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovreport.record import OutputAgreement

Array = NDArray[Any]
"""An array of any type and shape."""
Sample = Mapping[str, Array]
"""Input name → array of the model's static shape."""


def relative_rmse(found: Array, reference: Array) -> float:
    """Return the root mean square of the difference over that of the reference.

    ValueError if the shapes differ. Two empty arrays (nothing was detected) are the same.
    """
    if found.shape != reference.shape:
        raise ValueError(f"shape {found.shape}, the reference has {reference.shape}")
    if not reference.size:
        return 0.0
    reference = reference.astype(np.float64)
    difference = float(np.sqrt(np.mean((found.astype(np.float64) - reference) ** 2)))
    scale = float(np.sqrt(np.mean(reference**2)))
    return difference / scale if scale else difference


def output_agreement(name: str, found: Array, reference: Array) -> OutputAgreement:
    """Return how far an output is from the reference's; ValueError if the shapes differ."""
    return OutputAgreement(
        name=name,
        relative_rmse=relative_rmse(found, reference),
        max_abs_difference=float(np.abs(found.astype(np.float64) - reference).max(initial=0.0)),
        cosine=_cosine(found, reference),
    )


def _cosine(a: Array, b: Array) -> float:
    x, y = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    lengths = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(np.clip(x @ y / lengths, -1, 1)) if lengths else float(np.array_equal(x, y))


def load_samples(path: Path) -> list[Sample]:
    """Return the samples in an `.npz` of arrays [n, …], one for each input."""
    with np.load(path, allow_pickle=False) as arrays:
        columns = {name: arrays[name] for name in arrays.files}
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

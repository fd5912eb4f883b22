"""Samples that are nearly the same as others: a model is not optimized on what it is judged by.

    near(inputs, evaluated)      of each unit of `inputs`, whether a unit of `evaluated` is like it

Tokens (integers) are alike if they share most runs of five tokens: a Jaccard index of 0.8 or more,
as Broder compares documents (On the resemblance and containment of documents, 1997).
Images, sound and other numbers are alike if they differ by a tenth of their own deviation or less
(root mean square): that finds what was encoded again or slightly changed, not what was cut or
shifted. They are compared as the model gets them, decoded and scaled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ovreport_collector.engines.arrays import Array
from ovreport_collector.tasks.base import Inputs

RUN = 5
"""Tokens of a run."""
LEAST_SHARED = 0.8
MOST_DIFFERENT = 0.1
_BLOCKS = 256
"""Means of so many parts tell most samples apart before all values are looked at."""
_FACTORS = np.array([pow(0x9E3779B97F4A7C15, i + 1, 1 << 64) for i in range(RUN)], np.uint64)
"""What a run's tokens are multiplied with to make one number of it."""

Flags = NDArray[np.bool_]
_Runs = NDArray[np.uint64]


def units(inputs: Inputs) -> dict[str, Array]:
    """Return each input as [units, …]: of batches their elements, else the samples themselves."""
    arrays = {name: np.ascontiguousarray(inputs[name]) for name in sorted(inputs)}
    batches = {array.shape[1] if array.ndim > 1 else 0 for array in arrays.values()}
    if len(batches) == 1 and 0 not in batches:
        return {name: array.reshape(-1, *array.shape[2:]) for name, array in arrays.items()}
    return arrays


def near(inputs: Inputs, evaluated: Inputs) -> Flags:
    """Return of each unit of `inputs` whether one of `evaluated` is nearly the same in every input.

    False for all where no input says enough: fewer than five tokens, or single numbers.
    """
    ours, theirs = units(inputs), units(evaluated)
    count = len(next(iter(ours.values())))
    found = [
        alike(_rows(array), _rows(theirs[name]))
        for name, array in ours.items()
        if name in theirs and (alike := _how(array)) is not None
    ]
    return np.logical_and.reduce(found) if found else np.zeros(count, np.bool_)


def _rows(array: Array) -> Array:
    return array.reshape(len(array), -1)


def _how(array: Array) -> Callable[[Array, Array], Flags] | None:
    """Return what compares the units of an input; None where they say too little."""
    size = _rows(array).shape[1]
    if array.dtype.kind in "iu" and size >= RUN:
        return near_tokens
    return _near_numbers if array.dtype.kind == "f" and size > 1 else None


# ---------------------------------------------------------------- tokens


def near_tokens(ours: Array, theirs: Array) -> Flags:
    """Return of each row of tokens whether one of the other rows shares most runs with it."""
    if not len(ours):
        return np.zeros(0, np.bool_)
    runs = [_runs(row) for row in ours]
    sizes = np.array([len(one) for one in runs])
    known, first = np.unique(np.concatenate(runs), return_inverse=True)
    order = np.argsort(first, kind="stable")
    owners = np.repeat(np.arange(len(runs)), sizes)[order]
    starts = np.searchsorted(first[order], np.arange(len(known) + 1))
    found = np.zeros(len(runs), np.bool_)
    for row in theirs:
        others = _runs(row)
        places = np.searchsorted(known, others).clip(max=len(known) - 1)
        hits = places[known[places] == others]
        shared = np.bincount(owners[_ranges(starts[hits], starts[hits + 1])], minlength=len(runs))
        found |= shared >= LEAST_SHARED * (sizes + len(others) - shared)
    return found


def _runs(row: Array) -> _Runs:
    """Return the different runs of a row, each as one number."""
    windows = sliding_window_view(row.astype(np.uint64), RUN)
    return np.unique((windows * _FACTORS).sum(axis=1, dtype=np.uint64))


def _ranges(starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the whole numbers of all ranges, one range after the other."""
    lengths = ends - starts
    before = np.repeat(np.cumsum(lengths) - lengths, lengths)
    found: NDArray[np.intp] = np.arange(lengths.sum()) - before + np.repeat(starts, lengths)
    return found


# ---------------------------------------------------------------- numbers


def _near_numbers(ours: Array, theirs: Array) -> Flags:
    """Return of each row of numbers whether one of the other rows differs little from it."""
    found = np.zeros(len(ours), np.bool_)
    most = MOST_DIFFERENT * ours.std(axis=1, dtype=np.float64)
    for i, k in _candidates(_means(ours), _means(theirs), most):
        if not found[i]:
            difference = ours[i].astype(np.float64) - theirs[k]
            found[i] = np.sqrt(np.mean(difference**2)) <= most[i]
    return found


def _means(rows: Array) -> NDArray[np.float64]:
    """Return the mean of each part of each row; the parts are equally long, a rest is left out."""
    length = max(1, rows.shape[1] // _BLOCKS)
    parts = rows.shape[1] // length
    blocks = rows[:, : parts * length].reshape(len(rows), parts, length)
    return np.asarray(blocks.mean(axis=2, dtype=np.float64))


def _candidates(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], most: NDArray[np.float64]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows whose means allow that they differ by `most` or less.

    A mean of differences is no larger than their root mean square; what is left out at the end of
    a row is less than a part, so at most half of it.
    """
    for i, row in enumerate(ours):
        distance = np.sqrt(np.mean((theirs - row) ** 2, axis=1))
        for k in np.flatnonzero(distance <= most[i] * np.sqrt(2)):
            yield i, int(k)

"""Intervals of accuracy metrics: over hundreds of labelled units, not over rounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ovreport.statistics import NORMAL, Floats, Interval


def wilson(successes: float, n: int, z: float = NORMAL[0.95]) -> Interval:
    """Return a proportion and its 95 % score interval (Wilson, JASA 22, 1927, p. 209)."""
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    margin = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # At 0 and at n successes a bound is p itself, but for rounding.
    return Interval(p, max(0.0, min(p, centre - margin)), min(1.0, max(p, centre + margin)))


Reduce = Callable[[Floats], float]


def bootstrap(rows: Floats, reduce: Reduce, *, seed: int, resamples: int = 1000) -> Interval:
    """Return `reduce(rows)` and its 95 % percentile bootstrap interval.

    Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7, 1979.
    `rows` is [units, …]; `seed` makes it repeatable.

    For metrics over hundreds of labelled units, not for a handful of rounds.
    """
    picks = np.random.default_rng(seed).integers(0, len(rows), (resamples, len(rows)))
    values = [reduce(rows[pick]) for pick in picks]
    return _central95(reduce(rows), values)


def paired_delta(
    rows: Floats, reference: Floats, reduce: Reduce, *, seed: int, resamples: int = 1000
) -> Interval:
    """Return `reduce(rows) - reduce(reference)` with both resampled alike: same units."""
    if len(rows) != len(reference):
        raise ValueError(f"not paired: {len(rows)} rows, {len(reference)} in the reference")
    picks = np.random.default_rng(seed).integers(0, len(rows), (resamples, len(rows)))
    values = [reduce(rows[pick]) - reduce(reference[pick]) for pick in picks]
    return _central95(reduce(rows) - reduce(reference), values)


def _central95(value: float, values: Sequence[float]) -> Interval:
    """Return the central 95 % of resampled values, widened to hold the value itself."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Interval(value, min(float(low), value), max(float(high), value))

"""Intervals of accuracy metrics: over hundreds of labelled units, not over rounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ovreport.stats.intervals import NORMAL, Floats, Interval


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


def paired_share_delta(rows: Floats, reference: Floats, z: float = NORMAL[0.95]) -> Interval:
    """Return the difference of two shares of right answers to the same questions, and its interval.

    Tango's score interval (Statistics in Medicine 17, 1998, p. 891), by bisection. Resampling
    would find no interval at all where no answer changed: of 20 answers without a change the true
    shares may still differ by 16 points, of 1,000 by 0.4. Rows are 0 or 1, paired by index.
    """
    if len(rows) != len(reference):
        raise ValueError(f"not paired: {len(rows)} rows, {len(reference)} in the reference")
    n, difference = len(rows), (rows - reference).ravel()
    gained, lost = int((difference > 0).sum()), int((difference < 0).sum())

    def is_within(delta: float) -> bool:
        return abs(_tango(delta, gained, lost, n)) <= z

    value = (gained - lost) / n
    return Interval(value, _edge(is_within, value, -1.0), _edge(is_within, value, 1.0))


def _tango(delta: float, gained: int, lost: int, n: int) -> float:
    """Return the score of a supposed difference, standard normal if it is the true one."""
    b = -gained - lost + (2 * n - gained + lost) * delta
    c = -lost * delta * (1 - delta)
    share_lost = (math.sqrt(b * b - 8 * n * c) - b) / (4 * n)
    variance = n * (2 * share_lost + delta * (1 - delta))
    off = gained - lost - n * delta
    if variance < 1e-12:
        return math.copysign(math.inf, off) if off else 0.0
    return off / math.sqrt(variance)


def _edge(is_within: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return how far from a value inside of an interval, towards one outside, it reaches."""
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if is_within(middle) else (inside, middle)
    return inside

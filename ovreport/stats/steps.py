"""Steps in a series: when a value changed for good, over campaigns of measurements.

A point of a series is the value of one campaign, with its own interval; campaigns differ besides by
what else changed on the machine, so that a variance between campaigns is estimated from the series
itself. The series is cut where two levels explain it best; both parts are then cut again, as long
as a cut is clearer than one in a hundred series without any step would show. A level has three
points at least: what is gone after two is no step.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ovreport.stats.intervals import NORMAL, Floats, Interval
from ovreport.stats.step_limits import LIMITS

MIN_POINTS = 8
"""Shorter series are not searched for steps: the last point is compared with the one before."""
MIN_LEVEL = 3
"""Points of a level."""
MOST_POINTS = max(LIMITS)
"""Of a longer series only so many last points are searched."""
_SHORTEST = 2 * MIN_LEVEL
_LEAST_ERROR = 1e-4
OWN_DEGREES = 10
"""Degrees of freedom behind the interval of a point: those of an undisturbed value, at least."""


@dataclass(frozen=True)
class Step:
    """A change of level."""

    index: int
    """Of the first point of the new level."""
    ratio: Interval
    """The new level over the one before, with its 95 % interval. The place was chosen because the
    levels differ there, so that the ratio of a small step is rather too large."""


def steps(points: Sequence[Interval]) -> list[Step]:
    """Return the steps of a series of positive values with their 95 % intervals, in order.

    Empty for fewer than eight points, and for points of which no interval is known.
    """
    if len(points) < MIN_POINTS or not all(map(_is_known, points)):
        return []
    offset = max(0, len(points) - MOST_POINTS)
    logs = np.array([math.log(p.value) for p in points[offset:]])
    variances = np.array([_variance(p) for p in points[offset:]])
    cuts = [0, *sorted(_cuts(logs, variances, 0)), len(logs)]
    between = _between_levels(logs, variances, cuts)
    return [
        Step(offset + cuts[i], _ratio(logs, variances + between, cuts[i - 1], cuts[i], cuts[i + 1]))
        for i in range(1, len(cuts) - 1)
    ]


def clearest_cut(logs: Floats, variances: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return how clear the clearest cut of each of many series is, and before which point it is.

    Both arrays are [series, points]. For each place, in the whole
    series and in parts of it: the two levels are means weighted by each
    point's own variance and that between campaigns, which is what the points lie farther from
    their level than their own intervals say (Hedges, Psychological Bulletin 93, 1983, p. 388).
    Their difference over its standard error is Student's t, of as many degrees of freedom as the
    greater of the two variances has; it is returned as the standard normal value of the same
    probability (Wallace, Annals of Mathematical Statistics 30, 1959, p. 1121).
    """
    best: Floats = np.full(len(logs), -np.inf)
    at = np.zeros(len(logs), dtype=np.int64)
    for start, end in _windows(logs.shape[1]):
        for place in range(start + MIN_LEVEL, end - MIN_LEVEL + 1):
            clear = _clearness(logs[:, start:end], variances[:, start:end], place - start)
            at = np.where(clear > best, place, at)
            best = np.maximum(best, clear)
    return best, at


def _windows(n: int) -> list[tuple[int, int]]:
    """Return the parts of n points in which a cut is searched.

    In the whole alone, a level that returns to where it was would hide: two levels do not explain
    it (Kovács et al., "Seeded binary segmentation", Biometrika 110, 2023, p. 249). In the parts of
    a short series, chance finds more than that.
    """
    if n < 8 * MIN_LEVEL:
        return [(0, n)]
    parts = [(0, 2, 3), (1, 3, 3), (0, 1, 2), (1, 3, 4), (1, 2, 2)]
    return [(0, n), *((n * first // of, n * last // of) for first, last, of in parts)]


def _clearness(logs: Floats, variances: Floats, place: int) -> Floats:
    n = logs.shape[1]
    parts = [(logs[:, part], variances[:, part]) for part in (slice(place), slice(place, n))]
    around, own = _around(parts), variances.mean(axis=1)
    between = np.maximum(around - own, 0.0)
    levels = [_level(x, each + between[:, None]) for x, each in parts]
    t = np.abs(levels[0][0] - levels[1][0]) / np.sqrt(levels[0][1] + levels[1][1])
    return _normal_of(t, np.where(around > own, n - 2.0, n - 2.0 + OWN_DEGREES))


def _around(levels: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Return the variance of points around their levels, of series of values and variances."""
    n = sum(x.shape[1] for x, _ in levels)
    squares = sum(((x - x.mean(axis=1)[:, None]) ** 2).sum(axis=1) for x, _ in levels)
    found: Floats = np.asarray(squares) / (n - len(levels))
    return found


def _level(logs: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return the weighted mean of each series, and its variance."""
    weights = 1 / variances
    total = weights.sum(axis=1)
    return (weights * logs).sum(axis=1) / total, 1 / total


def _normal_of(t: Floats, degrees: Floats) -> Floats:
    shrunk = (8 * degrees + 1) / (8 * degrees + 3)
    found: Floats = shrunk * np.sqrt(degrees * np.log1p(t**2 / degrees))
    return found


def limit(n: int) -> float:
    """Return how clear the clearest cut of n points without a step is in 1 % of all series."""
    known = sorted(LIMITS)
    return float(np.interp(math.log(n), np.log(known), [LIMITS[length] for length in known]))


def _cuts(logs: Floats, variances: Floats, start: int) -> list[int]:
    """Return where a series is cut, and its parts again; places are counted from `start`."""
    n = len(logs)
    if n < _SHORTEST:
        return []
    clear, places = clearest_cut(logs[None], variances[None])
    place = int(places[0])
    if clear[0] <= limit(n):
        return []
    before = _cuts(logs[:place], variances[:place], start)
    return [*before, start + place, *_cuts(logs[place:], variances[place:], start + place)]


def _between_levels(logs: Floats, variances: Floats, cuts: Sequence[int]) -> float:
    """Return the variance between campaigns, around all levels of one series."""
    ends = itertools.pairwise(cuts)
    levels = [(logs[None, a:b], variances[None, a:b]) for a, b in ends]
    return max(float(_around(levels)[0]) - float(variances.mean()), 0.0)


def _ratio(logs: Floats, variances: Floats, first: int, cut: int, last: int) -> Interval:
    (a, error_a), (b, error_b) = (
        _level(logs[None, part], variances[None, part])
        for part in (slice(first, cut), slice(cut, last))
    )
    middle, margin = float(b[0] - a[0]), NORMAL[0.95] * float(np.sqrt(error_a[0] + error_b[0]))
    return Interval(math.exp(middle), math.exp(middle - margin), math.exp(middle + margin))


def _is_known(point: Interval) -> bool:
    return 0 < point.low <= point.value <= point.high < math.inf


def _variance(point: Interval) -> float:
    """Return the variance of a value's logarithm, from its 95 % interval."""
    error = (math.log(point.high) - math.log(point.low)) / (2 * NORMAL[0.95])
    return max(error, _LEAST_ERROR) ** 2

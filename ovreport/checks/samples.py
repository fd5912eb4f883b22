"""What the histogram of some samples says of them: bounds, as each bucket is a range."""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import repeat
from operator import itemgetter, mul

from ovreport.record import Histogram

_index, _count = itemgetter(0), itemgetter(1)
"""Of a bucket."""
SLACK = 1e-6
"""Of two sums of the same numbers, in another order."""


def lower(histogram: Histogram, index: int) -> float:
    """Return where a bucket begins, ms; it ends where the next one begins."""
    return histogram.growth ** (index - 1)


def total_ms(histogram: Histogram) -> tuple[float, float]:
    """Return the least and the largest sum that the samples can have, ms."""
    indices, counts = zip(*histogram.buckets, strict=True)
    most = sum(map(mul, counts, map(pow, repeat(histogram.growth), indices)))
    return most / histogram.growth, most


def longest_ms(histogram: Histogram, count: int) -> float:
    """Return the most that so many of the longest samples can add up to, ms."""
    total, left = 0.0, count
    for index, samples in reversed(histogram.buckets):
        taken = min(left, samples)
        total += taken * lower(histogram, index + 1)
        left -= taken
    return total


def in_bucket(value: float, histogram: Histogram, place: int) -> bool:
    """Return whether a sample can lie in the bucket at a place of the list: 0, -1."""
    begin = lower(histogram, histogram.buckets[place][0])
    return begin * (1 - SLACK) <= value <= begin * histogram.growth * (1 + SLACK)


def in_range(value: float, histogram: Histogram) -> bool:
    """Return whether a sample can lie between the least and the largest one."""
    first, last = histogram.buckets[0][0], histogram.buckets[-1][0]
    return (
        lower(histogram, first) * (1 - SLACK) <= value <= lower(histogram, last + 1) * (1 + SLACK)
    )


def at_most(value: float, histogram: Histogram) -> int:
    """Return how many samples there can be that are not above a value."""
    limit, last = value * (1 + SLACK), histogram.buckets[-1][0]
    above = _before(limit, histogram)
    while above <= last and lower(histogram, above) <= limit:
        above += 1
    end = bisect_left(histogram.buckets, above, key=_index)
    return sum(map(_count, histogram.buckets[:end]))


def at_least(value: float, histogram: Histogram) -> int:
    """Return how many samples there can be that are not below a value."""
    limit, last = value * (1 - SLACK), histogram.buckets[-1][0]
    first = _before(limit, histogram)
    while first <= last and lower(histogram, first + 1) < limit:
        first += 1
    begin = bisect_left(histogram.buckets, first, key=_index)
    return sum(map(_count, histogram.buckets[begin:]))


def _before(value: float, histogram: Histogram) -> int:
    """Return the index of a bucket shortly before the one with a value, which rounding may move.

    Powers are slow: a search through all buckets would take many.
    """
    first, last = histogram.buckets[0][0], histogram.buckets[-1][0]
    if value <= lower(histogram, first):
        return first
    return min(math.floor(math.log(value) / math.log(histogram.growth)) - 1, last)

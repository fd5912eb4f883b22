"""What the histogram of some samples says of them: bounds, as each bucket is a range."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter

from ovreport.record import Histogram

_count = itemgetter(1)
"""Of a bucket."""
SLACK = 1e-6
"""Of two sums of the same numbers, in another order."""


def lower(histogram: Histogram, index: int) -> float:
    """Return where a bucket begins, ms; it ends where the next one begins."""
    return histogram.growth ** (index - 1)


def total_ms(histogram: Histogram) -> tuple[float, float]:
    """Return the least and the largest sum that the samples can have, ms."""
    growth = histogram.growth
    least = sum([count * growth ** (index - 1) for index, count in histogram.buckets])
    return least, least * histogram.growth


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
    limit = value * (1 + SLACK)
    buckets = histogram.buckets
    end = bisect_right(buckets, limit, key=lambda bucket: lower(histogram, bucket[0]))
    return sum(map(_count, buckets[:end]))


def at_least(value: float, histogram: Histogram) -> int:
    """Return how many samples there can be that are not below a value."""
    limit = value * (1 - SLACK)
    buckets = histogram.buckets
    begin = bisect_left(buckets, limit, key=lambda bucket: lower(histogram, bucket[0] + 1))
    return sum(map(_count, buckets[begin:]))

"""Samples as sparse histograms, and what they must not contradict."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import ge, itemgetter
from typing import Annotated, Protocol

from msgspec import Meta

from ovreport.record.base import Count, Part

__all__ = ["Histogram", "pooled"]


_index, _count = itemgetter(0), itemgetter(1)
"""Of a bucket."""
_MAX_EXPONENT = 40.0
"""Bucket bounds stay within e**±40 ms: far beyond any time, far within a float."""
_MAX_SAMPLES = 10**10
_MIN_SECONDS = 1e-9


class Histogram(Part, frozen=True):
    """Samples in buckets of equal relative width: bucket i holds (growth**(i-1), growth**i] ms.

    Any order statistic read from it is at most `growth - 1` too large and never too small
    (the layout of DDSketch, Masson et al., VLDB 2019, and of HdrHistogram).
    """

    growth: Annotated[float, Meta(gt=1, le=2)]
    buckets: Annotated[list[tuple[int, Count]], Meta(min_length=1, max_length=400)]
    """[index, count], sorted by index, counts above zero."""

    def __post_init__(self) -> None:
        # No loop of our own: a site decodes a million buckets.
        indices, counts = zip(*self.buckets, strict=True)
        if any(map(ge, indices, indices[1:])):
            raise ValueError("bucket indices must rise strictly")
        if 0 in counts:
            raise ValueError("bucket counts must be above zero")
        # The indices rise: the first and the last are the largest either way.
        limit = _MAX_EXPONENT / math.log(self.growth)
        if max(abs(indices[0]), abs(indices[-1])) > limit:
            raise ValueError("bucket index out of range")

    @property
    def total(self) -> int:
        """Number of samples."""
        return sum(map(_count, self.buckets))


def pooled(histograms: Iterable[Histogram]) -> Histogram:
    """Return one histogram of the samples of several, at least one, that share their growth.

    Raises ValueError where there is none, or where the growths differ: such buckets do not add up.
    """
    counts: Counter[int] = Counter()
    growths = set()
    for histogram in histograms:
        growths.add(histogram.growth)
        counts.update(dict(histogram.buckets))
    if len(growths) != 1:
        raise ValueError(f"histograms of one growth can be pooled, not of {sorted(growths)}")
    return Histogram(growth=growths.pop(), buckets=sorted(counts.items()))


class _Numbered(Protocol):
    @property
    def round(self) -> int: ...


def check_loop(n: int, duration_s: float, histogram: Histogram) -> None:
    """Refuse a timed loop that contradicts itself, or that no machine can have run."""
    if n == 0 or duration_s < _MIN_SECONDS:
        raise ValueError("a measured round has at least one inference and takes time")
    if n > _MAX_SAMPLES:
        raise ValueError(f"more than {_MAX_SAMPLES:,} inferences in one round")
    if histogram.total != n:
        raise ValueError(f"the histogram holds {histogram.total} samples, n says {n}")


def check_median(median_ms: float, n: int, histogram: Histogram) -> None:
    """Refuse a median that its own samples contradict: half lie below it, half above."""
    if median_ms <= 0:
        raise ValueError("an inference takes time: median_ms is zero")
    middle = math.log(median_ms) / math.log(histogram.growth)
    buckets = histogram.buckets
    first = bisect_left(buckets, middle - 1, key=_index)
    last = bisect_right(buckets, middle + 2, key=_index)
    below = sum(map(_count, buckets[:first]))
    above = sum(map(_count, buckets[last:]))
    if 2 * max(below, above) > n:
        raise ValueError(f"median_ms {median_ms!r} is not the median of the histogram")


def check_rounds(rounds: Sequence[_Numbered]) -> None:
    """Refuse rounds that are not numbered upwards: cases are paired by these numbers."""
    numbers = [r.round for r in rounds]
    if numbers != sorted(set(numbers)):
        raise ValueError(f"round numbers must rise strictly: {numbers}")


def check_order(low: float, value: float, high: float, names: str) -> None:
    """Refuse a value outside its bounds, but for rounding."""
    slack = 1e-9 * max(abs(low), abs(value), abs(high))
    if not low - slack <= value <= high + slack:
        raise ValueError(f"{names} do not rise: {low!r}, {value!r}, {high!r}")

"""What one round leaves behind: samples as histograms, and what they must not contradict."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import ge, itemgetter
from typing import Annotated, Literal, Protocol

from msgspec import Meta

from ovreport.record.base import Cause, Count, Finite, Measured, Part, Positive, Share, Text

_index, _count = itemgetter(0), itemgetter(1)
"""Of a bucket."""
_MAX_EXPONENT = 40.0
"""Bucket bounds stay within e**±40 ms: far beyond any time, far within a float."""


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


_MAX_SAMPLES = 10**10
_MIN_SECONDS = 1e-9


class _Numbered(Protocol):
    @property
    def round(self) -> int: ...


def _check_loop(n: int, duration_s: float, histogram: Histogram) -> None:
    """Refuse a timed loop that contradicts itself, or that no machine can have run."""
    if n == 0 or duration_s < _MIN_SECONDS:
        raise ValueError("a measured round has at least one inference and takes time")
    if n > _MAX_SAMPLES:
        raise ValueError(f"more than {_MAX_SAMPLES:,} inferences in one round")
    if histogram.total != n:
        raise ValueError(f"the histogram holds {histogram.total} samples, n says {n}")


def _check_median(median_ms: float, n: int, histogram: Histogram) -> None:
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


class LatencyRound(Part, frozen=True):
    """One timed loop of synchronous inferences in one fresh process."""

    round: Count
    n: Count
    duration_s: Positive
    median_ms: Positive
    """Wall time at the caller."""
    mean_ms: Positive
    min_ms: Positive
    max_ms: Positive
    runtime_median_ms: Positive
    """The runtime's own figure for the same inferences; the rest is the caller's overhead.
    0 where the engine does not tell."""
    first_third_median_ms: Positive
    last_third_median_ms: Positive
    autocorrelation: Annotated[float, Meta(ge=-1, le=1)]
    """Lag 1, of the samples in order."""
    warmup_n: Count
    warmup_s: Positive
    warmup_stable: bool
    """Three consecutive windows agreed before the cap on warm-up."""
    histogram: Histogram

    def __post_init__(self) -> None:
        _check_loop(self.n, self.duration_s, self.histogram)
        _check_median(self.median_ms, self.n, self.histogram)
        check_order(self.min_ms, self.median_ms, self.max_ms, "min_ms, median_ms, max_ms")
        check_order(self.min_ms, self.mean_ms, self.max_ms, "min_ms, mean_ms, max_ms")


class ThroughputRound(Part, frozen=True):
    """One timed loop of concurrent inferences in one fresh process."""

    round: Count
    n: Count
    """Inferences finished."""
    duration_s: Positive
    """Time for n at the sum of each request's own rate: no request's idle end is counted."""
    requests: Count
    streams: Count
    """0 where the device does not tell."""
    driver: Literal["threads", "async-queue"]
    """How requests were driven: a blocking thread each, or one AsyncInferQueue."""
    idle_share: Share
    """Share of the requests' time in which the load generator left them without work."""
    first_third_ips: Positive
    last_third_ips: Positive
    median_ms: Positive
    """Of the requests' latencies under this load."""
    autocorrelation: Annotated[float, Meta(ge=-1, le=1)]
    warmup_n: Count
    warmup_s: Positive
    warmup_stable: bool
    histogram: Histogram
    """Latency of each request under this load, in ms."""

    def __post_init__(self) -> None:
        _check_loop(self.n, self.duration_s, self.histogram)
        _check_median(self.median_ms, self.n, self.histogram)


class StartupRound(Part, frozen=True):
    """From a process that has imported the engine to the first answer."""

    round: Count
    read_ms: Positive
    compile_ms: Positive
    first_inference_ms: Positive


class PhaseMemory(Part, frozen=True):
    """Peak of the resident set in one phase, and its parts at the phase's end."""

    phase: Literal[
        "import",
        "read",
        "compile",
        "first-inference",
        "latency",
        "throughput",
        "load",
        "generation",
        "concurrency",
    ]
    """The last three: of a language model's pipeline."""
    peak_rss_bytes: Count
    """VmHWM, reset at the start of the phase."""
    anonymous_bytes: Count
    file_backed_bytes: Count


class MemoryRound(Part, frozen=True):
    """Memory of the one process that measured this round."""

    round: Count
    phases: list[PhaseMemory]
    counters: dict[Text, Count] = {}
    """What others count, in bytes, where they tell: the control group (`cgroup_peak_bytes` after
    `cgroup_start_bytes`), and the device's plugin when a mode's run has ended
    (`throughput: GPU.0 GPU_MEMORY_STATISTICS usm_device`…)."""


ModeName = Literal["no-mmap", "cached"]
"""`no-mmap`: weights are read, not mapped. `cached`: loaded from a model cache."""


class MemoryMode(Measured, frozen=True):
    """Memory, up to the first inference, of processes that load the model in another way."""

    rounds: Annotated[list[MemoryRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class RoundNoise(Part, frozen=True):
    """Evidence about the machine while one round ran."""

    round: Count
    started_at: Text
    readings: dict[str, Finite]
    """Keys are documented in `ovreport.metrics.verdict`; only what could be read is here."""


class FailedRound(Part, frozen=True):
    """A round that went wrong; the others are kept, and the verdict says so."""

    round: Count
    reason: Text
    cause: Cause

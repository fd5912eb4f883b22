"""Latency of one request at a time, throughput of many, and start-up."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ovreport.record.base import Batch, Count, Finite, Measured, Part, Positive, Share, Text
from ovreport.record.histogram import Histogram, check_loop, check_median, check_order, check_rounds

__all__ = [
    "Latency",
    "LatencyRound",
    "Settings",
    "Startup",
    "StartupCached",
    "StartupRound",
    "Throughput",
    "ThroughputRound",
]


class Settings(Part, frozen=True):
    """Compile properties: those requested, and those that the compiled model reports."""

    requested: dict[str, Text]
    effective: dict[str, Text]


class LatencyRound(Part, frozen=True):
    """One timed loop of synchronous inferences."""

    round: Count
    process: Count
    """Which of the case's fresh processes it ran in: rounds of one share its memory layout."""
    n: Count
    duration_s: Positive
    median_ms: Positive
    """Wall time at the caller."""
    mean_ms: Positive
    min_ms: Positive
    max_ms: Positive
    runtime_median_ms: Positive
    """The runtime's own time for the same inferences; the rest is the caller's overhead.
    0: not reported."""
    first_third_median_ms: Positive
    last_third_median_ms: Positive
    autocorrelation: Annotated[float, Meta(ge=-1, le=1)]
    """Lag 1, of the samples in order."""
    warmup_n: Count
    warmup_s: Positive
    warmup_stable: bool
    """Three consecutive windows agreed before the cap on warm-up."""
    histogram: Histogram
    cpu_s: Positive = 0.0
    """Processor time that the measuring process took for the loop, user and system, all threads.
    0: not measured."""
    readings: dict[str, Finite] = {}
    """What else went on during the loop. Keys: `ovreport.metrics.evidence.READINGS`; only what
    could be read is here."""

    def __post_init__(self) -> None:
        check_loop(self.n, self.duration_s, self.histogram)
        check_median(self.median_ms, self.n, self.histogram)
        check_order(self.min_ms, self.median_ms, self.max_ms, "min_ms, median_ms, max_ms")
        check_order(self.min_ms, self.mean_ms, self.max_ms, "min_ms, mean_ms, max_ms")


class Latency(Measured, frozen=True):
    """LATENCY hint, synchronous, one request, batch as in the model's inputs."""

    settings: Settings
    rounds: Annotated[list[LatencyRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class ThroughputRound(Part, frozen=True):
    """One timed loop of concurrent inferences."""

    round: Count
    process: Count
    """Which of the case's fresh processes it ran in."""
    n: Count
    """Inferences finished."""
    duration_s: Positive
    """Time for n at the sum of each request's own rate: no request's idle end is counted."""
    requests: Count
    streams: Count
    """0: not reported."""
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
    cpu_s: Positive = 0.0
    """Processor time that the measuring process took for the loop, user and system, all threads.
    0: not measured."""
    readings: dict[str, Finite] = {}
    """What else went on during the loop. Keys: `ovreport.metrics.evidence.READINGS`; only what
    could be read is here."""

    def __post_init__(self) -> None:
        check_loop(self.n, self.duration_s, self.histogram)
        check_median(self.median_ms, self.n, self.histogram)


class Throughput(Measured, frozen=True):
    """THROUGHPUT hint, concurrent requests as many as the device calls optimal."""

    settings: Settings
    batch: Batch
    rounds: Annotated[list[ThroughputRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class StartupRound(Part, frozen=True):
    """From a process that has imported the engine to the first answer."""

    round: Count
    """Number of the process."""
    read_ms: Positive
    compile_ms: Positive
    first_inference_ms: Positive
    readings: dict[str, Finite] = {}
    """What else went on from reading to the first answer, as of a `LatencyRound`."""


class Startup(Measured, frozen=True):
    """Cold start: read, compile, first inference, no model cache."""

    rounds: Annotated[list[StartupRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class StartupCached(Measured, frozen=True):
    """Start from a model cache; every round reported LOADED_FROM_CACHE."""

    rounds: Annotated[list[StartupRound], Meta(min_length=1, max_length=100)]
    cache_bytes: Count

    def __post_init__(self) -> None:
        check_rounds(self.rounds)

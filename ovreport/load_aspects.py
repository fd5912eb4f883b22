"""Aspects of a device under load: the latency–throughput curve, and arrivals at random."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ovreport.parts import Aspect, Batch, Count, Part, Positive, Text
from ovreport.samples import Histogram, check_rounds


class PointRound(Part, frozen=True):
    """One point of the curve in one fresh process."""

    round: Count
    n: Count
    """Inferences finished, of `batch` samples each."""
    duration_s: Positive
    median_ms: Positive
    """Of the requests' latencies."""


class CurvePoint(Part, frozen=True):
    """One setting of the grid, over all rounds that measured it."""

    streams: Count
    """As asked for; 0: the number that the THROUGHPUT hint chose."""
    requests: Count
    """Concurrent requests."""
    batch: Batch
    """Samples in one inference."""
    rounds: Annotated[list[PointRound], Meta(min_length=1, max_length=100)]
    histogram: Histogram
    """Latency of each request in ms, all rounds together."""

    def __post_init__(self) -> None:
        check_rounds(self.rounds)
        n = sum(r.n for r in self.rounds)
        if self.histogram.total != n:
            raise ValueError(f"the histogram holds {self.histogram.total} samples, rounds say {n}")
        if any(r.n == 0 or r.duration_s <= 0 or r.median_ms <= 0 for r in self.rounds):
            raise ValueError("a measured point has at least one inference and takes time")


class CurveGap(Part, frozen=True):
    """A setting of the grid that could not be measured, and why."""

    streams: Count
    requests: Count
    batch: Batch
    reason: Text


class Curve(Aspect, frozen=True):
    """Latency and throughput over a declared grid of requests, streams and batch."""

    seconds: Positive
    """Least length of one point's loop in one round."""
    points: Annotated[list[CurvePoint], Meta(min_length=1, max_length=64)]
    gaps: Annotated[list[CurveGap], Meta(max_length=64)] = []


class ArrivalStep(Part, frozen=True):
    """One rate that was tried: requests arrive at random, whether the last ones are done or not."""

    rate_ips: Positive
    """Mean arrivals per second, exponential gaps (Poisson process) from a recorded seed."""
    n: Count
    duration_s: Positive
    median_ms: Positive
    """From arrival to answer: waiting for a free request counts."""
    bound_ms: Positive
    """Conservative bound of the percentile; see `OpenLoop.percentile`."""
    met: bool
    """The bound is within the limit."""


class ArrivalRound(Part, frozen=True):
    """One search for the highest rate, in one fresh process."""

    round: Count
    steps: Annotated[list[ArrivalStep], Meta(min_length=1, max_length=40)]
    highest_ips: Positive
    """The highest rate that met the limit; 0: none did."""


class OpenLoop(Aspect, frozen=True):
    """The highest arrival rate whose tail latency stays within a limit (MLPerf's Server)."""

    limit_ms: Positive
    limit_rule: Text
    """Where the limit comes from, in one sentence."""
    percentile: Annotated[float, Meta(gt=0, lt=1)]
    requests: Count
    streams: Count
    rounds: Annotated[list[ArrivalRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)

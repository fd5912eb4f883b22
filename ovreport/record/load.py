"""A device under load: the latency–throughput curve, and random arrivals."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ovreport.record.base import Batch, Count, Measured, Part, Positive, Share, Text
from ovreport.record.histogram import Histogram, check_rounds

__all__ = [
    "ArrivalRound",
    "ArrivalStep",
    "Curve",
    "CurveGap",
    "CurvePoint",
    "OpenLoop",
    "PointRound",
]


class PointRound(Part, frozen=True):
    """One point of the curve in one fresh process."""

    round: Count
    n: Count
    """Inferences finished, of `batch` samples each."""
    duration_s: Positive
    median_ms: Positive
    """Of the requests' latencies."""
    autocorrelation: Annotated[float, Meta(ge=-1, le=1)]
    """Lag 1, of the latencies in order of completion."""


class CurvePoint(Part, frozen=True):
    """One setting of the grid, over all rounds that measured it."""

    streams: Count
    """As requested (NUM_STREAMS); 0: the number that the THROUGHPUT hint chose."""
    requests: Count
    """Concurrent requests."""
    batch: Batch
    """Samples in one inference."""
    rounds: Annotated[list[PointRound], Meta(min_length=1, max_length=100)]
    histogram: Histogram
    """Latency of each request in ms, all rounds together. All points have the same growth, so that
    histograms can be added."""

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


class Curve(Measured, frozen=True):
    """Latency and throughput over a declared grid of requests, streams and batch."""

    seconds: Positive
    """Least length of one point's loop in one round."""
    points: Annotated[list[CurvePoint], Meta(min_length=1, max_length=64)]
    gaps: Annotated[list[CurveGap], Meta(max_length=64)] = []

    def __post_init__(self) -> None:
        settings = [(p.streams, p.requests, p.batch) for p in self.points]
        settings += [(g.streams, g.requests, g.batch) for g in self.gaps]
        if len(set(settings)) < len(settings):
            raise ValueError("a setting of the curve stands there twice")
        if len({point.histogram.growth for point in self.points}) > 1:
            raise ValueError("the histograms of a curve's points have different growths")


class ArrivalStep(Part, frozen=True):
    """One rate that was tried: requests arrive at random, whether the last ones are done or not."""

    rate_ips: Positive
    """Mean arrivals per second, exponential gaps (Poisson process) from a recorded seed."""
    n: Count
    duration_s: Positive
    median_ms: Positive
    """From arrival to answer: waiting for a free request counts."""
    bound_ms: Positive
    """Conservative bound of the percentile (`OpenLoop.percentile`), by the effective sample
    size; the largest latency where that is small."""
    met: bool
    """The bound is within the limit, and the effective sample size is large enough."""
    n_effective: Count
    """Effective sample size: how many independent samples say as much as the n correlated ones."""
    late_share: Share
    """Share of the arrivals that a free request took up late, by over a tenth of the limit: there
    our own generator, and not the device, was the bottleneck."""


class ArrivalRound(Part, frozen=True):
    """One search for the highest rate, in one fresh process."""

    round: Count
    steps: Annotated[list[ArrivalStep], Meta(min_length=1, max_length=40)]
    highest_ips: Positive
    """The highest rate that met the limit; 0: none did."""

    def __post_init__(self) -> None:
        met = [step.rate_ips for step in self.steps if step.met]
        if self.highest_ips != max(met, default=0.0):
            raise ValueError(f"highest_ips {self.highest_ips!r} is not the highest rate that met")


class OpenLoop(Measured, frozen=True):
    """The highest arrival rate whose tail latency stays within a limit (MLPerf's Server)."""

    limit_ms: Positive
    limit_rule: Text
    """Where the limit comes from, in one sentence."""
    percentile: Annotated[float, Meta(gt=0, lt=1)]
    seconds: Positive
    """Least length of one step."""
    requests: Count
    """Size of the pool of requests: the device's optimal number."""
    streams: Count
    rounds: Annotated[list[ArrivalRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)

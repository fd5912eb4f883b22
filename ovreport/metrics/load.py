"""What the curve and the open loop say: values over rounds, before they are judged.

Of a curve: the best throughput, the best within a latency budget, and percentiles of a point.
Of the open loop: the highest arrival rate, and its share of the closed loop's throughput.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from ovreport.record import (
    Curve,
    CurvePoint,
    Histogram,
    NotMeasured,
    OpenLoop,
    Reason,
    Record,
    Skipped,
    Throughput,
)
from ovreport.stats import intervals
from ovreport.stats.intervals import Interval, median_interval

BUDGET = 2.0
"""Latency budget on the curve: so many times what a lone request takes."""
LATE_SHARE = 0.1
"""Of a step's arrivals taken up late, above which our generator may have been the bottleneck."""


@dataclass(frozen=True)
class Summary:
    """A figure that is not judged yet."""

    metric: str
    interval: Interval
    rounds: int
    n: int
    reasons: Sequence[Reason] = ()
    """What speaks against it, beside its interval and the evidence of the rounds."""


Found = Iterator[tuple[str, Summary | NotMeasured]]


# ---------------------------------------------------------------- the curve


def rates(point: CurvePoint) -> list[float]:
    """Return the samples answered per second in each round: a batch counts all of its samples."""
    return [r.n * point.batch / r.duration_s for r in point.rounds]


def throughput(point: CurvePoint) -> Interval:
    """Return the median of `rates` over rounds."""
    return median_interval(rates(point))


def latency(point: CurvePoint) -> Interval:
    """Return the median latency of a request in ms, median over rounds."""
    return median_interval([r.median_ms for r in point.rounds])


def _ips(point: CurvePoint) -> float:
    """Return the throughput without its interval, which would cost ten times the time."""
    return median(rates(point))


def _ms(point: CurvePoint) -> float:
    return median(r.median_ms for r in point.rounds)


def samples(point: CurvePoint) -> int:
    """Return the number of inferences of all rounds."""
    return sum(r.n for r in point.rounds)


def percentile_ms(point: CurvePoint, percentile: float) -> float | None:
    """Return a conservative bound of a latency percentile in ms; None where n is too small.

    The t-th largest of all rounds' samples, t from the n that correlated samples are worth
    (`statistics.pooled_rank`), raised because rounds differ (`statistics.rounds_factor`).
    """
    rho = sum(r.autocorrelation * r.n for r in point.rounds) / samples(point)
    return bound_ms(point.histogram, rho, [r.median_ms for r in point.rounds], percentile)


def bound_ms(
    histogram: Histogram, rho: float, medians: Sequence[float], percentile: float
) -> float | None:
    """Return a conservative bound of a percentile in ms; None where n is too small.

    `histogram` holds the samples of all rounds, `medians` one value a round, `rho` is the
    autocorrelation of samples within a round.
    """
    if len(medians) < 2:
        return None
    n = histogram.total
    rank = intervals.pooled_rank(n, intervals.effective_n(n, rho), percentile)
    if rank == 0:
        return None
    seen = itertools.accumulate(count for _, count in reversed(histogram.buckets))
    at = next(i for i, so_many in enumerate(seen) if so_many >= rank)
    upper: float = histogram.growth ** histogram.buckets[-1 - at][0]
    return upper * intervals.rounds_factor(medians)


def unloaded(curve: Curve) -> CurvePoint:
    """Return the point with the least load: the smallest batch, then requests, then streams."""
    return min(curve.points, key=lambda p: (p.batch, p.requests, p.streams))


def best(points: Sequence[CurvePoint]) -> CurvePoint:
    """Return the point of the highest throughput."""
    return max(points, key=_ips)


def within_budget(curve: Curve) -> CurvePoint:
    """Return the best point whose median latency stays within the budget."""
    limit = BUDGET * _ms(unloaded(curve))
    return best([p for p in curve.points if _ms(p) <= limit])


def front(curve: Curve) -> list[CurvePoint]:
    """Return the points that no other beats in both throughput and latency, quickest first."""
    found: list[CurvePoint] = []
    for point in sorted(curve.points, key=lambda p: (_ms(p), -_ips(p))):
        if not found or _ips(point) > _ips(found[-1]):
            found.append(point)
    return found


def of_curve(curve: Curve) -> Found:
    """Yield the figures of a curve."""
    for key, point in (
        ("curve_best_ips", best(curve.points)),
        ("curve_within_ips", within_budget(curve)),
    ):
        yield key, Summary(key, throughput(point), len(point.rounds), samples(point))


# ---------------------------------------------------------------- the open loop


def of_open_loop(record: Record, loop: OpenLoop) -> Found:
    """Yield the figures of the open loop."""
    highest = [r.highest_ips for r in loop.rounds]
    n = sum(step.n for r in loop.rounds for step in r.steps)
    reasons = _generator_reasons(loop)
    if median(highest) <= 0:
        why = Skipped(reason=_none_met(loop, reasons))
        yield "max_arrival_ips", why
        yield "arrival_share", why
        return
    yield "max_arrival_ips", Summary("max_arrival_ips", _over(highest), len(highest), n, reasons)
    shares = _shares(record, loop)
    if shares:
        yield "arrival_share", Summary("arrival_share", _over(shares), len(shares), n, reasons)
    else:
        yield "arrival_share", Skipped(reason="No round measured both rates.")


def _shares(record: Record, loop: OpenLoop) -> list[float]:
    """Return the arrival rate over the same round's closed-loop throughput."""
    if not isinstance(record.throughput, Throughput):
        return []
    closed = {r.round: r.n / r.duration_s for r in record.throughput.rounds}
    return [r.highest_ips / closed[r.round] for r in loop.rounds if r.round in closed]


def _over(values: Sequence[float]) -> Interval:
    """Return the median over rounds; a round in which nothing met the limit leaves it unbounded."""
    if min(values) > 0:
        return median_interval(values)
    return Interval(median(values), 0.0, math.inf)


def late_share(loop: OpenLoop) -> float:
    """Return the median share of late arrivals over the steps that missed the limit."""
    failed = [step.late_share for r in loop.rounds for step in r.steps if not step.met]
    return median(failed) if failed else 0.0


def _generator_reasons(loop: OpenLoop) -> list[Reason]:
    late = late_share(loop)
    if late <= LATE_SHARE:
        return []
    detail = f"{late:.0%} of the arrivals were taken up late in the steps that missed the limit"
    return [Reason(code="load-generator", detail=detail)]


def _none_met(loop: OpenLoop, reasons: Sequence[Reason]) -> str:
    lowest = min(step.rate_ips for r in loop.rounds for step in r.steps)
    said = f"no rate that was tried, down to {lowest:.3g}/s, kept within {loop.limit_ms:g} ms"
    return f"{said}; {reasons[0].detail}: our own generator is too coarse" if reasons else said

"""Under load: the latency–throughput curve, and requests that arrive at random.

Of the curve: the best throughput, the best within a latency budget, and percentiles of a point.
Of random arrivals: the highest rate, and its share of the closed loop's throughput.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from ovreport.metrics.metric import Group, Metric, MetricValue, Values, median_time, value_of
from ovreport.metrics.percentiles import bound_ms
from ovreport.metrics.verdict import verdict_of
from ovreport.record import Curve, CurvePoint, OpenLoop, Reason, Record, Skipped, Throughput
from ovreport.stats.intervals import Interval, median_interval

BUDGET = 2.0
"""Latency budget on the curve: so many times the unloaded latency."""
LATE_SHARE = 0.1
"""Of a step's arrivals taken up late, above which our generator may have been the bottleneck."""


# ---------------------------------------------------------------- the curve


def rates(point: CurvePoint) -> list[float]:
    """Return the samples inferred per second in each round: a batch counts all of its samples."""
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

    See `ovreport.metrics.percentiles`.
    """
    rho = sum(r.autocorrelation * r.n for r in point.rounds) / samples(point)
    return bound_ms(point.histogram, rho, [r.median_ms for r in point.rounds], percentile)


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


def _curve(record: Record, reasons: Sequence[Reason]) -> Values:
    curve = record.curve
    if not isinstance(curve, Curve):
        return
    for key, point in (
        ("curve_best_ips", best(curve.points)),
        ("curve_within_ips", within_budget(curve)),
    ):
        yield median_time(key, rates(point), samples(point), reasons)


# ---------------------------------------------------------------- the open loop


def _arrivals(record: Record, reasons: Sequence[Reason]) -> Values:
    loop = record.open_loop
    if not isinstance(loop, OpenLoop):
        return
    highest = [r.highest_ips for r in loop.rounds]
    n = sum(step.n for r in loop.rounds for step in r.steps)
    own = _generator_reasons(loop)
    if median(highest) <= 0:
        why = Skipped(reason=_none_met(loop, own))
        yield "max_arrival_ips", why
        yield "arrival_share", why
        return
    yield _rate("max_arrival_ips", highest, n, [*own, *reasons])
    shares = _shares(record, loop)
    if shares:
        yield _rate("arrival_share", shares, n, [*own, *reasons])
    else:
        yield "arrival_share", Skipped(reason="No process measured both rates.")


def _rate(
    key: str, values: Sequence[float], n: int, reasons: Sequence[Reason]
) -> tuple[str, MetricValue]:
    """Return the median over rounds; a round in which nothing met the limit leaves it unbounded."""
    if min(values) > 0:
        return median_time(key, values, n, reasons)
    interval, rounds = Interval(median(values), 0.0, math.inf), len(values)
    return value_of(key, interval, rounds, n, verdict_of(interval, rounds, reasons))


def _shares(record: Record, loop: OpenLoop) -> list[float]:
    """Return each search's arrival rate over the throughput of the process of the same number.

    A process times throughput in several rounds: their median counts. Both rates are of whole
    inferences, whatever the batch.
    """
    if not isinstance(record.throughput, Throughput):
        return []
    closed: dict[int, list[float]] = {}
    for r in record.throughput.rounds:
        closed.setdefault(r.process, []).append(r.n / r.duration_s)
    return [r.highest_ips / median(closed[r.round]) for r in loop.rounds if r.round in closed]


def late_share(loop: OpenLoop) -> float:
    """Return the median share of late arrivals over the steps that missed the limit."""
    failed = [step.late_share for r in loop.rounds for step in r.steps if not step.met]
    return median(failed) if failed else 0.0


def _generator_reasons(loop: OpenLoop) -> list[Reason]:
    late = late_share(loop)
    if late <= LATE_SHARE:
        return []
    detail = (
        f"{100 * late:.0f} % of the arrivals were taken up late in the steps that missed the limit"
    )
    return [Reason(code="load-generator", detail=detail)]


def _none_met(loop: OpenLoop, reasons: Sequence[Reason]) -> str:
    lowest = min(step.rate_ips for r in loop.rounds for step in r.steps)
    said = f"no rate that was tried, down to {lowest:.3g}/s, kept within {loop.limit_ms:g} ms"
    return f"{said}; {reasons[0].detail}: our own generator is too coarse" if reasons else said


CURVE = Group(
    "Curve",
    (
        Metric(
            "curve_best_ips",
            "Best of the curve",
            "inf/s",
            "higher",
            "Highest throughput over the grid of streams, requests and batch; a batch counts "
            "all of its samples. The best of up to 16 settings flatters a little.",
            "curve",
        ),
        Metric(
            "curve_within_ips",
            "Best within twice the unloaded latency",
            "inf/s",
            "higher",
            "Highest throughput over the grid where a request's median latency is at most twice "
            "that of a request alone.",
            "curve",
        ),
    ),
    _curve,
)

ARRIVALS = Group(
    "Random arrivals",
    (
        Metric(
            "max_arrival_ips",
            "Highest arrival rate",
            "inf/s",
            "higher",
            "Highest rate of random arrivals (Poisson) whose p99, or p90, from arrival to "
            "result stays within five times the latency of a single request.",
            "open_loop",
        ),
        Metric(
            "arrival_share",
            "Share of closed-loop throughput",
            "%",
            "higher",
            "Highest arrival rate over the same process's throughput.",
            "open_loop",
            scale=100,
        ),
    ),
    _arrivals,
)

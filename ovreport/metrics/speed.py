"""Latency of one request at a time, and throughput of many."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics.evidence import round_reasons
from ovreport.metrics.metric import Group, Metric, Values, value_of
from ovreport.metrics.percentiles import bounds, percentiles_of
from ovreport.metrics.verdict import verdict_of
from ovreport.record import (
    Latency,
    LatencyRound,
    Reason,
    Record,
    Throughput,
    ThroughputRound,
    Unsupported,
    Verdict,
)
from ovreport.stats.intervals import Interval, median_interval


def latency_headline(rounds: Sequence[LatencyRound]) -> Interval:
    """Return the median over rounds of each round's median latency, in ms."""
    return median_interval([r.median_ms for r in rounds])


def throughput_headline(rounds: Sequence[ThroughputRound], batch: int) -> Interval:
    """Return the median over rounds of inferences per second."""
    return median_interval([r.n * batch / r.duration_s for r in rounds])


def throughput_verdict(record: Record, measured: Throughput, reasons: Sequence[Reason]) -> Verdict:
    """Return the verdict on the throughput, which whatever is derived from it shares."""
    headline = throughput_headline(measured.rounds, measured.batch)
    own = round_reasons(measured.rounds, record.tier)
    return verdict_of(headline, len(measured.rounds), [*own, *reasons])


def _latency(record: Record, reasons: Sequence[Reason]) -> Values:
    measured = record.latency
    if not isinstance(measured, Latency):
        return
    rounds = measured.rounds
    n, headline = sum(r.n for r in rounds), latency_headline(rounds)
    verdict = verdict_of(headline, len(rounds), [*round_reasons(rounds, record.tier), *reasons])
    yield value_of("latency_ms", headline, len(rounds), n, verdict)
    longest = max(r.max_ms for r in rounds)
    yield from bounds(percentiles_of(LATENCY.metrics), rounds, verdict, longest_ms=longest)
    if not any(r.runtime_median_ms for r in rounds):
        yield "overhead_ms", Unsupported(reason="the engine does not report its own duration")
        return
    overheads = [max(r.median_ms - r.runtime_median_ms, 0.0) for r in rounds]
    # A difference of clocks can be zero, and a logarithm of zero has no interval: show the range.
    middle = sorted(overheads)[len(overheads) // 2]
    interval = Interval(middle, min(overheads), max(overheads))
    yield value_of("overhead_ms", interval, len(rounds), n, verdict)


def _throughput(record: Record, reasons: Sequence[Reason]) -> Values:
    measured = record.throughput
    if not isinstance(measured, Throughput):
        return
    rounds = measured.rounds
    n, verdict = sum(r.n for r in rounds), throughput_verdict(record, measured, reasons)
    headline = throughput_headline(rounds, measured.batch)
    yield value_of("throughput_ips", headline, len(rounds), n, verdict)
    medians = median_interval([r.median_ms for r in rounds])
    yield value_of("loaded_latency_ms", medians, len(rounds), n, verdict)
    yield from bounds(percentiles_of(THROUGHPUT.metrics), rounds, verdict)


LATENCY = Group(
    "Latency",
    (
        Metric(
            "latency_ms",
            "Latency",
            "ms",
            "lower",
            "Median wall time of one synchronous inference, median over rounds.",
            "latency",
            headline="latency",
            summary="latency ms",
        ),
        Metric(
            "latency_p90_ms",
            "p90",
            "ms",
            "lower",
            "90 % of inferences are at least this fast, at 99 % confidence.",
            "latency",
            percentile=0.90,
        ),
        Metric(
            "latency_p95_ms",
            "p95",
            "ms",
            "lower",
            "95 % of inferences are at least this fast, at 99 % confidence.",
            "latency",
            percentile=0.95,
        ),
        Metric(
            "latency_p99_ms",
            "p99",
            "ms",
            "lower",
            "99 % of inferences are at least this fast, at 99 % confidence.",
            "latency",
            percentile=0.99,
        ),
        Metric(
            "latency_p999_ms",
            "p99.9",
            "ms",
            "lower",
            "99.9 % of inferences are at least this fast, at 99 % confidence.",
            "latency",
            percentile=0.999,
        ),
        Metric(
            "overhead_ms",
            "Caller overhead",
            "ms",
            "lower",
            "Wall time at the caller minus the runtime's own latency, medians.",
            "latency",
        ),
    ),
    _latency,
)

THROUGHPUT = Group(
    "Throughput",
    (
        Metric(
            "throughput_ips",
            "Throughput",
            "inf/s",
            "higher",
            "Inferences per second with the device's optimal number of requests.",
            "throughput",
            headline="throughput",
            summary="inf/s",
        ),
        Metric(
            "loaded_latency_ms",
            "Latency under load",
            "ms",
            "lower",
            "Median latency of a request during the throughput run.",
            "throughput",
        ),
        Metric(
            "loaded_latency_p99_ms",
            "p99 under load",
            "ms",
            "lower",
            "99 % of requests in the throughput run are at least this fast.",
            "throughput",
            percentile=0.99,
        ),
    ),
    _throughput,
)

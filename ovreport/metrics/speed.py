"""Latency of one request at a time, and throughput of many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from ovreport.metrics.evidence import cores_near, is_quiet, quiet_processes, round_reasons
from ovreport.metrics.headline import Own, Rounds, headline, observed, prior_of
from ovreport.metrics.metric import Group, Metric, Values, value_of
from ovreport.metrics.percentiles import bounds, percentiles_of
from ovreport.record import (
    Latency,
    LatencyRound,
    Reason,
    Record,
    Throughput,
    ThroughputRound,
    Tier,
    Unsupported,
)
from ovreport.stats.intervals import CORRELATED, Interval, median_interval
from ovreport.stats.spread import ROUNDS


def latency_rounds(rounds: Sequence[LatencyRound], record: Record | None = None) -> Rounds:
    """Return what the headline latency, in ms, is made of.

    `record`: whose processes were quiet or not, for rounds that have no evidence of their own.
    """
    values = [r.median_ms for r in rounds]
    processes = [r.process for r in rounds]
    calm, n = list(_quiet(rounds, record)), [r.n for r in rounds]
    return Rounds(values, processes, calm, n, is_watched=_is_watched(rounds))


def throughput_rounds(
    rounds: Sequence[ThroughputRound], batch: int, record: Record | None = None
) -> Rounds:
    """Return what the headline throughput, in inferences per second, is made of."""
    values = [r.n * batch / r.duration_s for r in rounds]
    processes, n = [r.process for r in rounds], [r.n for r in rounds]
    calm, watched = list(_quiet(rounds, record)), _is_watched(rounds)
    return Rounds(values, processes, calm, n, is_rate=True, is_watched=watched)


def _is_watched(rounds: Sequence[LatencyRound | ThroughputRound]) -> bool:
    return all(r.readings for r in rounds)


def _quiet(
    rounds: Sequence[LatencyRound | ThroughputRound], record: Record | None
) -> Iterator[bool]:
    processes = quiet_processes(record) if record and not _is_watched(rounds) else {}
    near = cores_near([r.readings for r in rounds])
    for r, is_near in zip(rounds, near, strict=True):
        if isinstance(r, LatencyRound) and r.readings:
            # Of an inference that is alone, all threads wait for each other.
            yield is_near and is_quiet(r.readings, one_at_a_time=True)
        elif r.readings:
            yield is_quiet(r.readings)
        else:
            yield processes.get(r.process, True)


def latency_of(record: Record) -> Rounds | None:
    """Return what a record's latency is made of; None where it was not measured."""
    measured = record.latency
    if not isinstance(measured, Latency):
        return None
    return latency_rounds(measured.rounds, record)


def throughput_of(record: Record) -> Rounds | None:
    """Return what a record's throughput is made of; None where it was not measured."""
    measured = record.throughput
    if not isinstance(measured, Throughput):
        return None
    return throughput_rounds(measured.rounds, measured.batch, record)


def _own(rounds: Sequence[LatencyRound | ThroughputRound], tier: Tier) -> Own:
    return lambda used: list(round_reasons([rounds[i] for i in used], tier))


def _latency(record: Record, reasons: Sequence[Reason]) -> Values:
    measured = record.latency
    if not isinstance(measured, Latency):
        return
    rounds, own = measured.rounds, _own(measured.rounds, record.tier)
    made = latency_rounds(rounds, record)
    key = "latency_observed_ms"
    yield headline("latency_ms", made, record, reasons, own, observed_key=key)
    key, over_all = observed(key, made, record, reasons, own)
    yield key, over_all
    n, verdict = over_all.n, over_all.verdict
    longest, prior = max(r.max_ms for r in rounds), prior_of(record, key, CORRELATED)
    yield from bounds(
        percentiles_of(LATENCY.metrics), rounds, verdict, prior=prior, longest_ms=longest
    )
    if not any(r.runtime_median_ms for r in rounds):
        yield "overhead_ms", Unsupported(reason="the engine does not report its own duration")
        return
    overheads = [max(r.median_ms - r.runtime_median_ms, 0.0) for r in rounds]
    # A difference of clocks can be zero, and a logarithm of zero has no interval: show the range.
    extremes = Interval(median(overheads), min(overheads), max(overheads))
    yield value_of("overhead_ms", extremes, len(rounds), n, verdict, kind="range")


def _throughput(record: Record, reasons: Sequence[Reason]) -> Values:
    measured = record.throughput
    if not isinstance(measured, Throughput):
        return
    rounds, own = measured.rounds, _own(measured.rounds, record.tier)
    made = throughput_rounds(rounds, measured.batch, record)
    key = "throughput_observed_ips"
    yield headline("throughput_ips", made, record, reasons, own, observed_key=key)
    key, over_all = observed(key, made, record, reasons, own)
    yield key, over_all
    n, verdict = over_all.n, over_all.verdict
    medians = median_interval([r.median_ms for r in rounds], prior=prior_of(record, key, ROUNDS))
    yield value_of("loaded_latency_ms", medians, len(rounds), n, verdict)
    prior = prior_of(record, key, CORRELATED)
    yield from bounds(percentiles_of(THROUGHPUT.metrics), rounds, verdict, prior=prior)


LATENCY = Group(
    "Latency",
    (
        Metric(
            "latency_ms",
            "Latency",
            "ms",
            "lower",
            "Median wall time of one synchronous inference in the quiet rounds, where three "
            "processes or more agree; else the observed latency.",
            "latency",
            headline="latency",
            summary="latency ms",
        ),
        Metric(
            "latency_observed_ms",
            "Observed latency",
            "ms",
            "lower",
            "Median wall time of one synchronous inference, median over all rounds, disturbed "
            "ones included.",
            "latency",
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
            "Wall time at the caller minus the runtime's own latency, medians; from the lowest to "
            "the highest round.",
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
            "Inferences per second with the device's optimal number of requests, in the quiet "
            "rounds, where three processes or more agree; else the observed throughput.",
            "throughput",
            headline="throughput",
            summary="inf/s",
        ),
        Metric(
            "throughput_observed_ips",
            "Observed throughput",
            "inf/s",
            "higher",
            "Inferences per second, median over all rounds, disturbed ones included.",
            "throughput",
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

"""From a record's samples to the figures that are shown: value, interval, n, verdict.

    figures(record) -> {metric key: Figure | NotMeasured}

A metric of an aspect that was not measured maps to the reason; nothing is dropped silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ovreport.metrics import cost, generation, load, speed
from ovreport.metrics.registry import METRICS, Metric
from ovreport.metrics.value import DETERMINISTIC, Found, MetricValue, MetricValues, of, of_sizes
from ovreport.metrics.verdict import evidence, judge, judge_times
from ovreport.record import (
    Accuracy,
    Completed,
    Curve,
    EndToEnd,
    Energy,
    Generation,
    Latency,
    Memory,
    NotMeasured,
    OpenLoop,
    Reason,
    Record,
    Throughput,
    Unsupported,
)
from ovreport.stats.intervals import Interval

__all__ = ["MetricValue", "MetricValues", "accuracy_metric", "metric_values"]


def metric_values(record: Record) -> MetricValues:
    """Return every figure of a record, or why there is none, by metric key.

    Tokens are no inferences: of a language model there are its own figures, and no others.
    """
    metrics = _metrics_of(record)
    if not isinstance(record.outcome, Completed):
        # A fast wrong answer is a failure: what was timed before it failed is not shown.
        return {k: record.outcome for k, info in metrics.items() if info.measurement != "accuracy"}
    found: MetricValues = dict(_measured(record, evidence(record)))
    for key, metric_info in metrics.items():
        if key in found or metric_info.measurement == "accuracy":
            continue
        missing = _why_missing(record, metric_info.measurement)
        if missing is not None:
            found[key] = missing
    return found


@cache
def _metrics_by_kind(language: bool) -> dict[str, Metric]:
    return {k: m for k, m in METRICS.items() if (m.measurement == "generation") == language}


def _metrics_of(record: Record) -> dict[str, Metric]:
    return _metrics_by_kind(record.case.is_language)


def accuracy_metric(record: Record) -> str | None:
    """Return the key of the record's accuracy metric, None where accuracy was not measured."""
    accuracy = record.accuracy
    return accuracy.metric if isinstance(accuracy, Accuracy) else None


def _why_missing(record: Record, measurement: str) -> NotMeasured | None:
    value = getattr(record, measurement)
    return value if isinstance(value, NotMeasured) else None


def _measured(record: Record, against: Sequence[Reason]) -> Found:
    if record.case.is_language:
        if isinstance(record.generation, Generation):
            yield from _generation(record.generation, against)
        return
    verdicts = judge(record, against)
    if isinstance(record.latency, Latency):
        yield from speed.latency(record.latency, verdicts["latency"])
    if isinstance(record.throughput, Throughput):
        yield from speed.throughput(record, record.throughput, verdicts["throughput"])
    yield from speed.startup(record, against)
    if isinstance(record.memory, Memory):
        yield from cost.memory(record.memory)
    if isinstance(record.end_to_end, EndToEnd):
        yield from cost.end_to_end(record.end_to_end, against)
    if isinstance(record.energy, Energy):
        yield from cost.energy(record.energy, against)
    if isinstance(record.accuracy, Accuracy):
        yield from _accuracy(record.accuracy)
    yield from _loads(record, against)


def _accuracy(accuracy: Accuracy) -> Found:
    interval = Interval(accuracy.value, accuracy.low, accuracy.high)
    yield of(accuracy.metric, interval, 1, accuracy.n, DETERMINISTIC)


def _loads(record: Record, against: Sequence[Reason]) -> Found:
    found: list[tuple[str, load.Summary | NotMeasured]] = []
    if isinstance(record.curve, Curve):
        found += load.of_curve(record.curve)
    if isinstance(record.open_loop, OpenLoop):
        found += load.of_open_loop(record, record.open_loop)
    for key, summary in found:
        if isinstance(summary, NotMeasured):
            yield key, summary
        else:
            verdict = judge_times(summary.interval, summary.rounds, [*summary.reasons, *against])
            yield of(key, summary.interval, summary.rounds, summary.n, verdict)


def _generation(measured: Generation, against: Sequence[Reason]) -> Found:
    for key, summary in generation.summaries(measured):
        if isinstance(summary, NotMeasured):
            yield key, summary
        else:
            yield _token_figure(key, summary, measured, against)
    values = generation.peaks(measured)
    key = "peak_memory_generation_bytes"
    if values:
        yield of_sizes(key, values)
    else:
        yield key, Unsupported(reason=measured.memory_unreadable or "no round tells its memory")
    for key, found, n in generation.quality(measured):
        if isinstance(found, NotMeasured):
            yield key, found
        else:
            yield of(key, found, 1, n, DETERMINISTIC)


def _token_figure(
    key: str, summary: load.Summary, measured: Generation, against: Sequence[Reason]
) -> tuple[str, MetricValue]:
    """Return a timed figure; a percentile is a bound, and has the verdict of its median."""
    if key in generation.PERCENTILES:
        median = generation.per_token(generation.headline(measured.points))
        verdict, kind = judge_times(median, summary.rounds, against), "bound"
    else:
        verdict, kind = judge_times(summary.interval, summary.rounds, against), "measured"
    return of(key, summary.interval, summary.rounds, summary.n, verdict, kind=kind)

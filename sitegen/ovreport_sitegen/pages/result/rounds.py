"""The rounds behind a result's headlines, as pictures: which were quiet, and what they say."""

from __future__ import annotations

from collections.abc import Iterator

from ovreport.metrics import METRICS, MetricValue
from ovreport.metrics.headline import Rounds
from ovreport.metrics.speed import latency_rounds, throughput_rounds
from ovreport.record import Latency, Throughput
from ovreport.words import plural
from ovreport_sitegen.charts.rounds_picture import RoundMark, RoundsPicture
from ovreport_sitegen.data.result import Result


def pictures(result: Result) -> tuple[RoundsPicture, ...]:
    """Return a picture of the latency's rounds and one of the throughput's, where there are any."""
    return tuple(
        _picture(result, found, rounds)
        for key, rounds in _rounds(result)
        if (found := result.metric_value(key))
    )


def _rounds(result: Result) -> Iterator[tuple[str, Rounds]]:
    record = result.record
    if isinstance(record.latency, Latency):
        yield "latency_ms", latency_rounds(record.latency.rounds, record)
    if isinstance(record.throughput, Throughput):
        measured = record.throughput
        yield "throughput_ips", throughput_rounds(measured.rounds, measured.batch, record)


def _picture(result: Result, found: MetricValue, rounds: Rounds) -> RoundsPicture:
    metric = METRICS[found.metric]
    marks = tuple(
        RoundMark(
            value,
            process,
            quiet,
            f"Process {process + 1}: {metric.format_unit(value)}, {plural(n, 'inference')}, "
            f"{'quiet' if quiet else 'disturbed'}",
        )
        for value, process, quiet, n in zip(
            rounds.values, rounds.processes, rounds.quiet, rounds.n, strict=True
        )
    )
    quiet_ones = sum(rounds.quiet)
    apart = found.kind == "undisturbed" and found.rounds < quiet_ones
    used = f", the value is of {found.rounds} of them" if apart else ""
    return RoundsPicture(
        title=f"{metric.label}, round by round: {quiet_ones} of {plural(len(marks), 'round')} "
        f"quiet{used}, {metric.format_unit(min(rounds.values))} to "
        f"{metric.format_unit(max(rounds.values))}.",
        rounds=marks,
        value=found.value,
        low=found.low,
        high=found.high,
        lowest=metric.format_unit(min(rounds.values)),
        highest=metric.format_unit(max(rounds.values)),
        family=result.device.family,
    )

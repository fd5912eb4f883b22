"""Throughput for what it takes: cores, memory, and a maker's rated power and price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ovreport.metrics.memory import peaks
from ovreport.metrics.metric import Group, Metric, MetricValue, Values, value_of
from ovreport.metrics.speed import throughput_headline, throughput_verdict
from ovreport.record import Memory, Reason, Record, Skipped, Throughput, Unsupported
from ovreport.stats.intervals import Interval, median_interval

_GIB = 1024**3


def per_rated(key: str, throughput: MetricValue, rated: float) -> MetricValue:
    """Return the throughput divided by a maker's rated power or price; `key`: the metric's."""
    value, low, high = (v / rated for v in (throughput.value, throughput.low, throughput.high))
    return replace(throughput, metric=key, value=value, low=low, high=high, kind="rated")


def _efficiency(record: Record, reasons: Sequence[Reason]) -> Values:
    measured = record.throughput
    if not isinstance(measured, Throughput):
        return
    rounds = measured.rounds
    n, verdict = sum(r.n for r in rounds), throughput_verdict(record, measured, reasons)
    headline = throughput_headline(rounds, measured.batch)
    if record.device.family == "CPU":
        per_core = _divided(headline, max(record.machine.cores_available, 1))
        yield value_of("throughput_per_core_ips", per_core, len(rounds), n, verdict)
    else:
        yield (
            "throughput_per_core_ips",
            Unsupported(reason="Counted for processors only; this device has no CPU cores."),
        )
    memory = record.memory
    found = peaks(memory, throughput=True) if isinstance(memory, Memory) else []
    if found:
        per_gib = _divided(headline, median_interval(found).value / _GIB)
        yield value_of("throughput_per_gib_ips", per_gib, len(rounds), n, verdict)
    else:
        yield "throughput_per_gib_ips", Skipped(reason="Peak memory was not measured.")


def _divided(interval: Interval, by: float) -> Interval:
    return Interval(interval.value / by, interval.low / by, interval.high / by)


EFFICIENCY = Group(
    "Efficiency",
    (
        Metric(
            "throughput_per_core_ips",
            "Throughput per core",
            "inf/s per core",
            "higher",
            "Throughput divided by the processor cores available; CPU devices only.",
            "throughput",
        ),
        Metric(
            "throughput_per_gib_ips",
            "Throughput per GiB",
            "inf/s per GiB",
            "higher",
            "Throughput divided by peak memory of the measuring process.",
            "throughput",
        ),
        Metric(
            "throughput_per_watt_rated_ips",
            "Throughput per rated watt",
            "inf/s per W (rated)",
            "higher",
            "Throughput divided by the maker's TDP: rated, not measured power.",
            "throughput",
            rated=True,
        ),
        Metric(
            "throughput_per_price_rated_ips",
            "Throughput per price",
            "inf/s per unit (rated)",
            "higher",
            "Throughput divided by the price given in the site's settings.",
            "throughput",
            rated=True,
        ),
    ),
    _efficiency,
)

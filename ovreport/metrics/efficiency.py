"""What an inference costs: processor time, cores, memory, and a maker's rated power and price."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ovreport.metrics.headline import over_rounds
from ovreport.metrics.memory import peaks
from ovreport.metrics.metric import Group, Metric, MetricValue, MetricValues, Values
from ovreport.record import (
    Latency,
    LatencyRound,
    Memory,
    Reason,
    Record,
    Skipped,
    Throughput,
    ThroughputRound,
    Unsupported,
)
from ovreport.stats.intervals import median_interval

_GIB = 1024**3
_LEAST = 0.01
"""Processors that the kernel's smallest quota leaves: 1 ms in 100 ms."""


def per_rated(key: str, throughput: MetricValue, rated: float) -> MetricValue:
    """Return the throughput divided by a maker's rated power or price; `key`: the metric's."""
    value, low, high = (v / rated for v in (throughput.value, throughput.low, throughput.high))
    return replace(throughput, metric=key, value=value, low=low, high=high, kind="rated")


_CPU_TIME = Unsupported(reason="the processor time of the timed loops was not measured")


def _efficiency(record: Record, _: Sequence[Reason]) -> Values:
    if isinstance(record.latency, Latency):
        yield _cpu_time("latency_cpu_ms", record.latency.rounds, 1, record)
    measured = record.throughput
    if isinstance(measured, Throughput):
        yield _cpu_time("throughput_cpu_ms", measured.rounds, measured.batch, record)


def _throughput_per(record: Record, values: MetricValues) -> Values:
    headline = values.get("throughput_ips")
    if not isinstance(headline, MetricValue):
        return
    if record.device.family == "CPU":
        yield _divided(
            "throughput_per_core_ips", headline, max(record.machine.cores_available, _LEAST)
        )
    else:
        yield (
            "throughput_per_core_ips",
            Unsupported(reason="Counted for processors only; this device has no CPU cores."),
        )
    memory = record.memory
    found = peaks(memory, throughput=True) if isinstance(memory, Memory) else []
    if found:
        per_gib = median_interval(found).value / _GIB
        yield _divided("throughput_per_gib_ips", headline, per_gib)
    else:
        yield "throughput_per_gib_ips", Skipped(reason="Peak memory was not measured.")


def _divided(key: str, found: MetricValue, by: float) -> tuple[str, MetricValue]:
    value, low, high = (v / by for v in (found.value, found.low, found.high))
    return key, replace(found, metric=key, value=value, low=low, high=high)


def cpu_times_ms(
    rounds: Sequence[LatencyRound | ThroughputRound], batch: int = 1
) -> dict[int, float]:
    """Return round → processor time of an inference in ms, of the rounds that measured it."""
    return {r.round: 1000 * r.cpu_s / (r.n * batch) for r in rounds if r.cpu_s > 0}


def _cpu_time(
    key: str, rounds: Sequence[LatencyRound | ThroughputRound], batch: int, record: Record
) -> tuple[str, MetricValue | Unsupported]:
    """Return the processor time of an inference: other programs' load is no reason against it."""
    times = list(cpu_times_ms(rounds, batch).values())
    if not times:
        return key, _CPU_TIME
    return over_rounds(key, times, sum(r.n for r in rounds if r.cpu_s > 0), record)


EFFICIENCY = Group(
    "Efficiency",
    (
        Metric(
            "latency_cpu_ms",
            "Processor time, one request",
            "ms",
            "lower",
            "Processor time of the measuring process an inference, user and system, all threads, "
            "one request at a time: what an inference costs the host. Other programs move it far "
            "less than wall time. Threads that wait in a loop for work count too.",
            "latency",
        ),
        Metric(
            "throughput_cpu_ms",
            "Processor time, many requests",
            "ms",
            "lower",
            "Processor time of the measuring process an inference, user and system, all threads, "
            "with the device's optimal number of requests. Other programs move it far less than "
            "wall time. Threads that wait in a loop for work count too.",
            "throughput",
        ),
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
    _throughput_per,
)

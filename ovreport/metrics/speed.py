"""Figures of start-up, latency and throughput."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics import percentiles
from ovreport.metrics.cost import peaks
from ovreport.metrics.value import Found, MetricValue, of, of_times
from ovreport.metrics.verdict import latency_headline, throughput_headline
from ovreport.record import (
    Latency,
    Memory,
    Record,
    Startup,
    StartupCached,
    StartupRound,
    Throughput,
)
from ovreport.record.base import Reason, Skipped, Unsupported, Verdict
from ovreport.stats.intervals import Interval, median_interval

GIB = 1024**3
_SHORTEST_MS = 1e-6
"""A clock may read the same twice; a logarithm needs a positive number."""


def latency(measured: Latency, verdict: Verdict) -> Found:
    """Yield the latency, bounds on its percentiles, and what the call adds to it."""
    rounds = measured.rounds
    n = sum(r.n for r in rounds)
    yield of("latency_ms", latency_headline(rounds), len(rounds), n, verdict)
    longest = max(r.max_ms for r in rounds)
    yield from percentiles.bounds(percentiles.PERCENTILES, rounds, verdict, longest_ms=longest)
    if not any(r.runtime_median_ms for r in rounds):
        yield "overhead_ms", Unsupported(reason="the engine does not tell its own duration")
        return
    overheads = [max(r.median_ms - r.runtime_median_ms, 0.0) for r in rounds]
    # A difference of clocks can be zero, and a logarithm of zero has no interval: show the range.
    middle = sorted(overheads)[len(overheads) // 2]
    interval = Interval(middle, min(overheads), max(overheads))
    yield of("overhead_ms", interval, len(rounds), n, verdict)


def throughput(record: Record, measured: Throughput, verdict: Verdict) -> Found:
    """Yield the throughput, also by core and by memory, and the latency under load."""
    rounds = measured.rounds
    n = sum(r.n for r in rounds)
    headline = throughput_headline(rounds, measured.batch)
    yield of("throughput_ips", headline, len(rounds), n, verdict)

    medians = median_interval([r.median_ms for r in rounds])
    yield of("loaded_latency_ms", medians, len(rounds), n, verdict)
    yield from percentiles.bounds({"loaded_latency_p99_ms": 0.99}, rounds, verdict)

    if record.device.family == "CPU":
        per_core = _divided(headline, max(record.machine.cores_available, 1))
        yield of("throughput_per_core_ips", per_core, len(rounds), n, verdict)
    else:
        yield (
            "throughput_per_core_ips",
            Unsupported(reason="Counted for processors only; this device has no CPU cores."),
        )
    memory = record.memory
    found = peaks(memory, throughput=True) if isinstance(memory, Memory) else []
    if found:
        per_gib = _divided(headline, median_interval(found).value / GIB)
        yield of("throughput_per_gib_ips", per_gib, len(rounds), n, verdict)
    else:
        yield "throughput_per_gib_ips", Skipped(reason="Peak memory was not measured.")


def startup(record: Record, against: Sequence[Reason]) -> Found:
    """Yield the parts of a start and their sum, cold and from the model cache."""
    if isinstance(record.startup, Startup):
        rounds = record.startup.rounds
        parts = {
            "read_ms": [r.read_ms for r in rounds],
            "compile_ms": [r.compile_ms for r in rounds],
            "first_inference_ms": [r.first_inference_ms for r in rounds],
            "startup_ms": [_total(r) for r in rounds],
        }
        for key, values in parts.items():
            yield _start(key, values, against)
    if isinstance(record.startup_cached, StartupCached):
        cached = [_total(r) for r in record.startup_cached.rounds]
        yield _start("startup_cached_ms", cached, against)


def _total(r: StartupRound) -> float:
    return r.read_ms + r.compile_ms + r.first_inference_ms


def _start(key: str, values: Sequence[float], against: Sequence[Reason]) -> tuple[str, MetricValue]:
    return of_times(key, [max(v, _SHORTEST_MS) for v in values], len(values), against)


def _divided(interval: Interval, by: float) -> Interval:
    return Interval(interval.value / by, interval.low / by, interval.high / by)

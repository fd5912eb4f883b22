"""From a record's samples to the figures that are shown: value, interval, n, verdict.

    figures(record) -> {metric key: Figure | NotMeasured}

A metric of an aspect that was not measured maps to the reason; nothing is dropped silently.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ovreport import generation_figures, load_figures, pipelines, statistics
from ovreport.generation_aspect import ENGINE as LANGUAGE_ENGINE
from ovreport.metrics import METRICS, Metric
from ovreport.record import (
    Accuracy,
    Completed,
    Curve,
    EndToEnd,
    Energy,
    Generation,
    Latency,
    LatencyRound,
    Memory,
    NotMeasured,
    OpenLoop,
    Reason,
    Record,
    Skipped,
    Startup,
    StartupCached,
    StartupRound,
    Throughput,
    ThroughputRound,
    Unsupported,
    Verdict,
)
from ovreport.statistics import Interval, median_interval
from ovreport.verdict import (
    evidence,
    judge,
    judge_sizes,
    judge_times,
    latency_headline,
    throughput_headline,
)

PERCENTILES = {
    "latency_p90_ms": 0.90,
    "latency_p95_ms": 0.95,
    "latency_p99_ms": 0.99,
    "latency_p999_ms": 0.999,
}
N_TOO_SMALL = "n too small"
ABOVE_IDLE = "not distinguishable from idle: the run took no more than the baseline"
GIB = 1024**3


@dataclass(frozen=True)
class Figure:
    """One number as it is shown, with all that a reader needs to weigh it."""

    metric: str
    """Key in `ovreport.metrics`."""
    value: float
    low: float
    """95 % interval; equal to value where the figure is itself a bound."""
    high: float
    rounds: int
    n: int
    """Samples behind it: inferences, or labelled units."""
    verdict: Verdict
    kind: str = "measured"
    """`measured`, `bound` (a conservative percentile) or `rated`."""
    scope: str = ""
    """What part of the machine it covers and who counted it, where that is not the obvious."""


Figures = dict[str, Figure | NotMeasured]

_DETERMINISTIC = Verdict(level="valid", reasons=[])
"""Accuracy: the same inputs give the same outputs, however busy the machine is."""
_SHORTEST_MS = 1e-6
"""A clock may read the same twice; a logarithm needs a positive number."""


def figures(record: Record) -> Figures:
    """Return every figure of a record, or why there is none, by metric key.

    Tokens are no inferences: of a language model there are its own figures, and no others.
    """
    metrics = _metrics_of(record)
    if not isinstance(record.outcome, Completed):
        # A fast wrong answer is a failure: what was timed before it failed is not shown.
        return {k: record.outcome for k, info in metrics.items() if info.aspect != "accuracy"}
    found: Figures = dict(_measured(record, evidence(record)))
    for key, metric_info in metrics.items():
        if key in found or metric_info.aspect == "accuracy":
            continue
        missing = _why_missing(record, metric_info.aspect)
        if missing is not None:
            found[key] = missing
    return found


def is_language(record: Record) -> bool:
    """Return whether a record is of a language model."""
    return record.case.engine == LANGUAGE_ENGINE


@cache
def _metrics_by_kind(language: bool) -> dict[str, Metric]:
    return {k: m for k, m in METRICS.items() if (m.aspect == "generation") == language}


def _metrics_of(record: Record) -> dict[str, Metric]:
    return _metrics_by_kind(is_language(record))


def accuracy_metric(record: Record) -> str | None:
    """Return the key of the record's accuracy metric, None where accuracy was not measured."""
    accuracy = record.accuracy
    return accuracy.metric if isinstance(accuracy, Accuracy) else None


def _why_missing(record: Record, aspect: str) -> NotMeasured | None:
    value = getattr(record, aspect)
    return value if isinstance(value, NotMeasured) else None


def _measured(
    record: Record, against: Sequence[Reason]
) -> Iterator[tuple[str, Figure | NotMeasured]]:
    if is_language(record):
        if isinstance(record.generation, Generation):
            yield from _generation(record.generation, against)
        return
    verdicts = judge(record, against)
    if isinstance(record.latency, Latency):
        yield from _latency(record.latency, verdicts["latency"])
    if isinstance(record.throughput, Throughput):
        yield from _throughput(record, record.throughput, verdicts["throughput"])
    yield from _startup(record, against)
    if isinstance(record.memory, Memory):
        yield from _memory(record.memory)
    if isinstance(record.end_to_end, EndToEnd):
        yield from _end_to_end(record.end_to_end, against)
    if isinstance(record.energy, Energy):
        yield from _energy(record.energy, against)
    if isinstance(record.accuracy, Accuracy):
        yield from _accuracy(record.accuracy)
    yield from _loads(record, against)


# ---------------------------------------------------------------- aspects


def _latency(latency: Latency, verdict: Verdict) -> Iterator[tuple[str, Figure | NotMeasured]]:
    rounds = latency.rounds
    n = sum(r.n for r in rounds)
    yield _of("latency_ms", latency_headline(rounds), len(rounds), n, verdict)
    longest = max(r.max_ms for r in rounds)
    yield from _percentiles(PERCENTILES, rounds, verdict, longest_ms=longest)
    if not any(r.runtime_median_ms for r in rounds):
        yield "overhead_ms", Unsupported(reason="the engine does not tell its own duration")
        return
    overheads = [max(r.median_ms - r.runtime_median_ms, 0.0) for r in rounds]
    # A difference of clocks can be zero, and a logarithm of zero has no interval: show the range.
    middle = sorted(overheads)[len(overheads) // 2]
    interval = Interval(middle, min(overheads), max(overheads))
    yield _of("overhead_ms", interval, len(rounds), n, verdict)


def _throughput(
    record: Record, throughput: Throughput, verdict: Verdict
) -> Iterator[tuple[str, Figure | NotMeasured]]:
    rounds = throughput.rounds
    n = sum(r.n for r in rounds)
    headline = throughput_headline(rounds, throughput.batch)
    yield _of("throughput_ips", headline, len(rounds), n, verdict)

    medians = median_interval([r.median_ms for r in rounds])
    yield _of("loaded_latency_ms", medians, len(rounds), n, verdict)
    yield from _percentiles({"loaded_latency_p99_ms": 0.99}, rounds, verdict)

    if record.device.family == "CPU":
        per_core = _divided(headline, max(record.machine.cores_available, 1))
        yield _of("throughput_per_core_ips", per_core, len(rounds), n, verdict)
    else:
        yield (
            "throughput_per_core_ips",
            Unsupported(reason="Counted for processors only; this device has no CPU cores."),
        )
    peaks = _peaks(record.memory, throughput=True) if isinstance(record.memory, Memory) else []
    if peaks:
        per_gib = _divided(headline, median_interval(peaks).value / GIB)
        yield _of("throughput_per_gib_ips", per_gib, len(rounds), n, verdict)
    else:
        yield "throughput_per_gib_ips", Skipped(reason="Peak memory was not measured.")


def _startup(
    record: Record, against: Sequence[Reason]
) -> Iterator[tuple[str, Figure | NotMeasured]]:
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


def _memory(memory: Memory) -> Iterator[tuple[str, Figure | NotMeasured]]:
    for key, values in (
        ("peak_memory_latency_bytes", _peaks(memory, throughput=False)),
        ("peak_memory_bytes", _peaks(memory, throughput=True)),
    ):
        if values:
            interval = median_interval(values)
            verdict = judge_sizes(interval, len(values))
            yield _of(key, interval, len(values), len(values), verdict)
        else:
            yield key, Skipped(reason="No round reached this phase.")


def _end_to_end(
    measured: EndToEnd, against: Sequence[Reason]
) -> Iterator[tuple[str, Figure | NotMeasured]]:
    for way, reason in measured.missing.items():
        prefix = pipelines.WAY_KEYS[way]
        for suffix in ("ms", "ips", "async_ips"):
            yield f"{prefix}_{suffix}", Unsupported(reason=reason)
    for key, values, n in pipelines.series(measured):
        interval = median_interval(values)
        yield _of(key, interval, len(values), n, judge_times(interval, len(values), against))


def _peaks(memory: Memory, *, throughput: bool) -> list[float]:
    """Return each round's peak, in the throughput phase or in all phases before it."""
    found = []
    for r in memory.rounds:
        peaks = [p.peak_rss_bytes for p in r.phases if (p.phase == "throughput") == throughput]
        if peaks:
            found.append(float(max(peaks)))
    return found


def _energy(
    energy: Energy, against: Sequence[Reason]
) -> Iterator[tuple[str, Figure | NotMeasured]]:
    """Yield the headline domain's figures; domains contain each other and are never added up."""
    rounds = energy.domains[0].rounds
    n = sum(r.inferences for r in rounds)
    scope = f"{energy.domains[0].name} ({energy.method})"
    values = {
        "energy_per_inference_j": [r.energy_j / r.inferences for r in rounds],
        "energy_per_inference_net_j": [r.net_j / r.inferences for r in rounds],
        "power_w": [r.energy_j / r.duration_s for r in rounds],
    }
    for key, found in values.items():
        idle = sum(value <= 0 for value in found)
        if idle:
            yield key, Unsupported(reason=f"{ABOVE_IDLE} in {idle} of {len(rounds)} rounds")
            continue
        interval = median_interval(found)
        verdict = judge_times(interval, len(rounds), against)
        yield (
            key,
            Figure(
                key,
                interval.value,
                interval.low,
                interval.high,
                len(rounds),
                n,
                verdict,
                scope=scope,
            ),
        )


def _accuracy(accuracy: Accuracy) -> Iterator[tuple[str, Figure | NotMeasured]]:
    interval = Interval(accuracy.value, accuracy.low, accuracy.high)
    yield _of(accuracy.metric, interval, 1, accuracy.n, _DETERMINISTIC)


def _loads(record: Record, against: Sequence[Reason]) -> Iterator[tuple[str, Figure | NotMeasured]]:
    found: list[tuple[str, load_figures.Summary | NotMeasured]] = []
    if isinstance(record.curve, Curve):
        found += load_figures.of_curve(record.curve)
    if isinstance(record.open_loop, OpenLoop):
        found += load_figures.of_open_loop(record, record.open_loop)
    for key, summary in found:
        if isinstance(summary, NotMeasured):
            yield key, summary
        else:
            verdict = judge_times(summary.interval, summary.rounds, [*summary.reasons, *against])
            yield _of(key, summary.interval, summary.rounds, summary.n, verdict)


def _generation(
    measured: Generation, against: Sequence[Reason]
) -> Iterator[tuple[str, Figure | NotMeasured]]:
    for key, summary in generation_figures.summaries(measured):
        if isinstance(summary, NotMeasured):
            yield key, summary
        else:
            yield _token_figure(key, summary, measured, against)
    values = generation_figures.peaks(measured)
    key = "peak_memory_generation_bytes"
    if values:
        interval = median_interval(values)
        verdict = judge_sizes(interval, len(values))
        yield _of(key, interval, len(values), len(values), verdict)
    else:
        yield key, Unsupported(reason=measured.memory_unreadable or "no round tells its memory")
    for key, found, n in generation_figures.quality(measured):
        if isinstance(found, NotMeasured):
            yield key, found
        else:
            yield _of(key, found, 1, n, _DETERMINISTIC)


def _token_figure(
    key: str, summary: load_figures.Summary, measured: Generation, against: Sequence[Reason]
) -> tuple[str, Figure]:
    """Return a timed figure; a percentile is a bound, and has the verdict of its median."""
    if key in generation_figures.PERCENTILES:
        median = generation_figures.per_token(generation_figures.headline(measured.points))
        verdict, kind = judge_times(median, summary.rounds, against), "bound"
    else:
        verdict, kind = judge_times(summary.interval, summary.rounds, against), "measured"
    low, high = summary.interval.low, summary.interval.high
    value = summary.interval.value
    return key, Figure(key, value, low, high, summary.rounds, summary.n, verdict, kind=kind)


# ---------------------------------------------------------------- parts


def _percentiles(
    percentiles: Mapping[str, float], rounds: Sequence[LatencyRound | ThroughputRound],
    verdict: Verdict, *, longest_ms: float = math.inf,
) -> Iterator[tuple[str, Figure | NotMeasured]]:  # fmt: skip
    """Yield a conservative bound on each percentile of a repetition.

    The t-th largest sample of all rounds, t from the n that correlated samples are worth, raised
    because rounds differ.
    """
    n = sum(r.n for r in rounds)
    worth = statistics.effective_n(n, sum(r.autocorrelation * r.n for r in rounds) / n)
    if len(rounds) < 2:
        one = Skipped(reason=f"{N_TOO_SMALL}: one round says nothing about another")
        yield from ((key, one) for key in percentiles)
        return
    few = Skipped(reason=f"{N_TOO_SMALL}: {n:,} inferences, worth {worth:,} independent ones")
    ranks = {key: statistics.pooled_rank(n, worth, p) for key, p in percentiles.items()}
    largest = _largest(rounds, {rank for rank in ranks.values() if rank})
    factor = statistics.rounds_factor([r.median_ms for r in rounds])
    for key, rank in ranks.items():
        if rank == 0:
            yield key, few
        else:
            value = min(largest[rank], longest_ms) * factor
            bound = Figure(key, value, value, value, len(rounds), n, verdict, kind="bound")
            yield key, bound


def _largest(
    rounds: Sequence[LatencyRound | ThroughputRound], ranks: Collection[int]
) -> dict[int, float]:
    """Return the largest samples of all rounds together, rounded up to their buckets.

    By rank (1: the largest). Of each round only as many buckets are taken as the last rank needs.
    """
    found: dict[int, float] = {}
    wanted, seen = sorted(ranks, reverse=True), 0
    needed = wanted[0] if wanted else 0
    buckets = [bucket for r in rounds for bucket in _from_top(r, needed)]
    for log_ms, count in sorted(buckets, reverse=True):
        seen += count
        while wanted and wanted[-1] <= seen:
            found[wanted.pop()] = math.exp(log_ms)
        if not wanted:
            break
    return found


def _from_top(r: LatencyRound | ThroughputRound, needed: int) -> Iterator[tuple[float, int]]:
    """Yield the logarithm of a bucket's upper bound in ms and its count, largest first.

    Ends once there are `needed` samples.
    """
    log_growth = math.log(r.histogram.growth)
    for index, count in reversed(r.histogram.buckets):
        if needed <= 0:
            return
        needed -= count
        yield index * log_growth, count


def _of(
    key: str, interval: Interval, rounds: int, n: int, verdict: Verdict
) -> tuple[str, Figure | NotMeasured]:
    return key, Figure(key, interval.value, interval.low, interval.high, rounds, n, verdict)


def _start(
    key: str, values: Sequence[float], against: Sequence[Reason]
) -> tuple[str, Figure | NotMeasured]:
    interval = median_interval([max(v, _SHORTEST_MS) for v in values])
    verdict = judge_times(interval, len(values), against)
    return _of(key, interval, len(values), len(values), verdict)


def _divided(interval: Interval, by: float) -> Interval:
    return Interval(interval.value / by, interval.low / by, interval.high / by)

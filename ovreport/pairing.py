"""Rounds of two cases that were measured in turn, which can be compared pair by pair.

Absolute times on a busy machine can be far off and their ratio still be right, if two cases were
measured alternately (A B A B…): whatever slowed one slowed the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from ovreport.metrics.headline import prior_of
from ovreport.record import Latency, Record, Startup, Throughput
from ovreport.stats.comparison import Comparison, compare
from ovreport.stats.spread import PROCESSES, ROUNDS, Prior

T = TypeVar("T")


def in_turn(first: Record, second: Record) -> bool:
    """Return whether two records' processes alternated, with the same tier, machine, processors.

    Whether their rounds did too, as those of a group of cases do, a record cannot tell: it has the
    time at which a process began, not at which it ended.
    """
    if _place(first) != _place(second) or first.run != second.run:
        return False
    starts_a, starts_b = _starts(first), _starts(second)
    shared = sorted(starts_a.keys() & starts_b.keys())
    if not shared:
        return False
    pairs = [sorted((starts_a[r], starts_b[r])) for r in shared]
    # Both begin process n before either begins process n + 1.
    return all(late <= early for (_, late), (early, _) in pairwise(pairs))


def best_pair(
    before: Sequence[T], after: Sequence[T], are_paired: Callable[[T, T], bool]
) -> tuple[T, T]:
    """Return the newest two runs of a case that were measured in turn; else the newest of each.

    Both sides go from old to new and have one at least.
    """
    pairs = ((a, b) for b in reversed(after) for a in reversed(before) if are_paired(a, b))
    return next(pairs, (before[-1], after[-1]))


def _place(record: Record) -> tuple[object, ...]:
    """Return what cases of one run share; what two machines measure alternates by chance only."""
    return record.tier, record.machine.id, record.machine.cores_available


def _starts(record: Record) -> dict[int, str]:
    """Return when each process of a case began to measure."""
    return {n.process: n.started_at for n in record.noise}


def latencies(record: Record) -> dict[int, float]:
    """Return each round's median latency in ms."""
    if not isinstance(record.latency, Latency):
        return {}
    return {r.round: r.median_ms for r in record.latency.rounds}


def throughputs(record: Record) -> dict[int, float]:
    """Return each round's inferences per second."""
    if not isinstance(record.throughput, Throughput):
        return {}
    batch = record.throughput.batch
    return {r.round: r.n * batch / r.duration_s for r in record.throughput.rounds}


def startups(record: Record) -> dict[int, float]:
    """Return the cold start of each process in ms, from reading to the first answer."""
    if not isinstance(record.startup, Startup):
        return {}
    rounds = record.startup.rounds
    return {r.round: r.read_ms + r.compile_ms + r.first_inference_ms for r in rounds}


_ROUNDS: Mapping[str, tuple[Callable[[Record], dict[int, float]], str, Prior]] = {
    "latency_ms": (latencies, "latency_observed_ms", ROUNDS),
    "throughput_ips": (throughputs, "throughput_observed_ips", ROUNDS),
    "startup_ms": (startups, "startup_ms", PROCESSES),
}
"""Headline → its rounds, the metric whose spread in the run is known, and what is assumed else."""


def observed_key(metric: str) -> str:
    """Return the metric of the medians over all rounds of a headline; itself where none is."""
    return _ROUNDS[metric][1] if metric in _ROUNDS else metric


def paired(metric: str, before: Record, after: Record) -> Comparison | None:
    """Return a metric of two records compared round by round; above 1 the later one is better.

    None where they were not measured in turn, or where the metric is not paired: only times and
    rates are, which what else the machine does can move.
    """
    if metric not in _ROUNDS or not in_turn(before, after):
        return None
    rounds, spread, prior = _ROUNDS[metric]
    first, second = rounds(before), rounds(after)
    if metric == "throughput_ips":
        first, second = second, first
    return compare(first, second, prior=prior_of(after, spread, prior))

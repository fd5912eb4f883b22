"""Conservative bounds on the percentiles of a latency, over all rounds."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence

from ovreport.metrics.value import Found, of
from ovreport.record.base import Skipped, Verdict
from ovreport.record.samples import LatencyRound, ThroughputRound
from ovreport.stats import intervals
from ovreport.stats.intervals import Interval

PERCENTILES = {
    "latency_p90_ms": 0.90,
    "latency_p95_ms": 0.95,
    "latency_p99_ms": 0.99,
    "latency_p999_ms": 0.999,
}
N_TOO_SMALL = "n too small"


def bounds(
    percentiles: Mapping[str, float],
    rounds: Sequence[LatencyRound | ThroughputRound],
    verdict: Verdict,
    *,
    longest_ms: float = math.inf,
) -> Found:
    """Yield a conservative bound on each percentile of a repetition.

    The t-th largest sample of all rounds, t from the n that correlated samples are worth, raised
    because rounds differ.
    """
    n = sum(r.n for r in rounds)
    n_effective = intervals.effective_n(n, sum(r.autocorrelation * r.n for r in rounds) / n)
    if len(rounds) < 2:
        one = Skipped(reason=f"{N_TOO_SMALL}: one round says nothing about another")
        yield from ((key, one) for key in percentiles)
        return
    few = Skipped(reason=f"{N_TOO_SMALL}: {n:,} inferences, worth {n_effective:,} independent ones")
    ranks = {key: intervals.pooled_rank(n, n_effective, p) for key, p in percentiles.items()}
    largest = _largest(rounds, {rank for rank in ranks.values() if rank})
    factor = intervals.rounds_factor([r.median_ms for r in rounds])
    for key, rank in ranks.items():
        if rank == 0:
            yield key, few
        else:
            value = min(largest[rank], longest_ms) * factor
            yield of(key, Interval(value, value, value), len(rounds), n, verdict, kind="bound")


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

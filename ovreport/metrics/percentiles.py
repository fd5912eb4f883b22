"""Conservative bounds on percentiles of times, over all rounds.

A bound is the t-th largest sample of all rounds; t follows from the effective sample size, because
samples of one round are correlated, and the sample is raised because rounds differ.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence

from ovreport.metrics.metric import Metric, Values, value_of
from ovreport.record import Histogram, LatencyRound, Skipped, ThroughputRound, Verdict
from ovreport.stats.intervals import CORRELATED, Interval
from ovreport.stats.percentile_bounds import pooled_rank, rounds_factor
from ovreport.stats.spread import Prior, effective_n

TOO_FEW = "too few samples"
MOST_RAISED = 5.0
"""A bound that would have to be raised by more than this says nothing."""
APART = Skipped(reason=f"{TOO_FEW}: rounds differ too much to bound another one")


def percentiles_of(metrics: Sequence[Metric]) -> dict[str, float]:
    """Return key → percentile of the metrics that bound one."""
    return {metric.key: metric.percentile for metric in metrics if metric.percentile}


def bounds(
    percentiles: Mapping[str, float],
    rounds: Sequence[LatencyRound | ThroughputRound],
    verdict: Verdict,
    *,
    prior: Prior = CORRELATED,
    longest_ms: float = math.inf,
) -> Values:
    """Yield a conservative bound on each percentile of a latency, by metric key.

    `verdict`: that of the median, which the bounds share. `prior`: how far rounds lie apart in this
    run. `longest_ms`: the largest sample, where it is known better than from histograms.
    """
    n = sum(r.n for r in rounds)
    n_effective = effective_n(n, sum(r.autocorrelation * r.n for r in rounds) / n)
    if len(rounds) < 2:
        one = Skipped(reason=f"{TOO_FEW}: one round says nothing about another")
        yield from ((key, one) for key in percentiles)
        return
    few = Skipped(
        reason=f"{TOO_FEW}: {n:,} inferences, an effective sample size of {n_effective:,}"
    )
    ranks = {key: pooled_rank(n, n_effective, p) for key, p in percentiles.items()}
    largest = _largest(rounds, {rank for rank in ranks.values() if rank})
    medians = [r.median_ms for r in rounds]
    for key, rank in ranks.items():
        if rank == 0:
            yield key, few
            continue
        value = _raised(min(largest[rank], longest_ms), percentiles[key], medians, prior)
        if value is None:
            yield key, APART
        else:
            bound = Interval(value, value, value)
            yield value_of(key, bound, len(rounds), n, verdict, kind="bound")


def bound_ms(
    histogram: Histogram, rho: float, medians: Sequence[float], percentile: float
) -> float | None:
    """Return a conservative bound of a percentile in ms; None where n is too small.

    `histogram` holds the samples of all rounds, `medians` one value a round, `rho` is the
    autocorrelation of samples within a round.
    """
    if len(medians) < 2:
        return None
    n = histogram.total
    rank = pooled_rank(n, effective_n(n, rho), percentile)
    if rank == 0:
        return None
    seen = itertools.accumulate(count for _, count in reversed(histogram.buckets))
    at = next(i for i, so_many in enumerate(seen) if so_many >= rank)
    return _raised(histogram.growth ** histogram.buckets[-1 - at][0], percentile, medians)


def _raised(
    bound: float, percentile: float, medians: Sequence[float], prior: Prior = CORRELATED
) -> float | None:
    """Return a bound raised because rounds differ; None where they differ too much for one."""
    factor = rounds_factor(medians, percentile, bound, prior)
    return bound * factor if factor <= MOST_RAISED else None


def _largest(
    rounds: Sequence[LatencyRound | ThroughputRound], ranks: Collection[int]
) -> dict[int, float]:
    """Return the largest samples of all rounds together, rounded up to their buckets.

    By rank (1: the largest). Of each round only as many buckets are taken as the last rank needs.
    """
    found: dict[int, float] = {}
    wanted, seen = sorted(ranks, reverse=True), 0
    buckets = _from_top(rounds, wanted[0] if wanted else 0)
    for log_ms, count in sorted(buckets, reverse=True):
        seen += count
        while wanted and wanted[-1] <= seen:
            found[wanted.pop()] = math.exp(log_ms)
        if not wanted:
            break
    return found


def _from_top(
    rounds: Sequence[LatencyRound | ThroughputRound], needed: int
) -> list[tuple[float, int]]:
    """Return the logarithm of a bucket's upper bound in ms and its count.

    Of each round the largest buckets that hold `needed` samples.
    """
    found = []
    for r in rounds:
        log_growth, left = math.log(r.histogram.growth), needed
        for index, count in reversed(r.histogram.buckets):
            if left <= 0:
                break
            left -= count
            found.append((index * log_growth, count))
    return found

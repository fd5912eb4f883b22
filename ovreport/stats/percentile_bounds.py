"""Bounds of percentiles, from ranks of correlated samples and from how rounds differ."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ovreport.stats.intervals import CORRELATED, exp, t_quantile
from ovreport.stats.spread import Prior, Spread, correlation, of_mean

PERCENTILE_RISK = 0.01
"""Chance that a stated percentile bound is too low (MLPerf early stopping: 1 - confidence)."""


def tail_rank(n: int, percentile: float) -> int:
    """Return t such that the t-th largest of n samples bounds the percentile from above.

    The largest t with BinomCDF(t; n, 1-p) ≤ 1 %; 0: n is too small for any bound
    (MLPerf inference, `loadgen/early_stopping.cc`: p90 needs 64 samples, p99 662).
    """
    tail = 1 - percentile
    # n is often too small for the far percentiles: found here, without the sums below.
    if n < 1 or percentile**n + n * tail * percentile ** (n - 1) > PERCENTILE_RISK:
        return 0
    mean, sigma = n * tail, math.sqrt(n * tail * percentile)
    # Below mean - 9σ lies less than 1e-15 of the distribution: start there, not at zero.
    start = max(0, int(mean - 9 * sigma))
    k = np.arange(start, int(mean) + 2)
    log_first = (
        math.lgamma(n + 1)
        - math.lgamma(start + 1)
        - math.lgamma(n - start + 1)
        + start * math.log(tail)
        + (n - start) * math.log(percentile)
    )
    steps = np.log((n - k[:-1]) / (k[:-1] + 1)) + math.log(tail / percentile)
    cdf = np.cumsum(np.exp(log_first + np.concatenate(([0.0], np.cumsum(steps)))))
    return int(start + np.searchsorted(cdf, PERCENTILE_RISK, side="right") - 1)


def least_n_effective(percentile: float) -> int:
    """Return the independent samples whose largest bounds a percentile at 99 % confidence.

    All n lie below the percentile p with a chance of p**n (David & Nagaraja, "Order Statistics",
    section 7.1): 44 are enough for p90, 459 for p99.
    """
    return math.ceil(math.log(PERCENTILE_RISK) / math.log(percentile))


def pooled_rank(n: int, n_effective: int, percentile: float) -> int:
    """Return which of n correlated samples, counted from the largest, bounds the percentile.

    The rank that `n_effective` independent samples give, scaled: the same share of the n
    correlated ones lies above. 0: too few.
    """
    rank = tail_rank(n_effective, percentile)
    return max(1, rank * n // n_effective) if rank else 0


def rounds_factor(
    medians: Sequence[float], percentile: float, bound: float, prior: Prior = CORRELATED
) -> float:
    """Return by how much a percentile bound is raised because rounds differ.

    The rank accounts for the inferences, of which there are thousands, not for the rounds, of
    which there are a handful. Two things are unknown of those: the level that they share, to
    Student's t times its standard error (upper 99.5 % limit); and how far they spread, of which
    a percentile of all inferences takes its share (upper 95 % limit of the deviation, by the
    chi-squared distribution). `bound`: what the rank gave, from which the spread of all inferences
    together follows as that of a log-normal distribution. Infinite for one round, from which
    nothing can be said about another. Measured by `tests/benchmarks/statistics_simulation.py`.
    """
    if len(medians) < 2:
        return math.inf
    middle, rho, error = _level(tuple(medians), prior)
    level = t_quantile(error.degrees, 0.99) * error.deviation
    z = _normal_quantile(percentile)
    if z <= 0:
        return exp(level)
    between = error.deviation * math.sqrt(len(medians) * (1 - rho) / (1 + rho))
    whole = max((math.log(bound) - middle) / z, between)
    most = between * _deviation_limit(error.degrees)
    return exp(level + z * (math.sqrt(whole**2 - between**2 + most**2) - whole))


@lru_cache(maxsize=1 << 6)  # of the same rounds several percentiles are asked for
def _level(medians: tuple[float, ...], prior: Prior) -> tuple[float, float, Spread]:
    """Return the median of the logarithms, their correlation, and the error of their mean."""
    logs = [math.log(median) for median in medians]
    rho = correlation(logs, prior)
    return statistics.median(logs), rho, of_mean(logs, rho, prior)


@lru_cache(maxsize=1 << 6)
def _normal_quantile(percentile: float) -> float:
    return statistics.NormalDist().inv_cdf(percentile)


def _deviation_limit(degrees: float) -> float:
    """Return the upper 95 % limit of a deviation of so many degrees of freedom, relative to it.

    The chi-squared quantile by Wilson & Hilferty (PNAS 17, 1931, p. 684).
    """
    cube_root = 1 - 2 / (9 * degrees) - 1.645 * math.sqrt(2 / (9 * degrees))
    return math.pow(max(cube_root, 0.1), -1.5)

"""All statistics, as pure functions of numbers.

Rounds are fresh processes and count as independent; samples within a round do not.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Two-sided quantiles of Student's t for 1…30 degrees of freedom (NIST/SEMATECH e-Handbook,
# section 1.3.6.7.2); above 30 the normal quantile is close enough.
_T95 = (
    "12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262 2.228 2.201 2.179 2.160 2.145 2.131 "
    "2.120 2.110 2.101 2.093 2.086 2.080 2.074 2.069 2.064 2.060 2.056 2.052 2.048 2.045 2.042"
)
_T99 = (
    "63.657 9.925 5.841 4.604 4.032 3.707 3.499 3.355 3.250 3.169 3.106 3.055 3.012 2.977 2.947 "
    "2.921 2.898 2.878 2.861 2.845 2.831 2.819 2.807 2.797 2.787 2.779 2.771 2.763 2.756 2.750"
)
_T = {0.95: [float(t) for t in _T95.split()], 0.99: [float(t) for t in _T99.split()]}
_NORMAL = {0.95: 1.960, 0.99: 2.576}

# Standard deviation of the median of n normal values, in units of σ/√n (exact order-statistic
# values: Harter & Balakrishnan 1996); it tends to √(π/2) = 1.2533.
_MEDIAN_FACTOR = {1: 1.0, 2: 1.0, 3: 1.1602, 4: 1.0922, 5: 1.1976, 6: 1.1351, 7: 1.2137, 8: 1.1599}
_MEDIAN_FACTOR_LIMIT = 1.2533

PERCENTILE_RISK = 0.01
"""Chance that a stated percentile bound is too low (MLPerf early stopping: 1 - confidence)."""

Confidence = float
"""0.95 or 0.99."""


@dataclass(frozen=True)
class Interval:
    """A value with the bounds that hold with the stated confidence."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the width relative to the value; infinite where nothing is known."""
        if not math.isfinite(self.high - self.low):
            return math.inf
        return (self.high - self.low) / 2 / abs(self.value) if self.value else math.inf


def t_quantile(degrees: int, confidence: Confidence = 0.95) -> float:
    """Return the two-sided quantile of Student's t; infinite below one degree of freedom."""
    if degrees < 1:
        return math.inf
    table = _T[confidence]
    return table[degrees - 1] if degrees <= len(table) else _NORMAL[confidence]


def median_interval(values: Sequence[float], confidence: Confidence = 0.95) -> Interval:
    """Return the median over rounds, and its interval, for positive values.

    Student's t on the logarithms, widened by the efficiency of the median: a bootstrap of a
    handful of rounds covers far less than it says (Hesterberg 2015, "What Teachers Should Know
    About the Bootstrap"), and times are closer to log-normal than to normal.
    """
    # Plain Python: for a handful of values numpy's calls cost more than the arithmetic.
    logs = [math.log(value) for value in values]
    middle = statistics.median(logs)
    margin = _log_margin(logs, confidence)
    return Interval(math.exp(middle), _exp(middle - margin), _exp(middle + margin))


def ratio_interval(
    first: Sequence[float], second: Sequence[float], confidence: Confidence = 0.95
) -> Interval:
    """Return the median of first/second paired by round, and its interval."""
    return median_interval(
        [a / b for a, b in zip(first, second, strict=True)], confidence=confidence
    )


def _log_margin(logs: Sequence[float], confidence: Confidence) -> float:
    n = len(logs)
    if n < 2:
        return math.inf
    factor = _MEDIAN_FACTOR.get(n, _MEDIAN_FACTOR_LIMIT)
    return t_quantile(n - 1, confidence) * factor * _deviation(logs) / math.sqrt(n)


def _deviation(values: Sequence[float]) -> float:
    """Return the standard deviation with n - 1 degrees of freedom."""
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf


def geometric_mean(values: Sequence[float]) -> float:
    """Return the geometric mean of positive ratios."""
    return float(np.exp(np.mean(np.log(values))))


# ---------------------------------------------------------------- comparison

Size = Literal["small", "medium", "large"]
Outcome = Literal["different", "not distinguishable", "insufficient data"]

MIN_PAIRS = 5
MIN_DIFFERENCE = 0.02
SMALL, LARGE = 0.05, 0.10


@dataclass(frozen=True)
class Comparison:
    """Two interleaved cases: the ratio, and what may be said about it."""

    ratio: Interval
    outcome: Outcome
    size: Size
    pairs: int


def compare(first: dict[int, float], second: dict[int, float]) -> Comparison | None:
    """Compare two cases by the rounds they share (round → figure); None without any.

    "Different" needs both certainty (the 95 % interval excludes 1) and size (off by 2 %).
    """
    rounds = sorted(first.keys() & second.keys())
    if not rounds:
        return None
    ratio = ratio_interval([first[r] for r in rounds], [second[r] for r in rounds])
    off = max(ratio.value, 1 / ratio.value) - 1
    size: Size = "small" if off < SMALL else "medium" if off < LARGE else "large"
    certain = not ratio.low <= 1 <= ratio.high
    outcome: Outcome = "different" if certain and off >= MIN_DIFFERENCE else "not distinguishable"
    if len(rounds) < MIN_PAIRS:
        outcome = "insufficient data"
    return Comparison(ratio=ratio, outcome=outcome, size=size, pairs=len(rounds))


# ---------------------------------------------------------------- percentiles


def effective_n(n: int, autocorrelation: float) -> int:
    """Return how many independent samples n correlated ones are worth: n(1-ρ)/(1+ρ).

    First-order autoregressive approximation (Law & Kelton, "Simulation Modeling and Analysis");
    negative correlation is not taken as a gift.
    """
    rho = min(max(autocorrelation, 0.0), 0.999)
    return int(n * (1 - rho) / (1 + rho))


def tail_rank(n: int, percentile: float) -> int:
    """Return t such that the t-th largest of n samples bounds the percentile from above.

    The largest t with BinomCDF(t; n, 1-p) ≤ 1 %; 0: n is too small for any bound
    (MLPerf inference, `loadgen/early_stopping.cc`: p90 needs 64 samples, p99 662).
    """
    tail = 1 - percentile
    mean, sigma = n * tail, math.sqrt(n * tail * percentile)
    # Below mean - 9σ lies less than 1e-15 of the distribution: start there, not at zero.
    start = max(0, int(mean - 9 * sigma))
    k = np.arange(start, int(mean) + 2)
    if n < 1 or k[-1] > n:
        return 0
    log_first = (
        math.lgamma(n + 1)
        - math.lgamma(start + 1)
        - math.lgamma(n - start + 1)
        + start * math.log(tail)
        + (n - start) * math.log(percentile)
    )
    steps = np.log((n - k[:-1]) / (k[:-1] + 1)) + math.log(tail / percentile)
    cdf = np.cumsum(np.exp(log_first + np.concatenate(([0.0], np.cumsum(steps)))))
    return (
        int(start + np.searchsorted(cdf, PERCENTILE_RISK, side="right") - 1)
        if (cdf[0] <= PERCENTILE_RISK)
        else 0
    )


# ---------------------------------------------------------------- samples


def autocorrelation(samples: Sequence[float] | Floats) -> float:
    """Return the lag-1 autocorrelation, 0 where it is not defined."""
    x = np.asarray(samples, dtype=np.float64)
    if len(x) < 3:
        return 0.0
    centred = x - x.mean()
    power = float(centred @ centred)
    return float(np.clip(centred[:-1] @ centred[1:] / power, -1, 1)) if power > 0 else 0.0


_GROWTHS = (
    *(1.001, 1.0015, 1.002, 1.003, 1.005, 1.007, 1.01, 1.015, 1.02, 1.03, 1.05, 1.07),
    *(1.1, 1.15, 1.2, 1.3, 1.5, 2.0),
)
"""Relative widths of buckets, finest first."""


def log_buckets(
    samples: Sequence[float] | Floats, limit: int
) -> tuple[float, list[tuple[int, int]]]:
    """Count positive samples in buckets (growth**(i-1), growth**i], at most `limit` of them.

    Returns the growth, the finest of a fixed ladder that fits, and sorted [index, count].
    """
    logs = np.log(np.asarray(samples, dtype=np.float64))
    for growth in _GROWTHS:
        # The tiny slack keeps a sample that lies on a bound in the bucket it closes.
        indices, counts = np.unique(
            np.ceil(logs / math.log(growth) - 1e-9).astype(np.int64), return_counts=True
        )
        if len(indices) <= limit:
            break
    return growth, [(int(i), int(c)) for i, c in zip(indices, counts, strict=True)]


# ---------------------------------------------------------------- accuracy


def wilson(successes: float, n: int, z: float = _NORMAL[0.95]) -> Interval:
    """Return a proportion and its score interval (Wilson, JASA 1927)."""
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    margin = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # At 0 and at n successes a bound is p itself, but for rounding.
    return Interval(p, max(0.0, min(p, centre - margin)), min(1.0, max(p, centre + margin)))


Reduce = Callable[[Floats], float]


def bootstrap(rows: Floats, reduce: Reduce, *, seed: int, resamples: int = 1000) -> Interval:
    """Return `reduce(rows)` and its percentile bootstrap interval (Efron 1979).

    For metrics over hundreds of labelled units, not for a handful of rounds.
    """
    picks = np.random.default_rng(seed).integers(0, len(rows), (resamples, len(rows)))
    values = [reduce(rows[pick]) for pick in picks]
    return _central95(reduce(rows), values)


def paired_delta(
    rows: Floats, reference: Floats, reduce: Reduce, *, seed: int, resamples: int = 1000
) -> Interval:
    """Return `reduce(rows) - reduce(reference)` with both resampled alike: same units."""
    if len(rows) != len(reference):
        raise ValueError(f"not paired: {len(rows)} rows, {len(reference)} in the reference")
    picks = np.random.default_rng(seed).integers(0, len(rows), (resamples, len(rows)))
    values = [reduce(rows[pick]) - reduce(reference[pick]) for pick in picks]
    return _central95(reduce(rows) - reduce(reference), values)


def _central95(value: float, values: Sequence[float]) -> Interval:
    """Return the central 95 % of resampled values, widened to hold the value itself."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Interval(value, min(float(low), value), max(float(high), value))

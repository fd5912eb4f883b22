"""Intervals and spreads of values over rounds.

Rounds follow each other and are correlated, as are the samples within one; `ovreport.stats.spread`
says by how much that lowers what they are worth. What the functions promise is checked by
simulation: `tests/benchmarks/statistics_simulation.py`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ovreport.stats.spread import (
    EXACT,
    PROCESSES,
    ROUNDS,
    Prior,
    correlation,
    deviation,
    effective_n,
    of_mean,
)

Floats = NDArray[np.float64]

# Two-sided quantiles of Student's t for 1…30 degrees of freedom (NIST/SEMATECH e-Handbook,
# section 1.3.6.7.2).
_T95 = (
    "12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262 2.228 2.201 2.179 2.160 2.145 2.131 "
    "2.120 2.110 2.101 2.093 2.086 2.080 2.074 2.069 2.064 2.060 2.056 2.052 2.048 2.045 2.042"
)
_T99 = (
    "63.657 9.925 5.841 4.604 4.032 3.707 3.499 3.355 3.250 3.169 3.106 3.055 3.012 2.977 2.947 "
    "2.921 2.898 2.878 2.861 2.845 2.831 2.819 2.807 2.797 2.787 2.779 2.771 2.763 2.756 2.750"
)
_T = {0.95: [float(t) for t in _T95.split()], 0.99: [float(t) for t in _T99.split()]}
NORMAL = {0.95: 1.960, 0.99: 2.576}
"""Two-sided quantiles of the normal distribution."""

# Standard deviation of the median of n normal values, in units of σ/√n (exact order-statistic
# values: Harter & Balakrishnan 1996); it tends to √(π/2) = 1.2533.
_MEDIAN_FACTOR = {1: 1.0, 2: 1.0, 3: 1.1602, 4: 1.0922, 5: 1.1976, 6: 1.1351, 7: 1.2137, 8: 1.1599}
_MEDIAN_FACTOR_LIMIT = 1.2533

CORRELATED = Prior(deviation=0.0, degrees=0.0, autocorrelation=ROUNDS.autocorrelation)
"""Of bounds, whose rounds are what they are, but follow each other."""


Confidence = float
"""0.95 or 0.99, of a two-sided interval."""


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


class Bounded(Protocol):
    """Anything with the bounds of an interval."""

    @property
    def low(self) -> float:
        """The lower one."""

    @property
    def high(self) -> float:
        """The upper one."""


def is_apart(one: Bounded, others: Iterable[Bounded]) -> bool:
    """Return whether an interval lies apart from all others."""
    return all(other.low > one.high or other.high < one.low for other in others)


def t_quantile(degrees: float, confidence: Confidence = 0.95) -> float:
    """Return the two-sided quantile of Student's t; infinite below one degree of freedom.

    Between whole degrees it is interpolated in their inverse, in which it is nearly linear.
    """
    if degrees < 1:
        return math.inf
    table, normal = _T[confidence], NORMAL[confidence]
    below = int(degrees)
    if below >= len(table):
        return normal + (table[-1] - normal) * len(table) / degrees
    low, high = table[below - 1], table[below]
    share = (1 / below - 1 / degrees) * below * (below + 1)
    return low + (high - low) * share


def median_interval(
    values: Sequence[float], confidence: Confidence = 0.95, prior: Prior = PROCESSES
) -> Interval:
    """Return the median over rounds, and its interval, for positive values.

    Student's t on the logarithms, widened by the efficiency of the median: a bootstrap of a
    handful of rounds covers far less than it says (Hesterberg 2015, "What Teachers Should Know
    About the Bootstrap"), and times are closer to log-normal than to normal. The median stays
    where one round of seven goes astray; the deviation does not, so the interval widens.
    `prior`: what else is known of how rounds differ, so that a few that agree by chance do not
    pass for certainty. At least as wide as the ranks of the values say.
    """
    # Plain Python: for a handful of values numpy's calls cost more than the arithmetic.
    logs, ordered = [math.log(value) for value in values], sorted(values)
    factor = _MEDIAN_FACTOR.get(len(logs), _MEDIAN_FACTOR_LIMIT)
    rho = correlation(logs, prior)
    half, odd = divmod(len(ordered), 2)
    middle = math.log(ordered[half])
    if not odd:
        middle = (math.log(ordered[half - 1]) + middle) / 2
    found = _around(middle, factor * _margin(logs, rho, confidence, prior))
    low, high = _ordered_limits(ordered, rho, confidence)
    return Interval(found.value, min(found.low, low), max(found.high, high))


def _ordered_limits(ordered: Sequence[float], rho: float, confidence: float) -> tuple[float, float]:
    """Return two of the values between which the median lies, whatever the distribution.

    The sign test's ranks (David & Nagaraja, "Order Statistics", 2003, section 7.1) of as many
    values as these are worth, scaled. Student's t is for rounds around one level: where a machine
    runs at two speeds, the median of a dozen rounds is often that of the wrong one.
    """
    n = len(ordered)
    worth = effective_n(n, rho)
    rank = _median_rank(worth, confidence)
    index = rank * n // worth - 1 if rank else 0
    return ordered[index], ordered[n - 1 - index]


@lru_cache(maxsize=1 << 10)
def _median_rank(n: int, confidence: float) -> int:
    """Return the rank of the sign test, from either end of n values; 0: they are too few."""
    outside, rank = 0.5**n, 0  # the chance that fewer than rank + 1 values lie below it
    while outside <= (1 - confidence) / 2:
        rank += 1
        outside += math.comb(n, rank) * 0.5**n
    return rank


OUTLYING = 3.5
"""A pair that is off from the median by more than this many deviations is left out of a ratio."""
_LEAST_TO_LEAVE_OUT = 10
"""Among fewer pairs nobody can tell which one is astray."""
_TRUNCATED = 1.005
"""By how much leaving out the outlying ones lowers the deviation of normal values."""


def ratio_interval(
    first: Sequence[float],
    second: Sequence[float],
    confidence: Confidence = 0.95,
    prior: Prior = ROUNDS,
) -> Interval:
    """Return the geometric mean of first/second paired by round, and its interval.

    Student's paired t (Biometrika 6, 1908) on the logarithms of positive values, for pairs that
    are correlated from round to round as `prior` and they themselves tell. Of ten pairs or more,
    those far from the median are left out (Hampel, "The breakdown points of the mean combined
    with some rejection rules", Technometrics 27, 1985): where other programs disturb one round in
    ten, twelve pairs find a true change of 5 % in 84 % of cases. Measured by
    `tests/benchmarks/statistics_simulation.py`.
    """
    logs = [math.log(a / b) for a, b in zip(first, second, strict=True)]
    kept, widened = logs, 1.0
    if len(logs) >= _LEAST_TO_LEAVE_OUT:
        kept, widened = _without_outlying(logs), _TRUNCATED
    margin = widened * _margin(kept, correlation(kept, prior), confidence)
    return _around(math.fsum(kept) / len(kept), margin)


def _without_outlying(values: Sequence[float]) -> list[float]:
    """Return the values that are not outlying."""
    low, high = reach(values)
    return [v for v in values if low <= v <= high]


def reach(values: Sequence[float]) -> tuple[float, float]:
    """Return within what values are not outlying: 3.5 deviations around the median.

    By the median absolute deviation; where over half of the values are equal to the digit there is
    no scale, and nothing is outlying.
    """
    middle, n = statistics.median(values), len(values)
    typical = statistics.median([abs(v - middle) for v in values])
    if typical == 0:
        return min(values), max(values)
    limit = OUTLYING * 1.4826 * math.sqrt(n / (n - 1)) * typical
    return middle - limit, middle + limit


def relative_deviation(values: Sequence[float]) -> float:
    """Return the relative spread of positive values: the standard deviation of their logarithms.

    Below some 20 % it equals the coefficient of variation; infinite for fewer than two values.
    """
    return deviation([math.log(value) for value in values]) if len(values) > 1 else math.inf


def drift(first: float, last: float) -> float:
    """Return the change from the first to the last third of a loop, relative to the first.

    0 where the first is 0. (The split in thirds leaves the middle out, so that a trend shows
    undiluted: Cox & Stuart, Biometrika 42, 1955.)
    """
    return last / first - 1 if first > 0 else 0.0


def _around(middle: float, margin: float) -> Interval:
    return Interval(math.exp(middle), exp(middle - margin), exp(middle + margin))


def _margin(
    logs: Sequence[float], rho: float, confidence: Confidence, prior: Prior = EXACT
) -> float:
    """Return Student's t times the standard error of the mean; infinite for one value."""
    if len(logs) < 2:
        return math.inf
    error = of_mean(logs, rho, prior)
    return t_quantile(error.degrees, confidence) * error.deviation


def exp(x: float) -> float:
    """Return e to a power; infinite beyond what a float holds."""
    return math.exp(x) if x < 700 else math.inf


def geometric_mean(values: Sequence[float]) -> float:
    """Return the geometric mean of positive ratios.

    The one mean whose verdict does not depend on the side that is the baseline (Fleming & Wallace,
    CACM 29, 1986).
    """
    return float(np.exp(np.mean(np.log(values))))

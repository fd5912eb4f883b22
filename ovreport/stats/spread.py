"""The spread of values over rounds, estimated with what more than one case tells of it.

A handful of rounds that agree by chance are no proof of a quiet machine: the variance of one case
is squeezed towards that of all cases of its run (Smyth, "Linear models and empirical Bayes
methods", Stat. Appl. Genet. Mol. Biol. 3, 2004: limma's moderated variance).
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Prior:
    """What is known of a spread before a case is looked at."""

    deviation: float
    """Standard deviation of the logarithm of a value."""
    degrees: float
    """Degrees of freedom that this deviation is worth."""
    autocorrelation: float = 0.0
    """Lag 1, between rounds that follow each other."""
    stated: bool = False
    """Whether it was not measured in the same run: it may widen an interval, never narrow it."""


EXACT = Prior(deviation=0.0, degrees=0.0)
"""Nothing is known before: of sizes, which other programs do not move."""
PROCESSES = Prior(deviation=0.03, degrees=3.0, autocorrelation=0.1, stated=True)
"""Of times that are measured once in a process, minutes apart: they are taken to differ by 3 %, as
on an ordinary machine with what else it does, until they show otherwise."""
ROUNDS = Prior(deviation=0.03, degrees=3.0, autocorrelation=0.4, stated=True)
"""Of rounds that follow each other: what else the machine does often lasts over several."""
MIN_PROCESSES = 3
"""So many processes have to agree: they differ for good, and fewer cannot tell by how much."""
_PRIOR_ROUNDS = 60
"""So many rounds a prior autocorrelation is worth: a dozen rounds tell it to ±0.3 only."""
_MOST_CORRELATED = 0.9


@dataclass(frozen=True)
class Spread:
    """A standard deviation, and the degrees of freedom behind it."""

    deviation: float
    degrees: float


def moderated(own: Spread, prior: Prior) -> Spread:
    """Return a case's standard deviation, squeezed towards the prior by degrees of freedom."""
    if prior.stated and own.deviation > prior.deviation:
        return own
    total = own.degrees + prior.degrees
    variance = own.degrees * own.deviation**2 + prior.degrees * prior.deviation**2
    return Spread(math.sqrt(variance / total), total)


def deviation(values: Sequence[float]) -> float:
    """Return the standard deviation with n - 1 degrees of freedom."""
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum([(v - mean) ** 2 for v in values]) / (len(values) - 1))


def lag1(values: Sequence[float], within: tuple[float, float] = (-math.inf, math.inf)) -> float:
    """Return the lag-1 autocorrelation of a few values, corrected for their number; 0: unknown.

    Of so few that it may lie far beyond 1: for means over several cases, or beside a prior.
    Around the mean of the same n values it comes out too low by (1 + 3ρ) / n (Kendall, Biometrika
    41, 1954, p. 403). Values that are not `within` are left out, with the pairs that they are in.
    """
    low, high = within
    usable = [low <= v <= high for v in values]
    n, pairs = sum(usable), len(values) - 1
    if n < len(values):
        pairs = sum(a and b for a, b in itertools.pairwise(usable))
    if n < 5 or pairs == 0:
        return 0.0
    mean = math.fsum([v for v, used in zip(values, usable, strict=True) if used]) / n
    centred = [v - mean if used else 0.0 for v, used in zip(values, usable, strict=True)]
    power = math.fsum([c * c for c in centred])
    if power <= 0:
        return 0.0
    found = math.fsum([a * b for a, b in itertools.pairwise(centred)]) / power
    return (n * found * (n - 1) / pairs + 1) / (n - 4)


def correlation(values: Sequence[float], prior: Prior) -> float:
    """Return the autocorrelation of rounds, 0 to 0.9: their own, squeezed towards the prior."""
    n = len(values)
    both = n * lag1(values) + _PRIOR_ROUNDS * prior.autocorrelation
    return min(max(both / (n + _PRIOR_ROUNDS), 0.0), _MOST_CORRELATED)


def of_mean(values: Sequence[float], rho: float, prior: Prior = EXACT) -> Spread:
    """Return the standard error of the mean of n ≥ 2 correlated values, and its degrees of freedom.

    Of a first-order autoregression: n values are worth n(1-ρ)/(1+ρ) for their mean, and
    n(1-ρ²)/(1+ρ²) for their variance (Bayley & Hammersley, J. R. Stat. Soc. 8, 1946, p. 184).
    """
    spread = moderated(of_values(values, rho), prior)
    per_value = (1 + rho) / (1 - rho)
    return Spread(spread.deviation * math.sqrt(per_value / len(values)), spread.degrees)


def of_values(values: Sequence[float], rho: float) -> Spread:
    """Return the standard deviation of n ≥ 2 correlated values, and its degrees of freedom.

    The values of one series lie nearer to their own mean than to the true one the more they are
    correlated: corrected for that.
    """
    n, per_value = len(values), (1 + rho) / (1 - rho)
    corrected = deviation(values) * math.sqrt(max((n - 1) / max(n - per_value, 1.0), 1.0))
    return Spread(corrected, max(n * (1 - rho * rho) / (1 + rho * rho) - 1, 1.0))


_LEAST = 1e-4
"""Values that agree to the digit are no less than this far apart: a logarithm needs a number."""


def pooled(cases: Sequence[Spread]) -> Spread:
    """Return the spread typical of several cases, and the degrees of freedom it is worth.

    Fits a scaled F distribution to the cases' variances (Smyth 2004, section 6.2): the more the
    cases differ, the less a typical spread says of any one of them. At most the sum of all
    degrees, which is what equal cases are worth.
    """
    half = [case.degrees / 2 for case in cases]
    logs = [
        2 * math.log(max(case.deviation, _LEAST)) - _digamma(h) + math.log(h)
        for case, h in zip(cases, half, strict=True)
    ]
    centre, most = statistics.fmean(logs), 2 * math.fsum(half)
    excess = statistics.variance(logs) - statistics.fmean(map(_trigamma, half))
    worth = min(2 * _trigamma_inverse(excess), most) if excess > 0 else most
    variance = math.exp(centre + _digamma(worth / 2) - math.log(worth / 2))
    return Spread(math.sqrt(variance), worth)


def _digamma(x: float) -> float:
    """Return the derivative of the logarithm of the gamma function, x > 0."""
    shift = 0.0
    while x < 6:
        shift -= 1 / x
        x += 1
    y = 1 / (x * x)
    return shift + math.log(x) - 0.5 / x - y * (1 / 12 - y * (1 / 120 - y / 252))


def _trigamma(x: float) -> float:
    """Return the second derivative of the logarithm of the gamma function, x > 0."""
    shift = 0.0
    while x < 6:
        shift += 1 / (x * x)
        x += 1
    y = 1 / (x * x)
    return shift + 1 / x + y / 2 + y / x * (1 / 6 - y * (1 / 30 - y / 42))


def _trigamma_inverse(value: float) -> float:
    """Return the x > 0 whose trigamma is `value` > 0, by bisection of its logarithm."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _trigamma(math.exp(middle)) > value else (low, middle)
    return math.exp(low)


def effective_n(n: int, autocorrelation: float) -> int:
    """Return the effective sample size of n correlated samples: n(1-ρ)/(1+ρ).

    First-order autoregressive approximation (Law & Kelton, "Simulation Modeling and Analysis");
    negative correlation counts as none.
    """
    rho = min(max(autocorrelation, 0.0), 0.999)
    return int(n * (1 - rho) / (1 + rho))

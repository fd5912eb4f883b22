"""The spread of values over rounds, estimated with what more than one case tells of it.

A handful of rounds that agree by chance are no proof of a quiet machine: the variance of one case
is squeezed towards that of all cases of its run (Smyth, "Linear models and empirical Bayes
methods", Stat. Appl. Genet. Mol. Biol. 3, 2004: limma's moderated variance).
"""

from __future__ import annotations

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


@dataclass(frozen=True)
class Spread:
    """A standard deviation, and the degrees of freedom behind it."""

    deviation: float
    degrees: float


def moderated(deviation: float, degrees: float, prior: Prior) -> Spread:
    """Return a case's standard deviation, squeezed towards the prior by degrees of freedom."""
    total = degrees + prior.degrees
    variance = degrees * deviation**2 + prior.degrees * prior.deviation**2
    return Spread(math.sqrt(variance / total), total)


_LEAST = 1e-4
"""Values that agree to the digit are no less than this far apart: a logarithm needs a number."""


def pooled(deviations: Sequence[float], degrees: Sequence[float]) -> Spread:
    """Return the spread typical of several cases, and the degrees of freedom it is worth.

    Fits a scaled F distribution to the cases' variances (Smyth 2004, section 6.2): the more the
    cases differ, the less a typical spread says of any one of them. At most the sum of all
    degrees, which is what equal cases are worth.
    """
    half = [d / 2 for d in degrees]
    logs = [
        2 * math.log(max(s, _LEAST)) - _digamma(h) + math.log(h)
        for s, h in zip(deviations, half, strict=True)
    ]
    centre, most = statistics.fmean(logs), math.fsum(degrees)
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

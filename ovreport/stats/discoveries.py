"""Many comparisons at once: how sure each is, and which to announce.

Of a hundred cases without any change, five differ at 95 % confidence. What is announced as faster
or slower is therefore chosen among all of them together, so that on average at most one in twenty
announced changes is none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ovreport.stats.intervals import Interval, t_quantile

FALSE_DISCOVERY_RATE = 0.05
"""Share of announced changes that may be none, on average."""


def p_value_of_ratio(ratio: Interval, degrees: int) -> float:
    """Return how often a ratio of truly equal values lies as far from 1 as this one, or farther.

    From its 95 % interval, which Student's t of so many degrees of freedom gave; 1 where the
    interval is unbounded.
    """
    if not 0 < ratio.low <= ratio.value <= ratio.high < math.inf:
        return 1.0
    logs = Interval(math.log(ratio.value), math.log(ratio.low), math.log(ratio.high))
    return p_value_of_difference(logs, degrees)


def p_value_of_difference(difference: Interval, degrees: float) -> float:
    """Return how often a difference of truly equal values is as far from 0 as this one."""
    value = difference.value
    margin = value - difference.low if value > 0 else difference.high - value
    if value == 0 or math.isinf(margin):
        return 1.0
    if margin <= 0:
        return 0.0
    return student_tails(t_quantile(degrees) * abs(value) / margin, degrees)


def student_tails(t: float, degrees: float) -> float:
    """Return the chance that Student's t lies farther from 0 than `t` > 0, on either side.

    The finite sums of Abramowitz & Stegun, "Handbook of Mathematical Functions", 26.7.3 and
    26.7.4, for whole degrees of freedom; others are rounded down, and a hundred stand for more,
    which raises the chance.
    """
    n = int(min(max(degrees, 1), 100))
    angle = math.atan(t / math.sqrt(n))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = n % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for k in range(1 + odd, n, 2):
        total += term
        term *= cosine**2 * k / (k + 1)
    inside = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return min(max(1 - inside, 0.0), 1.0)


def discoveries(p_values: Sequence[float], rate: float = FALSE_DISCOVERY_RATE) -> list[bool]:
    """Return which of many comparisons to announce, so that on average `rate` of them are false.

    Benjamini & Hochberg, J. R. Stat. Soc. B 57, 1995, p. 289.
    """
    ordered = sorted(p_values)
    n = len(ordered)
    limits = (p for k, p in enumerate(ordered, 1) if p <= rate * k / n)
    limit = max(limits, default=-1.0)
    return [p <= limit for p in p_values]

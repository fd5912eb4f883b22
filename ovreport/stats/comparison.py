"""Two cases compared by round: their ratio, and whether it differs significantly from 1.

What comes of it is an `Outcome`, and `outcome_of` its one source. Three of them are no answer, and
never stand for each other: nothing to compare, too little of it, and a difference that may be none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ovreport.stats.intervals import Interval, ratio_interval
from ovreport.stats.spread import ROUNDS, Prior

Outcome = Literal["different", "no clear difference", "insufficient data", "no comparison"]

MIN_PAIRS = 5
"""Fewer pairs of rounds are insufficient data."""
MIN_DIFFERENCE = 0.02
"""A smaller difference is never called significant."""


@dataclass(frozen=True)
class Comparison:
    """The ratio of two interleaved cases."""

    ratio: Interval
    """Geometric mean over pairs of rounds, with its 95 % interval (99 %: `announced`)."""
    outcome: Outcome
    """Any but "no comparison", which is None in place of this."""
    pairs: int
    """Rounds that both have; none where they were measured apart."""

    @property
    def significant(self) -> bool:
        """Whether the interval excludes 1 and the ratio is off by at least 2 %, by enough pairs."""
        return self.outcome == "different"

    @property
    def above_one(self) -> bool:
        """Whether the ratio is significantly above 1."""
        return self.significant and self.ratio.value > 1

    @property
    def below_one(self) -> bool:
        """Whether the ratio is significantly below 1."""
        return self.significant and self.ratio.value < 1


def outcome_of(comparison: Comparison | None) -> Outcome:
    """Return what comes of a comparison; None: there is none."""
    return comparison.outcome if comparison else "no comparison"


def compare(
    first: Mapping[int, float],
    second: Mapping[int, float],
    *,
    announced: bool = False,
    prior: Prior = ROUNDS,
) -> Comparison | None:
    """Compare two cases by the rounds they share (round → value above 0); None without any.

    "Different" needs both significance (the interval excludes 1) and size (off by 2 %). The
    interval has 95 %; 99 % for a change that is announced, as in a list of a release's regressions,
    where many comparisons are made and only those that differ are listed. `prior`: how rounds of
    the run are correlated, as far as is known.
    """
    rounds = sorted(first.keys() & second.keys())
    if not rounds:
        return None
    ratio = ratio_interval(
        [first[r] for r in rounds],
        [second[r] for r in rounds],
        confidence=0.99 if announced else 0.95,
        prior=prior,
    )
    outcome = "insufficient data" if len(rounds) < MIN_PAIRS else _outcome(ratio)
    return Comparison(ratio=ratio, outcome=outcome, pairs=len(rounds))


def compare_apart(first: Interval, second: Interval) -> Comparison:
    """Compare two values that were measured apart, by their own 95 % intervals; it has no pairs.

    The errors of the two are independent: those of their logarithms add in quadrature, each side
    for itself (the method of variance estimates recovery: Zou and Donner, Statistics in Medicine
    27, 2008, p. 1693). Insufficient data is a value without an interval, or one that reaches 0.
    """
    value = first.value / second.value if second.value else math.inf
    ends = (*_ends(first), *_ends(second))
    if not all(end > 0 and math.isfinite(end) for end in ends):
        return Comparison(Interval(value, 0.0, math.inf), "insufficient data", pairs=0)
    low = math.hypot(math.log(first.value / first.low), math.log(second.high / second.value))
    high = math.hypot(math.log(first.high / first.value), math.log(second.value / second.low))
    ratio = Interval(value, value * math.exp(-low), value * math.exp(high))
    return Comparison(ratio, _outcome(ratio), pairs=0)


def _ends(interval: Interval) -> tuple[float, float, float]:
    return interval.low, interval.value, interval.high


def _outcome(ratio: Interval) -> Outcome:
    off = max(ratio.value, 1 / ratio.value) - 1
    excludes_one = not ratio.low <= 1 <= ratio.high
    return "different" if excludes_one and off >= MIN_DIFFERENCE else "no clear difference"

"""Two cases compared by round: their ratio, and whether it differs significantly from 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ovreport.stats.intervals import Interval, ratio_interval
from ovreport.stats.spread import ROUNDS, Prior

Outcome = Literal["different", "no clear difference", "insufficient data"]

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
    pairs: int
    """Rounds that both have."""

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
    off = max(ratio.value, 1 / ratio.value) - 1
    excludes_one = not ratio.low <= 1 <= ratio.high
    outcome: Outcome = "no clear difference"
    if len(rounds) < MIN_PAIRS:
        outcome = "insufficient data"
    elif excludes_one and off >= MIN_DIFFERENCE:
        outcome = "different"
    return Comparison(ratio=ratio, outcome=outcome, pairs=len(rounds))

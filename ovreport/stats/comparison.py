"""Two cases side by side: what may be said about their ratio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ovreport.stats.intervals import Interval, ratio_interval

Outcome = Literal["different", "not distinguishable", "insufficient data"]

MIN_PAIRS = 5
MIN_DIFFERENCE = 0.02


@dataclass(frozen=True)
class Comparison:
    """Two interleaved cases: the ratio, and what may be said about it."""

    ratio: Interval
    """Its interval has 95 %, or 99 % where a change was announced."""
    outcome: Outcome
    pairs: int


def compare(
    first: Mapping[int, float], second: Mapping[int, float], *, announced: bool = False
) -> Comparison | None:
    """Compare two cases by the rounds they share (round → figure); None without any.

    "Different" needs both certainty (the interval excludes 1) and size (off by 2 %). The interval
    has 95 %; 99 % for a change that is announced, as in a list of regressions of a release, where
    many comparisons are made and only those that differ are told.
    """
    rounds = sorted(first.keys() & second.keys())
    if not rounds:
        return None
    ratio = ratio_interval(
        [first[r] for r in rounds],
        [second[r] for r in rounds],
        confidence=0.99 if announced else 0.95,
    )
    off = max(ratio.value, 1 / ratio.value) - 1
    certain = not ratio.low <= 1 <= ratio.high
    outcome: Outcome = "different" if certain and off >= MIN_DIFFERENCE else "not distinguishable"
    if len(rounds) < MIN_PAIRS:
        outcome = "insufficient data"
    return Comparison(ratio=ratio, outcome=outcome, pairs=len(rounds))

"""Whether a number can be trusted: stable, noisy or unreliable, with reasons.

The level follows from the width of the 95 % interval; whatever else speaks against a stable number
makes it noisy. The verdict in a record is the collector's: readers derive it again from the samples
(`ovreport.metrics.registry.verdicts`) and never take a record's own word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ovreport.record import Level, Reason, Verdict
from ovreport.stats.intervals import Interval

STABLE_HALF_WIDTH = 0.03
NOISY_HALF_WIDTH = 0.10


def verdict_of(
    interval: Interval, rounds: int, reasons: Sequence[Reason] = (), *, needed: int = 3
) -> Verdict:
    """Return the verdict on a value that is made of some rounds.

    `reasons`: what speaks against it beside its interval, such as the record's `evidence`.
    `needed`: fewer rounds are never stable.
    """
    level = _level(interval, rounds)
    found = [*_interval_reasons(interval, rounds, needed), *reasons]
    return Verdict(level="noisy" if found and level == "stable" else level, reasons=found)


def _level(interval: Interval, rounds: int) -> Level:
    if rounds < 2 or interval.half_width > NOISY_HALF_WIDTH:
        return "unreliable"
    return "stable" if interval.half_width <= STABLE_HALF_WIDTH else "noisy"


def _interval_reasons(interval: Interval, rounds: int, needed: int) -> Iterator[Reason]:
    if rounds < needed:
        yield Reason(code="too-few-rounds", detail=f"{rounds} of at least {needed}")
    if rounds > 1 and interval.half_width > STABLE_HALF_WIDTH:
        yield Reason(
            code="wide-interval", detail=f"±{100 * interval.half_width:.1f} % over {rounds} rounds"
        )

"""The undisturbed value of a case: what its least disturbed rounds agree on.

Other programs only ever add time, in bursts that last over several rounds; and each process differs
from the next by a few per cent for good, by where its memory lies. So the floor of every process is
taken first, from its quiet rounds, and then the centre of the processes that agree. Agreement alone
proves nothing (a processor that is busy throughout slows all rounds alike): a round during which
other load was seen is not quiet, and counts for nothing here. (Chen & Revels, "Robust benchmarking
in noisy environments", 2016, argue likewise for the minimum.)
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ovreport.stats.intervals import Interval, t_quantile
from ovreport.stats.spread import Prior, Spread, deviation, moderated

AGREEMENT = 0.03
"""Floors of processes that lie within this of each other agree."""
MIN_PROCESSES = 3
"""So many processes have to agree."""
FASTEST = 2
"""A process's floor is the mean of so many of its fastest quiet rounds."""
LUCKY = 0.10
"""A single process may be faster than those that agree by less than this: its memory lies well.
One that is faster by more shows that the others were disturbed."""
UNKNOWN = Prior(deviation=0.02, degrees=4, stated=True)
"""Processes differ by about 2 %, where no run tells better."""


@dataclass(frozen=True)
class Round:
    """One round's time."""

    value: float
    process: int
    quiet: bool
    """Whether no other load was seen during it."""


@dataclass(frozen=True)
class Undisturbed:
    """What the quiet rounds agree on."""

    interval: Interval
    processes: frozenset[int]
    """Those that agree."""
    used: tuple[int, ...]
    """Indices of the rounds that the value is made of."""


def undisturbed(rounds: Sequence[Round], prior: Prior = UNKNOWN) -> Undisturbed | str:
    """Return the undisturbed value of positive times, or in plain words why there is none.

    `prior`: how far apart the floors of processes lie in this run. Of rates give the inverse.
    """
    fastest = _fastest(rounds)
    if len(fastest) < MIN_PROCESSES:
        seen = len({r.process for r in rounds})
        return f"{len(fastest)} of {seen} processes had a quiet round, {MIN_PROCESSES} are needed"
    levels = _levels(rounds, fastest)
    agreeing = _agreeing(levels)
    if not agreeing:
        return (
            f"the quiet rounds of {len(levels)} processes do not agree within {AGREEMENT:.0%} of "
            "each other"
        )
    used = tuple(sorted(i for process in agreeing for i in fastest[process]))
    interval = _interval([levels[process] for process in agreeing], prior)
    return Undisturbed(interval, frozenset(agreeing), used)


def floors(rounds: Sequence[Round]) -> dict[int, float]:
    """Return process → logarithm of what its fastest quiet rounds took, in the order of rounds."""
    return _levels(rounds, _fastest(rounds))


def _levels(rounds: Sequence[Round], chosen: Mapping[int, Sequence[int]]) -> dict[int, float]:
    return {
        process: statistics.fmean(math.log(rounds[i].value) for i in indices)
        for process, indices in chosen.items()
    }


def _fastest(rounds: Sequence[Round]) -> dict[int, list[int]]:
    """Return process → indices of its fastest quiet rounds."""
    quiet: dict[int, list[int]] = {}
    for index, one in enumerate(rounds):
        if one.quiet:
            quiet.setdefault(one.process, []).append(index)
    return {
        process: sorted(indices, key=lambda i: rounds[i].value)[:FASTEST]
        for process, indices in quiet.items()
    }


def _agreeing(floors: dict[int, float]) -> list[int]:
    """Return the processes whose floors agree; none where too few do, or a faster one speaks.

    Of several groups that agree, the largest, and of those the fastest.
    """
    ordered = sorted(floors, key=lambda process: floors[process])
    width = math.log1p(AGREEMENT)
    groups = [
        [p for p in ordered[start:] if floors[p] - floors[first] <= width]
        for start, first in enumerate(ordered)
    ]
    best = max(groups, key=len)
    below = [p for p in ordered if floors[p] < floors[best[0]]]
    far = any(floors[best[0]] - floors[p] > math.log1p(LUCKY) for p in below)
    too_few = len(best) < MIN_PROCESSES or 2 * len(best) < len(ordered)
    return [] if too_few or far or len(below) > max(1, len(ordered) // 5) else best


def _interval(floors: Iterable[float], prior: Prior) -> Interval:
    """Return the centre of logarithms and how well it is known, as a time."""
    found = list(floors)
    centre, n = statistics.fmean(found), len(found)
    spread = moderated(Spread(deviation(found), n - 1), prior)
    margin = t_quantile(spread.degrees) * spread.deviation / math.sqrt(n)
    return Interval(math.exp(centre), math.exp(centre - margin), math.exp(centre + margin))


def needs_more(rounds: Sequence[Round], *, half_width: float) -> bool:
    """Return whether another process could make the value known to ± `half_width`, relative."""
    found = undisturbed(rounds)
    return isinstance(found, str) or found.interval.half_width > half_width

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ovreport.stats.intervals import Interval, t_quantile
from ovreport.stats.spread import MIN_PROCESSES, Prior, Spread, deviation, moderated

AGREEMENT = 0.05
"""Rounds of a process, and floors of processes, that lie within this of each other agree."""
AGREEMENT_UNDER_LOAD = 0.08
"""The same of rates: threads that share processors make loads differ by more on a quiet machine, by
how they happen to be scheduled."""
LUCKY = 0.10
"""A single process may be faster than those that agree by less than this: its memory lies well.
Those that are faster by more show that the others were disturbed."""
UNKNOWN = Prior(deviation=0.02, degrees=8)
"""Processes are taken to differ by 2 % at least: one case was seen to differ by so much from run to
run, where the processes of each run lay closer together. Not by the 3 % of
`ovreport.stats.spread.PROCESSES`, which are of processes whether they were disturbed or not: these
are those that agree within 5 %, whose rounds were quiet."""


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


def undisturbed(
    rounds: Sequence[Round], prior: Prior = UNKNOWN, agreement: float = AGREEMENT
) -> Undisturbed | str:
    """Return the undisturbed value of positive times, or in plain words why there is none.

    `prior`: how far apart the floors of processes lie in this run; `agreement`: within how much
    rounds and floors agree. Of rates give the inverse.
    """
    chosen = _at_floor(rounds, agreement)
    if len(chosen) < MIN_PROCESSES:
        seen = len({r.process for r in rounds})
        return (
            f"{len(chosen)} of {seen} processes had quiet rounds that agree, {MIN_PROCESSES} are "
            "needed"
        )
    levels = _levels(rounds, chosen)
    agreeing = _agreeing(levels, agreement)
    if 2 * len(agreeing) < max(len(levels), 1):  # fewer than half may agree by chance
        return (
            f"the quiet rounds of {len(levels)} processes do not agree within "
            f"{100 * agreement:.0f} % of each other"
        )
    used = tuple(sorted(i for process in agreeing for i in chosen[process]))
    share = len(used) / sum(one.quiet for one in rounds)
    interval = _interval([levels[process] for process in agreeing], share, prior)
    return Undisturbed(interval, frozenset(agreeing), used)


def floors(rounds: Sequence[Round], agreement: float = AGREEMENT) -> dict[int, float]:
    """Return process → logarithm of what its rounds at the floor took, in the order of rounds."""
    return _levels(rounds, _at_floor(rounds, agreement))


def _levels(rounds: Sequence[Round], chosen: Mapping[int, Sequence[int]]) -> dict[int, float]:
    return {
        process: statistics.fmean(math.log(rounds[i].value) for i in indices)
        for process, indices in chosen.items()
    }


def _at_floor(rounds: Sequence[Round], agreement: float) -> dict[int, list[int]]:
    """Return process → indices of its quiet rounds that agree with the fastest of them.

    All that agree: the fastest alone would lie the lower the more rounds there are. None of a
    process most of whose quiet rounds do not: what disturbed those may have disturbed all.
    """
    quiet: dict[int, list[int]] = {}
    for index, one in enumerate(rounds):
        if one.quiet:
            quiet.setdefault(one.process, []).append(index)
    found = {}
    for process, indices in quiet.items():
        limit = min(rounds[i].value for i in indices) * (1 + agreement)
        chosen = [i for i in indices if rounds[i].value <= limit]
        if 2 * len(chosen) >= len(indices):
            found[process] = chosen
    return found


def _agreeing(levels: Mapping[int, float], agreement: float) -> list[int]:
    """Return the processes whose floors agree; none where too few do.

    Of several groups that agree, the largest, and of those the one that agrees best. Where some are
    far faster than that group, it was disturbed by what nothing showed, and they are asked alone: a
    virtual machine was seen to be slower for minutes, in all cases alike, for no cause it showed.
    """
    ordered = sorted(levels, key=lambda process: levels[process])
    width = math.log1p(agreement)
    groups = [
        [p for p in ordered[start:] if levels[p] - levels[first] <= width]
        for start, first in enumerate(ordered)
    ]
    best = max(groups, key=lambda group: (len(group), levels[group[0]] - levels[group[-1]]))
    below = [p for p in ordered if levels[p] < levels[best[0]]]
    far = [p for p in below if levels[best[0]] - levels[p] > math.log1p(LUCKY)]
    if far:
        return _agreeing({p: levels[p] for p in far}, agreement)
    near = [p for p in ordered if levels[p] - levels[best[-1]] <= math.log1p(LUCKY)]
    too_few = len(best) < MIN_PROCESSES or 2 * len(best) <= len(near)
    return [] if too_few or len(below) > max(1, len(ordered) // 5) else best


def _interval(levels: Sequence[float], used: float, prior: Prior) -> Interval:
    """Return the centre of logarithms and how well it is known, as a time.

    `used`: the share of the quiet rounds that agree; the fewer do, the wider. The processes were
    chosen because they agree, so that their own spread never narrows what is known of it besides:
    as wide as the run says, and as is assumed at least, each with its own degrees of freedom.
    """
    centre, n = statistics.fmean(levels), len(levels)
    spread = moderated(Spread(deviation(levels), n - 1), prior)
    told = t_quantile(spread.degrees) * max(spread.deviation, prior.deviation)
    assumed = t_quantile(UNKNOWN.degrees + n - 1) * UNKNOWN.deviation
    margin = max(told, assumed) / math.sqrt(n * used)
    return Interval(math.exp(centre), math.exp(centre - margin), math.exp(centre + margin))


def needs_more(rounds: Sequence[Round], *, half_width: float, agreement: float = AGREEMENT) -> bool:
    """Return whether another process could make the value known to ± `half_width`, relative."""
    found = undisturbed(rounds, agreement=agreement)
    return isinstance(found, str) or found.interval.half_width > half_width

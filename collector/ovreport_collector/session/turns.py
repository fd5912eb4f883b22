"""The order in which cases take turns: balanced, and among the arms of a case drawn by lot.

Two arms A and B of a case are neighbours. Within a process every second visit goes the other way
round, and so does every second generation (A B B A): what drifts by the minute touches both alike.
Which of them begins is drawn anew for every two generations, so that nothing that repeats with the
turns passes for a difference between arms.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence

from ovreport_collector.plan.plan import PlannedCase


def in_turn(cases: Iterable[PlannedCase], number: int, seed: int) -> list[PlannedCase]:
    """Return the cases of generation `number` in the order in which their processes start.

    Arms of one case follow each other in `cases`, and in what is returned.
    """

    def lot(planned: PlannedCase) -> float:
        # By the arm's own name: it is the same whichever others still want a process.
        return random.Random(f"{seed}/{number // 2}/{planned.key}").random()

    forward = [
        planned
        for _, arms in itertools.groupby(cases, key=lambda planned: planned.case)
        for planned in sorted(arms, key=lot)
    ]
    return forward if number % 2 == 0 else forward[::-1]


def arms_left(waiting: Sequence[PlannedCase]) -> int:
    """Return how many arms of the first case follow it, which belong into its group."""
    first = waiting[0]
    alike = itertools.takewhile(lambda planned: planned.case == first.case, waiting)
    return sum(1 for _ in alike) - 1

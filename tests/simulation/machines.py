"""Undisturbed values on machines of known truth: bias, repeatability, and what the label says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ovreport.metrics.headline import prior_from
from ovreport.metrics.spread import spread_of_floors
from ovreport.metrics.verdict import STABLE_HALF_WIDTH
from ovreport.stats.undisturbed import UNKNOWN, Round, Undisturbed, floors, needs_more, undisturbed
from ovreport_collector.plan.tiers import TIERS
from ovreport_sitegen.pages.method.simulation import Finding
from tests.simulation.load import Machine
from tests.simulation.measures import coverage, holds, share
from tests.simulation.rounds import CASES

COVERED = "The 95 % interval of an undisturbed value holds the truth"
COVERED_STABLE = "The 95 % interval of an undisturbed value that is called stable holds the truth"
BIASED = "The median of undisturbed values is off from the truth"
REPEATED = "Undisturbed values of repeated runs differ (standard deviation)"
CONFIRMED = "Quiet rounds agree, so that there is an undisturbed value"
WRONG = "An undisturbed value is off by more than 10 %"
BIAS_GOAL, REPEATED_GOAL, WRONG_GOAL = 0.01, 0.02, 0.02
LABELLED = 50

UNSEEN = (
    "It cannot be told: a load that never pauses, and that nothing on the machine shows, looks "
    "like a slower machine. What can be seen is a veto."
)
LONG_BURST = (
    "Five rounds, one in each process, may all fall into one burst that nothing shows. Processes "
    "that are visited several times, over the whole run, hardly ever do."
)
DRIFTING = (
    "Which value is the true one of a machine that slows down throughout is open; here it is the "
    "first round's."
)
APART = (
    "Those that happen to agree give a value. About half of these are called stable, of which one "
    "in ten is off by more than its interval says; the spread of the run widens the others."
)


@dataclass(frozen=True)
class Design:
    """How many processes, and rounds in each."""

    processes: int
    most: int
    visits: int

    def __str__(self) -> str:
        if self.visits == 1:
            return f"{self.most} processes of one round"
        return f"{self.processes} to {self.most} processes × {self.visits} rounds"


DESIGNS = (
    *(Design(t.processes, t.max_processes, t.rounds_per_process) for t in TIERS.values()),
    Design(5, 5, 1),
)
"""Those of the tiers, and that of records older than format 5 at its fewest."""
MACHINES: dict[str, tuple[Machine, str]] = {
    "quiet machine": (Machine(), ""),
    "rounds with heavy tails": (Machine(heavy=True), ""),
    "one process in ten 5 % faster for good": (Machine(lucky=0.1), ""),
    "bursts of load, seen": (Machine(load="bursts"), ""),
    "bursts of load, unseen": (Machine(load="bursts", seen=False), LONG_BURST),
    "two speeds, seen": (Machine(load="two speeds"), ""),
    "two speeds, unseen": (Machine(load="two speeds", seen=False), LONG_BURST),
    "constant load, seen": (Machine(load="constant"), ""),
    "constant load, unseen": (Machine(load="constant", seen=False), UNSEEN),
    "processes that differ by 3 %": (Machine(processes=0.03), APART),
    "a machine that slows down by 5 %": (Machine(drift=0.05), DRIFTING),
}


@dataclass(frozen=True)
class Value:
    """What was said of one case, whose truth is 1."""

    log: float
    is_covered: bool
    is_stable: bool


def values(
    machine: Machine, design: Design, rng: np.random.Generator, cases: int
) -> list[Value | None]:
    """Return what is said of so many cases, measured in runs of ten; None: no undisturbed value."""
    found: list[Value | None] = []
    while len(found) < cases:
        run = [_measured(machine, design, rng) for _ in range(CASES)]
        spread = spread_of_floors([list(floors(rounds).values()) for rounds in run])
        prior = prior_from(spread) if spread else UNKNOWN
        found += [_value(undisturbed(rounds, prior)) for rounds in run]
    return found


def _measured(machine: Machine, design: Design, rng: np.random.Generator) -> list[Round]:
    """Return the rounds of a case: processes are added while its value is not known."""
    rounds = machine.case(rng, design.most, design.visits)
    for processes in range(design.processes, design.most):
        first = rounds[: processes * design.visits]
        if not needs_more(first, half_width=STABLE_HALF_WIDTH):
            return first
    return rounds


def _value(found: Undisturbed | str) -> Value | None:
    if isinstance(found, str):
        return None
    interval = found.interval
    is_stable = interval.half_width <= STABLE_HALF_WIDTH
    return Value(math.log(interval.value), holds(interval, 1.0), is_stable)


def study(cases: int, *, seed: int) -> Iterator[Finding]:
    """Measure every machine in every design."""
    rng = np.random.default_rng(seed)
    for name, (machine, why) in MACHINES.items():
        for design in DESIGNS:
            every = values(machine, design, rng, cases)
            yield from _findings(f"{name}, {design}", every, why)


def _findings(where: str, every: Sequence[Value | None], why: str) -> Iterator[Finding]:
    known = [value for value in every if value is not None]
    confirmed = Finding(
        question=CONFIRMED,
        conditions=where,
        measured=len(known) / len(every),
        goal=None,
        at_least=True,
        n=len(every),
        why="How often follows from the machine; none where load never pauses, and it is seen.",
    )
    yield confirmed
    if len(known) < LABELLED:
        return
    stable = [value.is_covered for value in known if value.is_stable]
    yield coverage(COVERED, where, [value.is_covered for value in known], why)
    if len(stable) >= LABELLED:
        yield coverage(COVERED_STABLE, where, stable, why)
    logs = np.array([value.log for value in known])
    for question, measured, goal in (
        (BIASED, abs(float(np.median(logs))), BIAS_GOAL),
        (REPEATED, float(np.std(logs)), REPEATED_GOAL),
        (WRONG, share((np.abs(logs) > 0.1).tolist()), WRONG_GOAL),
    ):
        yield Finding(
            question=question,
            conditions=where,
            measured=measured,
            goal=goal,
            at_least=False,
            n=len(known),
            why=why if measured > goal else "",
        )

"""Tiers: how long and how often to measure."""

from __future__ import annotations

import math

import msgspec

from ovreport.record import Tier
from ovreport.stats.spread import MIN_PROCESSES

MOST_ROUNDS = 90
"""Of a case, as many as may be asked for: a record holds at most a hundred."""

TIERS: dict[str, Tier] = {
    tier.name: tier
    for tier in (
        Tier(
            name="quick",
            min_seconds=0.3,
            min_inferences=16,
            max_seconds=4,
            processes=5,
            max_processes=7,
            rounds_per_process=2,
        ),
        Tier(
            name="standard",
            min_seconds=3.5,
            min_inferences=221,
            max_seconds=10,
            processes=7,
            max_processes=11,
            rounds_per_process=3,
        ),
        Tier(
            name="publish",
            min_seconds=20,
            min_inferences=2212,
            max_seconds=60,
            processes=11,
            max_processes=15,
            rounds_per_process=3,
        ),
    )
}
"""Many short rounds, not few long ones: disturbances come in bursts, between which some of many
short rounds are quiet where none of a few long ones is. Processes differ for good, so that no fewer
than three have to agree; a visit to a process that waits costs little.
MLPerf's bounds hold for the rounds of a process together: p99 needs 662 samples, p99.9 needs 6,636;
11 × 3 × 20 s is over 600 s."""


def tier_of(name: str, *, rounds: int | None = None, seconds: float | None = None) -> Tier:
    """Return the tier of a name, with as many rounds of a case, each of so many seconds, as asked.

    Rounds are spread evenly over the tier's processes, so that there may be a few more than asked;
    of fewer rounds than processes each has a process of its own, of which there are at least three.
    The least count of inferences and the cap of a loop go with its length.
    """
    tier = TIERS[name]
    if rounds is not None:
        processes = max(MIN_PROCESSES, min(rounds, tier.processes))
        tier = msgspec.structs.replace(
            tier,
            processes=processes,
            max_processes=processes,
            rounds_per_process=math.ceil(rounds / processes),
            is_custom=True,
        )
    if seconds is not None:
        share = seconds / tier.min_seconds
        tier = msgspec.structs.replace(
            tier,
            min_seconds=seconds,
            min_inferences=max(1, round(tier.min_inferences * share)),
            max_seconds=tier.max_seconds * share,
            is_custom=True,
        )
    return tier

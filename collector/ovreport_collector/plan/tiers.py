"""Tiers: how long and how often to measure."""

from __future__ import annotations

from ovreport.record import Tier

TIERS: dict[str, Tier] = {
    tier.name: tier
    for tier in (
        Tier(
            name="quick",
            min_seconds=0.25,
            min_inferences=16,
            max_seconds=4,
            processes=3,
            max_processes=4,
            rounds_per_process=4,
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
"""Many short rounds, not few long ones: disturbances come in bursts, and of twenty rounds of a
quarter of a second some are quiet where of five of a second none is. Processes differ for good, so
that no fewer than three have to agree; a visit to a process that waits costs little.
MLPerf's bounds hold for the rounds of a process together: p99 needs 662 samples, p99.9 needs 6,636;
11 × 3 × 20 s is over 600 s."""

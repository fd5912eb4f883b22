"""Tiers: how long and how often to measure."""

from __future__ import annotations

from ovreport.record import Tier

TIERS: dict[str, Tier] = {
    tier.name: tier
    for tier in (
        Tier(
            name="quick",
            min_seconds=1,
            min_inferences=64,
            max_seconds=8,
            processes=5,
            max_processes=5,
            rounds_per_process=1,
        ),
        Tier(
            name="standard",
            min_seconds=10,
            min_inferences=662,
            max_seconds=30,
            processes=7,
            max_processes=11,
            rounds_per_process=1,
        ),
        Tier(
            name="publish",
            min_seconds=60,
            min_inferences=6636,
            max_seconds=180,
            processes=11,
            max_processes=15,
            rounds_per_process=1,
        ),
    )
}
"""Quick has five short rounds, not three of two seconds: the same time, but processes differ more
than the loops within one, and a ratio of two cases needs five pairs.
MLPerf's bounds: p99 needs 662 samples, p99.9 needs 6,636; 11 × 60 s is over 600 s. Eleven rounds
also announce a true 5 % change under 2 % noise (99 % interval) in over 95 % of comparisons: ten
would do, by `tests/benchmarks/statistics_simulation.py`."""

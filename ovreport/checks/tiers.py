"""A tier's demands are its own: a quick look under the name of a long measurement is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ovreport.checks.fault import Fault, number
from ovreport.record import Record, TierName
from ovreport.stats.spread import MIN_PROCESSES

SECONDS: Mapping[TierName, tuple[float, float]] = {
    "quick": (0.5, 30),
    "standard": (40, 300),
    "publish": (400, 7200),
}
"""Tier → seconds of timed loops in all rounds of its fewest processes, from and to. The lengths of
rounds are tuned now and then, what a tier stands for is not: quick is a look of seconds, standard
about a minute, publish MLPerf's ten minutes or more."""
INFERENCES: Mapping[TierName, tuple[int, int]] = {
    "quick": (20, 2_000),
    "standard": (3_000, 30_000),
    "publish": (40_000, 400_000),
}
"""The same of inferences: the count that MLPerf asks for of a percentile, in every process."""
CAP = 30.0
"""A loop's cap is less than so many times its least length."""


def demands(record: Record) -> Iterator[Fault]:
    """Yield demands that contradict each other, or are not those of a tier of this name."""
    tier = record.tier
    if tier.max_seconds < tier.min_seconds:
        yield Fault("$.tier.max_seconds", "the cap of a loop is less than its least length")
    if not 1 <= tier.processes <= tier.max_processes:
        yield Fault("$.tier.processes", f"{tier.processes} processes, at most {tier.max_processes}")
    if tier.is_custom:
        return
    if not MIN_PROCESSES <= tier.processes <= tier.max_processes <= 30:
        yield Fault(
            "$.tier.processes",
            f"{tier.processes} to {tier.max_processes} processes are not those of any tier",
        )
    if tier.max_seconds > CAP * tier.min_seconds:
        yield Fault("$.tier.max_seconds", f"{number(tier.max_seconds)} s is the cap of no tier")
    seconds, inferences = tier.min_seconds * tier.rounds, tier.min_inferences * tier.rounds
    for field, value, (least, most), what in (
        ("min_seconds", seconds, SECONDS[tier.name], "s of timed loops"),
        ("min_inferences", inferences, INFERENCES[tier.name], "inferences"),
    ):
        if not least <= value <= most:
            yield Fault(
                f"$.tier.{field}",
                f"{number(value)} {what} in all rounds, where the tier {tier.name} has "
                f"{number(least)} to {number(most)}; other numbers are marked `is_custom`",
            )

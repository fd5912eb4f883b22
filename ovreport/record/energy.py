"""Energy of the throughput run, as counters of the machine measured it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ovreport.record.base import Count, Measured, Part, Positive, Text
from ovreport.record.histogram import check_rounds

__all__ = ["Energy", "EnergyDomain", "EnergyRound"]


class EnergyRound(Part, frozen=True):
    """What one domain took while the throughput loops of one process ran."""

    round: Count
    """Number of the process."""
    duration_s: Positive
    inferences: Count
    energy_j: Positive
    """Gross: all that the domain took in this time."""
    idle_s: Positive
    """Length of the baseline, measured in the same process just before."""
    idle_w: Positive
    """Power of the domain meanwhile."""

    def __post_init__(self) -> None:
        if not (self.inferences and self.duration_s and self.energy_j):
            raise ValueError("a measured round has inferences, takes time, and takes energy")

    @property
    def net_j(self) -> float:
        """Energy above what the idle domain would have taken; noise can make it negative."""
        return self.energy_j - self.idle_w * self.duration_s


class EnergyDomain(Part, frozen=True):
    """One domain of a meter; domains may contain each other and are never added up."""

    name: Text
    """As the meter calls it: `package`, `dram`, `psys`, `gpu`."""
    scope: Text
    """What the counter covers, in words."""
    rounds: Annotated[list[EnergyRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class Energy(Measured, frozen=True):
    """Energy in the same run as throughput, with an idle baseline."""

    method: Text
    """`powercap`, `hwmon`, `perf`…"""
    domains: Annotated[list[EnergyDomain], Meta(min_length=1, max_length=16)]
    """The headline first."""

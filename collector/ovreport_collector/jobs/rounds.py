"""The job that measures a round of a model that infers."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ovreport.record import (
    Energy,
    Execution,
    LatencyRound,
    MemoryRound,
    NotMeasured,
    Settings,
    StartupRound,
    ThroughputRound,
    Tier,
)
from ovreport_collector.engines.types import Target
from ovreport_collector.jobs.target import Driver

MeasurementName = Literal["latency", "throughput", "memory", "energy"]
EnergyIn = Literal["package", "card", "both"]
"""In what a device takes its energy: the processor's package, a graphics card, some of each."""


class RoundJob(Struct, frozen=True, kw_only=True, tag="round"):
    """Measure start-up, latency, throughput and memory once."""

    target: Target
    round: int
    tier: Tier
    inputs: str
    seed: int
    driver: Driver
    """How to drive requests under load."""
    energy_in: EnergyIn = "package"


class RoundResult(Struct, frozen=True, kw_only=True, tag="round"):
    """One round's share of a record."""

    execution: Execution | NotMeasured
    startup: StartupRound
    latency: LatencyRound | None
    latency_settings: Settings
    throughput: ThroughputRound | None
    throughput_settings: Settings
    memory: MemoryRound | None
    memory_unreadable: dict[str, str] = {}
    """Counter of memory that this round does not have → why."""
    energy: Energy | None = None
    """Of this one round."""
    missing: dict[MeasurementName, NotMeasured]
    """Why an aspect is None."""
    cpu_s: float
    """Processor time of the measuring process, to tell it from other programs'."""
    switches: dict[str, float] = {}
    """Readings of `ovreport.metrics.evidence.READINGS` that only the process itself can make."""

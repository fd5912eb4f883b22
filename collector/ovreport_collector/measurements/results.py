"""What the jobs of a round have in common, and results that several modules read."""

from __future__ import annotations

from typing import Generic, Literal

from msgspec import Struct

from ovreport.record import (
    Energy,
    Execution,
    LatencyRound,
    MemoryRound,
    NotMeasured,
    Perplexity,
    Settings,
    StartupRound,
    ThroughputRound,
    TokenAgreement,
)
from ovreport_collector.engines.types import Target
from ovreport_collector.process.job import Job, R

MeasurementName = Literal["latency", "throughput", "memory", "energy"]
"""What a round of a model that infers measures, each of which can fail by itself."""


class RoundJob(Job[R], Generic[R], frozen=True, kw_only=True):
    """Measure something once, in a round of a case."""

    target: Target
    round: int
    inputs: str
    """Path of the samples."""
    seed: int


def rounded(value: float) -> float:
    """Return six significant digits: more would be noise, many times in each record."""
    return float(f"{value:.6g}")


class InferenceResult(Struct, frozen=True, kw_only=True, tag="inference"):
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
    """Why a measurement is None."""
    switches: dict[str, float] = {}
    """Readings of `ovreport.metrics.evidence.READINGS` that only the process itself can make."""


class GenerationQuality(Struct, frozen=True, kw_only=True):
    """How good a case's generations are."""

    settings: Settings
    """With which they were generated."""
    perplexity: Perplexity | NotMeasured
    agreement: TokenAgreement | NotMeasured

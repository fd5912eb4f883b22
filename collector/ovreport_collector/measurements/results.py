"""What a round of a model that infers gives, and how good a language model's generations are."""

from __future__ import annotations

from typing import Literal

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

MeasurementName = Literal["latency", "throughput", "memory", "energy"]
"""What a round of a model that infers measures, each of which can fail alone."""


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

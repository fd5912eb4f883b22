"""What jobs of further measurements have in common, and results that several modules read."""

from __future__ import annotations

from statistics import median
from typing import Generic, Literal

import msgspec
from msgspec import Struct

from ovreport.record import (
    Energy,
    Execution,
    Failed,
    FailedRound,
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
from ovreport_collector.loadgen.drivers import Driver
from ovreport_collector.process.job import Job, R

MeasurementName = Literal["latency", "throughput", "memory", "energy"]
"""What a process of a model that infers measures, each of which can fail by itself."""


class ProcessJob(Job[R], Generic[R], frozen=True, kw_only=True):
    """Measure something once, in a process of a case, or in one that follows it."""

    target: Target
    round: int
    """Number of the case's process that it belongs to."""
    inputs: str
    """Path of the samples."""
    seed: int


def rounded(value: float) -> float:
    """Return six significant digits: more would be noise, many times in each record."""
    return float(f"{value:.6g}")


class Started(Struct, frozen=True, kw_only=True, tag="started"):
    """The first step of a model that infers: it is compiled for latency, and warm."""

    execution: Execution | NotMeasured
    startup: StartupRound
    settings: Settings


class LatencyVisit(Struct, frozen=True, kw_only=True, tag="latency-visit"):
    """One round of latency."""

    round: int
    measured: LatencyRound | None
    failed: Failed | None = None
    """Why it was not measured."""


class Switched(Struct, frozen=True, kw_only=True, tag="switched"):
    """The model is compiled for throughput, and warm."""

    settings: Settings | None
    driver: Driver | None
    """How requests are driven under load: found out in a case's first process, then kept."""
    failed: Failed | None = None
    """Why there is no throughput in this process."""


class ThroughputVisit(Struct, frozen=True, kw_only=True, tag="throughput-visit"):
    """One round of throughput."""

    round: int
    measured: ThroughputRound | None
    failed: Failed | None = None


class Ended(Struct, frozen=True, kw_only=True, tag="ended"):
    """What a process reports of all that it did."""

    memory: MemoryRound | None
    memory_unreadable: dict[str, str] = {}
    """Counter of memory that this process does not have → why."""
    energy: Energy | None = None
    """Of all of its throughput loops."""
    missing: dict[MeasurementName, NotMeasured]
    """Why a measurement is None."""
    switches: dict[str, float] = {}
    """Readings of `ovreport.metrics.evidence.READINGS` that only the process itself can make."""


def with_reading(
    visit: LatencyVisit | ThroughputVisit, key: str, value: float
) -> LatencyVisit | ThroughputVisit:
    """Return a visit whose loop has a reading more, which its process could not make."""
    if visit.measured is None:
        return visit
    readings = {**visit.measured.readings, key: value}
    return msgspec.structs.replace(
        visit, measured=msgspec.structs.replace(visit.measured, readings=readings)
    )


InferenceStep = Started | LatencyVisit | Switched | ThroughputVisit | Ended


class InferenceResult(Struct, frozen=True, kw_only=True, tag="inference"):
    """One process's share of a record: its steps, put together."""

    execution: Execution | NotMeasured
    startup: StartupRound
    latency: list[LatencyRound]
    latency_settings: Settings
    throughput: list[ThroughputRound]
    throughput_settings: Settings | None
    """None where it did not come to throughput."""
    memory: MemoryRound | None
    memory_unreadable: dict[str, str] = {}
    energy: Energy | None = None
    missing: dict[MeasurementName, NotMeasured]
    """Why there is nothing of a measurement."""
    failed: dict[MeasurementName, list[FailedRound]] = {}
    """Rounds of latency or throughput that went wrong."""

    @property
    def latency_ms(self) -> float:
        """Median over the process's rounds; 0 where there is none."""
        return median(r.median_ms for r in self.latency) if self.latency else 0.0

    @property
    def throughput_ips(self) -> float:
        """Inferences a second, median over the process's rounds; 0 where there is none."""
        return median(r.n / r.duration_s for r in self.throughput) if self.throughput else 0.0


class GenerationQuality(Struct, frozen=True, kw_only=True):
    """How good a case's generations are."""

    perplexity: Perplexity | NotMeasured
    agreement: TokenAgreement | NotMeasured

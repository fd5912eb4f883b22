"""The record: everything measured of one case at one time, as one JSON file.

    Record
    ├── case, tier            what was asked for
    ├── software, machine, device, model, inputs      what it ran on, and with
    ├── outcome               Completed, or the whole case Failed or Unsupported
    ├── startup, startup_cached, latency, throughput, memory, execution,
    │   accuracy, agreement, curve, open_loop, end_to_end, energy,
    │   generation          the aspects
    ├── noise                 evidence about the machine, round by round
    ├── effort                what the measuring itself took
    ├── verdicts              what the collector thought of it (recomputed when read)
    └── repeat                the commands that measure it again

An aspect is Measured (its own type), Unsupported, Failed or Skipped, the last three with a
reason; `null` is never used. Samples are kept as sparse histograms with a known relative
resolution, so that every statistic can be derived again when a record is read.
Units are in the names. Times are UTC. Base types are in `parts`, rounds in `samples`, aspects in
`aspects` and the modules that end in its name, the rest in those that end in `facts`; everything
is imported from here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ovreport.aspects import (
    Accuracy,
    AccuracyReference,
    Agreement,
    Execution,
    Latency,
    LayerCount,
    Memory,
    OutputAgreement,
    Settings,
    Startup,
    StartupCached,
    Throughput,
)
from ovreport.case_facts import BroughtData, Case, InputData, Repeat, Tier
from ovreport.cost_aspects import (
    MEASURING,
    STAGES,
    Effort,
    EndToEnd,
    Energy,
    EnergyDomain,
    EnergyRound,
    Pipeline,
    PipelineRound,
    Stage,
    Way,
)
from ovreport.generation_aspect import (
    Concurrency,
    ConcurrentPoint,
    ConcurrentRound,
    Generation,
    GenerationPoint,
    GenerationRound,
    LoadRound,
    Perplexity,
    TokenAgreement,
    Window,
)
from ovreport.load_aspects import (
    ArrivalRound,
    ArrivalStep,
    Curve,
    CurveGap,
    CurvePoint,
    OpenLoop,
    PointRound,
)
from ovreport.machine_facts import Device, Machine, Software
from ovreport.model_facts import (
    Converted,
    Model,
    Optimised,
    Origin,
    Original,
    Port,
    Published,
)
from ovreport.parts import (
    Aspect,
    Cause,
    Completed,
    Count,
    Engine,
    Failed,
    Family,
    Finite,
    JudgedName,
    Level,
    NotMeasured,
    Outcome,
    Part,
    Precision,
    Reason,
    Share,
    Skipped,
    Slug,
    Text,
    TierName,
    Unsupported,
    VariantName,
    Verdict,
)
from ovreport.samples import (
    FailedRound,
    Histogram,
    LatencyRound,
    MemoryMode,
    MemoryRound,
    ModeName,
    PhaseMemory,
    RoundNoise,
    StartupRound,
    ThroughputRound,
)

__all__ = [
    "ASPECTS",
    "FORMAT",
    "MEASURING",
    "NOT_LANGUAGE",
    "STAGES",
    "Accuracy",
    "AccuracyReference",
    "Agreement",
    "ArrivalRound",
    "ArrivalStep",
    "Aspect",
    "BroughtData",
    "Case",
    "Cause",
    "Completed",
    "Concurrency",
    "ConcurrentPoint",
    "ConcurrentRound",
    "Converted",
    "Count",
    "Curve",
    "CurveGap",
    "CurvePoint",
    "Device",
    "Effort",
    "EndToEnd",
    "Energy",
    "EnergyDomain",
    "EnergyRound",
    "Engine",
    "Execution",
    "Failed",
    "FailedRound",
    "Family",
    "Finite",
    "Generation",
    "GenerationPoint",
    "GenerationRound",
    "Histogram",
    "InputData",
    "JudgedName",
    "Latency",
    "LatencyRound",
    "LayerCount",
    "Level",
    "LoadRound",
    "Machine",
    "Memory",
    "MemoryMode",
    "MemoryRound",
    "ModeName",
    "Model",
    "NotMeasured",
    "OpenLoop",
    "Optimised",
    "Origin",
    "Original",
    "Outcome",
    "OutputAgreement",
    "Part",
    "Perplexity",
    "PhaseMemory",
    "Pipeline",
    "PipelineRound",
    "PointRound",
    "Port",
    "Precision",
    "Published",
    "Reason",
    "Record",
    "Repeat",
    "RoundNoise",
    "Settings",
    "Share",
    "Skipped",
    "Slug",
    "Software",
    "Stage",
    "Startup",
    "StartupCached",
    "StartupRound",
    "Text",
    "Throughput",
    "ThroughputRound",
    "Tier",
    "TierName",
    "TokenAgreement",
    "Unsupported",
    "VariantName",
    "Verdict",
    "Way",
    "Window",
    "json_schema",
]

FORMAT = 4
"""Version of the record's format; `ovreport.migrations` says how it came about."""

ASPECTS = (
    "startup", "startup_cached", "latency", "throughput", "memory", "execution", "accuracy",
    "agreement", "curve", "open_loop", "end_to_end", "energy", "generation",
)  # fmt: skip
"""Fields of a record that hold an aspect of the case."""

NOT_LANGUAGE = Unsupported(reason="not a language model")
"""Why a classic model has no generation."""


class Record(Part, frozen=True, kw_only=True):
    """Everything measured of one case at one time."""

    format: Literal[4]
    measured_at: Annotated[
        str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$(?!\n)")
    ]
    case: Case
    tier: Tier
    software: Software
    machine: Machine
    device: Device
    model: Model
    inputs: InputData
    outcome: Outcome
    execution: Execution | NotMeasured
    startup: Startup | NotMeasured
    startup_cached: StartupCached | NotMeasured
    latency: Latency | NotMeasured
    throughput: Throughput | NotMeasured
    memory: Memory | NotMeasured
    accuracy: Accuracy | NotMeasured
    further_accuracy: list[Accuracy] = []
    """The same answers by other metrics, or other answers, to other data; `accuracy` is the
    headline."""
    further_accuracy_missing: dict[Slug, NotMeasured] = {}
    """Name of a further accuracy that could not be had → why."""
    agreement: Agreement | NotMeasured
    curve: Curve | NotMeasured
    open_loop: OpenLoop | NotMeasured
    end_to_end: EndToEnd | NotMeasured
    energy: Energy | NotMeasured
    generation: Generation | NotMeasured = NOT_LANGUAGE
    """Of a language model, which has no other aspect of speed."""
    effort: Effort | NotMeasured
    failed_rounds: list[FailedRound] = []
    noise: list[RoundNoise]
    noise_unreadable: dict[str, Text]
    """Evidence that this machine does not give, and why."""
    verdicts: dict[JudgedName, Verdict]
    """As the collector judged; readers judge again from the samples."""
    repeat: Repeat

    def __post_init__(self) -> None:
        try:
            datetime.fromisoformat(self.measured_at)
        except ValueError as error:
            raise ValueError(f"measured_at is no time: {error}") from error


def json_schema() -> dict[str, object]:
    """Return the JSON Schema (2020-12) of a record."""
    return msgspec.json.schema(Record)

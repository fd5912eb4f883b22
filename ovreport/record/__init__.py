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

from ovreport.record.aspects import (
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
from ovreport.record.base import (
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
from ovreport.record.case import BroughtData, Case, InputData, Repeat, Tier
from ovreport.record.cost import (
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
from ovreport.record.generation import (
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
from ovreport.record.load import (
    ArrivalRound,
    ArrivalStep,
    Curve,
    CurveGap,
    CurvePoint,
    OpenLoop,
    PointRound,
)
from ovreport.record.machine import Device, Machine, Software
from ovreport.record.model import Converted, Model, Optimised, Origin, Original, Port, Published
from ovreport.record.record import ASPECTS, FORMAT, NOT_LANGUAGE, Record, json_schema
from ovreport.record.samples import (
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

"""What passes between the collector and its measuring processes: jobs out, results back.

Everything is a typed struct in a JSON file, arrays are `.npz` files beside it.

    target        what every process loads
    describing    devices, outputs, how to drive a model: before the rounds
    making        conversions and optimizations
    rounds        a round of a model that infers
    extras        what such a round measures in further processes
    language      language models
"""

from __future__ import annotations

from ovreport_collector.engines.types import (
    OutputsResult,
    ProbeJob,
    ProbeResult,
    Target,
    ThreadSettings,
    Unavailable,
)
from ovreport_collector.jobs.describing import OutputsJob, PilotJob, PilotResult, ThreadSettingsJob
from ovreport_collector.jobs.extras import (
    ArrivalsJob,
    ArrivalsResult,
    CachedStartJob,
    CachedStartResult,
    CurveJob,
    CurveResult,
    EndToEndJob,
    EndToEndResult,
    ExtraJob,
    ExtraResult,
    NoMmapJob,
    NoMmapResult,
    Setting,
)
from ovreport_collector.jobs.language import (
    AnswersJob,
    AnswersResult,
    GenerationJob,
    GenerationResult,
    Lengths,
)
from ovreport_collector.jobs.making import (
    ConvertJob,
    ConvertResult,
    OptimizeJob,
    OptimizeResult,
    Validating,
)
from ovreport_collector.jobs.rounds import (
    EnergyIn,
    MeasurementName,
    RoundJob,
    RoundResult,
)
from ovreport_collector.jobs.target import Driver, JobFailed

__all__ = [
    "AnswersJob",
    "AnswersResult",
    "ArrivalsJob",
    "ArrivalsResult",
    "CachedStartJob",
    "CachedStartResult",
    "ConvertJob",
    "ConvertResult",
    "CurveJob",
    "CurveResult",
    "Driver",
    "EndToEndJob",
    "EndToEndResult",
    "EnergyIn",
    "ExtraJob",
    "ExtraResult",
    "GenerationJob",
    "GenerationResult",
    "Job",
    "JobFailed",
    "Lengths",
    "MeasurementName",
    "NoMmapJob",
    "NoMmapResult",
    "OptimizeJob",
    "OptimizeResult",
    "OutputsJob",
    "OutputsResult",
    "PilotJob",
    "PilotResult",
    "ProbeJob",
    "ProbeResult",
    "Result",
    "RoundJob",
    "RoundResult",
    "Setting",
    "Target",
    "ThreadSettings",
    "ThreadSettingsJob",
    "Unavailable",
    "Validating",
]

Job = (
    ProbeJob
    | OptimizeJob
    | ConvertJob
    | OutputsJob
    | PilotJob
    | ThreadSettingsJob
    | RoundJob
    | ExtraJob
    | GenerationJob
    | AnswersJob
)

Result = (
    ProbeResult
    | OptimizeResult
    | OutputsResult
    | ConvertResult
    | PilotResult
    | ThreadSettings
    | RoundResult
    | ExtraResult
    | GenerationResult
    | AnswersResult
    | JobFailed
)

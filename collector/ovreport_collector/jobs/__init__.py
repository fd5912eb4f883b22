"""What passes between the collector and its measuring processes: jobs out, results back.

Everything is a typed struct in a JSON file, arrays are `.npz` files beside it.

    target        what every process loads
    describing    devices, outputs, how to drive a model: before the rounds
    making        conversions and optimisations
    rounds        a round of a model that infers
    extras        what such a round measures in further processes
    language      language models
"""

from __future__ import annotations

from ovreport_collector.jobs.describing import (
    AlongsideJob,
    OutputsJob,
    OutputsResult,
    PilotJob,
    PilotResult,
    ProbeJob,
    ProbeResult,
    Unavailable,
)
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
    OptimiseJob,
    OptimiseResult,
    Validating,
)
from ovreport_collector.jobs.rounds import (
    AspectName,
    EnergyIn,
    RoundJob,
    RoundResult,
)
from ovreport_collector.jobs.target import (
    Alongside,
    Driver,
    JobFailed,
    Target,
)

__all__ = [
    "Alongside",
    "AlongsideJob",
    "AnswersJob",
    "AnswersResult",
    "ArrivalsJob",
    "ArrivalsResult",
    "AspectName",
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
    "NoMmapJob",
    "NoMmapResult",
    "OptimiseJob",
    "OptimiseResult",
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
    "Unavailable",
    "Validating",
]

Job = (
    ProbeJob
    | OptimiseJob
    | ConvertJob
    | OutputsJob
    | PilotJob
    | AlongsideJob
    | RoundJob
    | ExtraJob
    | GenerationJob
    | AnswersJob
)

Result = (
    ProbeResult
    | OptimiseResult
    | OutputsResult
    | ConvertResult
    | PilotResult
    | Alongside
    | RoundResult
    | ExtraResult
    | GenerationResult
    | AnswersResult
    | JobFailed
)

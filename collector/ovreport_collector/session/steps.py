"""The steps of a run that a journal holds: a line each."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ovreport.record import Accuracy, Agreement, NotMeasured
from ovreport_collector.engines.types import OutputsResult, ThreadSettings
from ovreport_collector.measurements.base import PassName
from ovreport_collector.measurements.generation.run import GenerationResult
from ovreport_collector.measurements.results import GenerationQuality, InferenceStep
from ovreport_collector.process.job import JobFailed
from ovreport_collector.process.timing import NO_TIME, Timing


class Prepared(Struct, frozen=True, kw_only=True, tag="prepared"):
    """Devices were found and inputs made; once for each time that the run was started."""

    timing: Timing
    run: str = ""
    """Number of the run, which its first start draws."""


class OutputsDone(Struct, frozen=True, kw_only=True, tag="outputs-done"):
    """A case's outputs were compared with labels, and with the reference's."""

    case: str
    model: OutputsResult
    accuracy: Accuracy | NotMeasured
    additional_accuracy: dict[str, Accuracy | NotMeasured] = {}
    """By the names of the task's additional metrics."""
    agreement: Agreement | NotMeasured
    generation: GenerationQuality | None = None
    """Of a language model."""
    timing: Timing = NO_TIME
    """Since the step before; of the other steps too."""


class GivenUp(Struct, frozen=True, kw_only=True, tag="given-up"):
    """A case failed before its first process."""

    case: str
    at: str
    failure: JobFailed
    timing: Timing = NO_TIME


class ThreadsFound(Struct, frozen=True, kw_only=True, tag="threads-found"):
    """It was found out how many threads and requests OpenVINO has: a native framework gets them."""

    case: str
    thread_settings: ThreadSettings | None


class StepDone(Struct, frozen=True, kw_only=True, tag="step-done"):
    """A process of a case made a step: it started, measured a round, switched or ended."""

    case: str
    process: int
    name: PassName
    started_at: str
    """When the process was started."""
    result: InferenceStep | GenerationResult
    readings: dict[str, float] = {}
    """Noise over all visits of the process so far."""
    timing: Timing = NO_TIME


class FurtherDone(Struct, frozen=True, kw_only=True, tag="further-done"):
    """A further measurement was made after a process of a case."""

    case: str
    process: int
    name: str
    result: Any
    """The result of its job, or JobFailed."""
    timing: Timing = NO_TIME


class ProcessDone(Struct, frozen=True, kw_only=True, tag="process-done"):
    """A process of a case made all its steps, and what follows them was measured."""

    case: str
    process: int


class ProcessFailed(Struct, frozen=True, kw_only=True, tag="process-failed"):
    """A process of a case went wrong; what it measured before stays."""

    case: str
    process: int
    round: int
    """In which it went wrong, or before which."""
    started_at: str
    failure: JobFailed
    timing: Timing = NO_TIME


class Written(Struct, frozen=True, kw_only=True, tag="written"):
    """A case's record is in the store."""

    case: str
    path: str
    """Below the folder of records."""


Step = (
    Prepared
    | OutputsDone
    | GivenUp
    | ThreadsFound
    | StepDone
    | FurtherDone
    | ProcessDone
    | ProcessFailed
    | Written
)
"""All that a line can be."""

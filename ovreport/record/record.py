"""The record itself: one case measured at one time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from ovreport.record.accuracy import Accuracy, Agreement, Execution
from ovreport.record.arm import Arm
from ovreport.record.base import (
    NotMeasured,
    Outcome,
    Part,
    Skipped,
    Slug,
    Text,
    Unsupported,
    Verdict,
    VerdictName,
)
from ovreport.record.case import Case, InputData, Repeat, Tier
from ovreport.record.end_to_end import EndToEnd
from ovreport.record.energy import Energy
from ovreport.record.generation import Generation
from ovreport.record.load import Curve, OpenLoop
from ovreport.record.machine import (
    Device,
    FailedRound,
    Machine,
    MeasuringTime,
    ProcessNoise,
    RunSpread,
    Software,
)
from ovreport.record.memory import Memory
from ovreport.record.model import Model
from ovreport.record.speed import Latency, Startup, StartupCached, Throughput

__all__ = ["FORMAT", "MEASUREMENTS", "METHOD", "NOT_LANGUAGE", "Record", "json_schema"]

FORMAT = 5
"""Version of the record's format; `ovreport.record.migrations` says how it came about."""

METHOD = 2
"""Version of how speed, start-up and memory are measured. Raise it by one when the same case on the
same machine would give other numbers; what differs in it is never joined in a line or compared.

    1   a process a round (formats 1 to 4)
    2   several rounds in each process; the headline is what quiet rounds agree on
"""

NOT_LANGUAGE = Unsupported(reason="not a language model")
"""Why a classic model has no generation."""


class Record(Part, frozen=True, kw_only=True):
    """Everything measured of one case at one time."""

    format: Literal[5]
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
    additional_accuracy: list[Accuracy] = []
    """By other metrics, or on other data; `accuracy` is the headline."""
    additional_accuracy_missing: dict[Slug, NotMeasured] = {}
    """Name of an additional accuracy that could not be measured → why."""
    agreement: Agreement | NotMeasured
    curve: Curve | NotMeasured
    open_loop: OpenLoop | NotMeasured
    end_to_end: EndToEnd | NotMeasured
    energy: Energy | NotMeasured
    generation: Generation | NotMeasured = NOT_LANGUAGE
    """Of a language model, which has no other measurement of speed."""
    measuring_time: MeasuringTime | NotMeasured
    failed_rounds: list[FailedRound] = []
    noise: list[ProcessNoise]
    noise_unreadable: dict[str, Text]
    """Evidence that this machine does not give, and why."""
    run_spread: dict[Slug, RunSpread] = {}
    """Key of a metric → its spread over all cases of the run that this one was measured in."""
    verdicts: dict[VerdictName, Verdict]
    """The collector's; readers derive them again from the samples."""
    repeat: Repeat
    run: Annotated[str, Meta(pattern=r"^([0-9a-f]{16})?$(?!\n)")] = ""
    """What the records of one run have in common, stopped and resumed or not; empty in records of
    before runs were numbered."""
    method: Annotated[int, Meta(ge=1)] = METHOD
    """Version of how it was measured: see `ovreport.record.METHOD`."""
    arm: Arm | None = None
    """Which side of a comparison it is; None where the run compared no releases or settings."""

    def __post_init__(self) -> None:
        try:
            datetime.fromisoformat(self.measured_at)
        except ValueError as error:
            raise ValueError(f"measured_at is no time: {error}") from error


MEASUREMENTS = tuple(
    field.name
    for field in msgspec.structs.fields(Record)
    if Skipped in get_args(field.type) and field.name != "measuring_time"
)
"""Fields of a record that hold a measurement of the case: those that may be missing for a reason,
but for what measuring itself took."""


def json_schema() -> dict[str, object]:
    """Return the JSON Schema (2020-12) of a record."""
    return msgspec.json.schema(Record)

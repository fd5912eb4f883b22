"""What is known of a record without reading it: in the cache, and in memory of every record."""

from __future__ import annotations

from msgspec import Struct

from ovreport import checks, store
from ovreport.history import ArmMoment, CaseKey, arm_moment, case_key, had_no_file, line_conditions
from ovreport.record import Completed, Measured, Record
from ovreport_sitegen.data.names import ModelKey, device_key, model_key
from ovreport_sitegen.data.result import DeviceKey

SELF_CONTAINED = ("curve", "open_loop", "end_to_end")
"""Measurements whose metrics need nothing else of the record: these can be of another run."""


class Summary(Struct, frozen=True, array_like=True):
    """What is known of a record without reading it."""

    case: CaseKey
    machine: str
    """Id."""
    device: DeviceKey
    engine: str
    model: ModelKey
    title: str
    """Of the model."""
    openvino: str
    """Full build string."""
    kernel: str
    measured_at: str
    tier: str
    """Name."""
    min_seconds: float
    """Of the tier's loops."""
    run: str
    """What the records of one run have in common; empty: not known."""
    conditions: bytes
    """Points of one line over time have the same: `ovreport.history.line_conditions`."""
    started: tuple[str, str]
    """When its first and its last process began to measure."""
    completed: bool
    """The case ran."""
    had_no_file: bool
    """It failed because its model could not be had."""
    measured: tuple[str, ...]
    """Which of `SELF_CONTAINED` it has."""
    identity: bytes
    """Checksum of what it says, however its file is laid out."""
    name: str
    """The file name that its content gives."""
    is_current_format: bool
    """Its file is a line as `ovreport.store.encode` writes it."""
    arm: ArmMoment | None
    """Of a run that compared releases or settings: which of them it is of."""
    contradiction: tuple[str, str, str] | None
    """What, where in the record and the remedy of the first one that `ovreport validate` finds."""

    @property
    def is_result(self) -> bool:
        """Whether it is a result of its case, and not evidence in a comparison."""
        return self.arm is None or self.arm.is_result


ALIKE = (
    "case",
    "machine",
    "device",
    "engine",
    "model",
    "title",
    "openvino",
    "measured",
    "kernel",
    "tier",
    "run",
    "conditions",
)
"""What many summaries have alike."""


def summary_of(record: Record, data: bytes, checksum: bytes, fault: checks.Fault | None) -> Summary:
    """Return the summary of a record.

    `data`, `checksum`: the bytes of its file and theirs; `fault`: what it contradicts itself in.
    """
    is_current_format = store.encode(record) == data
    starts = sorted(n.started_at for n in record.noise) or [""]
    return Summary(
        case=case_key(record),
        machine=record.machine.id,
        device=device_key(record),
        engine=record.case.engine,
        model=model_key(record),
        title=record.model.title,
        openvino=record.software.openvino,
        kernel=record.software.kernel,
        measured_at=record.measured_at,
        tier=record.tier.name,
        min_seconds=record.tier.min_seconds,
        run=record.run,
        conditions=line_conditions(record),
        started=(starts[0], starts[-1]),
        completed=isinstance(record.outcome, Completed),
        had_no_file=had_no_file(record),
        measured=tuple(m for m in SELF_CONTAINED if isinstance(getattr(record, m), Measured)),
        identity=checksum if is_current_format else store.identity(record),
        name=store.file_name(record, data),
        is_current_format=is_current_format,
        arm=arm_moment(record),
        contradiction=(fault.what, fault.path, fault.remedy) if fault else None,
    )

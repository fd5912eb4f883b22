"""Makes a record of what the journal holds about one case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from ovreport.metrics import verdicts
from ovreport.record import (
    Accuracy,
    Completed,
    FailedRound,
    InputData,
    Memory,
    MemoryMode,
    Model,
    NotMeasured,
    Original,
    Outcome,
    ProcessNoise,
    Published,
    Record,
    Skipped,
)
from ovreport_collector.machine import noise
from ovreport_collector.measurements import registry
from ovreport_collector.measurements.base import (
    FAILED_BEFORE,
    NO_ROUND,
    SEE_GENERATION,
    Measurement,
)
from ovreport_collector.plan.plan import Plan, PlannedCase, local_file
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process import timing
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session import reproduce
from ovreport_collector.session.journal import Journal, OutputsDone, RoundDone
from ovreport_collector.sources import as_fetched
from ovreport_collector.sources.cache import sha256_of


def record(
    plan: Plan, planned: PlannedCase, prepared: PreparedModel | JobFailed, journal: Journal
) -> Record:
    """Return the record of a case: of its finished rounds, or of its failure."""
    rounds, outputs = journal.rounds(planned.key), journal.outputs(planned.key)
    additional = outputs.additional_accuracy if outputs else {}
    fields: dict[str, Any] = {
        "execution": outputs.model.execution if outputs else FAILED_BEFORE,
        "accuracy": outputs.accuracy if outputs else FAILED_BEFORE,
        "agreement": outputs.agreement if outputs else FAILED_BEFORE,
        **_measurements(plan, planned, prepared, rounds, outputs),
    }
    made = Record(
        format=5,
        measured_at=_measured_at(planned, journal),
        case=planned.case,
        tier=plan.tier,
        software=plan.software,
        machine=plan.machine,
        device=plan.devices[planned.case.device],
        model=_model(plan, planned, prepared, outputs),
        inputs=prepared.data if isinstance(prepared, PreparedModel) else _no_inputs(plan),
        outcome=_outcome(planned, prepared, journal),
        additional_accuracy=[a for a in additional.values() if isinstance(a, Accuracy)],
        additional_accuracy_missing={
            name: why for name, why in additional.items() if isinstance(why, NotMeasured)
        },
        measuring_time=timing.total(journal.timings(planned.key)) or FAILED_BEFORE,
        failed_rounds=_failed_rounds(planned, journal),
        noise=[
            ProcessNoise(process=s.round, started_at=s.started_at, readings=s.readings)
            for s in rounds
        ],
        noise_unreadable=noise.unreadable(rounds[-1].readings) if rounds else {},
        verdicts={},
        repeat=reproduce.commands(plan, planned),
        **fields,
    )
    return msgspec.structs.replace(made, verdicts=verdicts(made))


# ---------------------------------------------------------------- measurements


def _measurements(
    plan: Plan,
    planned: PlannedCase,
    prepared: PreparedModel | JobFailed,
    rounds: Sequence[RoundDone],
    outputs: OutputsDone | None,
) -> dict[str, Any]:
    """Return the fields of all measurements, each measured or with the reason why not."""
    fields: dict[str, Any] = {}
    modes: dict[str, MemoryMode | NotMeasured] = {}
    for one in registry.MEASUREMENTS:
        results = [s.further[one.name] for s in rounds if one.name in s.further]
        why_not = None if results else _why_not(one, plan, planned, prepared, rounds)
        if one.is_field:
            fields[one.name] = why_not or one.part(results)
        if one.memory_mode:
            modes[one.memory_mode] = why_not or one.memory(results)
    quality = outputs.generation if outputs else None
    fields |= registry.workload(planned).fields([s.result for s in rounds], quality)
    if isinstance(fields["memory"], Memory):
        fields["memory"] = msgspec.structs.replace(fields["memory"], modes=modes)
    return fields


def _why_not(
    measurement: Measurement[Any],
    plan: Plan,
    planned: PlannedCase,
    prepared: PreparedModel | JobFailed,
    rounds: Sequence[RoundDone],
) -> NotMeasured:
    """Return why no round of a case has a measurement."""
    if planned.is_language:
        return SEE_GENERATION
    if measurement.name in plan.skip:
        return Skipped(reason=f"left out: --skip {measurement.name}")
    if not rounds or isinstance(prepared, JobFailed):
        return FAILED_BEFORE
    return registry.why_not(measurement, planned, prepared, plan.tier) or NO_ROUND


def _failed_rounds(planned: PlannedCase, journal: Journal) -> list[FailedRound]:
    """Return the rounds that failed, as a whole or in what others measured."""
    whole = [
        FailedRound(round=s.round, reason=s.failure.reason, cause=s.failure.cause)
        for s in journal.failed_rounds(planned.key)
    ]
    results = {step.round: step.result for step in journal.rounds(planned.key)}
    in_part = registry.workload(planned).failed_rounds(results)
    return sorted([*whole, *in_part], key=lambda one: one.round)


# ---------------------------------------------------------------- outcome and model


def _outcome(
    planned: PlannedCase, prepared: PreparedModel | JobFailed, journal: Journal
) -> Outcome:
    if journal.rounds(planned.key):
        return Completed()
    given_up = journal.given_up(planned.key)
    failed = journal.failed_rounds(planned.key)
    if given_up is not None:
        failure = given_up.failure
    elif failed:
        failure = failed[0].failure
    elif isinstance(prepared, JobFailed):
        failure = prepared
    else:
        failure = JobFailed(reason="no round was measured", cause="error")
    return failure.outcome()


def _model(
    plan: Plan,
    planned: PlannedCase,
    prepared: PreparedModel | JobFailed,
    outputs: OutputsDone | None,
) -> Model:
    entry = planned.model
    file = prepared.file if isinstance(prepared, PreparedModel) else None
    # A file's folder may name its user: of a local file only the name is recorded.
    fetched = as_fetched(entry.file)
    source = fetched.uri
    if source.startswith("file:"):
        source = f"file:{entry.file.name}"
    return Model(
        id=entry.id,
        title=entry.title,
        task=entry.task,
        source=source,
        sha256=fetched.sha256 or _sha256(local_file(plan.suite, entry) or file),
        size_bytes=_size(file) if file else 0,
        licence=entry.licence,
        homepage=entry.homepage,
        why=entry.why,
        architecture_only=entry.architecture_only,
        parameters=outputs.model.parameters if outputs else 0,
        inputs=outputs.model.inputs if outputs else [],
        outputs=outputs.model.outputs if outputs else [],
        published=msgspec.convert(entry.published, list[Published], from_attributes=True),
        origin=prepared.origin if isinstance(prepared, PreparedModel) else Original(),
    )


def _sha256(file: Path | None) -> str:
    # Without a file, or with one that went away since the suite was read, the case has failed.
    return sha256_of(file) if file is not None and file.is_file() else ""


def _size(file: Path) -> int:
    weights = file.with_suffix(".bin")
    has_weights = file.suffix == ".xml" and weights.exists()
    return file.stat().st_size + (weights.stat().st_size if has_weights else 0)


def _no_inputs(plan: Plan) -> InputData:
    return InputData(
        description="none: the model could not be prepared", distinct=0, seed=plan.seed
    )


def _measured_at(planned: PlannedCase, journal: Journal) -> str:
    """Return when the last step of a case began.

    Not the time of writing: a record that a crash kept out of the journal is made again, and
    must then be the same one.
    """
    key, given_up = planned.key, journal.given_up(planned.key)
    return max(
        [
            *(step.started_at for step in journal.rounds(key)),
            *(step.started_at for step in journal.failed_rounds(key)),
            *([given_up.at] if given_up else []),
        ]
    )

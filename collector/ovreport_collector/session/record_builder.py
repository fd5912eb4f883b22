"""Makes a record of what the journal holds about one case."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ovreport.metrics import verdicts
from ovreport.record import (
    Accuracy,
    Completed,
    Execution,
    Failed,
    InputData,
    Model,
    NotMeasured,
    Original,
    Outcome,
    Published,
    Record,
    RoundNoise,
    Unsupported,
)
from ovreport_collector.jobs import JobFailed
from ovreport_collector.machine import noise
from ovreport_collector.measurements import generation
from ovreport_collector.plan.plan import Plan, PlannedCase, local_file
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process import timing
from ovreport_collector.session import record_parts, reproduce
from ovreport_collector.session.journal import Described, GenerationDone, Journal, RoundDone
from ovreport_collector.session.record_parts import FAILED_BEFORE
from ovreport_collector.sources import as_fetched
from ovreport_collector.sources.cache import sha256_of
from ovreport_collector.suite import model


def record(
    plan: Plan, planned: PlannedCase, prepared: PreparedModel | JobFailed, journal: Journal
) -> Record:
    """Return the record of a case: of its finished rounds, or of its failure."""
    rounds = sorted(journal.rounds(planned.key), key=lambda step: step.round)
    steps: Sequence[RoundDone | GenerationDone] = rounds or _generated(planned, journal)
    described = journal.described(planned.key)
    further = described.additional_accuracy if described else {}
    extra = functools.partial(
        record_parts.extra, plan=plan, planned=planned, prepared=prepared, rounds=rounds
    )
    made = Record(
        format=4,
        measured_at=_measured_at(planned, journal),
        case=planned.case,
        tier=plan.tier,
        software=plan.software,
        machine=plan.machine,
        device=plan.devices[planned.case.device],
        model=_model(plan, planned, prepared, described),
        inputs=prepared.data if isinstance(prepared, PreparedModel) else _no_inputs(plan),
        outcome=_outcome(planned, prepared, journal),
        execution=_execution(rounds, described),
        startup=record_parts.startup(rounds),
        startup_cached=record_parts.startup_cached(rounds),
        latency=record_parts.latency(rounds),
        throughput=record_parts.throughput(rounds),
        memory=record_parts.memory(rounds, extra("no_mmap")),
        accuracy=described.accuracy if described else FAILED_BEFORE,
        additional_accuracy=[a for a in further.values() if isinstance(a, Accuracy)],
        additional_accuracy_missing={
            name: why for name, why in further.items() if isinstance(why, NotMeasured)
        },
        agreement=described.agreement if described else FAILED_BEFORE,
        curve=extra("curve"),
        open_loop=extra("open_loop"),
        end_to_end=extra("end_to_end"),
        energy=record_parts.energy(rounds),
        measuring_time=timing.measuring_time(journal.spent_s(planned.key)) or FAILED_BEFORE,
        failed_rounds=record_parts.failed_rounds(rounds, journal.failed_rounds(planned.key)),
        noise=[
            RoundNoise(round=s.round, started_at=s.started_at, readings=s.readings) for s in steps
        ],
        noise_unreadable=noise.unreadable(steps[-1].readings) if steps else {},
        verdicts={},
        repeat=reproduce.commands(plan, planned),
    )
    if planned.is_language:
        made = msgspec.structs.replace(made, **generation.measurements(planned, journal))
    return msgspec.structs.replace(made, verdicts=verdicts(made))


def _generated(planned: PlannedCase, journal: Journal) -> list[GenerationDone]:
    return sorted(journal.generated(planned.key), key=lambda step: step.round)


# ---------------------------------------------------------------- outcome and model


def _outcome(
    planned: PlannedCase, prepared: PreparedModel | JobFailed, journal: Journal
) -> Outcome:
    if journal.rounds(planned.key) or journal.generated(planned.key):
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
    if failure.unsupported:
        return Unsupported(reason=failure.reason)
    return Failed(reason=failure.reason, cause=failure.cause, stderr_tail=failure.stderr_tail)


def _model(
    plan: Plan,
    planned: PlannedCase,
    prepared: PreparedModel | JobFailed,
    described: Described | None,
) -> Model:
    entry = planned.model
    file = prepared.file if isinstance(prepared, PreparedModel) else None
    # A file's folder may name its user: of a local file only the name is told.
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
        parameters=described.outputs.parameters if described else 0,
        inputs=described.outputs.inputs if described else [],
        outputs=described.outputs.outputs if described else [],
        published=[_published(figure) for figure in entry.published],
        origin=prepared.origin if isinstance(prepared, PreparedModel) else Original(),
    )


def _published(figure: model.Published) -> Published:
    return Published(
        metric=figure.metric,
        value=figure.value,
        variant=figure.variant,
        source=figure.source,
        url=figure.url,
        note=figure.note,
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
        description="none: the model could not be made ready", distinct=0, seed=plan.seed
    )


def _execution(rounds: Sequence[RoundDone], described: Described | None) -> Execution | NotMeasured:
    if rounds:
        return rounds[0].result.execution
    return described.outputs.execution if described else FAILED_BEFORE


def _measured_at(planned: PlannedCase, journal: Journal) -> str:
    """Return when the last step of a case began.

    Not the time of writing: a record that a crash kept out of the journal is made again, and
    must then be the same one.
    """
    key, given_up = planned.key, journal.given_up(planned.key)
    return max(
        [
            *(step.started_at for step in journal.rounds(key)),
            *(step.started_at for step in journal.generated(key)),
            *(step.started_at for step in journal.failed_rounds(key)),
            *([given_up.at] if given_up else []),
        ]
    )

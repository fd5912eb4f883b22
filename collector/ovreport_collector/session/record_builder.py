"""Makes a record of what the journal holds about one case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ovreport import repeat
from ovreport.metrics import verdicts
from ovreport.metrics.spread import run_spreads
from ovreport.record import (
    Accuracy,
    Completed,
    FailedRound,
    InputData,
    LatencyRound,
    Memory,
    MemoryMode,
    Model,
    NotMeasured,
    Original,
    Outcome,
    ProcessNoise,
    Published,
    Record,
    Repeat,
    RunSpread,
    Skipped,
    SourceFile,
    ThroughputRound,
    checksum_of,
)
from ovreport_collector.machine import noise
from ovreport_collector.measurements import registry
from ovreport_collector.measurements.base import (
    FAILED_BEFORE,
    NO_ROUND,
    SEE_GENERATION,
    Measurement,
)
from ovreport_collector.measurements.results import InferenceResult
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process import timing
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session import reproduce
from ovreport_collector.session.journal import CaseProcess, Journal
from ovreport_collector.session.steps import OutputsDone
from ovreport_collector.sources import as_fetched
from ovreport_collector.sources.model_files import files_of

_NO_SPREAD: Mapping[str, RunSpread] = {}


def record(
    plan: Plan,
    planned: PlannedCase,
    prepared: PreparedModel | JobFailed,
    journal: Journal,
    run_spread: Mapping[str, RunSpread] = _NO_SPREAD,
    files: Sequence[SourceFile] = (),
) -> Record:
    """Return the record of a case: of what its processes measured, or of its failure.

    `run_spread` is of all cases of the run: see `spreads`. `files`: what the model as published
    consists of; none where it could not be had.
    """
    unjudged = _unjudged(plan, planned, prepared, journal, files)
    made = msgspec.structs.replace(unjudged, run_spread=dict(run_spread))
    return msgspec.structs.replace(made, verdicts=verdicts(made))


def _unjudged(
    plan: Plan,
    planned: PlannedCase,
    prepared: PreparedModel | JobFailed,
    journal: Journal,
    files: Sequence[SourceFile] = (),
) -> Record:
    """Return the record of a case without its verdicts, and without the spread of its run."""
    processes, outputs = journal.processes(planned.key), journal.outputs(planned.key)
    additional = outputs.additional_accuracy if outputs else {}
    fields: dict[str, Any] = {
        "execution": outputs.model.execution if outputs else FAILED_BEFORE,
        "accuracy": outputs.accuracy if outputs else FAILED_BEFORE,
        "agreement": outputs.agreement if outputs else FAILED_BEFORE,
        **_measurements(plan, planned, prepared, journal),
    }
    made = Record(
        format=5,
        measured_at=_measured_at(planned, journal),
        case=planned.case,
        tier=plan.tier,
        software=plan.software_of(planned),
        machine=plan.machine,
        device=plan.device_of(planned),
        model=_model(planned, prepared, outputs, files),
        inputs=prepared.data if isinstance(prepared, PreparedModel) else _no_inputs(plan),
        outcome=_outcome(planned, prepared, journal),
        additional_accuracy=[a for a in additional.values() if isinstance(a, Accuracy)],
        additional_accuracy_missing={
            name: why for name, why in additional.items() if isinstance(why, NotMeasured)
        },
        measuring_time=timing.total(journal.timings(planned.key)) or FAILED_BEFORE,
        failed_rounds=_failed_rounds(planned, journal),
        noise=_noise(processes),
        noise_unreadable=_unreadable(journal.results(planned), processes),
        run_spread={},
        verdicts={},
        repeat=Repeat(ovreport=reproduce.command(plan, planned), benchmark_app=""),
        run=journal.run,
        arm=planned.arm.about if planned.arm else None,
        **fields,
    )
    theirs = next((one.command for one in repeat.nearest(made, by_name=True)), "")
    both = msgspec.structs.replace(made.repeat, benchmark_app=theirs)
    return msgspec.structs.replace(made, repeat=both)


def spreads(
    plan: Plan, prepared: Mapping[tuple[str, str], PreparedModel | JobFailed], journal: Journal
) -> dict[str, RunSpread]:
    """Return the spread of each metric over all cases of a run, as far as it has come.

    It follows from the journal alone: a record that is made again is the same.
    """
    records = [
        _unjudged(plan, planned, prepared[planned.file_key], journal)
        for planned in plan.cases
        if journal.results(planned)
    ]
    return run_spreads(records)


# ---------------------------------------------------------------- noise


def _noise(processes: Sequence[CaseProcess]) -> list[ProcessNoise]:
    """Return the noise over the visits of each process, as its last step tells it."""
    return [
        ProcessNoise(process=process.number, started_at=last.started_at, readings=last.readings)
        for process in processes
        if process.steps and (last := process.steps[-1]).readings
    ]


def _unreadable(results: Sequence[Any], processes: Sequence[CaseProcess]) -> dict[str, str]:
    """Return why the last process lacks readings, its own and those of its timed loops."""
    if not results:
        return {}
    found = dict(processes[-1].steps[-1].readings) if processes[-1].steps else {}
    last = results[-1]
    if isinstance(last, InferenceResult):
        loops: list[LatencyRound | ThroughputRound] = [*last.latency[-1:], *last.throughput[-1:]]
        for loop in loops:
            found |= loop.readings
    return noise.unreadable(found)


# ---------------------------------------------------------------- measurements


def _measurements(
    plan: Plan, planned: PlannedCase, prepared: PreparedModel | JobFailed, journal: Journal
) -> dict[str, Any]:
    """Return the fields of all measurements, each measured or with the reason why not."""
    fields: dict[str, Any] = {}
    modes: dict[str, MemoryMode | NotMeasured] = {}
    processes, outputs = journal.processes(planned.key), journal.outputs(planned.key)
    done = journal.results(planned)
    for one in registry.MEASUREMENTS:
        results = [
            process.further[one.name] for process in processes if one.name in process.further
        ]
        why_not = None if results else _why_not(one, plan, planned, prepared, has_any=bool(done))
        if one.is_field:
            fields[one.name] = why_not or one.part(results)
        if one.memory_mode:
            modes[one.memory_mode] = why_not or one.memory(results)
    quality = outputs.generation if outputs else None
    fields |= registry.workload(planned).fields(done, quality)
    if isinstance(fields["memory"], Memory):
        fields["memory"] = msgspec.structs.replace(fields["memory"], modes=modes)
    return fields


def _why_not(
    measurement: Measurement[Any],
    plan: Plan,
    planned: PlannedCase,
    prepared: PreparedModel | JobFailed,
    *,
    has_any: bool,
) -> NotMeasured:
    """Return why no process of a case was followed by a measurement."""
    if planned.is_language:
        return SEE_GENERATION
    if measurement.name in plan.skip:
        return Skipped(reason=f"left out: --skip {measurement.name}")
    if not has_any or isinstance(prepared, JobFailed):
        return FAILED_BEFORE
    return registry.why_not(measurement, planned, prepared, plan.tier) or NO_ROUND


def _failed_rounds(planned: PlannedCase, journal: Journal) -> list[FailedRound]:
    """Return the rounds in which a process went wrong, or that lack what others measured."""
    whole = [
        FailedRound(round=failed.round, reason=failed.failure.reason, cause=failed.failure.cause)
        for process in journal.processes(planned.key)
        if (failed := process.failed) is not None
    ]
    in_part = registry.workload(planned).failed_rounds(journal.results(planned))
    return sorted([*whole, *in_part], key=lambda one: one.round)


# ---------------------------------------------------------------- outcome and model


def _outcome(
    planned: PlannedCase, prepared: PreparedModel | JobFailed, journal: Journal
) -> Outcome:
    processes = journal.processes(planned.key)
    if any(process.is_done or process.rounds for process in processes):
        return Completed()
    given_up = journal.given_up(planned.key)
    failures = [process.failed.failure for process in processes if process.failed is not None]
    if given_up is not None:
        failure = given_up.failure
    elif failures:
        failure = failures[0]
    elif isinstance(prepared, JobFailed):
        failure = prepared
    else:
        failure = JobFailed(reason="no round was measured", cause="error")
    return failure.outcome()


def _model(
    planned: PlannedCase,
    prepared: PreparedModel | JobFailed,
    outputs: OutputsDone | None,
    files: Sequence[SourceFile],
) -> Model:
    entry = planned.model
    file = prepared.file if isinstance(prepared, PreparedModel) else None
    # A folder may name its user: of local files only the names are recorded.
    fetched = as_fetched(entry.file)
    source = fetched.uri
    if source.startswith("file:"):
        source = f"file:{entry.file.name}"
    return Model(
        id=entry.id,
        title=entry.title,
        task=entry.task,
        source=source,
        sha256=checksum_of(files) if files else fetched.sha256,
        files=list(files),
        size_bytes=_size(file) if file else sum(one.size_bytes for one in files),
        licence=entry.licence,
        homepage=entry.homepage,
        why=entry.why,
        architecture_only=entry.architecture_only,
        parameters=outputs.model.parameters if outputs else 0,
        weights=outputs.model.weights if outputs else {},
        inputs=outputs.model.inputs if outputs else [],
        outputs=outputs.model.outputs if outputs else [],
        published=msgspec.convert(entry.published, list[Published], from_attributes=True),
        origin=prepared.origin if isinstance(prepared, PreparedModel) else Original(),
    )


def _size(file: Path) -> int:
    return sum(one.stat().st_size for one in files_of(file))


def _no_inputs(plan: Plan) -> InputData:
    return InputData(
        description="none: the model could not be prepared", distinct=0, seed=plan.seed
    )


def _measured_at(planned: PlannedCase, journal: Journal) -> str:
    """Return when the last process of a case was started.

    Not the time of writing: a record that a crash kept out of the journal is made again, and
    must then be the same one.
    """
    key, given_up = planned.key, journal.given_up(planned.key)
    processes = journal.processes(key)
    return max(
        [
            *(step.started_at for process in processes for step in process.steps),
            *(process.failed.started_at for process in processes if process.failed is not None),
            *([given_up.at] if given_up else []),
        ]
    )

"""Makes a record of what the journal holds about one case."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from ovreport.record import (
    Accuracy,
    Completed,
    Energy,
    EnergyDomain,
    Execution,
    Failed,
    FailedRound,
    InputData,
    Latency,
    Memory,
    MemoryMode,
    Model,
    NotMeasured,
    Original,
    Outcome,
    Published,
    Record,
    Repeat,
    RoundNoise,
    Skipped,
    Startup,
    StartupCached,
    Throughput,
    Unsupported,
)
from ovreport.verdict import judge
from ovreport_collector import calibration, extras, language, noise, spent, suite
from ovreport_collector.jobs import AspectName, CachedStartResult, JobFailed
from ovreport_collector.journal import GenerationDone, Journal, RoundDone, RoundFailed
from ovreport_collector.making.converted import MODEL_FILE
from ovreport_collector.making.variants import made_name
from ovreport_collector.plan import Plan, PlannedCase, local_file
from ovreport_collector.prepare import Ready
from ovreport_collector.sources import as_fetched
from ovreport_collector.sources.cache import sha256_of

_FAILED_BEFORE = Skipped(reason="the case failed before this was measured")


def record(plan: Plan, planned: PlannedCase, ready: Ready | JobFailed, journal: Journal) -> Record:
    """Return the record of a case: of its finished rounds, or of its failure."""
    rounds = sorted(journal.rounds(planned.key), key=lambda step: step.round)
    steps: Sequence[RoundDone | GenerationDone] = rounds or _generated(planned, journal)
    described = journal.described(planned.key)
    outcome = _outcome(planned, ready, journal)
    further = described.further_accuracy if described else {}
    skipped = _FAILED_BEFORE
    made = Record(
        format=3,
        measured_at=_measured_at(planned, journal),
        case=planned.case,
        tier=plan.tier,
        software=plan.software,
        machine=plan.machine,
        device=plan.devices[planned.case.device],
        model=_model(plan, planned, ready, journal),
        inputs=ready.data if isinstance(ready, Ready) else _no_inputs(plan),
        outcome=outcome,
        execution=_execution(rounds) or (described.outputs.execution if described else skipped),
        startup=Startup(rounds=[s.result.startup for s in rounds]) if rounds else skipped,
        startup_cached=_startup_cached(rounds) if rounds else skipped,
        latency=_latency(rounds) if rounds else skipped,
        throughput=_throughput(rounds) if rounds else skipped,
        memory=_memory(plan, planned, ready, rounds) if rounds else skipped,
        accuracy=described.accuracy if described else skipped,
        further_accuracy=[a for a in further.values() if isinstance(a, Accuracy)],
        further_accuracy_missing={
            name: why for name, why in further.items() if isinstance(why, NotMeasured)
        },
        agreement=described.agreement if described else skipped,
        curve=_extra("curve", plan, planned, ready, rounds),
        open_loop=_extra("open_loop", plan, planned, ready, rounds),
        end_to_end=_extra("end_to_end", plan, planned, ready, rounds),
        energy=_energy(rounds) if rounds else skipped,
        calibration=calibration.aspect([s.calibration for s in steps]),
        effort=spent.effort(journal.spent_s(planned.key)) or skipped,
        failed_rounds=_failed_rounds(rounds, journal.failed_rounds(planned.key)),
        noise=[
            RoundNoise(round=s.round, started_at=s.started_at, readings=s.readings) for s in steps
        ],
        noise_unreadable=noise.unreadable(steps[-1].readings) if steps else {},
        verdicts={},
        repeat=repeat(plan, planned),
    )
    if planned.is_language:
        made = msgspec.structs.replace(made, **language.aspects(planned, journal))
    return msgspec.structs.replace(made, verdicts=judge(made))


def _generated(planned: PlannedCase, journal: Journal) -> list[GenerationDone]:
    return sorted(journal.generated(planned.key), key=lambda step: step.round)


def repeat(plan: Plan, planned: PlannedCase) -> Repeat:
    """Return the commands that measure this case again."""
    case = planned.case
    ours = [
        "ovreport", "collect", "--suite", plan.suite_name, "--tier", plan.tier.name,
        "--model", case.model, *_variant(planned), "--device", case.device, *_what_runs(planned),
        "--seed", str(plan.seed),
    ]  # fmt: skip
    for name in plan.skip:
        ours += ["--skip", name]
    if planned.model.data in plan.suite.brought:
        ours += ["--dataset", f"{planned.model.data}=PATH"]
        if plan.samples is not None:
            ours += ["--samples", str(plan.samples)]
    for name in plan.plugins:
        ours += ["--plugin", f"{name}=PATH"]
    shapes = ",".join(
        f"{name}[{','.join(map(str, shape))}]" for name, shape in planned.model.shapes.items()
    )
    theirs = [
        "benchmark_app", "-m", _run_name(planned), "-d", case.device,
        "-hint", "latency", "-t", f"{plan.tier.min_seconds:g}", "-shape", shapes,
    ]  # fmt: skip
    if case.precision != "default":
        theirs += ["-infer_precision", case.precision]
    nearest = "" if planned.is_native or planned.is_language else shlex.join(theirs)
    return Repeat(ovreport=shlex.join(ours), benchmark_app=nearest)


def _what_runs(planned: PlannedCase) -> list[str]:
    """Return the options that choose the case; a native framework's with OpenVINO beside it."""
    if planned.is_native:
        return ["--engine", "openvino", "--engine", planned.case.engine]
    return ["--precision", planned.case.precision]


def _variant(planned: PlannedCase) -> list[str]:
    """Return the option that chooses the variant, where there is a choice."""
    if planned.is_made or planned.model.variants:
        return ["--variant", planned.case.variant]
    return []


def _run_name(planned: PlannedCase) -> str:
    """Return the name of the file that was run: of a variant, as `making` keeps it."""
    if planned.is_made:
        return made_name(planned.model, planned.case.variant)
    return _file_name(planned.model)


def _file_name(model: suite.Model) -> str:
    """Return the name of the file that was run; a converted one has no name of its own."""
    return MODEL_FILE if model.converter else _published_name(model)


def _published_name(model: suite.Model) -> str:
    return model.file.uri.removeprefix("file:").rpartition("/")[2]


# ---------------------------------------------------------------- outcome and model


def _outcome(planned: PlannedCase, ready: Ready | JobFailed, journal: Journal) -> Outcome:
    if journal.rounds(planned.key) or journal.generated(planned.key):
        return Completed()
    given_up = journal.given_up(planned.key)
    failed = journal.failed_rounds(planned.key)
    if given_up is not None:
        failure = given_up.failure
    elif failed:
        failure = failed[0].failure
    elif isinstance(ready, JobFailed):
        failure = ready
    else:
        failure = JobFailed(reason="no round was measured", cause="error")
    if failure.unsupported:
        return Unsupported(reason=failure.reason)
    return Failed(reason=failure.reason, cause=failure.cause, stderr_tail=failure.stderr_tail)


def _model(plan: Plan, planned: PlannedCase, ready: Ready | JobFailed, journal: Journal) -> Model:
    entry, described = planned.model, journal.described(planned.key)
    file = ready.file if isinstance(ready, Ready) else None
    # A file's folder may name its user: of a local file only the name is told.
    fetched = as_fetched(entry.file)
    source = fetched.uri
    if source.startswith("file:"):
        source = f"file:{_published_name(entry)}"
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
        made=ready.made if isinstance(ready, Ready) else Original(),
    )


def _published(figure: suite.Published) -> Published:
    return Published(
        metric=figure.metric, value=figure.value, variant=figure.variant, source=figure.source,
        url=figure.url, note=figure.note,
    )  # fmt: skip


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


# ---------------------------------------------------------------- aspects


def _execution(rounds: Sequence[RoundDone]) -> Execution | NotMeasured | None:
    return rounds[0].result.execution if rounds else None


def _latency(rounds: Sequence[RoundDone]) -> Latency | NotMeasured:
    measured = [s.result.latency for s in rounds if s.result.latency is not None]
    if not measured:
        return _why(rounds, "latency")
    return Latency(settings=rounds[0].result.latency_settings, rounds=measured)


def _throughput(rounds: Sequence[RoundDone]) -> Throughput | NotMeasured:
    measured = [s.result.throughput for s in rounds if s.result.throughput is not None]
    if not measured:
        return _why(rounds, "throughput")
    # One inference answers one call, whatever the batch in the model's shape.
    return Throughput(settings=rounds[0].result.throughput_settings, batch=1, rounds=measured)


def _failed_rounds(rounds: Sequence[RoundDone], failed: Sequence[RoundFailed]) -> list[FailedRound]:
    """Return the rounds that failed, as a whole or in an aspect that others measured."""
    found = [
        FailedRound(round=s.round, reason=s.failure.reason, cause=s.failure.cause) for s in failed
    ]
    aspects: tuple[AspectName, ...] = ("latency", "throughput")
    for aspect in aspects:
        whys = {s.round: s.result.missing.get(aspect) for s in rounds}
        if None not in whys.values():
            continue  # no round measured it: the aspect itself says why
        found += [
            FailedRound(round=index, reason=f"{aspect}: {why.reason}", cause=why.cause)
            for index, why in whys.items()
            if isinstance(why, Failed)
        ]
    return sorted(found, key=lambda one: one.round)


def _memory(
    plan: Plan, planned: PlannedCase, ready: Ready | JobFailed, rounds: Sequence[RoundDone]
) -> Memory | NotMeasured:
    measured = [s.result.memory for s in rounds if s.result.memory is not None]
    if not measured:
        return _why(rounds, "memory")
    return Memory(
        rounds=measured,
        modes={
            "no-mmap": _extra("no_mmap", plan, planned, ready, rounds),
            "cached": _cached_memory(rounds),
        },
        unreadable={k: v for s in rounds for k, v in s.result.memory_unreadable.items()},
    )


def _cached_memory(rounds: Sequence[RoundDone]) -> MemoryMode | NotMeasured:
    cached = _startup_cached(rounds)
    if not isinstance(cached, StartupCached):
        return cached
    starts = [s.cached for s in rounds if isinstance(s.cached, CachedStartResult)]
    found = [start.memory for start in starts if start.memory is not None]
    return MemoryMode(rounds=found) if found else Skipped(reason="no round measured this")


def _energy(rounds: Sequence[RoundDone]) -> Energy | NotMeasured:
    """Return every domain with its rounds; one that a round lacks keeps the others."""
    measured = [s.result.energy for s in rounds if s.result.energy is not None]
    if not measured:
        return _why(rounds, "energy")
    by_domain: dict[str, list[EnergyDomain]] = {}
    for one in measured:
        for domain in one.domains:
            by_domain.setdefault(domain.name, []).append(domain)
    return Energy(
        method=measured[0].method,
        domains=[
            msgspec.structs.replace(same[0], rounds=[r for domain in same for r in domain.rounds])
            for same in by_domain.values()
        ],
    )


def _extra(
    name: str, plan: Plan, planned: PlannedCase, ready: Ready | JobFailed,
    rounds: Sequence[RoundDone],
) -> Any:  # fmt: skip  # noqa: ANN401 (each field has its own type)
    """Return an extra aspect of the rounds that measured it, or why there is none."""
    if name in plan.skip:
        return Skipped(reason=f"left out: --skip {name}")
    if not rounds or isinstance(ready, JobFailed):
        return _FAILED_BEFORE
    extra = extras.by_name(name)
    if extra is None:
        return Skipped(reason="this ovreport does not measure it")
    why_not = extras.why_not(extra, planned, ready, plan.tier.name)
    if why_not is not None:
        return why_not
    results = [s.extras[name] for s in rounds if name in s.extras]
    return extra.aspect(results) if results else Skipped(reason="no round measured this")


def _why(rounds: Sequence[RoundDone], aspect: AspectName) -> NotMeasured:
    reasons = [s.result.missing[aspect] for s in rounds if aspect in s.result.missing]
    return reasons[0] if reasons else Skipped(reason="no round measured this")


def _startup_cached(rounds: Sequence[RoundDone]) -> StartupCached | NotMeasured:
    results = [s.cached for s in rounds]
    failures = [r for r in results if isinstance(r, JobFailed)]
    if failures and failures[0].unsupported:
        return Unsupported(reason=failures[0].reason)
    if failures:
        return Failed(
            reason=failures[0].reason,
            cause=failures[0].cause,
            stderr_tail=failures[0].stderr_tail,
        )
    starts = [r for r in results if isinstance(r, CachedStartResult)]
    if not all(start.loaded_from_cache for start in starts):
        return Unsupported(
            reason="the plugin did not report LOADED_FROM_CACHE: it compiled the model again"
        )
    return StartupCached(
        rounds=[start.startup for start in starts],
        cache_bytes=max(start.cache_bytes for start in starts),
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
            *(step.started_at for step in journal.generated(key)),
            *(step.started_at for step in journal.failed_rounds(key)),
            *([given_up.at] if given_up else []),
        ]
    )

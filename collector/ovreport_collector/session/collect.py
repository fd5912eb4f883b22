"""From what the user asked for to records: plan, fetch, measure, summarise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from rich.console import Console

from ovreport import paths, store
from ovreport.engines import OPENVINO, of_kind
from ovreport.errors import InputError, OvreportError
from ovreport.record import (
    MEASUREMENTS,
    Completed,
    Device,
    Failed,
    MeasuringTime,
    Precision,
    Record,
)
from ovreport_collector import datasets, sources
from ovreport_collector.jobs import JobFailed, ProbeJob, ProbeResult
from ovreport_collector.machine import describe
from ovreport_collector.models import variants
from ovreport_collector.plan import engines as frameworks
from ovreport_collector.plan.plan import TIERS, Plan, PlannedCase, cases
from ovreport_collector.process import child, timing, workspace
from ovreport_collector.process.timing import Ledger
from ovreport_collector.session.context import RunContext
from ovreport_collector.session.journal import Journal, Prepared
from ovreport_collector.session.prepare_all import prepare_all
from ovreport_collector.session.progress import display_for
from ovreport_collector.session.scheduler import Run
from ovreport_collector.suite import language
from ovreport_collector.suite import model as suite

PROBE_LIMIT_S = 120.0


@dataclass(frozen=True)
class Request:
    """What the user asked for, not yet interpreted."""

    suite: str
    tier: str
    models: Sequence[str]
    devices: Sequence[str]
    precisions: Sequence[Precision]
    plugins: Mapping[str, str]
    seed: int
    skip: Sequence[str] = ()
    """Extra aspects to leave out."""
    engines: Sequence[str] = ()
    """Engines by name, or `native`; none: OpenVINO."""
    variants: Sequence[str] = ()
    """Variants by name, or `published`; none: that one, and those that the suite names."""
    datasets: Mapping[str, str] = field(default_factory=dict)
    """Dataset of the suite → the user's folder."""
    samples: int | None = None
    """The most that are judged of each of them."""


@dataclass(frozen=True)
class Collected:
    """What came of a plan."""

    records: list[Record]
    measuring_time: MeasuringTime | None
    """Of all cases and what they share, downloads aside; None where no step was measured."""


def probe(devices: Sequence[str], plugins: Mapping[str, str]) -> ProbeResult:
    """Ask OpenVINO for its devices, in a process of its own: a driver may crash it."""
    with workspace.working_folder() as work:
        job = ProbeJob(devices=list(devices), plugins=dict(plugins))
        result = child.run(job, work, limit_s=PROBE_LIMIT_S)
    if isinstance(result, JobFailed) and plugins:
        raise InputError(
            f"a plugin cannot be registered: {result.reason}",
            where="--plugin",
            remedy="Use a name that OpenVINO does not have yet, and a library made for this "
            "release.",
        )
    if isinstance(result, JobFailed):
        raise OvreportError(
            f"OpenVINO could not list its devices: {result.reason}",
            remedy=result.stderr_tail or "Check the installation: python -c 'import openvino'",
        )
    assert isinstance(result, ProbeResult)  # noqa: S101 (a ProbeJob has no other result)
    return result


def make_plan(request: Request) -> Plan:
    """Return what the request means here; InputError or SuiteError if it means nothing."""
    ledger = Ledger()
    loaded = datasets.use_local(suite.load(request.suite), request.datasets, request.samples)
    named = [loaded.model(name) for name in dict.fromkeys(request.models)]
    models, without = language.runnable(named or loaded.models, by_name=bool(named))
    frameworks.require(
        e for model in models for e in frameworks.engines_for(model, request.engines)
    )
    probed = probe(request.devices, request.plugins)
    unique = {
        device.name: device for device in _usable(probed, {*request.devices, *request.plugins})
    }
    name = request.suite if request.suite in suite.builtin() else Path(request.suite).name
    chosen, left_out = variants.choose(models, request.variants)
    calibrated = {m.id for m in models if any(variants.is_calibrated(n) for n in chosen[m.id])}
    loaded = datasets.hold_out(loaded, calibrated)
    models = [loaded.model(model.id) for model in models]
    planned = tuple(
        cases(models, tuple(unique.values()), request.precisions, request.engines, chosen)
    )
    _check_some_variant(request, planned)
    engines = {p.case.engine for p in planned}
    others = set(request.engines) - {OPENVINO}
    if others and not engines & (others | {engine.id for engine in of_kind("native")}):
        raise InputError(
            f"nothing for {', '.join(sorted(others))} in the models, devices and precisions "
            "asked for",
            where="--engine",
            remedy="Native frameworks read ONNX, TFLite and TorchScript files, and run on the "
            "device CPU at f32.",
        )
    return Plan(
        suite=loaded,
        suite_name=name,
        tier=TIERS[request.tier],
        seed=request.seed,
        cases=planned,
        devices=unique,
        plugins=request.plugins,
        machine=describe.describe(),
        software=describe.software(
            probed.openvino, frameworks.versions(engines) | language.versions(engines)
        ),
        skip=tuple(sorted(set(request.skip))),
        tools=variants.versions(p.case.variant for p in planned if p.is_made),
        left_out=" ".join(filter(None, (without, left_out))),
        samples=request.samples,
        spent_s=ledger.take("process"),
    )


def _check_some_variant(request: Request, planned: Sequence[PlannedCase]) -> None:
    if request.variants and not planned:
        raise InputError(
            "no model and engine asked for has such a variant",
            where=" ".join(f"--variant {name}" for name in request.variants),
            remedy="Only fp32 models and language models are optimized, and OpenVINO alone runs "
            "what is made of them: ovreport models --suite NAME shows each model's weights.",
        )


def _usable(probed: ProbeResult, requested: set[str]) -> list[Device]:
    """Return the devices found; InputError if one that is wanted cannot be used.

    Nothing asked for: every available device is wanted, and there must be one.
    """
    wanted = [u for u in probed.unavailable if u.name in requested | set(probed.available)]
    if wanted or not probed.devices:
        first = (wanted or probed.unavailable)[0]
        raise InputError(
            f"device {first.name!r} cannot be used: {first.reason}",
            where="--device",
            remedy=f"Available: {', '.join(probed.available) or 'none'}. "
            "`ovreport devices` says why others are not.",
        )
    return probed.devices


def measure(
    plan: Plan, out: Path, console: Console, *, timeout_s: float | None, fresh: bool
) -> Collected:
    """Measure a plan and write its records below `out`; return them, and what they took.

    Raises StoreError before anything is measured if `out` cannot be written.
    """
    workspace.check_writable(out)
    with workspace.one_at_a_time(console), workspace.working_folder() as work:
        sources.settle(plan.suite, plan.models)  # what is not pinned is a part of the key
        journal_path = paths.state() / "runs" / f"{plan.key}.jsonl"
        store.sweep(out / plan.machine.id)
        if fresh:
            journal_path.unlink(missing_ok=True)
        journal = Journal(journal_path)
        _tell_what_is_kept(journal, plan, console)
        ledger = Ledger()
        try:
            with display_for(console, plan, done=_done(plan, journal)) as display:
                prepared = prepare_all(plan, work, display, ledger)
                journal.add(Prepared(spent_s=timing.total([ledger.take("inputs"), plan.spent_s])))
                context = RunContext(
                    plan=plan,
                    prepared=prepared,
                    journal=journal,
                    work=work,
                    display=display,
                    ledger=ledger,
                    timeout_s=timeout_s,
                )
                Run(context, out).measure()
        except KeyboardInterrupt:
            kept = _rounds(len(_done(plan, journal)))
            console.print(f"Stopped. {kept} kept; the same command goes on from there.")
            raise
        collected = Collected(
            _all_records(journal, plan, out), timing.measuring_time(journal.spent_s())
        )
        journal.close()
    return collected


def _tell_what_is_kept(journal: Journal, plan: Plan, console: Console) -> None:
    if journal.set_aside is not None:
        console.print(
            f"A stopped run of this plan is damaged, or of another version: kept as "
            f"{journal.set_aside}, and measured anew.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if done := _done(plan, journal):
        console.print(f"Resuming: {_rounds(len(done))} measured already.")


def _all_records(journal: Journal, plan: Plan, out: Path) -> list[Record]:
    """Return the records of all cases of a run, those written before it was stopped too."""
    found = []
    for planned in plan.cases:
        path = journal.written(planned.key, out)
        if path is not None:
            found.append(store.read(path))
    return found


def failures(records: Sequence[Record]) -> list[Record]:
    """Return the records of cases that did not complete, or of which an aspect failed."""
    return [record for record in records if not _is_whole(record)]


def _is_whole(record: Record) -> bool:
    measurements = [getattr(record, name) for name in MEASUREMENTS]
    return isinstance(record.outcome, Completed) and not any(
        isinstance(a, Failed) for a in measurements
    )


def _rounds(n: int) -> str:
    return "1 round is" if n == 1 else f"{n} rounds are"


def _done(plan: Plan, journal: Journal) -> list[int]:
    keys = [planned.key for planned in plan.cases]
    classic = [step.round for key in keys for step in journal.rounds(key)]
    return classic + [step.round for key in keys for step in journal.generated(key)]


def plan_as_json(plan: Plan) -> dict[str, object]:
    """Return a plan for scripts."""
    return {
        "key": plan.key,
        "suite": plan.suite_name,
        "tier": msgspec.to_builtins(plan.tier),
        "expected_s": plan.expected_s,
        "left_out": plan.left_out,
        "unpinned": plan.unpinned,
        "absent_datasets": plan.absent,
        "cases": [msgspec.to_builtins(planned.case) for planned in plan.cases],
    }


def collected_as_json(collected: Collected, out: Path) -> dict[str, object]:
    """Return an outcome for scripts."""
    measuring_time = collected.measuring_time
    return {
        "records": len(collected.records),
        "failed": len(failures(collected.records)),
        "out": str(out),
        "measuring_time": msgspec.to_builtins(measuring_time)
        if measuring_time is not None
        else None,
    }

"""From what the user asked for to records: plan, fetch, measure, summarise."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import filelock
import msgspec
from rich.console import Console

from ovreport import folders
from ovreport.errors import InputError, OvreportError, StoreError
from ovreport.record import ASPECTS, Completed, Device, Failed, Precision, Record
from ovreport_collector import child, machine, sources, suite
from ovreport_collector.display import Display, display_for
from ovreport_collector.jobs import JobFailed, ProbeJob, ProbeResult
from ovreport_collector.journal import Journal
from ovreport_collector.plan import TIERS, Plan, cases
from ovreport_collector.prepare import Ready, make_ready
from ovreport_collector.privacy import redacted
from ovreport_collector.run import Run

PROBE_LIMIT_S = 120.0
_MAX_REASON = 2000


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


def probe(devices: Sequence[str], plugins: Mapping[str, str]) -> ProbeResult:
    """Ask OpenVINO for its devices, in a process of its own: a driver may crash it."""
    with tempfile.TemporaryDirectory(prefix="ovreport-") as work:
        job = ProbeJob(devices=list(devices), plugins=dict(plugins))
        result = child.run(job, Path(work), limit_s=PROBE_LIMIT_S)
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
    loaded = suite.load(request.suite)
    models = [loaded.model(name) for name in dict.fromkeys(request.models)] or loaded.models
    probed = probe(request.devices, request.plugins)
    unique = {
        device.name: device for device in _usable(probed, {*request.devices, *request.plugins})
    }
    name = request.suite if request.suite in suite.builtin() else Path(request.suite).name
    return Plan(
        suite=loaded,
        suite_name=name,
        tier=TIERS[request.tier],
        seed=request.seed,
        cases=tuple(cases(models, tuple(unique.values()), request.precisions)),
        devices=unique,
        plugins=request.plugins,
        machine=machine.describe(),
        software=machine.software(probed.openvino),
        skip=tuple(sorted(set(request.skip))),
    )


def _usable(probed: ProbeResult, asked: set[str]) -> list[Device]:
    """Return the devices found; InputError if one that is wanted cannot be used.

    Nothing asked for: every available device is wanted, and there must be one.
    """
    wanted = [u for u in probed.unavailable if u.name in asked | set(probed.available)]
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
) -> list[Record]:
    """Measure a plan and write its records below `out`; return them.

    Raises StoreError before anything is measured if `out` cannot be written.
    """
    _check_writable(out)
    journal_path = folders.state() / "runs" / f"{plan.key}.jsonl"
    with one_at_a_time(console), tempfile.TemporaryDirectory(prefix="ovreport-") as work:
        if fresh:
            journal_path.unlink(missing_ok=True)
        journal = Journal(journal_path)
        if journal.steps:
            console.print(f"Resuming: {_done(plan, journal)} rounds are measured already.")
        try:
            with display_for(console, plan, done=_done(plan, journal)) as display:
                ready = _make_all_ready(plan, Path(work), display)
                run = Run(
                    plan=plan, ready=ready, journal=journal, work=Path(work), out=out,
                    display=display, timeout_s=timeout_s,
                )  # fmt: skip
                run.measure()
        except KeyboardInterrupt:
            kept = _done(plan, journal)
            console.print(f"Stopped. {kept} rounds are kept; the same command goes on from there.")
            raise
        records = _all_records(journal, plan, out)
        journal.close()
    return records


def _make_all_ready(plan: Plan, work: Path, display: Display) -> dict[str, Ready | JobFailed]:
    prepared = sources.prepare(
        plan.suite, plan.models, started=lambda d: display.working(f"fetching {d.name}")
    )
    ready: dict[str, Ready | JobFailed] = {}
    for model in plan.models:
        display.working(f"{model.title}: inputs")
        made = make_ready(model, prepared[model.id], work, seed=plan.seed)
        if isinstance(made, JobFailed):
            private = (plan.suite.folder, folders.cache(), work)
            reason = redacted(made.reason, private)[:_MAX_REASON]
            made = msgspec.structs.replace(made, reason=reason)
        ready[model.id] = made
    return ready


def _all_records(journal: Journal, plan: Plan, out: Path) -> list[Record]:
    """Return the records of all cases of a run, those written before it was stopped too."""
    from ovreport.store import read

    found = []
    for planned in plan.cases:
        path = journal.written(planned.key, out)
        if path is not None:
            found.append(read(path))
    return found


def failures(records: Sequence[Record]) -> list[Record]:
    """Return the records of cases that did not complete, or of which an aspect failed."""
    return [record for record in records if not _is_whole(record)]


def _is_whole(record: Record) -> bool:
    aspects = [getattr(record, name) for name in ASPECTS]
    return isinstance(record.outcome, Completed) and not any(isinstance(a, Failed) for a in aspects)


@contextlib.contextmanager
def one_at_a_time(console: Console) -> Iterator[None]:
    """Wait until no other collect runs on this machine: two would measure each other."""
    folder = folders.state()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / "collect.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            console.print("Another collect runs on this machine: waiting for it to end.")
            lock.acquire()
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror or error}",
            where=str(folder),
            remedy="Name a folder that can be written in OVREPORT_STATE.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _done(plan: Plan, journal: Journal) -> int:
    return sum(len(journal.rounds(planned.key)) for planned in plan.cases)


def _check_writable(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out) as file:
            file.write(b"ovreport")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(
            f"records cannot be written here: {error.strerror or error}",
            where=str(out),
            remedy="Name another folder with --out, or free space.",
        ) from error


def plan_as_json(plan: Plan) -> dict[str, object]:
    """Return a plan for scripts."""
    return {
        "key": plan.key,
        "suite": plan.suite_name,
        "tier": msgspec.to_builtins(plan.tier),
        "expected_s": plan.expected_s,
        "cases": [msgspec.to_builtins(planned.case) for planned in plan.cases],
    }

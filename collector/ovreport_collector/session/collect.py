"""From a plan to records: fetch, measure, summarise."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
from rich.console import Console

from ovreport import paths, store
from ovreport.errors import SourceError
from ovreport.record import MEASUREMENTS, Completed, Failed, MeasuringTime, Record, Unsupported
from ovreport_collector import datasets, sources
from ovreport_collector.doctor.preflight import preflight
from ovreport_collector.machine.core_to_core import CoreToCore
from ovreport_collector.plan import model_inputs
from ovreport_collector.plan.plan import Plan
from ovreport_collector.plan.validation import Fault, raise_all
from ovreport_collector.prepare.model import PreparedModel, contents, prepare_model, prepare_variant
from ovreport_collector.process import child, timing, workspace
from ovreport_collector.process.job import JobFailed
from ovreport_collector.process.redact import redacted
from ovreport_collector.process.timing import Stopwatch
from ovreport_collector.session import estimate
from ovreport_collector.session.context import RunContext
from ovreport_collector.session.journal import Journal
from ovreport_collector.session.progress import PlainDisplay, display_for
from ovreport_collector.session.scheduler import Run
from ovreport_collector.session.steps import Prepared
from ovreport_collector.sources import Files
from ovreport_collector.sources.model_files import Contents
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import OptionError

_MAX_REASON = 2000


@dataclass(frozen=True)
class AllPrepared:
    """The models of a plan, ready to be measured as far as they could be had."""

    models: Mapping[tuple[str, str], PreparedModel | JobFailed]
    """Model id and variant → the model, or what failed about it."""
    missing: Mapping[str, SourceError]
    """Id of each model that could not be had → why."""
    contents: Mapping[str, Contents]
    """Id of each model that could be had → the files that it consists of."""

    def of(self, plan: Plan) -> Plan:
        """Return a plan without the cases of the models that could not be had."""
        return replace(plan, cases=[p for p in plan.cases if p.model.id not in self.missing])


@dataclass(frozen=True)
class Collected:
    """The result of a collect: its records and its time."""

    records: list[Record]
    measuring_time: MeasuringTime | None
    """Of all cases and what they share, downloads aside; None where no step was measured."""
    not_started: Mapping[str, SourceError] = field(default_factory=dict)
    """Id of each model that could not be had, or changed meanwhile → why. That is no result of the
    model: there are no records of its cases."""

    @property
    def failed(self) -> list[Record]:
        """The records of cases that did not complete, or of which a measurement failed."""
        return [record for record in self.records if not _is_whole(record)]

    @property
    def unsupported(self) -> list[Record]:
        """Those of `failed` that no device or engine of this machine can run at all."""
        return [record for record in self.failed if isinstance(record.outcome, Unsupported)]


def measure(
    plan: Plan,
    out: Path,
    console: Console,
    *,
    timeout_s: float | None,
    fresh: bool,
    clock: timing.Clock = time.monotonic,
) -> Collected:
    """Measure a plan and write its records below `out`; return them, and what they took.

    `timeout_s` is the limit of one step of a measuring process; None: from the tier. `fresh`:
    what a stopped run measured is forgotten. `clock` times the run.
    Raises StoreError before anything is measured if `out` cannot be written.
    """
    workspace.check_writable(out)
    with (
        workspace.one_at_a_time(console),
        workspace.working_folder() as work,
        CoreToCore() as cores,
    ):
        _warn_of_machine()
        sources.resolve_unpinned(plan.suite, plan.models)  # what is not pinned is a part of the key
        journal_path = paths.state() / "runs" / f"{plan.key}.jsonl"
        store.sweep(out / plan.machine.id)
        if fresh:
            journal_path.unlink(missing_ok=True)
        journal = Journal(journal_path)
        _report_resumed(journal, plan, console)
        stopwatch = Stopwatch(clock)
        try:
            with display_for(console, plan, done=estimate.done(plan, journal)) as display:
                prepared = prepare_all(plan, work, display, stopwatch)
                plan = prepared.of(plan)
                number = journal.run or secrets.token_hex(8)
                journal.add(Prepared(timing=stopwatch.take() + plan.timing, run=number))
                context = RunContext(
                    plan=plan,
                    prepared=prepared.models,
                    contents=prepared.contents,
                    journal=journal,
                    work=work,
                    display=display,
                    stopwatch=stopwatch,
                    timeout_s=timeout_s,
                    cores=cores,
                )
                Run(context, out).measure()
        except KeyboardInterrupt:
            kept = _rounds(estimate.done(plan, journal).rounds)
            console.print(f"Stopped. {kept} kept; the same command goes on from there.")
            raise
        collected = Collected(
            _all_records(journal, plan, out),
            timing.total(journal.timings()),
            {**prepared.missing, **_changed(context, out)},
        )
        journal.close()
    return collected


def check(plan: Plan) -> None:
    """Raise SuiteError, as measuring would, for models of a user's suite that do not fit.

    Only of files that are here already: nothing is fetched.
    """
    if not plan.suite.folder:
        return
    here = [model for model in plan.models if not sources.missing(plan.suite, [model])]
    with workspace.working_folder() as work:
        fetched = sources.fetch(plan.suite, here)
        model_inputs.fitted(plan.suite, here, fetched, work, where=plan.suite_name)


def _warn_of_machine() -> None:
    """Print what will spoil results on this machine now, to stderr; nothing where all is well."""
    found = preflight(paths.cache())
    if not found:
        return
    console = Console(stderr=True)
    for line in (
        "This machine is not at its best for measuring:",
        *(f"  {one}" for one in found),
        "More of it, and what to change: ovreport doctor",
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _report_resumed(journal: Journal, plan: Plan, console: Console) -> None:
    if journal.set_aside is not None:
        console.print(
            f"A stopped run of this plan is damaged, or of another version: it was moved to "
            f"{journal.set_aside}, and everything is measured again.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if done := estimate.done(plan, journal).rounds:
        console.print(f"Resuming: {_rounds(done)} measured already.")


def _all_records(journal: Journal, plan: Plan, out: Path) -> list[Record]:
    """Return the records of all cases of a run, those written before it was stopped too."""
    found = []
    for planned in plan.cases:
        path = journal.written(planned.key, out)
        if path is not None:
            found.append(store.read(path))
    return found


def _changed(context: RunContext, out: Path) -> dict[str, SourceError]:
    """Return the models without a record whose files are others than when the run began.

    Some of their rounds are of one model, and some of the other.
    """
    models = {
        planned.model.id
        for planned in context.plan.cases
        if not context.journal.written(planned.key, out)
    }
    what = "its files changed while it was measured, so that nothing of it is recorded"
    remedy = "leave them alone, and run the same command again"
    return {
        one: SourceError(what, remedy=remedy) for one in sorted(models) if context.have_changed(one)
    }


def _is_whole(record: Record) -> bool:
    measured = (getattr(record, name) for name in MEASUREMENTS)
    completed = isinstance(record.outcome, Completed)
    return completed and not any(isinstance(one, Failed) for one in measured)


def _rounds(n: int) -> str:
    return "1 round is" if n == 1 else f"{n} rounds are"


# ---------------------------------------------------------------- files, inputs, variants


def prepare_all(plan: Plan, work: Path, display: PlainDisplay, stopwatch: Stopwatch) -> AllPrepared:
    """Return every model of a plan, the published file and what is made of it.

    What is done once and kept, fetching and optimizing, is not counted in what the plan takes.
    SuiteError, with all faults, if shapes are not of a model's inputs, or options do not fit.
    """
    with stopwatch.paused():
        fetched = sources.fetch(
            plan.suite, plan.models, started=lambda d: display.working(f"fetching {d.name}")
        )
    fitted = model_inputs.fitted(plan.suite, plan.models, fetched, work, where=plan.suite_name)
    found = {m.id: contents(m, f) for m in plan.models if isinstance(f := fetched[m.id], Files)}
    prepared: dict[tuple[str, str], PreparedModel | JobFailed] = {}
    missing: dict[str, SourceError] = {}
    faults: list[Fault] = []
    for model in plan.models:
        display.working(f"{model.title}: inputs", estimate.preparing(model))
        files = fetched[model.id]
        try:
            published = _published(plan, fitted[model.id], files, work)
        except OptionError as error:
            faults.append(Fault(error.where, error.what, error.remedy))
            continue
        except SourceError as error:
            missing[model.id] = error
            _show_missing(plan, model, error, display)
            continue
        prepared[model.id, model.variant] = published
        if faults:
            continue  # nothing will be measured
        for name in plan.optimized_variants(model):
            display.working(
                f"{model.title}: optimizing to {name}", estimate.optimizing(model, name)
            )
            with stopwatch.paused():
                made = _variant(published, name, files, work)
            prepared[model.id, name] = _redacted(made, plan, work)
    raise_all(faults, where=plan.suite_name)
    return AllPrepared(prepared, missing, found)


def _published(
    plan: Plan, fits: Model | JobFailed, files: sources.Fetched, work: Path
) -> PreparedModel | JobFailed:
    """Return a model as it is published, ready to be measured; raises as `prepare_model` does."""
    if isinstance(fits, JobFailed):
        return _redacted(fits, plan, work)
    user_datasets = datasets.recorded(plan.suite, fits)
    made = prepare_model(fits, files, work, seed=plan.seed, user_datasets=user_datasets)
    return _redacted(made, plan, work)


def _show_missing(plan: Plan, model: Model, error: SourceError, display: PlainDisplay) -> None:
    """Print why no case of a model is measured."""
    for planned in plan.cases:
        if planned.model.id == model.id:
            display.failed(planned, str(error))
            display.case_finished(planned)


def _variant(
    published: PreparedModel | JobFailed, name: str, files: sources.Fetched, work: Path
) -> PreparedModel | JobFailed:
    if isinstance(published, JobFailed):
        return published
    if isinstance(files, Exception):
        return JobFailed(reason=str(files), cause="error")
    return prepare_variant(published, name, files, work)


def _redacted(made: PreparedModel | JobFailed, plan: Plan, work: Path) -> PreparedModel | JobFailed:
    """Return a failure whose reason names no folder of the user's; a prepared model as it is.

    StoreError if the disk is full: that must not pass for a fault of the model.
    """
    if not isinstance(made, JobFailed):
        return made
    child.check_room(work)
    theirs = [one.folder for one in plan.suite.user_datasets.values()]
    own = [plan.suite.folder, *plan.suite.allowed_outside]
    private = [*own, *theirs, str(paths.cache()), str(work)]
    return msgspec.structs.replace(made, reason=redacted(made.reason, private)[:_MAX_REASON])

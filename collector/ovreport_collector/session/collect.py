"""From a plan to records: fetch, measure, summarise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console

from ovreport import paths, store
from ovreport.record import MEASUREMENTS, Completed, Failed, MeasuringTime, Record
from ovreport_collector import sources
from ovreport_collector.plan.plan import Plan
from ovreport_collector.process import timing, workspace
from ovreport_collector.process.timing import Ledger
from ovreport_collector.session import estimate
from ovreport_collector.session.context import RunContext
from ovreport_collector.session.journal import Journal, Prepared
from ovreport_collector.session.prepare_all import prepare_all
from ovreport_collector.session.progress import display_for
from ovreport_collector.session.scheduler import Run


@dataclass(frozen=True)
class Collected:
    """What came of a plan."""

    records: list[Record]
    measuring_time: MeasuringTime | None
    """Of all cases and what they share, downloads aside; None where no step was measured."""


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
            with display_for(console, plan, done=estimate.done(plan, journal)) as display:
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
            kept = _rounds(estimate.done(plan, journal).rounds)
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

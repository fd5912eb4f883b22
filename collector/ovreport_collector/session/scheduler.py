"""Measures a plan: outputs first, then interleaved rounds, a record as soon as a case is done.

    for every model   inputs, reference outputs
    for every case    its outputs → accuracy, agreement
    round by round    every case in turn, each in fresh processes, until its interval is narrow

A round's own process comes first, and is watched for noise; then every further measurement that
the case has, each in a process of its own. Every finished step goes to the journal, so a run that
was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ovreport.store import write
from ovreport_collector.engines.types import ThreadSettings
from ovreport_collector.loadgen.drivers import Driver
from ovreport_collector.machine.noise import Watch
from ovreport_collector.measurements import registry
from ovreport_collector.measurements.base import PlannedRound
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session import record_builder
from ovreport_collector.session.context import RunContext, now
from ovreport_collector.session.estimate import Work
from ovreport_collector.session.journal import RoundDone, RoundFailed, Written
from ovreport_collector.session.outputs import measure_outputs
from ovreport_collector.session.privacy import without_names
from ovreport_collector.session.progress import label

MAX_FAILED_ROUNDS = 2


@dataclass
class Run:
    """One run of a plan."""

    context: RunContext
    out: Path

    def measure(self) -> None:
        """Measure what the journal does not hold yet, and write its records."""
        measure_outputs(self.context)
        tier = self.context.plan.tier
        for index in range(tier.max_processes):
            self._write_finished(index)
            for planned in self._in_turn(index):
                if not self.context.journal.tried(planned.key, index):
                    _measure_round(self.context, planned, index)
        self._write_finished(tier.max_processes)

    def _in_turn(self, index: int) -> Iterator[PlannedCase]:
        """Yield the cases that want this round; every second round in the opposite order.

        So of two cases side by side neither is always the one that runs on the hotter machine.
        """
        wanted = [planned for planned in self.context.plan.cases if self._wants(planned, index)]
        yield from wanted if index % 2 == 0 else reversed(wanted)

    def _wants(self, planned: PlannedCase, index: int) -> bool:
        key, journal, tier = planned.key, self.context.journal, self.context.plan.tier
        if journal.written(key, self.out) or journal.given_up(key):
            return False
        if len(journal.failed_rounds(key)) >= MAX_FAILED_ROUNDS:
            return False
        return index < tier.processes or (index < tier.max_processes and self._is_wide(planned))

    def _is_wide(self, planned: PlannedCase) -> bool:
        """Return whether a headline of a case is not known well enough yet."""
        results = [step.result for step in self.context.journal.rounds(planned.key)]
        return bool(results) and registry.workload(planned).is_wide(results)

    def _write_finished(self, index: int) -> None:
        """Write the records of the cases that want no round of this index, or a later one."""
        context = self.context
        for planned in context.plan.cases:
            if context.journal.written(planned.key, self.out) or self._wants(planned, index):
                continue
            prepared = context.prepared[planned.file_key]
            record = record_builder.record(context.plan, planned, prepared, context.journal)
            path = write(without_names(record), self.out.absolute())
            context.journal.add(Written(case=planned.key, path=str(path)))
            context.display.case_finished(planned)


# ---------------------------------------------------------------- one round of one case


def _measure_round(context: RunContext, planned: PlannedCase, index: int) -> None:
    """Measure one round of a case; its result or its failure goes to the journal."""
    context.display.round_started(planned, index)
    step = _try_round(context, planned, index)
    context.journal.add(step)
    if isinstance(step, RoundFailed):
        context.display.failed(planned, step.failure.reason)
    else:
        context.display.round_finished(planned, step)


def _try_round(context: RunContext, planned: PlannedCase, index: int) -> RoundDone | RoundFailed:
    prepared, started_at = context.prepared[planned.file_key], now()
    if isinstance(prepared, JobFailed):
        # It was prepared when the run began: what vanished since is this round's failure.
        return _failed(context, planned, index, started_at, prepared)
    current = _round(context, planned, prepared, index)
    workload, started_at = registry.workload(planned), now()
    with Watch() as watch:
        result = context.run_job(
            workload.job(current), extra_s=workload.process_s(context.plan.tier)
        )
    if isinstance(result, JobFailed):
        return _failed(context, planned, index, started_at, result)
    return RoundDone(
        case=planned.key,
        round=index,
        started_at=started_at,
        result=result,
        readings={**watch.readings, **result.switches},
        further=_further(context, current, result),
        timing=context.stopwatch.take(),
    )


def _round(
    context: RunContext, planned: PlannedCase, prepared: PreparedModel, index: int
) -> PlannedRound:
    plan = context.plan
    driver: Driver = "threads"
    thread_settings: ThreadSettings | None = None
    if not planned.is_language:
        chosen = context.driver(planned, prepared)
        driver, thread_settings = chosen.driver, chosen.thread_settings
    device = plan.devices[planned.case.device]
    return PlannedRound(
        planned=planned,
        prepared=prepared,
        target=context.target(prepared, planned.case, thread_settings),
        device=device,
        tier=plan.tier,
        index=index,
        seed=plan.seed,
        driver=driver,
        folder=context.folder(planned),
        skip=plan.skip,
        cores=plan.machine.cores_available if device.family == "CPU" else 0,
    )


def _failed(
    context: RunContext, planned: PlannedCase, index: int, started_at: str, failure: JobFailed
) -> RoundFailed:
    return RoundFailed(
        case=planned.key,
        round=index,
        started_at=started_at,
        failure=failure,
        timing=context.stopwatch.take(),
    )


def _further(context: RunContext, current: PlannedRound, latest: Any) -> dict[str, Any]:  # noqa: ANN401
    """Make the further measurements of a round; return their results by their names."""
    planned = current.planned
    steps = context.journal.rounds(planned.key)
    results = [*(step.result for step in steps), latest]
    found: dict[str, Any] = {}
    for measurement in registry.MEASUREMENTS:
        # Counted, not by index: a case whose first round failed makes them in the next one.
        done = sum(measurement.name in step.further for step in steps)
        if measurement.name in current.skip or done >= measurement.rounds(current.tier):
            continue
        if registry.why_not(measurement, planned, current.prepared, current.tier) is not None:
            continue
        name = measurement.name.replace("_", " ")
        context.display.working(
            f"{label(planned)}, round {current.index + 1}: {name}",
            Work(planned.key, measurement.name),
        )
        key = (planned.key, measurement.name)
        if key not in context.begun:
            context.begun.add(key)
            if first_job := measurement.first_job(current):
                context.run_job(first_job)
        found[measurement.name] = context.run_job(
            measurement.job(current, results), extra_s=measurement.seconds(current.tier)
        )
    return found

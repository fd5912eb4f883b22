"""One round of one case: timed in a fresh process, watched, noted in the journal.

The round's own process comes first; then every further measurement that the case has, each in a
process of its own.
"""

from __future__ import annotations

from typing import Any

from ovreport_collector.engines.types import ThreadSettings
from ovreport_collector.loadgen.drivers import Driver
from ovreport_collector.machine.monitor import Watch
from ovreport_collector.measurements import registry
from ovreport_collector.measurements.base import PlannedRound
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session.context import RunContext, now
from ovreport_collector.session.driver import choose_driver
from ovreport_collector.session.journal import RoundDone, RoundFailed
from ovreport_collector.session.progress import words


def measure(context: RunContext, planned: PlannedCase, index: int) -> None:
    """Measure one round of a case; its result or its failure goes to the journal."""
    context.display.round_started(planned, index)
    step = _measure(context, planned, index)
    context.journal.add(step)
    if isinstance(step, RoundFailed):
        context.display.failed(planned, step.failure.reason)
    else:
        context.display.round_finished(planned, step)


def _measure(context: RunContext, planned: PlannedCase, index: int) -> RoundDone | RoundFailed:
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
        chosen = choose_driver(context, planned, prepared)
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
        context.display.working(f"{words(planned)}, round {current.index + 1}: {name}")
        key = (planned.key, measurement.name)
        if key not in context.begun:
            context.begun.add(key)
            if first_job := measurement.first_job(current):
                context.run_job(first_job)
        found[measurement.name] = context.run_job(
            measurement.job(current, results), extra_s=measurement.seconds(current.tier)
        )
    return found

"""One round of one case: timed in a fresh process, watched, noted in the journal.

A classic model's round has more processes than its own: the start from the model cache, and the
extras.
"""

from __future__ import annotations

from dataclasses import dataclass

from ovreport_collector import measurements
from ovreport_collector.jobs import (
    CachedStartJob,
    CachedStartResult,
    ExtraResult,
    GenerationJob,
    GenerationResult,
    JobFailed,
    Result,
    RoundJob,
    RoundResult,
    Target,
)
from ovreport_collector.machine import energy
from ovreport_collector.machine.monitor import Watch
from ovreport_collector.measurements import generation
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.session.context import RunContext, now
from ovreport_collector.session.journal import GenerationDone, RoundDone, RoundFailed
from ovreport_collector.session.pilot import piloted
from ovreport_collector.session.progress import words

_NO_MODEL_CACHE = JobFailed(
    reason="this framework has no model cache", cause="error", unsupported=True
)


def measure(context: RunContext, planned: PlannedCase, index: int) -> None:
    """Measure one round of a case; its result or its failure goes to the journal."""
    context.display.round_started(planned, index)
    step = _measured(context, planned, index)
    context.journal.add(step)
    if isinstance(step, RoundFailed):
        context.display.failed(planned, step.failure.reason)
    else:
        context.display.round_finished(planned, step)


def _measured(
    context: RunContext, planned: PlannedCase, index: int
) -> RoundDone | GenerationDone | RoundFailed:
    prepared = context.prepared[planned.file_key]
    if isinstance(prepared, JobFailed):
        # It was ready when the run began: what vanished since is this round's failure.
        return _failed(context, planned, index, now(), prepared)
    if planned.is_language:
        return _generation(context, planned, prepared, index)
    return _classic(context, planned, prepared, index)


def _classic(
    context: RunContext, planned: PlannedCase, prepared: PreparedModel, index: int
) -> RoundDone | RoundFailed:
    found = piloted(context, planned, prepared)
    target = context.target(prepared, planned.case, found.thread_settings)
    job = RoundJob(
        target=target,
        round=index,
        tier=context.plan.tier,
        inputs=str(prepared.samples),
        seed=context.plan.seed,
        driver=found.driver,
        energy_in=energy.where(context.plan.devices[planned.case.device]),
    )
    timed = _watched(context, job)
    if isinstance(timed.result, JobFailed):
        return _failed(context, planned, index, timed.started_at, timed.result)
    assert isinstance(timed.result, RoundResult)  # noqa: S101 (a RoundJob has no other result)
    return RoundDone(
        case=planned.key,
        round=index,
        started_at=timed.started_at,
        result=timed.result,
        cached=_cached_start(context, planned, prepared, target, index),
        readings={**timed.readings, **timed.result.switches},
        extras=_extras(context, planned, prepared, target, index, timed.result),
        spent_s=context.ledger.take(),
    )


def _generation(
    context: RunContext, planned: PlannedCase, prepared: PreparedModel, index: int
) -> GenerationDone | RoundFailed:
    job = generation.round_job(
        context.plan, prepared, context.target(prepared, planned.case), index
    )
    timed = _watched(context, job, beside_s=generation.seconds(context.plan.tier))
    if isinstance(timed.result, JobFailed):
        return _failed(context, planned, index, timed.started_at, timed.result)
    assert isinstance(timed.result, GenerationResult)  # noqa: S101 (its job has no other result)
    return GenerationDone(
        case=planned.key,
        round=index,
        started_at=timed.started_at,
        result=timed.result,
        readings={**timed.readings, **timed.result.switches},
        spent_s=context.ledger.take(),
    )


def _failed(
    context: RunContext, planned: PlannedCase, index: int, started_at: str, failure: JobFailed
) -> RoundFailed:
    return RoundFailed(
        case=planned.key,
        round=index,
        started_at=started_at,
        failure=failure,
        spent_s=context.ledger.take(),
    )


# ---------------------------------------------------------------- the round's own process


@dataclass(frozen=True)
class _Watched:
    """What came of a round's own process, and what the machine did meanwhile."""

    started_at: str
    result: Result
    readings: dict[str, float]


def _watched(
    context: RunContext, job: RoundJob | GenerationJob, *, beside_s: float = 0
) -> _Watched:
    """Do a round's job under watch."""
    started_at = now()
    with Watch() as watch:
        result = context.child(job, beside_s=beside_s)
    return _Watched(started_at, result, watch.readings)


# ---------------------------------------------------------------- its further processes


def _cached_start(
    context: RunContext, planned: PlannedCase, prepared: PreparedModel, target: Target, index: int
) -> CachedStartResult | JobFailed:
    """Start from the case's model cache, after filling it in a process of its own."""
    if planned.is_native:
        return _NO_MODEL_CACHE
    position = list(context.plan.cases).index(planned)
    cache_dir = context.work / "model-cache" / str(position)
    job = CachedStartJob(
        target=target,
        round=index,
        inputs=str(prepared.samples),
        cache_dir=str(cache_dir),
        seed=context.plan.seed,
    )
    if not cache_dir.exists():
        cache_dir.mkdir(parents=True)
        context.child(job)
    result = context.child(job)
    assert isinstance(result, CachedStartResult | JobFailed)  # noqa: S101 (it has no other)
    return result


def _extras(
    context: RunContext,
    planned: PlannedCase,
    prepared: PreparedModel,
    target: Target,
    index: int,
    latest: RoundResult,
) -> dict[str, ExtraResult | JobFailed]:
    """Measure the extra aspects of a round, each in a process of its own."""
    tier, earlier = context.plan.tier, context.journal.rounds(planned.key)
    around = measurements.Around(
        planned=planned,
        prepared=prepared,
        target=target,
        tier=tier,
        round=index,
        seed=context.plan.seed,
        first=earlier[0].result if earlier else latest,
        latest=latest,
        cores=_cores(context, planned),
    )
    found: dict[str, ExtraResult | JobFailed] = {}
    for extra in measurements.EXTRAS:
        # Counted, not by index: a case whose first round failed measures them in the next one.
        measured = sum(extra.name in step.extras for step in earlier)
        if extra.name in context.plan.skip or measured >= measurements.rounds_of(extra, tier.name):
            continue
        if measurements.why_not(extra, planned, prepared, tier.name) is not None:
            continue
        context.display.working(
            f"{words(planned)}, round {index + 1}: {extra.name.replace('_', ' ')}"
        )
        result = context.child(extra.job(around), beside_s=extra.seconds(tier))
        assert isinstance(result, ExtraResult | JobFailed)  # noqa: S101 (its jobs have no other)
        found[extra.name] = result
    return found


def _cores(context: RunContext, planned: PlannedCase) -> int:
    is_cpu = context.plan.devices[planned.case.device].family == "CPU"
    return context.plan.machine.cores_available if is_cpu else 0

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
from ovreport_collector.prepare.model import Ready
from ovreport_collector.session.context import Bench, now
from ovreport_collector.session.journal import GenerationDone, RoundDone, RoundFailed
from ovreport_collector.session.pilot import piloted
from ovreport_collector.session.progress import words

_NO_MODEL_CACHE = JobFailed(
    reason="this framework has no model cache", cause="error", unsupported=True
)


def measure(bench: Bench, planned: PlannedCase, index: int) -> None:
    """Measure one round of a case; its result or its failure goes to the journal."""
    bench.display.round_started(planned, index)
    step = _measured(bench, planned, index)
    bench.journal.add(step)
    if isinstance(step, RoundFailed):
        bench.display.failed(planned, step.failure.reason)
    else:
        bench.display.round_finished(planned, step)


def _measured(
    bench: Bench, planned: PlannedCase, index: int
) -> RoundDone | GenerationDone | RoundFailed:
    ready = bench.ready[planned.file_key]
    if isinstance(ready, JobFailed):
        # It was ready when the run began: what vanished since is this round's failure.
        return _failed(bench, planned, index, now(), ready)
    if planned.is_language:
        return _generation(bench, planned, ready, index)
    return _classic(bench, planned, ready, index)


def _classic(
    bench: Bench, planned: PlannedCase, ready: Ready, index: int
) -> RoundDone | RoundFailed:
    found = piloted(bench, planned, ready)
    target = bench.target(ready, planned.case, found.alongside)
    job = RoundJob(
        target=target,
        round=index,
        tier=bench.plan.tier,
        inputs=str(ready.samples),
        seed=bench.plan.seed,
        driver=found.driver,
        energy_in=energy.where(bench.plan.devices[planned.case.device]),
    )
    timed = _watched(bench, job)
    if isinstance(timed.result, JobFailed):
        return _failed(bench, planned, index, timed.started_at, timed.result)
    assert isinstance(timed.result, RoundResult)  # noqa: S101 (a RoundJob has no other result)
    return RoundDone(
        case=planned.key,
        round=index,
        started_at=timed.started_at,
        result=timed.result,
        cached=_cached_start(bench, planned, ready, target, index),
        readings={**timed.readings, **timed.result.switches},
        extras=_extras(bench, planned, ready, target, index, timed.result),
        spent_s=bench.ledger.take(),
    )


def _generation(
    bench: Bench, planned: PlannedCase, ready: Ready, index: int
) -> GenerationDone | RoundFailed:
    job = generation.round_job(bench.plan, ready, bench.target(ready, planned.case), index)
    timed = _watched(bench, job, beside_s=generation.seconds(bench.plan.tier))
    if isinstance(timed.result, JobFailed):
        return _failed(bench, planned, index, timed.started_at, timed.result)
    assert isinstance(timed.result, GenerationResult)  # noqa: S101 (its job has no other result)
    return GenerationDone(
        case=planned.key,
        round=index,
        started_at=timed.started_at,
        result=timed.result,
        readings={**timed.readings, **timed.result.switches},
        spent_s=bench.ledger.take(),
    )


def _failed(
    bench: Bench, planned: PlannedCase, index: int, started_at: str, failure: JobFailed
) -> RoundFailed:
    return RoundFailed(
        case=planned.key,
        round=index,
        started_at=started_at,
        failure=failure,
        spent_s=bench.ledger.take(),
    )


# ---------------------------------------------------------------- the round's own process


@dataclass(frozen=True)
class _Watched:
    """What came of a round's own process, and what the machine did meanwhile."""

    started_at: str
    result: Result
    readings: dict[str, float]


def _watched(bench: Bench, job: RoundJob | GenerationJob, *, beside_s: float = 0) -> _Watched:
    """Do a round's job under watch."""
    started_at = now()
    with Watch() as watch:
        result = bench.child(job, beside_s=beside_s)
    return _Watched(started_at, result, watch.readings)


# ---------------------------------------------------------------- its further processes


def _cached_start(
    bench: Bench, planned: PlannedCase, ready: Ready, target: Target, index: int
) -> CachedStartResult | JobFailed:
    """Start from the case's model cache, after filling it in a process of its own."""
    if planned.is_native:
        return _NO_MODEL_CACHE
    position = list(bench.plan.cases).index(planned)
    cache_dir = bench.work / "model-cache" / str(position)
    job = CachedStartJob(
        target=target,
        round=index,
        inputs=str(ready.samples),
        cache_dir=str(cache_dir),
        seed=bench.plan.seed,
    )
    if not cache_dir.exists():
        cache_dir.mkdir(parents=True)
        bench.child(job)
    result = bench.child(job)
    assert isinstance(result, CachedStartResult | JobFailed)  # noqa: S101 (it has no other)
    return result


def _extras(
    bench: Bench,
    planned: PlannedCase,
    ready: Ready,
    target: Target,
    index: int,
    latest: RoundResult,
) -> dict[str, ExtraResult | JobFailed]:
    """Measure the extra aspects of a round, each in a process of its own."""
    tier, earlier = bench.plan.tier, bench.journal.rounds(planned.key)
    around = measurements.Around(
        planned=planned,
        ready=ready,
        target=target,
        tier=tier,
        round=index,
        seed=bench.plan.seed,
        first=earlier[0].result if earlier else latest,
        latest=latest,
        cores=_cores(bench, planned),
    )
    found: dict[str, ExtraResult | JobFailed] = {}
    for extra in measurements.EXTRAS:
        # Counted, not by index: a case whose first round failed measures them in the next one.
        measured = sum(extra.name in step.extras for step in earlier)
        if extra.name in bench.plan.skip or measured >= measurements.rounds_of(extra, tier.name):
            continue
        if measurements.why_not(extra, planned, ready, tier.name) is not None:
            continue
        bench.display.working(
            f"{words(planned)}, round {index + 1}: {extra.name.replace('_', ' ')}"
        )
        result = bench.child(extra.job(around), beside_s=extra.seconds(tier))
        assert isinstance(result, ExtraResult | JobFailed)  # noqa: S101 (its jobs have no other)
        found[extra.name] = result
    return found


def _cores(bench: Bench, planned: PlannedCase) -> int:
    is_cpu = bench.plan.devices[planned.case.device].family == "CPU"
    return bench.plan.machine.cores_available if is_cpu else 0

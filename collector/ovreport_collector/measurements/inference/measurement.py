"""The workload of all models but language models: latency, throughput, start-up, memory, energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import msgspec

from ovreport.metrics.speed import latency_rounds, throughput_rounds
from ovreport.record import (
    Energy,
    FailedRound,
    Latency,
    Memory,
    NotMeasured,
    Startup,
    Throughput,
    Tier,
)
from ovreport_collector.loadgen.loops import LEAD_IN_S
from ovreport_collector.machine import energy
from ovreport_collector.measurements.base import (
    FAILED_BEFORE,
    NO_ROUND,
    Pass,
    PassName,
    PlannedProcess,
    Workload,
    grouped,
)
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.measurements.results import (
    Ended,
    GenerationQuality,
    InferenceResult,
    InferenceStep,
    LatencyVisit,
    MeasurementName,
    Started,
    Switched,
    ThroughputVisit,
)

_STEP_S = {
    "start": 0.9,
    "latency": 0.03,
    "first switch": 2.3,
    "switch": 0.7,
    "throughput": 0.06,
    "end": 0.05,
}
"""Expected seconds of a step beside its timed loop: importing, compiling, warm-up, messages."""
_CHECKED = 20
"""Inferences at the start, which are checked."""


class Inference(Workload[InferenceResult]):
    """Start-up, latency, throughput with its energy, and memory."""

    def passes(self, visits: Mapping[PassName, int]) -> list[Pass]:
        """Return the steps of a process: latency first, then throughput."""
        return [
            Pass("start"),
            *(Pass("latency", i) for i in range(visits["latency"])),
            Pass("switch"),
            *(Pass("throughput", i) for i in range(visits["throughput"])),
            Pass("end"),
        ]

    def kind(self, one: Pass, index: int) -> str:
        """Return the step's name; the first switch finds out how to drive requests."""
        return "first switch" if one.name == "switch" and index == 0 else one.name

    def step_s(
        self, one: Pass, tier: Tier, index: int, inference_s: float, *, skip: Sequence[str] = ()
    ) -> float:
        """Return about how long a step takes: mostly that is its timed loop."""
        seconds = _STEP_S[self.kind(one, index)]
        if one.name == "start":
            return seconds + _CHECKED * inference_s
        if not one.is_visit:
            return seconds
        loop_s = min(max(tier.min_seconds, tier.min_inferences * inference_s), tier.max_seconds)
        return seconds + max(LEAD_IN_S, 3 * inference_s) + loop_s

    def job(self, current: PlannedProcess) -> InferenceJob:
        """Return the job of one process."""
        return InferenceJob(
            target=current.target,
            process=current.index,
            tier=current.tier,
            inputs=str(current.prepared.samples),
            seed=current.seed,
            latency_rounds=current.rounds("latency"),
            throughput_rounds=current.rounds("throughput"),
            driver=current.driver,
            energy_in=energy.where(current.device),
        )

    def result(
        self, steps: Sequence[InferenceStep], failure: NotMeasured | None = None
    ) -> InferenceResult | None:
        """Put the results of a process's steps together; None where it did not start."""
        started = next((step for step in steps if isinstance(step, Started)), None)
        if started is None:
            return None
        switched = next((step for step in steps if isinstance(step, Switched)), None)
        ended = next((step for step in steps if isinstance(step, Ended)), _NOT_ENDED)
        latency = [step for step in steps if isinstance(step, LatencyVisit)]
        throughput = [step for step in steps if isinstance(step, ThroughputVisit)]
        return InferenceResult(
            execution=started.execution,
            startup=started.startup,
            latency=[v.measured for v in latency if v.measured is not None],
            latency_settings=started.settings,
            throughput=[v.measured for v in throughput if v.measured is not None],
            throughput_settings=switched.settings if switched else None,
            memory=ended.memory,
            memory_unreadable=ended.memory_unreadable,
            energy=ended.energy,
            missing={
                **({name: failure for name in get_args(MeasurementName) if failure}),
                **ended.missing,
                **_missing("latency", latency),
                **_missing("throughput", throughput),
            },
            failed=_failed("latency", latency) | _failed("throughput", throughput),
        )

    def is_wide(self, results: Sequence[InferenceResult]) -> bool:
        """Return whether latency or throughput is not known well enough yet."""
        latency = [one for r in results for one in r.latency]
        throughput = [one for r in results for one in r.throughput]
        return (bool(latency) and latency_rounds(latency).needs_more) or (
            bool(throughput) and throughput_rounds(throughput, 1).needs_more
        )

    def fields(
        self, results: Sequence[InferenceResult], quality: GenerationQuality | None
    ) -> dict[str, Any]:
        """Return the fields of a record, each measured or with the reason why not."""
        fields: dict[str, Any] = {
            "startup": Startup(rounds=[r.startup for r in results]) if results else FAILED_BEFORE,
            "latency": _latency(results),
            "throughput": _throughput(results),
            "memory": _memory(results),
            "energy": _energy(results),
        }
        return {**fields, "execution": results[0].execution} if results else fields

    def failed_rounds(self, results: Sequence[InferenceResult]) -> list[FailedRound]:
        """Return the rounds whose latency or throughput failed, where others have it."""
        has = {name for name in _VISITED for r in results if getattr(r, name)}
        # Of what no round measured, the field itself says why.
        return [one for r in results for name in has for one in r.failed.get(name, [])]


_VISITED: tuple[MeasurementName, ...] = ("latency", "throughput")
_NOT_ENDED = Ended(memory=None, missing={})
"""Of a process that was stopped before it could report."""


def _missing(
    name: MeasurementName, visits: Sequence[LatencyVisit | ThroughputVisit]
) -> dict[MeasurementName, NotMeasured]:
    """Return why a process measured no round of something, where it tried to."""
    first = next((visit.failed for visit in visits if visit.failed), None)
    return {name: first} if first and not any(visit.measured for visit in visits) else {}


def _failed(
    name: MeasurementName, visits: Sequence[LatencyVisit | ThroughputVisit]
) -> dict[MeasurementName, list[FailedRound]]:
    failed = [
        FailedRound(round=visit.round, reason=f"{name}: {why.reason}", cause=why.cause)
        for visit in visits
        if (why := visit.failed) is not None
    ]
    return {name: failed} if failed else {}


def _latency(results: Sequence[InferenceResult]) -> Latency | NotMeasured:
    rounds = [one for r in results for one in r.latency]
    if not rounds:
        return _why(results, "latency")
    return Latency(settings=results[0].latency_settings, rounds=rounds)


def _throughput(results: Sequence[InferenceResult]) -> Throughput | NotMeasured:
    rounds = [one for r in results for one in r.throughput]
    settings = next((r.throughput_settings for r in results if r.throughput_settings), None)
    if not rounds or settings is None:
        return _why(results, "throughput")
    # One inference answers one call, whatever the batch in the model's shape.
    return Throughput(settings=settings, batch=1, rounds=rounds)


def _memory(results: Sequence[InferenceResult]) -> Memory | NotMeasured:
    """Return every process's memory; its other modes are measurements of their own."""
    rounds = [r.memory for r in results if r.memory is not None]
    if not rounds:
        return _why(results, "memory")
    unreadable = {name: why for r in results for name, why in r.memory_unreadable.items()}
    return Memory(rounds=rounds, modes={}, unreadable=unreadable)


def _energy(results: Sequence[InferenceResult]) -> Energy | NotMeasured:
    """Return every domain with all processes' energy; one that a process lacks keeps the others."""
    rounds = [r.energy for r in results if r.energy is not None]
    if not rounds:
        return _why(results, "energy")
    domains = (domain for one in rounds for domain in one.domains)
    return Energy(
        method=rounds[0].method,
        domains=[
            msgspec.structs.replace(same[0], rounds=[r for domain in same for r in domain.rounds])
            for same in grouped(domains, lambda domain: domain.name).values()
        ],
    )


def _why(results: Sequence[InferenceResult], name: MeasurementName) -> NotMeasured:
    """Return why no process measured something."""
    if not results:
        return FAILED_BEFORE
    return next((r.missing[name] for r in results if name in r.missing), NO_ROUND)

"""The workload of all models but language models: latency, throughput, start-up, memory, energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ovreport.metrics.speed import latency_rounds, throughput_rounds
from ovreport.record import (
    Energy,
    Failed,
    FailedRound,
    Latency,
    Memory,
    NotMeasured,
    Startup,
    Throughput,
    Tier,
)
from ovreport_collector.machine import energy
from ovreport_collector.measurements.base import (
    FAILED_BEFORE,
    NO_ROUND,
    PlannedRound,
    Workload,
    grouped,
)
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.measurements.results import (
    GenerationQuality,
    InferenceResult,
    MeasurementName,
)

_START_S = 3.0
"""Expected seconds of a round, without its timed loops: processes, compiling, warm-up."""


class Inference(Workload[InferenceResult]):
    """Start-up, latency, throughput with its energy, and memory."""

    def seconds(self, tier: Tier, index: int, *, skip: Sequence[str] = ()) -> float:
        """Return about how long a round takes: two loops."""
        return 2 * tier.min_seconds + _START_S

    def job(self, current: PlannedRound) -> InferenceJob:
        """Return the job of one round."""
        return InferenceJob(
            target=current.target,
            round=current.index,
            tier=current.tier,
            inputs=str(current.prepared.samples),
            seed=current.seed,
            driver=current.driver,
            energy_in=energy.where(current.device),
        )

    def is_wide(self, results: Sequence[InferenceResult]) -> bool:
        """Return whether latency or throughput is not known well enough yet."""
        latency = [r.latency for r in results if r.latency is not None]
        throughput = [r.throughput for r in results if r.throughput is not None]
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

    def failed_rounds(self, results: Mapping[int, InferenceResult]) -> list[FailedRound]:
        """Return the rounds whose latency or throughput failed, where others have it."""
        names: tuple[MeasurementName, ...] = ("latency", "throughput")
        found = []
        for name in names:
            whys = {index: result.missing.get(name) for index, result in results.items()}
            if None not in whys.values():
                continue  # no round measured it: the field itself says why
            found += [
                FailedRound(round=index, reason=f"{name}: {why.reason}", cause=why.cause)
                for index, why in whys.items()
                if isinstance(why, Failed)
            ]
        return found


def _latency(results: Sequence[InferenceResult]) -> Latency | NotMeasured:
    rounds = [r.latency for r in results if r.latency is not None]
    if not rounds:
        return _why(results, "latency")
    return Latency(settings=results[0].latency_settings, rounds=rounds)


def _throughput(results: Sequence[InferenceResult]) -> Throughput | NotMeasured:
    rounds = [r.throughput for r in results if r.throughput is not None]
    if not rounds:
        return _why(results, "throughput")
    # One inference answers one call, whatever the batch in the model's shape.
    return Throughput(settings=results[0].throughput_settings, batch=1, rounds=rounds)


def _memory(results: Sequence[InferenceResult]) -> Memory | NotMeasured:
    """Return every round's memory; its other modes are measurements of their own."""
    rounds = [r.memory for r in results if r.memory is not None]
    if not rounds:
        return _why(results, "memory")
    unreadable = {name: why for r in results for name, why in r.memory_unreadable.items()}
    return Memory(rounds=rounds, modes={}, unreadable=unreadable)


def _energy(results: Sequence[InferenceResult]) -> Energy | NotMeasured:
    """Return every domain with its rounds; one that a round lacks keeps the others."""
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
    """Return why no round measured something."""
    if not results:
        return FAILED_BEFORE
    return next((r.missing[name] for r in results if name in r.missing), NO_ROUND)

"""The aspects of a record that the rounds of a case measured, or why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ovreport.record import (
    Energy,
    EnergyDomain,
    Failed,
    FailedRound,
    Latency,
    Memory,
    MemoryMode,
    NotMeasured,
    Skipped,
    Startup,
    StartupCached,
    Throughput,
    Unsupported,
)
from ovreport_collector import measurements
from ovreport_collector.jobs import CachedStartResult, JobFailed, MeasurementName
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.session.journal import RoundDone, RoundFailed

FAILED_BEFORE = Skipped(reason="the case failed before this was measured")
_NO_ROUND = Skipped(reason="no round measured this")


def startup(rounds: Sequence[RoundDone]) -> Startup | NotMeasured:
    """Return every round's start."""
    return Startup(rounds=[s.result.startup for s in rounds]) if rounds else FAILED_BEFORE


def startup_cached(rounds: Sequence[RoundDone]) -> StartupCached | NotMeasured:
    """Return every round's start from the model cache."""
    if not rounds:
        return FAILED_BEFORE
    results = [s.cached for s in rounds]
    failures = [r for r in results if isinstance(r, JobFailed)]
    if failures and failures[0].unsupported:
        return Unsupported(reason=failures[0].reason)
    if failures:
        return Failed(
            reason=failures[0].reason,
            cause=failures[0].cause,
            stderr_tail=failures[0].stderr_tail,
        )
    starts = [r for r in results if isinstance(r, CachedStartResult)]
    if not all(start.loaded_from_cache for start in starts):
        return Unsupported(
            reason="the plugin did not report LOADED_FROM_CACHE: it compiled the model again"
        )
    return StartupCached(
        rounds=[start.startup for start in starts],
        cache_bytes=max(start.cache_bytes for start in starts),
    )


def latency(rounds: Sequence[RoundDone]) -> Latency | NotMeasured:
    """Return the rounds that measured latency."""
    measured = [s.result.latency for s in rounds if s.result.latency is not None]
    if not measured:
        return _why(rounds, "latency")
    return Latency(settings=rounds[0].result.latency_settings, rounds=measured)


def throughput(rounds: Sequence[RoundDone]) -> Throughput | NotMeasured:
    """Return the rounds that measured throughput."""
    measured = [s.result.throughput for s in rounds if s.result.throughput is not None]
    if not measured:
        return _why(rounds, "throughput")
    # One inference answers one call, whatever the batch in the model's shape.
    return Throughput(settings=rounds[0].result.throughput_settings, batch=1, rounds=measured)


def memory(rounds: Sequence[RoundDone], no_mmap: MemoryMode | NotMeasured) -> Memory | NotMeasured:
    """Return every round's memory, and that of starts in other modes."""
    measured = [s.result.memory for s in rounds if s.result.memory is not None]
    if not measured:
        return _why(rounds, "memory")
    return Memory(
        rounds=measured,
        modes={"no-mmap": no_mmap, "cached": _cached_memory(rounds)},
        unreadable={k: v for s in rounds for k, v in s.result.memory_unreadable.items()},
    )


def _cached_memory(rounds: Sequence[RoundDone]) -> MemoryMode | NotMeasured:
    cached = startup_cached(rounds)
    if not isinstance(cached, StartupCached):
        return cached
    starts = [s.cached for s in rounds if isinstance(s.cached, CachedStartResult)]
    found = [start.memory for start in starts if start.memory is not None]
    return MemoryMode(rounds=found) if found else _NO_ROUND


def energy(rounds: Sequence[RoundDone]) -> Energy | NotMeasured:
    """Return every domain with its rounds; one that a round lacks keeps the others."""
    measured = [s.result.energy for s in rounds if s.result.energy is not None]
    if not measured:
        return _why(rounds, "energy")
    by_domain: dict[str, list[EnergyDomain]] = {}
    for one in measured:
        for domain in one.domains:
            by_domain.setdefault(domain.name, []).append(domain)
    return Energy(
        method=measured[0].method,
        domains=[
            msgspec.structs.replace(same[0], rounds=[r for domain in same for r in domain.rounds])
            for same in by_domain.values()
        ],
    )


def extra(
    name: str,
    plan: Plan,
    planned: PlannedCase,
    prepared: PreparedModel | JobFailed,
    rounds: Sequence[RoundDone],
) -> Any:  # noqa: ANN401 (each field has its own type)
    """Return an extra aspect of the rounds that measured it, or why there is none."""
    if name in plan.skip:
        return Skipped(reason=f"left out: --skip {name}")
    if not rounds or isinstance(prepared, JobFailed):
        return FAILED_BEFORE
    one = measurements.BY_NAME[name]
    why_not = measurements.why_not(one, planned, prepared, plan.tier.name)
    if why_not is not None:
        return why_not
    results = [s.extras[name] for s in rounds if name in s.extras]
    return one.measurement(results) if results else _NO_ROUND


def failed_rounds(rounds: Sequence[RoundDone], failed: Sequence[RoundFailed]) -> list[FailedRound]:
    """Return the rounds that failed, as a whole or in an aspect that others measured."""
    found = [
        FailedRound(round=s.round, reason=s.failure.reason, cause=s.failure.cause) for s in failed
    ]
    measurements: tuple[MeasurementName, ...] = ("latency", "throughput")
    for measurement in measurements:
        whys = {s.round: s.result.missing.get(measurement) for s in rounds}
        if None not in whys.values():
            continue  # no round measured it: the aspect itself says why
        found += [
            FailedRound(round=index, reason=f"{measurement}: {why.reason}", cause=why.cause)
            for index, why in whys.items()
            if isinstance(why, Failed)
        ]
    return sorted(found, key=lambda one: one.round)


def _why(rounds: Sequence[RoundDone], measurement: MeasurementName) -> NotMeasured:
    """Return why no round measured an aspect."""
    if not rounds:
        return FAILED_BEFORE
    return next(
        (s.result.missing[measurement] for s in rounds if measurement in s.result.missing),
        _NO_ROUND,
    )

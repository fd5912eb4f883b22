"""What another precision or another variant gains over the published file in f32, by round.

`speedup` tells what the device's default precision does to one file; here a made variant is
compared too, and always with the same thing: the published file in f32 on the same device.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from ovreport.metrics import significant
from ovreport.metrics.verdict import NOISY_HALF_WIDTH
from ovreport.stats.comparison import MIN_PAIRS, Comparison
from ovreport_sitegen.compare.paired import (
    MEASUREMENTS,
    HasRecord,
    SpeedMeasurement,
    Speedup,
    gain,
    same_session,
)
from ovreport_sitegen.text import plural


class HasVariant(HasRecord, Protocol):
    """A result that knows whether it is of the published file."""

    @property
    def is_published(self) -> bool:
        """Whether the file is the published one."""

    @property
    def is_baseline(self) -> bool:
        """Whether it is the published file in f32, which the others are compared with."""


V = TypeVar("V", bound=HasVariant)
CaseKey = tuple[str, ...]


def baselines(results: Sequence[V]) -> dict[CaseKey, V]:
    """Return the published file's f32 of each model and device."""
    return {baseline_key(r): r for r in results if r.is_baseline}


def baseline_key(result: HasRecord) -> CaseKey:
    """Return what a case shares with the one that it is compared with."""
    case, record = result.record.case, result.record
    return (record.machine.id, case.engine, record.device.full_name, case.device, case.model)


def over_published(
    results: Sequence[V], bases: Mapping[CaseKey, V], known: Mapping[int, Speedup[V]]
) -> Iterator[Speedup[V]]:
    """Yield each case against the published file's f32 that was measured alternately with it.

    `known` holds the speed-ups, by id(), that were already compared so: those of the published
    file's default precision.
    """
    for result in results:
        base = bases.get(baseline_key(result))
        if base is None or base is result:
            continue
        if result.is_published and id(result) in known:
            yield known[id(result)]
        elif (found := trade(base, result)) is not None:
            yield found


def trade(base: V, other: V) -> Speedup[V] | None:
    """Return how much faster `other` is than `base`, None where their rounds did not alternate."""
    if not (base.completed and other.completed and same_session(base.record, other.record)):
        return None
    latency, throughput = (
        gain(base.record, other.record, measurement) for measurement in MEASUREMENTS
    )
    return Speedup(base, other, latency, throughput) if latency or throughput else None


def direct(base: HasRecord, other: HasRecord, measurement: SpeedMeasurement) -> Comparison | None:
    """Return how much faster `other` is than `base`; None where that would say nothing."""
    if not same_session(base.record, other.record):
        return None
    found = gain(base.record, other.record, measurement)
    return found if found and not doubt(found) else None


# ---------------------------------------------------------------- what may be used


def doubt(comparison: Comparison) -> str:
    """Return why a ratio says nothing, in words; empty where it may be used.

    What differs for certain may, and what does not where the interval is as narrow as a figure's
    has to be: a wide one means that nothing is known, not that both are alike.
    """
    if comparison.pairs < MIN_PAIRS:
        return f"{plural(comparison.pairs, 'pair')} of rounds with f32, {MIN_PAIRS} are needed"
    ratio = comparison.ratio
    if comparison.outcome != "different" and ratio.half_width > NOISY_HALF_WIDTH:
        return (
            "not distinguishable from f32, and it may be anything from "
            f"{significant(ratio.low)}× to {significant(ratio.high)}×"
        )
    return ""


def objection(
    base: V | None, other: V, measurement: SpeedMeasurement, found: Speedup[V] | None
) -> str:
    """Return why there is no gain over `base` to be used, in words; empty where there is."""
    comparison = found.of(measurement) if found else None
    if comparison is not None:
        return doubt(comparison)
    if base is None:
        return "f32 of the published file was not measured on this device"
    if not base.completed:
        return "f32 of the published file failed on this device"
    if not same_session(base.record, other.record):
        return "its rounds did not alternate with those of f32"
    return f"{measurement} was not measured of both it and f32"

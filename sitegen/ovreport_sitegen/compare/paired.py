"""What the device's default precision gains over f32, from rounds that ran side by side.

Absolute times on a busy machine can be far off and their ratio still be right, if both cases
were measured alternately (A B A B…): whatever slowed one slowed the other. Only such rounds are
compared; two measurements of different hours are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, Literal, Protocol, TypeVar

from ovreport.record import Latency, Record, Throughput
from ovreport.stats.comparison import Comparison, compare


class HasRecord(Protocol):
    """Anything that carries a record."""

    @property
    def record(self) -> Record:
        """The record."""

    @property
    def completed(self) -> bool:
        """Whether the case ran."""


R = TypeVar("R", bound=HasRecord)
SpeedMeasurement = Literal["latency", "throughput"]
MEASUREMENTS: tuple[SpeedMeasurement, SpeedMeasurement] = ("latency", "throughput")


@dataclass(frozen=True)
class Speedup(Generic[R]):
    """One model on one device: the default precision against f32; above 1 the default is faster."""

    f32: R
    default: R
    latency: Comparison | None
    throughput: Comparison | None

    def of(self, measurement: str) -> Comparison | None:
        """Return the comparison of `latency` or `throughput`."""
        return self.latency if measurement == "latency" else self.throughput


def speedups(results: Sequence[R]) -> Iterator[Speedup[R]]:
    """Yield every pair of f32 and default that was measured in one interleaved session."""
    f32 = {_pair_key(r.record): r for r in results if r.record.case.precision == "f32"}
    for result in results:
        base = f32.get(_pair_key(result.record))
        if result.record.case.precision != "default" or base is None:
            continue
        if not (base.completed and result.completed and same_session(base.record, result.record)):
            continue
        latency, throughput = (gain(base.record, result.record, a) for a in MEASUREMENTS)
        if latency or throughput:
            yield Speedup(base, result, latency, throughput)


def gain(base: Record, other: Record, measurement: SpeedMeasurement) -> Comparison | None:
    """Return how many times as fast `other` is, by the rounds that both have; None without any."""
    if measurement == "latency":
        return compare(latencies(base), latencies(other))
    return compare(throughputs(other), throughputs(base))


def _pair_key(record: Record) -> tuple[str, ...]:
    case = record.case
    return (
        record.machine.id,
        case.engine,
        record.device.full_name,
        case.device,
        case.model,
        case.variant,
    )


def same_session(first: Record, second: Record) -> bool:
    """Return whether two records' rounds were interleaved, with the same tier and software."""
    if first.tier != second.tier or first.software.openvino != second.software.openvino:
        return False
    starts_a, starts_b = _starts(first), _starts(second)
    shared = sorted(starts_a.keys() & starts_b.keys())
    if not shared:
        return False
    pairs = [sorted((starts_a[r], starts_b[r])) for r in shared]
    # Both begin round n before either begins round n + 1.
    return all(late <= early for (_, late), (early, _) in pairwise(pairs))


def _starts(record: Record) -> dict[int, str]:
    return {n.round: n.started_at for n in record.noise}


def latencies(record: Record) -> dict[int, float]:
    """Return each round's median latency in ms."""
    if not isinstance(record.latency, Latency):
        return {}
    return {r.round: r.median_ms for r in record.latency.rounds}


def throughputs(record: Record) -> dict[int, float]:
    """Return each round's inferences per second."""
    if not isinstance(record.throughput, Throughput):
        return {}
    batch = record.throughput.batch
    return {r.round: r.n * batch / r.duration_s for r in record.throughput.rounds}

"""What another precision or another variant gains over the published file in f32, by round.

`speedup` tells what the device's default precision does to one file; here a made variant is
compared too, and always with the same thing: the published file in f32 on the same device.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from ovreport.comparison import compare
from ovreport_sitegen.speedup import HasRecord, Speedup, latencies, same_session, throughputs


class HasVariant(HasRecord, Protocol):
    """A result that knows whether it is of the published file."""

    @property
    def is_published(self) -> bool:
        """Whether the file is the published one."""


V = TypeVar("V", bound=HasVariant)


def over_published(results: Sequence[V], known: Mapping[int, Speedup[V]]) -> Iterator[Speedup[V]]:
    """Yield each case against the published file's f32 that was measured alternately with it.

    `known` holds the speed-ups, by id(), that were already compared so: those of the published
    file's default precision, which keep their adjustments.
    """
    bases = {
        _key(r): r for r in results if r.is_published and r.record.case.precision == "f32"
    }  # fmt: skip
    for result in results:
        base = bases.get(_key(result))
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
    latency = compare(latencies(base.record), latencies(other.record))
    throughput = compare(throughputs(other.record), throughputs(base.record))
    return Speedup(base, other, latency, throughput) if latency or throughput else None


def _key(result: HasVariant) -> tuple[str, ...]:
    case, record = result.record.case, result.record
    return (record.machine.id, case.engine, record.device.full_name, case.device, case.model)

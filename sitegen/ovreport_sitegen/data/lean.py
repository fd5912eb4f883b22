"""Less memory for the same: what many records have alike is there once, what no page needs is not.

Of a record these make a hundred kilobytes twenty. They change values that nobody else has yet, just
decoded, in place. Packed as `packed` does it, a record is read again in a third of the time.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import force_setattr

from ovreport.metrics import MetricValue, MetricValues
from ovreport.record import Histogram, Latency, Memory, Record, Throughput, Verdict

S = TypeVar("S", bound=Struct)
V = TypeVar("V", bound=Hashable)

_ALIKE = (
    "tier",
    "software",
    "machine",
    "device",
    "model",
    "inputs",
    "execution",
    "accuracy",
    "agreement",
    "noise_unreadable",
    "run_spread",
)
"""Parts that other records of the same machine, model or run have too."""
_pack = msgspec.msgpack.Encoder().encode


class _Dropped:
    """In place of samples, or of readings, that no page needs."""

    def __getattr__(self, name: str) -> object:
        raise AttributeError(f"{name}: this part of the record is on the disk: Collection.record")


_DROPPED = _Dropped()


def packed(record: Record) -> bytes:
    """Return a record without the samples of its timed loops, for `unpacked`.

    The contract wants some: all are in the bucket of their median, where it finds nothing amiss.
    """
    for measured in (record.latency, record.throughput):
        if isinstance(measured, Latency | Throughput):
            for timed in measured.rounds:
                growth = timed.histogram.growth
                bucket = math.ceil(math.log(timed.median_ms) / math.log(growth))
                force_setattr(timed, "histogram", Histogram(growth, [(bucket, timed.n)]))
    return _pack(record)


unpacked = msgspec.msgpack.Decoder(Record).decode


class Shared:
    """Values that were met before."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    def record(self, record: Record) -> Record:
        """Return a record for pages: without the samples of its timed loops, which none shows."""
        for name in _ALIKE:
            self._share(record, name)
        for measured in (record.latency, record.throughput):
            if isinstance(measured, Latency | Throughput):
                self._share(measured, "settings")
                for timed in measured.rounds:
                    force_setattr(timed, "histogram", _DROPPED)
        return record

    def past(self, record: Record) -> Record:
        """Return a record that pages compare and do not show: without readings and memory too."""
        for measured in (record.latency, record.throughput):
            if isinstance(measured, Latency | Throughput):
                for timed in measured.rounds:
                    force_setattr(timed, "readings", _DROPPED)
        for process in record.noise:
            force_setattr(process, "readings", _DROPPED)
        if isinstance(record.memory, Memory):
            force_setattr(record.memory, "rounds", _DROPPED)
        return self.record(record)

    def values(self, values: MetricValues) -> MetricValues:
        """Return metric values that share texts with all others, and verdicts with each other."""
        verdicts: dict[Hashable, Verdict] = {}
        for key, value in values.items():
            if isinstance(value, MetricValue):
                force_setattr(value, "metric", self.same(key))
                force_setattr(value, "kind", self.same(value.kind))
                verdict = value.verdict
                told = (verdict.level, *((r.code, r.detail) for r in verdict.reasons))
                force_setattr(value, "verdict", verdicts.setdefault(told, verdict))
        return values

    def texts(self, struct: S, names: Iterable[str]) -> S:
        """Return a struct of which some fields, texts or tuples of such, are shared."""
        for name in names:
            force_setattr(struct, name, self.same(getattr(struct, name)))
        return struct

    def same(self, value: V) -> V:
        """Return the first value that was equal to this one."""
        found: V = self._known.setdefault(value, value)
        return found

    def _share(self, struct: Struct, name: str) -> None:
        value = getattr(struct, name)
        force_setattr(struct, name, self._known.setdefault((name, _pack(value)), value))

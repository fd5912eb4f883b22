"""OpenVINO against native frameworks, from rounds that ran side by side.

As with `speedup`, only rounds of one interleaved session are compared: of the same model file,
fed the same inputs, on the same device.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

from ovreport.record import Record
from ovreport.stats.comparison import Comparison, compare
from ovreport_sitegen.compare.paired import R, latencies, same_session, throughputs


@dataclass(frozen=True)
class Against(Generic[R]):
    """One model on one device: OpenVINO against a framework; above 1 OpenVINO is faster."""

    openvino: R
    native: R
    latency: Comparison | None
    throughput: Comparison | None

    def of(self, measurement: str) -> Comparison | None:
        """Return the comparison of `latency` or `throughput`."""
        return self.latency if measurement == "latency" else self.throughput


def pairs(results: Sequence[R], native: Sequence[R]) -> Iterator[Against[R]]:
    """Yield every pair that was measured in one interleaved session."""
    ours: dict[tuple[str, ...], list[R]] = {}
    for result in results:
        ours.setdefault(_key(result.record), []).append(result)
    for other in native:
        for result in ours.get(_key(other.record), []):
            if result.completed and other.completed and _alike(result.record, other.record):
                latency = compare(latencies(other.record), latencies(result.record))
                throughput = compare(throughputs(result.record), throughputs(other.record))
                if latency or throughput:
                    yield Against(result, other, latency, throughput)


def _key(record: Record) -> tuple[str, ...]:
    case = record.case
    return (record.machine.id, record.device.full_name, case.device, case.model, case.variant)


def _alike(first: Record, second: Record) -> bool:
    same_work = first.model.sha256 == second.model.sha256 and first.inputs == second.inputs
    return same_work and same_session(first, second)

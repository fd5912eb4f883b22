"""Memory of the measuring process."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics.metric import MIB, Group, Metric, Values, median_size
from ovreport.record import Memory, Reason, Record, Skipped


def peaks(measured: Memory, *, throughput: bool) -> list[float]:
    """Return each round's peak in bytes, in the throughput phase or in all phases before it."""
    found = []
    for r in measured.rounds:
        reached = [p.peak_rss_bytes for p in r.phases if (p.phase == "throughput") == throughput]
        if reached:
            found.append(float(max(reached)))
    return found


def _memory(record: Record, _: Sequence[Reason]) -> Values:
    measured = record.memory
    if not isinstance(measured, Memory):
        return
    for key, sizes in (
        ("peak_memory_latency_bytes", peaks(measured, throughput=False)),
        ("peak_memory_bytes", peaks(measured, throughput=True)),
    ):
        if sizes:
            yield median_size(key, sizes)
        else:
            yield key, Skipped(reason="No round reached this phase.")


MEMORY = Group(
    "Memory",
    (
        Metric(
            "peak_memory_latency_bytes",
            "Peak memory, latency mode",
            "MiB",
            "lower",
            "Peak resident set from import to the end of the latency run.",
            "memory",
            scale=MIB,
        ),
        Metric(
            "peak_memory_bytes",
            "Peak memory",
            "MiB",
            "lower",
            "Peak resident set while compiling for throughput and running it.",
            "memory",
            scale=MIB,
        ),
    ),
    _memory,
)

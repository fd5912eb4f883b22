"""Figures of memory, energy, and the way from an encoded image to an answer."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics import pipelines
from ovreport.metrics.value import Found, of_sizes, of_times
from ovreport.record.base import Reason, Skipped, Unsupported
from ovreport.record.cost import EndToEnd, Energy
from ovreport.record.measurements import Memory

ABOVE_IDLE = "not distinguishable from idle: the run took no more than the baseline"


def memory(measured: Memory) -> Found:
    """Yield the peaks of both modes."""
    for key, values in (
        ("peak_memory_latency_bytes", peaks(measured, throughput=False)),
        ("peak_memory_bytes", peaks(measured, throughput=True)),
    ):
        if values:
            yield of_sizes(key, values)
        else:
            yield key, Skipped(reason="No round reached this phase.")


def peaks(measured: Memory, *, throughput: bool) -> list[float]:
    """Return each round's peak, in the throughput phase or in all phases before it."""
    found = []
    for r in measured.rounds:
        reached = [p.peak_rss_bytes for p in r.phases if (p.phase == "throughput") == throughput]
        if reached:
            found.append(float(max(reached)))
    return found


def end_to_end(measured: EndToEnd, against: Sequence[Reason]) -> Found:
    """Yield the times and rates of each way through the pipeline."""
    for way, reason in measured.missing.items():
        prefix = pipelines.WAY_KEYS[way]
        for suffix in ("ms", "ips", "async_ips"):
            yield f"{prefix}_{suffix}", Unsupported(reason=reason)
    for key, values, n in pipelines.series(measured):
        yield of_times(key, values, n, against)


def energy(measured: Energy, against: Sequence[Reason]) -> Found:
    """Yield the headline domain's figures; domains contain each other and are never added up."""
    domain = measured.domains[0]
    rounds = domain.rounds
    n = sum(r.inferences for r in rounds)
    values = {
        "energy_per_inference_j": [r.energy_j / r.inferences for r in rounds],
        "energy_per_inference_net_j": [r.net_j / r.inferences for r in rounds],
        "power_w": [r.energy_j / r.duration_s for r in rounds],
    }
    for key, found in values.items():
        idle = sum(value <= 0 for value in found)
        if idle:
            yield key, Unsupported(reason=f"{ABOVE_IDLE} in {idle} of {len(rounds)} rounds")
        else:
            yield of_times(key, found, n, against, scope=f"{domain.name} ({measured.method})")

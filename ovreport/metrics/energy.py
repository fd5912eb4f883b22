"""Energy of an inference, as counters of the machine measured it in the throughput run."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics.metric import Group, Metric, Values, median_time
from ovreport.record import Energy, Reason, Record, Unsupported

ABOVE_IDLE = "not distinguishable from idle: the run took no more than the baseline"


def _energy(record: Record, reasons: Sequence[Reason]) -> Values:
    """Yield the values of the first domain: domains contain each other and are never added up."""
    measured = record.energy
    if not isinstance(measured, Energy):
        return
    domain = measured.domains[0]
    rounds = domain.rounds
    n, scope = sum(r.inferences for r in rounds), f"{domain.name} ({measured.method})"
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
            yield median_time(key, found, n, reasons, scope=scope)


ENERGY = Group(
    "Energy",
    (
        Metric(
            "energy_per_inference_j",
            "Energy per inference",
            "mJ",
            "lower",
            "Measured in the throughput run: all that the named domain took, other programs "
            "included, divided by the inferences.",
            "energy",
            scale=1000,
        ),
        Metric(
            "energy_per_inference_net_j",
            "Energy per inference, net",
            "mJ",
            "lower",
            "The same, less what the domain took when idle just before, for the same time.",
            "energy",
            scale=1000,
        ),
        Metric(
            "power_w",
            "Average power",
            "W",
            "lower",
            "Measured: what the named domain took in the throughput run, per second.",
            "energy",
        ),
    ),
    _energy,
)

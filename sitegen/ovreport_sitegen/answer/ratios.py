"""A result against another: paired by round, of separate runs, or why they are not compared.

Above 1, the candidate is the better one, whatever the metric's direction is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from ovreport.history import same_work
from ovreport.metrics import METRICS, MetricValue
from ovreport.metrics.apart import apart as values_apart
from ovreport.stats.comparison import Comparison
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.data.speedups import speedup_over

PAIRED = {
    "latency_ms": attrgetter("latency"),
    "latency_observed_ms": attrgetter("latency"),
    "throughput_ips": attrgetter("throughput"),
    "throughput_observed_ips": attrgetter("throughput"),
    "latency_cpu_ms": attrgetter("processor_time"),
}
"""Metrics whose rounds alternate, and their paired comparison."""


@dataclass(frozen=True)
class Against:
    """A candidate against a baseline."""

    comparison: Comparison | None = None
    is_paired: bool = False
    why: str = ""
    """Why there is no comparison."""


@lru_cache(maxsize=1 << 16)
def against(candidate: Result, baseline: Result, key: str) -> Against:
    """Return a result against another in a metric."""
    if found := paired(candidate, baseline, key):
        return Against(found, is_paired=True)
    if candidate.variant == baseline.variant and not same_work(candidate.record, baseline.record):
        return Against(why="Not the same model file and inputs.")
    measurement = METRICS[key].measurement
    if candidate.record.method_of(measurement) != baseline.record.method_of(measurement):
        return Against(why="One was measured in another way, by an older ovreport.")
    first, second = candidate.metric_value(key), baseline.metric_value(key)
    if first is None or second is None:
        return Against(why="Not measured for both.")
    return apart(first, second)


def paired(candidate: Result, baseline: Result, key: str) -> Comparison | None:
    """Return the ratio by rounds that alternated in one run; None where there are none."""
    if key not in PAIRED:
        return None
    found: Comparison | None = PAIRED[key](speedup_over(baseline, candidate))
    return found


def apart(candidate: MetricValue, baseline: MetricValue) -> Against:
    """Return a value against another of a separate run, by the intervals of both."""
    found = values_apart(candidate, baseline)
    return Against(why=found) if isinstance(found, str) else Against(found)

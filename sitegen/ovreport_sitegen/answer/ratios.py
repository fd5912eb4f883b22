"""A result against another: paired by round, of separate runs, or why they are not compared.

Above 1, the candidate is the better one, whatever the metric's direction is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from ovreport.history import same_work
from ovreport.metrics import Metric, MetricValue, significant
from ovreport.metrics.apart import apart as values_apart
from ovreport.stats.comparison import Comparison
from ovreport.stats.intervals import Interval
from ovreport_sitegen.compare import PairedComparison
from ovreport_sitegen.data.result import Result

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
    if candidate.record.method != baseline.record.method:
        return Against(why="Not measured in the same way: older and newer method.")
    first, second = candidate.metric_value(key), baseline.metric_value(key)
    if first is None or second is None:
        return Against(why="Not measured for both.")
    return apart(first, second)


def paired(candidate: Result, baseline: Result, key: str) -> Comparison | None:
    """Return the ratio by rounds that alternated in one run; None where there are none."""
    if key not in PAIRED:
        return None
    found: Comparison | None = PAIRED[key](PairedComparison(baseline, candidate))
    return found


def apart(candidate: MetricValue, baseline: MetricValue) -> Against:
    """Return a value against another of a separate run, by the intervals of both."""
    found = values_apart(candidate, baseline)
    return Against(why=found) if isinstance(found, str) else Against(found)


# ---------------------------------------------------------------- in words


def amount_of(metric: Metric, ratio: Interval) -> Interval:
    """Return a ratio as readers expect it: of speeds for times, else of the values themselves."""
    if is_time(metric) or metric.direction == "higher":
        return ratio
    return Interval(1 / ratio.value, 1 / ratio.high, 1 / ratio.low if ratio.low else math.inf)


def ratio_words(metric: Metric, ratio: Interval) -> tuple[str, str]:
    """Return how a candidate compares, and its interval.

    `1.43× as fast` with `1.30 – 1.57×`, or `31 % slower` with `28 – 34 %`.
    """
    amount = amount_of(metric, ratio)
    more, less = ("as fast", "slower") if is_time(metric) else ("as much", "less")
    if amount.value >= 1:
        return f"{significant(amount.value)}× {more}", interval_words(amount)
    lost = f"{significant(100 * (1 - amount.value), 2)} % {less}"
    if amount.high > 1 or not math.isfinite(amount.high):
        return lost, interval_words(amount)
    least, most = (significant(100 * (1 - end), 2) for end in (amount.high, amount.low))
    return lost, f"{least} – {most} %"


def interval_words(ratio: Interval) -> str:
    """Return the interval of a ratio; empty where nothing is known of it."""
    if not math.isfinite(ratio.high - ratio.low):
        return ""
    return f"{significant(ratio.low)} – {significant(ratio.high)}×"


def is_time(metric: Metric) -> bool:
    """Return whether a metric is a time that passes, in which one can be faster."""
    return metric.unit == "ms" and "_cpu_" not in metric.key

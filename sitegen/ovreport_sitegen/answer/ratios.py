"""A result against another: paired by round, of separate runs, or why they are not compared.

Above 1, the candidate is the better one, whatever the metric's direction is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from ovreport.metrics import METRICS, Metric, MetricValue, significant
from ovreport.stats.comparison import Comparison, compare_apart
from ovreport.stats.intervals import Interval
from ovreport_sitegen.compare import PairedComparison, same_work
from ovreport_sitegen.data.result import Result

PAIRED = {
    "latency_ms": attrgetter("latency"),
    "latency_observed_ms": attrgetter("latency"),
    "throughput_ips": attrgetter("throughput"),
    "throughput_observed_ips": attrgetter("throughput"),
    "latency_cpu_ms": attrgetter("processor_time"),
}
"""Metrics whose rounds alternate, and their paired comparison."""
NO_INTERVAL = frozenset({"bound", "range", "rated"})
"""Kinds of values without a 95 % interval."""


@dataclass(frozen=True)
class Against:
    """A candidate against a baseline."""

    comparison: Comparison | None = None
    is_paired: bool = False
    why: str = ""
    """Why there is no comparison."""

    @property
    def is_better(self) -> bool:
        """Whether the candidate is clearly the better one."""
        return bool(self.comparison and self.comparison.above_one)


@lru_cache(maxsize=1 << 16)
def against(candidate: Result, baseline: Result, key: str) -> Against:
    """Return a result against another in a metric."""
    if found := paired(candidate, baseline, key):
        return Against(found, is_paired=True)
    if candidate.variant == baseline.variant and not same_work(candidate.record, baseline.record):
        return Against(why="Not the same model file and inputs.")
    first, second = candidate.metric_value(key), baseline.metric_value(key)
    if first is None or second is None:
        return Against(why="Not measured for both.")
    return apart(first, second, METRICS[key])


def paired(candidate: Result, baseline: Result, key: str) -> Comparison | None:
    """Return the ratio by rounds that alternated in one run; None where there are none."""
    if key not in PAIRED:
        return None
    found: Comparison | None = PAIRED[key](PairedComparison(baseline, candidate))
    return found


def apart(candidate: MetricValue, baseline: MetricValue, metric: Metric) -> Against:
    """Return a value against another of a separate run, by the intervals of both."""
    if candidate.scope != baseline.scope:
        return Against(why="Not of the same part of the machine.")
    kinds = {candidate.kind, baseline.kind}
    if kinds & NO_INTERVAL:
        return Against(why="A bound has no interval to compare by.")
    if "observed" in kinds and candidate.metric == baseline.metric:
        return Against(why="Of separate runs, and not undisturbed in both.")
    first, second = interval_of(candidate), interval_of(baseline)
    if metric.direction == "lower":
        first, second = second, first
    return Against(compare_apart(first, second))


def interval_of(value: MetricValue) -> Interval:
    """Return a value with its interval."""
    return Interval(value.value, value.low, value.high)


def is_clearly_better(result: Result, baseline: Result | None, key: str) -> bool:
    """Return whether a result is clearly better than f32 of the published file on its device."""
    return bool(baseline and baseline is not result and against(result, baseline, key).is_better)


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

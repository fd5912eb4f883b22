"""Two values of one metric that were measured in separate runs."""

from __future__ import annotations

from ovreport.metrics.metric import MetricValue
from ovreport.metrics.registry import METRICS
from ovreport.stats.comparison import Comparison, compare_apart
from ovreport.stats.intervals import Interval

NO_INTERVAL = frozenset({"bound", "range", "rated"})
"""Kinds of values without a 95 % interval."""


def apart(candidate: MetricValue, baseline: MetricValue) -> Comparison | str:
    """Return a value against another of a separate run, by the intervals of both; else why not.

    Above 1, the candidate is the better one, whatever the direction of the baseline's metric.
    """
    if candidate.scope != baseline.scope:
        return "Not of the same part of the machine."
    kinds = {candidate.kind, baseline.kind}
    if kinds & NO_INTERVAL:
        return "A bound has no interval to compare by."
    if "observed" in kinds and candidate.metric == baseline.metric:
        return "Measured in separate runs, and disturbed in one of them."
    first, second = interval_of(candidate), interval_of(baseline)
    if METRICS[baseline.metric].direction == "lower":
        first, second = second, first
    return compare_apart(first, second)


def interval_of(value: MetricValue) -> Interval:
    """Return a value with its interval."""
    return Interval(value.value, value.low, value.high)

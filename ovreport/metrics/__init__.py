"""Metrics: what each is, how it is computed from a record, and how far it can be trusted."""

from ovreport.metrics import (
    GROUPS,
    HEADLINES,
    METRICS,
    MetricValue,
    MetricValues,
    metric_values,
    verdicts,
)
from ovreport.metrics.metric import Group, Metric, significant

__all__ = [
    "GROUPS",
    "HEADLINES",
    "METRICS",
    "Group",
    "Metric",
    "MetricValue",
    "MetricValues",
    "metric_values",
    "significant",
    "verdicts",
]

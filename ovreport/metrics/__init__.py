"""Metrics: what each is, how it is computed from a record, and how far it can be trusted."""

from ovreport.metrics.metric import Group, Metric, MetricValue, MetricValues, significant
from ovreport.metrics.registry import GROUPS, HEADLINES, METRICS, metric_values, verdicts

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

"""The registry of metrics: every group, every metric by its key, and the values of a record.

    METRICS["latency_ms"].label       "Latency"
    metric_values(record)             {metric key: MetricValue, or why there is none}

Whatever lists metrics (glossary, tables, downloads, the terminal) takes them from here. A metric is
an entry of its group's module, beside the function that computes it.
"""

from __future__ import annotations

from typing import cast, get_args

from ovreport.metrics.accuracy import ACCURACY
from ovreport.metrics.efficiency import EFFICIENCY
from ovreport.metrics.end_to_end import END_TO_END
from ovreport.metrics.energy import ENERGY
from ovreport.metrics.evidence import evidence
from ovreport.metrics.generation import GENERATION
from ovreport.metrics.load import ARRIVALS, CURVE
from ovreport.metrics.memory import MEMORY
from ovreport.metrics.metric import Group, Metric, MetricValue, MetricValues
from ovreport.metrics.quality import QUALITY
from ovreport.metrics.speed import LATENCY, THROUGHPUT
from ovreport.metrics.startup import STARTUP
from ovreport.record import Completed, NotMeasured, Record, Verdict, VerdictName

GROUPS: tuple[Group, ...] = (
    LATENCY,
    THROUGHPUT,
    CURVE,
    ARRIVALS,
    STARTUP,
    MEMORY,
    EFFICIENCY,
    END_TO_END,
    ENERGY,
    GENERATION,
    QUALITY,
    ACCURACY,
)
"""In the order in which they are shown."""

METRICS: dict[str, Metric] = {metric.key: metric for group in GROUPS for metric in group.metrics}
"""Metric by its key."""

HEADLINES: dict[str, str] = {m.headline: m.key for m in METRICS.values() if m.headline}
"""What a metric is the headline of → its key."""

_BY_KIND = {kind: [g for g in GROUPS if g.is_language == kind] for kind in (False, True)}


def metric_values(record: Record) -> MetricValues:
    """Return every value of a record, or why there is none, by metric key.

    A language model has its own metrics and no others; of the accuracy metrics there is the one
    that the record has. A failed case has no value: a fast wrong output is a failure.
    """
    groups = _BY_KIND[record.case.is_language]
    if not isinstance(record.outcome, Completed):
        return {m.key: record.outcome for g in groups for m in g.metrics if g is not ACCURACY}
    reasons = evidence(record)
    found: MetricValues = {}
    for group in groups:
        found.update(group.compute(record, reasons))
        found.update(group.derive(record, found))
        for metric in () if group is ACCURACY else group.metrics:
            measurement = getattr(record, metric.measurement)
            if metric.key not in found and isinstance(measurement, NotMeasured):
                found[metric.key] = measurement
    return found


def verdicts(record: Record) -> dict[VerdictName, Verdict]:
    """Return the verdict on each headline of a record that has a value."""
    found = metric_values(record)
    named = {name: found.get(HEADLINES[name]) for name in get_args(VerdictName)}
    return {
        cast("VerdictName", name): value.verdict
        for name, value in named.items()
        if isinstance(value, MetricValue)
    }

"""One number as it is shown: value, interval, n, verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ovreport.metrics.verdict import judge_sizes, judge_times
from ovreport.record.base import NotMeasured, Reason, Verdict
from ovreport.stats.intervals import Interval, median_interval


@dataclass(frozen=True)
class MetricValue:
    """One number as it is shown, with all that a reader needs to weigh it."""

    metric: str
    """Key in `ovreport.metrics.registry`."""
    value: float
    low: float
    """95 % interval; equal to value where the figure is itself a bound."""
    high: float
    rounds: int
    n: int
    """Samples behind it: inferences, or labelled units."""
    verdict: Verdict
    kind: str = "measured"
    """`measured`, `bound` (a conservative percentile) or `rated`."""
    scope: str = ""
    """What part of the machine it covers and who counted it, where that is not the obvious."""


MetricValues = dict[str, MetricValue | NotMeasured]

Found = Iterator[tuple[str, MetricValue | NotMeasured]]
"""Metric key → figure, or why there is none."""

DETERMINISTIC = Verdict(level="stable", reasons=[])
"""Accuracy: the same inputs give the same outputs, however busy the machine is."""


def of(
    key: str,
    interval: Interval,
    rounds: int,
    n: int,
    verdict: Verdict,
    *,
    kind: str = "measured",
    scope: str = "",
) -> tuple[str, MetricValue]:
    """Return a figure by its key."""
    low, high = interval.low, interval.high
    return key, MetricValue(
        key, interval.value, low, high, rounds, n, verdict, kind=kind, scope=scope
    )


def of_sizes(key: str, values: Sequence[float]) -> tuple[str, MetricValue]:
    """Return the median of a size in every round."""
    interval = median_interval(values)
    return of(key, interval, len(values), len(values), judge_sizes(interval, len(values)))


def of_times(
    key: str, values: Sequence[float], n: int, against: Sequence[Reason], *, scope: str = ""
) -> tuple[str, MetricValue]:
    """Return the median of a time, or of a rate, in every round."""
    interval = median_interval(values)
    verdict = judge_times(interval, len(values), against)
    return of(key, interval, len(values), n, verdict, scope=scope)

"""The value of a metric: a number with its interval, n and verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ovreport.metrics.verdict import verdict_of
from ovreport.record import NotMeasured, Reason, Verdict
from ovreport.stats.intervals import Interval, median_interval


@dataclass(frozen=True)
class MetricValue:
    """One number as it is shown, with all that a reader needs to weigh it."""

    metric: str
    """Key in `ovreport.metrics.METRICS`."""
    value: float
    low: float
    """95 % interval; equal to the value where that is itself a bound."""
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
"""Metric key → its value, or why there is none."""
Values = Iterator[tuple[str, MetricValue | NotMeasured]]
"""The same, one after the other."""

STABLE = Verdict(level="stable", reasons=[])
"""Of what does not depend on time: the same inputs give the same outputs on a busy machine."""


def value_of(
    key: str,
    interval: Interval,
    rounds: int,
    n: int,
    verdict: Verdict,
    *,
    kind: str = "measured",
    scope: str = "",
) -> tuple[str, MetricValue]:
    """Return a metric's key and its value."""
    low, high = interval.low, interval.high
    value = MetricValue(key, interval.value, low, high, rounds, n, verdict, kind=kind, scope=scope)
    return key, value


def median_size(key: str, sizes: Sequence[float]) -> tuple[str, MetricValue]:
    """Return the median over rounds of a size, which other programs do not disturb."""
    interval, rounds = median_interval(sizes), len(sizes)
    return value_of(key, interval, rounds, rounds, verdict_of(interval, rounds))


def median_time(
    key: str, times: Sequence[float], n: int, reasons: Sequence[Reason], *, scope: str = ""
) -> tuple[str, MetricValue]:
    """Return the median over rounds of a time or a rate, of n samples in all.

    `reasons`: what speaks against it, beside its interval.
    """
    interval, rounds = median_interval(times), len(times)
    return value_of(key, interval, rounds, n, verdict_of(interval, rounds, reasons), scope=scope)

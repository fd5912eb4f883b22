"""Ratios in words: of two values of one metric, above 1 where the candidate is the better one."""

from __future__ import annotations

import math

from ovreport.metrics.metric import Metric, significant
from ovreport.stats.intervals import Interval


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

"""What the site computes of a record can be computed, and is a number that can be drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ovreport.checks.fault import Fault, number
from ovreport.metrics import METRICS, MetricValues, metric_values
from ovreport.metrics.metric import MetricValue
from ovreport.record import Record

LEAST, MOST = 1e-12, 1e15
"""Of the size of a figure that is not zero, in its metric's stored unit: beyond any, and within
what logarithms, ratios and axes can hold."""
FAR = 3
"""Power of these for a bound of its interval."""


def figures(record: Record) -> Iterator[Fault]:
    """Yield figures that cannot be computed, or that nothing measured can give."""
    try:
        values = metric_values(record)
    except (ArithmeticError, ValueError, LookupError) as error:
        what = f"no figures follow from it: {type(error).__name__}: {error}"[:300]
        yield Fault("$", what, spoils_others=True)
        return
    yield from undrawable(values)


def undrawable(values: MetricValues) -> Iterator[Fault]:
    """Yield figures that nothing measured can give."""
    for key, value in values.items():
        if isinstance(value, MetricValue) and not _drawable(value):
            yield Fault(
                f"$.{METRICS[key].measurement}",
                f"{METRICS[key].label} would be {number(value.value)} "
                f"({number(value.low)} to {number(value.high)})",
                spoils_others=True,
            )


def _drawable(value: MetricValue) -> bool:
    """Return whether a figure is a number of some size.

    A bound of its interval may be unknown, or far away, as those of a few rounds that differ much.
    """
    bounds = [abs(v) for v in (value.low, value.high) if math.isfinite(v)]
    return (
        math.isfinite(value.value)
        and (value.value == 0 or LEAST <= abs(value.value) <= MOST)
        and all(b == 0 or LEAST**FAR <= b <= MOST**FAR for b in bounds)
    )

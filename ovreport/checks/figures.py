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


def figures(record: Record) -> Iterator[Fault]:
    """Yield figures that cannot be computed, or that nothing measured can give."""
    try:
        values = metric_values(record)
    except (ArithmeticError, ValueError, LookupError) as error:
        yield Fault("$", f"no figures follow from it: {type(error).__name__}: {error}"[:300])
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
            )


def _drawable(value: MetricValue) -> bool:
    """Return whether a figure is a number; a bound of its interval may be unknown."""
    sizes = [abs(value.value), *(abs(v) for v in (value.low, value.high) if math.isfinite(v))]
    return math.isfinite(value.value) and all(s == 0 or LEAST <= s <= MOST for s in sizes)

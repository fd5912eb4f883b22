"""What a metric is, its value with interval, n and verdict, and how a number is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from ovreport.metrics.verdict import verdict_of
from ovreport.record import NotMeasured, Reason, Record, Verdict
from ovreport.stats.intervals import Interval, median_interval
from ovreport.stats.spread import EXACT


class MetricValue(Struct, frozen=True, tag_field="status", tag="value"):
    """One number as it is shown, with all that a reader needs to weigh it."""

    metric: str
    """Key in `ovreport.metrics.METRICS`."""
    value: float
    low: float
    """Low end of the 95 % interval; of other kinds see `kind`."""
    high: float
    rounds: int
    n: int
    """Samples behind it: inferences, or labelled units."""
    verdict: Verdict
    kind: str = "measured"
    """`undisturbed` (what quiet rounds agree on), `observed` (over all rounds, where none such is
    known), `measured`, `range` (median, lowest and highest round: no interval), `bound` (a
    conservative percentile; both ends are the value) or `rated`."""
    scope: str = ""
    """What part of the machine it covers and who counted it, where that is not the obvious."""


MetricValues = dict[str, MetricValue | NotMeasured]
"""Metric key → its value, or why there is none."""
Values = Iterator[tuple[str, MetricValue | NotMeasured]]
"""Metric keys with their values, or why there are none."""

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
    interval, rounds = median_interval(sizes, prior=EXACT), len(sizes)
    return value_of(key, interval, rounds, rounds, verdict_of(interval, rounds))


def median_time(
    key: str, times: Sequence[float], n: int, reasons: Sequence[Reason], *, scope: str = ""
) -> tuple[str, MetricValue]:
    """Return the median over rounds of a time or a rate, of n samples in all.

    `reasons`: what speaks against it, beside its interval.
    """
    interval, rounds = median_interval(times), len(times)
    return value_of(key, interval, rounds, n, verdict_of(interval, rounds, reasons), scope=scope)


# ---------------------------------------------------------------- metrics and groups

Direction = Literal["lower", "higher"]
MIB = 1 / (1024 * 1024)
"""Scale of metrics that are stored in bytes and shown in MiB."""


@dataclass(frozen=True)
class Metric:
    """One named quantity: it has one name, one unit and one rounding wherever it is shown."""

    key: str
    label: str
    unit: str
    direction: Direction
    meaning: str
    """One sentence for the glossary and for hover texts."""
    measurement: str
    """Field of the record that it is derived from."""
    scale: float = 1.0
    """What a stored value is multiplied with to be shown in `unit`."""
    counts: str = "inferences"
    """What the n of its values counts, plural."""
    percentile: float = 0.0
    """The percentile that it bounds, 0 to 1; 0: it is none."""
    headline: str = ""
    """The verdict that this metric decides: `latency` or `throughput`, say."""
    summary: str = ""
    """Its heading in the summary that ends a collect; empty: it is not in there."""
    rated: bool = False
    """Whether it needs a maker's rating from the site's settings: no record has a value of it."""

    @property
    def better(self) -> str:
        """The direction in words."""
        return "Lower is better" if self.direction == "lower" else "Higher is better"

    def format(self, value: float) -> str:
        """Return the value in `unit`, three significant digits, without the unit."""
        return significant(value * self.scale)

    def format_unit(self, value: float) -> str:
        """Return the value with its unit."""
        return f"{self.format(value)} {self.unit}".strip()


Compute = Callable[[Record, Sequence[Reason]], Values]
"""Takes a record and the reasons that speak against all of its times; yields values by metric key.
Nothing need be yielded for a measurement that is not there: its metrics get its reason."""
Derive = Callable[[Record, MetricValues], Values]
"""Takes a record and the values of the groups before; yields values that follow from those."""


@dataclass(frozen=True)
class Group:
    """Metrics that are shown together, and the function that computes them."""

    title: str
    metrics: tuple[Metric, ...]
    compute: Compute
    derive: Derive = lambda _record, _values: iter(())
    """Computes what follows from values of the groups before it."""
    is_language: bool = False
    """Whether it is of language models; all other groups are of other models."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its metrics, in order."""
        return tuple(metric.key for metric in self.metrics)


def significant(value: float, digits: int = 3) -> str:
    """Format with so many significant digits, thousands separated, never in exponents."""
    if not math.isfinite(value):
        return "unbounded" if math.isinf(value) else "not a number"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - exponent)
    if abs(rounded) >= 10.0 ** (exponent + 1):
        exponent += 1  # 9.996 became 10.00: one digit too many
    decimals = digits - 1 - exponent
    return f"{rounded:,.{decimals}f}" if decimals > 0 else f"{rounded:,.0f}"

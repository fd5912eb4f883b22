"""Ranked values in words: a sentence says only what the intervals of its values bear."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ovreport.metrics import METRICS, Metric, MetricValue, significant
from ovreport.stats.intervals import Interval, is_apart
from ovreport.words import plural
from ovreport_sitegen.components.marks import Look, look
from ovreport_sitegen.components.ratio_card import mean_ratio, note_of
from ovreport_sitegen.text import interval_details, interval_note, line


@dataclass(frozen=True)
class Ranked:
    """A result's place in a ranking."""

    name: str
    value: MetricValue
    second: MetricValue | None
    """The other metric; None where it is missing or none is asked for."""
    family: str


def value_details(found: MetricValue) -> str:
    """Return the interval, the counts and the verdict of a value."""
    metric = METRICS[found.metric]
    bounds = (
        interval_details(found.low, found.high, found.rounds, metric.format)
        if found.kind not in {"bound", "range", "rated"}
        else found.kind
    )
    scope = f"{line(found.scope, 60)}, " if found.scope else ""
    counts = f"{plural(found.rounds, 'round')}, n {found.n:,}"
    observed = ", observed" if look(found).is_observed else ""
    return f"{scope}{bounds}, {counts}, {found.verdict.level}{observed}"


# ---------------------------------------------------------------- findings


def ranking_finding(ranked: Sequence[Ranked], metric: Metric) -> str:
    """Return the best and the last of a ranking, as far as their intervals bear it."""
    if not ranked:
        return "No result here has a value; the table gives the reasons."
    best, last = (
        f"{found.name}, {value_words(found.value, metric, named=found is ranked[0])}"
        for found in (ranked[0], ranked[-1])
    )
    if len(ranked) == 1:
        return f"{best}."
    words = ("Most", "Least")
    if metric.direction == "lower":
        words = ("Fastest", "Slowest") if metric.unit == "ms" else ("Least", "Most")
    values = [found.value for found in ranked]
    first, final = is_apart(values[0], values[1:]), is_apart(values[-1], values[:-1])
    if first and final and not any(look(value).is_uncertain for value in values):
        return f"{words[0]}: {best}. {words[1]}: {last}."
    text = f"From {best}, to {last}."
    if first and final:
        return text
    unsure = "last place" if first else "first place" if final else "order"
    return f"{text} Intervals overlap, so the {unsure} is not certain."


def value_words(found: MetricValue, metric: Metric, *, named: bool = True) -> str:
    """Return a value with its unit and its interval, as a sentence has it.

    `named`: says what interval it is, once in a sentence.
    """
    shown = look(found).text(metric.format_unit(found.value))
    if found.low == found.high or not math.isfinite(found.high - found.low):
        return shown
    return shown + interval_note(metric.format(found.low), metric.format(found.high), named=named)


def pair_finding(ranked: Sequence[Ranked], sentence: str, left_out: str = "") -> str:
    """Return how the values compare with their second ones; some must have one.

    `sentence` says it, with `{}` for the ratio. `left_out`: how many are not in the mean.
    """
    ratios = [
        _ValueRatio(found.name, found.value, found.second)
        for found in ranked
        if found.second and found.second.value > 0
    ]
    about = Look(is_approximate=any(ratio.is_uncertain for ratio in ratios))
    mean = mean_ratio([ratio.interval for ratio in ratios])
    text = sentence.format(about.text(significant(mean.value)))
    if all(ratio.has_interval for ratio in ratios):
        text += note_of(mean)
    if len(ratios) == 1:
        return f"{text}: {ratios[0].name}{left_out}."
    text = f"{text}, geometric mean over {plural(len(ratios), 'model')}{left_out}."
    most = max(ratios, key=lambda ratio: ratio.value)
    if not is_apart(most, (other for other in ratios if other is not most)):
        return text
    return f"{text} Highest: {most.name}, {significant(most.value)}×."


@dataclass(frozen=True)
class _ValueRatio:
    """A value over a second one that was measured apart from it."""

    name: str
    first: MetricValue
    second: MetricValue

    @property
    def value(self) -> float:
        return self.first.value / self.second.value

    @property
    def low(self) -> float:
        """The least that both intervals allow."""
        return self.first.low / self.second.high

    @property
    def high(self) -> float:
        """The most that both intervals allow."""
        return self.first.high / self.second.low if self.second.low > 0 else math.inf

    @property
    def interval(self) -> Interval:
        return Interval(self.value, self.low, self.high)

    @property
    def has_interval(self) -> bool:
        """Whether both have one: a bound on a percentile has none."""
        return "bound" not in {self.first.kind, self.second.kind}

    @property
    def is_uncertain(self) -> bool:
        return look(self.first).is_uncertain or look(self.second).is_uncertain

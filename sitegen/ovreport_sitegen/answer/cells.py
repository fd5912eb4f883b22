"""A cell of the answer table: a value with its interval, what ran, what it costs, and a ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ovreport.metrics import METRICS, Metric, MetricValue
from ovreport.metrics.apart import NO_INTERVAL
from ovreport.metrics.ratio_words import amount_of, ratio_words
from ovreport.metrics.ratio_words import interval_words as ratio_interval_words
from ovreport.record import Accuracy, Completed, Level, NotMeasured
from ovreport.stats.intervals import Interval
from ovreport.variants import VARIANTS
from ovreport.words import plural
from ovreport_sitegen.answer.axes import ran
from ovreport_sitegen.answer.choice import value_key
from ovreport_sitegen.answer.ratios import Against
from ovreport_sitegen.components import accuracy_cells
from ovreport_sitegen.components.cells import interval_words, missing_cell
from ovreport_sitegen.components.marks import look
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line

_ROOM = 1.5
"""How far an interval may reach beyond the largest value of its row, before it is cut."""

NO_COMPARISON = "no comparison"
SEPARATE_RUNS, ONE_RUN = "separate runs", "one run"
"""What two values are of that no rounds pair."""


@dataclass(frozen=True)
class Bar:
    """A value and its interval, in percent of the longest in the row, or in a column alone."""

    value: float
    low: float
    high: float
    family: str
    level: Level


@dataclass(frozen=True)
class Cost:
    """The accuracy that a result costs, against f32."""

    text: str = ""
    interval: str = ""
    is_bad: bool = False
    """Less than 99 % of the accuracy is kept."""


@dataclass(frozen=True)
class Words:
    """A ratio, or that there is none."""

    text: str
    interval: str = ""
    tone: str = ""
    """`good`, `bad`, or empty where neither is clear."""
    tip: str = ""


@dataclass(frozen=True)
class AnswerCell:
    """A cell; without a value, `text` says why."""

    text: str
    result: Result | None = None
    value: float | None = None
    """In the unit of the metric."""
    interval: str = ""
    level: Level | None = None
    ran: str = ""
    cost: Cost = Cost()
    ratio: Words | None = None
    bar: Bar | None = None
    tip: str = ""

    @property
    def href(self) -> str:
        """Address of the result in full."""
        return self.result.href if self.result else ""


def ran_words(result: Result) -> str:
    """Return what ran: framework, weights other than fp32, and precision."""
    weights = "" if result.variant == "fp32" else VARIANTS[result.variant].short
    return " · ".join(filter(None, (result.framework, weights, ran(result))))


def cost_of(result: Result) -> Cost:
    """Return the accuracy that a result costs; nothing of f32 itself, and of what has none."""
    reference, accuracy = accuracy_cells.reference_of(result), result.accuracy
    if reference is None or not isinstance(accuracy, Accuracy):
        known = accuracy_cells.is_reference(result) or result.is_baseline or result.framework
        return Cost() if known or result.model.architecture_only else Cost("accuracy not known")
    cell = accuracy_cells.cost_cell(result)
    if cell.text == "0":
        # An arm in f32 is compared with the f32 of the collect's own OpenVINO.
        is_f32 = result.is_baseline and not result.framework
        return Cost() if is_f32 else Cost("same accuracy", cell.sub)
    return Cost(f"{cell.text} points", cell.sub, is_bad=cell.tone == "bad")


def value_cell(result: Result, key: str, *, stable: bool = False) -> AnswerCell:
    """Return the cell of a result's value; `stable`: an unstable value is not shown."""
    key = value_key(result, key)
    found = result.metric_values.get(key)
    ran_, cost = (ran_words(result), cost_of(result)) if result.completed else ("", Cost())
    if not isinstance(found, MetricValue):
        return _missing(result, found, ran_)
    if stable and found.verdict.level != "stable":
        return AnswerCell(f"{found.verdict.level}, not shown", result, ran=ran_, cost=cost)
    metric = METRICS[key]
    return AnswerCell(
        text=look(found).text(metric.format(found.value)),
        result=result,
        value=found.value * metric.scale,
        interval=_interval(found, metric),
        level=found.verdict.level,
        ran=" · ".join(filter(None, (ran_, line(found.scope, 60), _observed(found)))),
        cost=cost,
        tip=f"{found.verdict.level}, {found.kind}",
    )


def _observed(found: MetricValue) -> str:
    return "observed" if look(found).is_observed else ""


def excluded_cell(result: Result) -> AnswerCell:
    """Return the cell of a result that may not stand there: it does not keep 99 %."""
    cost = cost_of(result)
    text = "below 99 % of the accuracy" if cost.is_bad else "accuracy not known"
    return AnswerCell(text, result, ran=ran_words(result), cost=cost if cost.is_bad else Cost())


def _missing(result: Result, why: NotMeasured | None, ran_: str) -> AnswerCell:
    outcome = result.record.outcome
    cell = missing_cell(why if isinstance(outcome, Completed) else outcome)
    return AnswerCell(cell.text, result, ran=ran_, tip=line(cell.tip or cell.sub, 300))


def _interval(found: MetricValue, metric: Metric) -> str:
    ends = {metric.format(end) for end in (found.low, found.value, found.high)}
    if found.kind == "bound" or len(ends) == 1:
        return ""
    words = interval_words(found.low, found.high, metric.format)
    return f"range {words}" if found.kind in NO_INTERVAL else words


def bars(found: Sequence[tuple[MetricValue, str]]) -> list[Bar]:
    """Return bars of one length scale: of each value, and the family of its device."""
    longest = max((value.value for value, _ in found), default=0.0)
    reach = max((min(v.high, _ROOM * longest) for v, _ in found), default=0.0)
    full = max(longest, reach)

    def share(value: float) -> float:
        return round(100 * min(max(value, 0.0), full) / full, 1) if full > 0 else 0.0

    return [
        Bar(share(v.value), share(v.low), share(v.high), family, v.verdict.level)
        for v, family in found
    ]


def ratio_of(found: Against, metric: Metric) -> Words:
    """Return a ratio in words."""
    comparison = found.comparison
    if comparison is None:
        return Words(NO_COMPARISON, tip=found.why)
    how = f"paired, {plural(comparison.pairs, 'round')}" if found.is_paired else SEPARATE_RUNS
    if not comparison.significant:
        interval = ratio_interval_words(amount_of(metric, comparison.ratio))
        return Words(comparison.outcome, interval, tip=how)
    text, interval = ratio_words(metric, comparison.ratio)
    return Words(text, interval, "good" if comparison.above_one else "bad", how)


def mean_words(mean: Interval, n: int, metric: Metric) -> Words:
    """Return the mean of n ratios in words: clear where its whole interval is on one side of 1."""
    how = f"geometric mean of {plural(n, 'ratio')}"
    if mean.low <= 1 <= mean.high:
        amount = amount_of(metric, mean)
        return Words("no clear difference", ratio_interval_words(amount), tip=how)
    text, interval = ratio_words(metric, mean)
    return Words(text, interval, "good" if mean.value > 1 else "bad", how)

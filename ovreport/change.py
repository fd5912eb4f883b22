"""What became of one metric of a case, from one record of it to another.

Rounds that were measured in turn in one run are compared pair by pair. Runs at different times have
no rounds to pair, so values are compared by their own intervals. Three cases without an answer are
kept apart: no comparison (with the reason), insufficient data, and no clear difference.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from ovreport.metrics import METRICS, Metric, MetricValue, MetricValues, metric_values
from ovreport.metrics.accuracy import accuracy_metric
from ovreport.metrics.apart import apart
from ovreport.pairing import observed_key, paired
from ovreport.record import Accuracy, AccuracyReference, Record
from ovreport.stats.comparison import MIN_PAIRS, Outcome
from ovreport.stats.discoveries import p_value_of_difference, p_value_of_ratio
from ovreport.stats.intervals import Interval

ACCURACY = "accuracy"
"""In place of the metric's key: other models have other metrics of it."""
_LEAST_DEGREES = 10
"""Degrees of freedom behind the interval of an undisturbed value, at least: of three processes and
what is assumed of how they differ."""


@dataclass(frozen=True, eq=False)
class Run:
    """A record with its metric values."""

    record: Record
    values: MetricValues

    @classmethod
    def of(cls, record: Record) -> Run:
        """Return a record with the metric values that follow from it."""
        return cls(record, metric_values(record))


@dataclass(frozen=True)
class Change:
    """What became of one metric of a case."""

    metric: Metric
    outcome: Outcome
    before: MetricValue | None = None
    after: MetricValue | None = None
    effect: Interval | None = None
    """With its 95 % interval: of speed and memory a ratio, above 1 the later one is better; of
    accuracy the difference in the metric's own scale, above 0 the later one is better. None:
    nothing could be compared."""
    p: float = 1.0
    """How often values that are truly equal differ by so much."""
    why: str = ""
    """Why there is no comparison, or too little data for one."""
    pairs: int = 0
    """Pairs of rounds, where both were measured in turn in one run; 0: at different times."""

    @property
    def key(self) -> str:
        """The metric's key; one for all accuracies, of which a case has one."""
        return ACCURACY if self.is_difference else self.metric.key

    @property
    def is_difference(self) -> bool:
        """Whether `effect` is a difference, as of accuracy; else it is a ratio."""
        return self.metric.measurement == "accuracy"

    @property
    def is_better(self) -> bool:
        """Whether the later value is clearly the better one."""
        return self._is_clear and self._effect > self._none

    @property
    def is_worse(self) -> bool:
        """Whether the later value is clearly the worse one."""
        return self._is_clear and self._effect < self._none

    @property
    def loss(self) -> float:
        """The share of speed or accuracy that is lost; below 0 where some is gained."""
        return self._loss(self.effect.value) if self.effect else 0.0

    @property
    def most_loss(self) -> float:
        """The share that may be lost, by the 95 % interval; 1 where nothing could be compared.

        0 for what was measured in neither.
        """
        if self.effect is not None:
            return self._loss(self.effect.low)
        return 1.0 if self.why != NOT_MEASURED else 0.0

    def _loss(self, effect: float) -> float:
        if not self.is_difference:
            return 1 - effect
        whole = self.before.value if self.before else 0.0
        return -effect / whole if whole > 0 else 0.0

    @property
    def _is_clear(self) -> bool:
        return self.outcome == "different" and self.effect is not None

    @property
    def _effect(self) -> float:
        return self.effect.value if self.effect else self._none

    @property
    def _none(self) -> float:
        return 0.0 if self.is_difference else 1.0


def change_of(metric: Metric, before: Run, after: Run) -> Change:
    """Return what became of a metric: by pairs of rounds if it can be, else by its two values."""
    first, second = before.values.get(metric.key), after.values.get(metric.key)
    if not isinstance(first, MetricValue) or not isinstance(second, MetricValue):
        return Change(metric, "no comparison", why=_missing(first, second))
    if before.record.method_of(metric.measurement) != after.record.method_of(metric.measurement):
        return Change(metric, "no comparison", first, second, why=_OTHER_METHOD)
    in_one_run = paired(metric.key, before.record, after.record)
    found = in_one_run or apart(second, first)
    if in_one_run:
        first, second = _alike(metric, before, after) or (first, second)
    if isinstance(found, str):
        return Change(metric, "no comparison", first, second, why=found.rstrip(".").lower())
    if found.outcome == "insufficient data":
        few = f"{found.pairs} pairs of rounds, {MIN_PAIRS} needed" if in_one_run else _NO_INTERVAL
        return Change(metric, found.outcome, first, second, why=few, pairs=found.pairs)
    degrees = min(_degrees(first), _degrees(second))
    if in_one_run:
        degrees = max(1, min(len(run.record.noise) for run in (before, after)) - 1)
    p = p_value_of_ratio(found.ratio, degrees)
    return Change(metric, found.outcome, first, second, found.ratio, p, pairs=found.pairs)


def _alike(metric: Metric, before: Run, after: Run) -> tuple[MetricValue, MetricValue] | None:
    """Return the observed values of both where one has no other.

    A ratio of rounds and two values of different kinds can point to different sides.
    """
    both = [run.values.get(metric.key) for run in (before, after)]
    if {getattr(one, "kind", "") for one in both} != {"observed", "undisturbed"}:
        return None
    first, second = (run.values.get(observed_key(metric.key)) for run in (before, after))
    if not isinstance(first, MetricValue) or not isinstance(second, MetricValue):
        return None
    return replace(first, kind="observed"), replace(second, kind="observed")


NOT_MEASURED = "not measured"
_OTHER_METHOD = "measured in another way by the older ovreport"
_NO_INTERVAL = "too few processes for an interval"


def _missing(first: object, second: object) -> str:
    here = [isinstance(one, MetricValue) for one in (first, second)]
    return NOT_MEASURED + ("" if not any(here) else " before" if here[1] else " after")


def _degrees(value: MetricValue) -> int:
    """Return how many degrees of freedom stand behind the interval of a value, at least."""
    return _LEAST_DEGREES if value.kind == "undisturbed" else max(1, value.rounds - 1)


# ---------------------------------------------------------------- accuracy


def accuracy_change(before: Run, after: Run) -> Change | None:
    """Return what became of the accuracy; None where neither has one."""
    key = accuracy_metric(after.record) or accuracy_metric(before.record)
    if key is None:
        return None
    metric, a, b = METRICS[key], before.record.accuracy, after.record.accuracy
    if not isinstance(a, Accuracy) or not isinstance(b, Accuracy):
        return Change(metric, "no comparison", why="accuracy was not measured in both")
    if (a.metric, a.data, a.n) != (b.metric, b.data, b.n):
        return Change(metric, "no comparison", why="accuracy by another metric or on other data")
    effect = _difference(a, b)
    p = p_value_of_difference(effect, max(1, min(a.n, b.n) - 1))
    outcome: Outcome = "no clear difference" if effect.low <= 0 <= effect.high else "different"
    values = _value(before.values.get(key)), _value(after.values.get(key))
    return Change(metric, outcome, *values, effect, p)


def _value(found: object) -> MetricValue | None:
    return found if isinstance(found, MetricValue) else None


def _difference(before: Accuracy, after: Accuracy) -> Interval:
    """Return how much more accurate the later one is, with an interval that is rather too wide.

    A record has no answers to pair sample by sample with those of another. Where both were paired
    with a reference of the same accuracy, their differences to that are compared: answers that both
    share with the reference then widen nothing. Errors add in quadrature, each side for itself
    (see `ovreport.stats.comparison.compare_apart`), as if the samples were others.
    """
    if before.value == after.value:
        return Interval(0.0, 0.0, 0.0)
    first, second = (Interval(one.value, one.low, one.high) for one in (before, after))
    a, b = before.reference, after.reference
    if isinstance(a, AccuracyReference) and isinstance(b, AccuracyReference) and a.value == b.value:
        first, second = _delta(a), _delta(b)
    value = second.value - first.value
    low = ((second.value - second.low) ** 2 + (first.high - first.value) ** 2) ** 0.5
    high = ((second.high - second.value) ** 2 + (first.value - first.low) ** 2) ** 0.5
    return Interval(value, value - low, value + high)


def _delta(reference: AccuracyReference) -> Interval:
    return Interval(reference.delta, reference.delta_low, reference.delta_high)

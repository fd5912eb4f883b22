"""What changed between two sets of records: what is faster or slower, what is more accurate.

A case of the one is compared with the same case of the other: same machine and processors, device,
engine, model file, variant and precision. Runs at different times have no rounds to pair, so values
are compared by their own intervals. Three cases without an answer are kept apart: no comparison
(with the reason), insufficient data, and no clear difference. What is called different is chosen
among all comparisons at once (`ovreport.stats.discoveries`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ovreport.history import case_key, had_no_file, made_alike, model_checksum
from ovreport.metrics import METRICS, Metric, MetricValue, MetricValues, metric_values
from ovreport.metrics.accuracy import accuracy_metric
from ovreport.metrics.apart import apart
from ovreport.record import Accuracy, AccuracyReference, Completed, Record
from ovreport.stats.comparison import Outcome
from ovreport.stats.discoveries import discoveries, p_value_of_difference, p_value_of_ratio
from ovreport.stats.intervals import Interval

SPEED = ("latency_ms", "throughput_ips", "startup_ms")
"""What can become faster or slower."""
SPEED_OF_LANGUAGE = (
    "time_to_first_token_ms",
    "time_per_output_token_ms",
    "concurrent_tokens_per_s",
    "model_load_ms",
)
MEMORY, MEMORY_OF_LANGUAGE = ("peak_memory_bytes",), ("peak_memory_generation_bytes",)
_CONDITIONS: dict[str, Callable[[Record], str]] = {
    "OpenVINO": lambda record: record.software.openvino,
    "ovreport": lambda record: record.software.ovreport,
    "driver": lambda record: record.device.driver,
    "kernel": lambda record: record.software.kernel,
    "tier": lambda record: record.tier.name,
}
"""What may differ between runs that are compared all the same."""
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
        if self.effect is None or self.before is None:
            return 0.0
        if self.is_difference:
            return -self.effect.value / self.before.value if self.before.value > 0 else 0.0
        return 1 - self.effect.value

    @property
    def _is_clear(self) -> bool:
        return self.outcome == "different" and self.effect is not None

    @property
    def _effect(self) -> float:
        return self.effect.value if self.effect else self._none

    @property
    def _none(self) -> float:
        return 0.0 if self.is_difference else 1.0


@dataclass(frozen=True, eq=False)
class CaseChanges:
    """A case in both sets."""

    before: Record
    after: Record
    changes: Mapping[str, Change]
    """By metric: speed, memory, accuracy, in this order."""


@dataclass(frozen=True, eq=False)
class Changes:
    """Everything that two sets of records have in common, and how it differs."""

    cases: Sequence[CaseChanges]
    """Those that both have and that can be compared."""
    newly_failed: Sequence[Record]
    """Records of the later set that failed, whose case ran in the earlier one."""
    not_compared: Sequence[tuple[Record, str]]
    """Records of the later set whose case the other set has too, and why they are not compared:
    under what other conditions, for one."""
    only_before: Sequence[Record]
    only_after: Sequence[Record]
    conditions: Sequence[tuple[str, str, str]]
    """What differs of the compared runs besides: what it is, before, after."""

    @property
    def every(self) -> list[tuple[CaseChanges, Change]]:
        """Each change with its case."""
        return [(case, change) for case in self.cases for change in case.changes.values()]


def speed_of(record: Record) -> tuple[str, ...]:
    """Return the metrics in which a record can become faster or slower."""
    return SPEED_OF_LANGUAGE if record.case.is_language else SPEED


def changes(before: Iterable[Run], after: Iterable[Run]) -> Changes:
    """Return what changed from one set of records to another; of each case one record is given."""
    first = {case_key(run.record): run for run in before}
    second = {case_key(run.record): run for run in after}
    earlier = {key: run.record for key, run in first.items()}
    later = {key: run.record for key, run in second.items()}
    both = [(earlier[key], later[key]) for key in later if key in earlier]
    new = [record for key, record in later.items() if key not in earlier]
    gone = [record for key, record in earlier.items() if key not in later]
    named = {_name(record): record for record in gone}
    others = [(named[_name(record)], record) for record in new if _name(record) in named]
    met = {_name(record) for _, record in others}
    refused = [(a, b, why) for a, b in (*both, *others) if (why := _why_not(a, b))]
    cases = [
        _case(first[key], second[key])
        for key in later
        if key in earlier and not _why_not(earlier[key], later[key])
    ]
    return Changes(
        cases=_announced(cases),
        newly_failed=[b for a, b in both if _ran(a) and not _ran(b)],
        not_compared=[(b, why) for _, b, why in refused],
        only_before=[record for record in gone if _name(record) not in met],
        only_after=[record for record in new if _name(record) not in met],
        conditions=list(_conditions(cases)),
    )


def _name(record: Record) -> tuple[str, ...]:
    """Return what a case is called, wherever it was measured."""
    case = record.case
    return case.engine, case.device, case.model, case.variant, case.precision


def _why_not(before: Record, after: Record) -> str:
    """Return why two records of one name are not compared; empty: they can be."""
    return next(_differences(before, after), "")


def _differences(before: Record, after: Record) -> Iterator[str]:
    """Yield what sets two records of one name apart, so that they are not compared."""
    a, b = before.machine, after.machine
    if had_no_file(before) or had_no_file(after):
        yield "the model could not be had"
    for record, which in ((before, "first"), (after, "second")):
        if not _ran(record):
            yield f"the {which} one failed"
    if a.id != b.id:
        yield f"other machine: {a.id} and {b.id}"
    if before.device.full_name != after.device.full_name:
        yield "other device"
    if model_checksum(before.model) != model_checksum(after.model):
        yield "other model file"
    if not made_alike(before.model, after.model):
        yield f"other model file: {after.case.variant} weights that were made in another way"
    if case_key(before) != case_key(after):
        yield f"other processors: {a.cores_available:g} and {b.cores_available:g}"
    if before.inputs != after.inputs:
        yield "other inputs"


def _ran(record: Record) -> bool:
    return isinstance(record.outcome, Completed)


def _case(before: Run, after: Run) -> CaseChanges:
    is_language = after.record.case.is_language
    keys = speed_of(after.record) + (MEMORY_OF_LANGUAGE if is_language else MEMORY)
    found = {key: change_of(METRICS[key], before.values, after.values) for key in keys}
    if accuracy := _accuracy(before, after):
        found[accuracy.metric.key] = accuracy
    return CaseChanges(before.record, after.record, found)


def change_of(metric: Metric, before: MetricValues, after: MetricValues) -> Change:
    """Return what became of a metric whose values were measured in separate runs."""
    first, second = before.get(metric.key), after.get(metric.key)
    if not isinstance(first, MetricValue) or not isinstance(second, MetricValue):
        return Change(metric, "no comparison", why=_missing(first, second))
    found = apart(second, first)
    if isinstance(found, str):
        return Change(metric, "no comparison", first, second, why=found.rstrip(".").lower())
    if found.outcome == "insufficient data":
        why = "too few processes for an interval"
        return Change(metric, found.outcome, first, second, why=why)
    p = p_value_of_ratio(found.ratio, min(_degrees(first), _degrees(second)))
    return Change(metric, found.outcome, first, second, found.ratio, p)


def _missing(first: object, second: object) -> str:
    here = [isinstance(one, MetricValue) for one in (first, second)]
    return "not measured" + ("" if not any(here) else " before" if here[1] else " after")


def _degrees(value: MetricValue) -> int:
    """Return how many degrees of freedom stand behind the interval of a value, at least."""
    return _LEAST_DEGREES if value.kind == "undisturbed" else max(1, value.rounds - 1)


# ---------------------------------------------------------------- accuracy


def _accuracy(before: Run, after: Run) -> Change | None:
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


# ---------------------------------------------------------------- all together


def _announced(cases: Sequence[CaseChanges]) -> list[CaseChanges]:
    """Return cases of whose differences only those are left that may be announced together."""
    compared = [c for case in cases for c in case.changes.values() if c.effect is not None]
    kept = iter(discoveries([change.p for change in compared]))
    return [
        replace(
            case,
            changes={
                key: change if change.effect is None else _kept(change, is_kept=next(kept))
                for key, change in case.changes.items()
            },
        )
        for case in cases
    ]


def _kept(change: Change, *, is_kept: bool) -> Change:
    if is_kept or change.outcome != "different":
        return change
    return replace(change, outcome="no clear difference")


def _conditions(cases: Sequence[CaseChanges]) -> Iterable[tuple[str, str, str]]:
    """Yield what differs between the compared runs besides the time: what, before, after."""
    for name, of in _CONDITIONS.items():
        pairs = Counter((of(case.before), of(case.after)) for case in cases)
        yield from ((name, a, b) for a, b in sorted(pairs) if a != b)

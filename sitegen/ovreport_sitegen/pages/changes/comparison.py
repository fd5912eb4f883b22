"""What got clearly worse and better from one set of runs to another, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ovreport.change import Change
from ovreport.changes import CaseChanges, Changes
from ovreport.changes_text import words
from ovreport.history import case_key
from ovreport.metrics import Metric, MetricValue
from ovreport.words import plural
from ovreport_sitegen.components.cells import looking
from ovreport_sitegen.components.marks import look
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import day, how_many_are, line, listed

_OUTCOMES = {"no comparison": "not comparable", "no clear difference": "without a clear difference"}
"""Outcomes, as a sentence counts them."""
OfCase = dict[tuple[str, ...], Result]
"""What `case_key` says of a record → the result that pages show."""


@dataclass(frozen=True)
class Comparison:
    """One comparison of two sets of runs."""

    id: str
    title: str
    sentences: tuple[str, ...]
    worse: Table | None
    better: Table | None


def comparison(
    id_: str,
    title: str,
    found: Changes,
    of_case: OfCase,
    lead: Iterable[str] = (),
    sides: tuple[str, str] = ("Before", "After"),
) -> Comparison:
    """Return two sets of runs compared.

    `id_`: of its section; `lead`: its first sentences; `sides`: what the two are called.
    """

    def table(which: str, caption: str, keep: Callable[[Change], bool]) -> Table | None:
        return _table(f"{id_}-{which}", caption, found, of_case, keep, sides)

    return Comparison(
        id=id_,
        title=title,
        sentences=(*lead, *_sentences(found)),
        worse=table("worse", "What got worse", lambda change: change.is_worse),
        better=table("better", "What got better", lambda change: change.is_better),
    )


def _sentences(found: Changes) -> Iterator[str]:
    every = [change for _, change in found.every]
    if every:
        yield _counts(found, every)
    if found.in_turn:
        yield (
            f"{plural(found.in_turn, 'case')} measured in turn in one run: what slowed one slowed "
            "the other, so speeds are compared round by round."
        )
    if n := len(found.cases) - found.in_turn:
        yield (
            f"{plural(n, 'case')} measured at different times, which is weaker evidence: what "
            "else changed on the machine in between is in every ratio."
        )
    accuracies = [change for change in every if change.is_difference and change.effect]
    if accuracies:
        same = sum(change.effect.value == 0 for change in accuracies if change.effect)
        yield f"Accuracy: {how_many_are(same, len(accuracies), 'case')} the same to the last digit."
    reasons = Counter(change.why for change in every if change.why)
    reasons.update(why for _, why in found.not_compared)
    if reasons:
        yield "Not compared: " + listed(f"{line(why)} ({n:,})" for why, n in reasons.most_common(6))
    if found.cases and all(what != "OpenVINO" for what, _, _ in found.conditions):
        yield (
            "OpenVINO is the same in both: what changed is the machine, what else it did, or "
            "chance."
        )
    for what, before, after in found.conditions:
        yield f"{what[0].upper()}{what[1:]}: {line(before, 60)} → {line(after, 60)}."


def _counts(found: Changes, every: Sequence[Change]) -> str:
    """Return how many values of how many cases are worse, better, and neither."""
    worse, better = sum(c.is_worse for c in every), sum(c.is_better for c in every)
    clear = f"{worse:,} clearly worse, {better:,} clearly better"
    parts = [clear if worse or better else "none clearly worse or better"]
    outcomes = Counter(change.outcome for change in every if change.outcome != "different")
    parts += [", ".join(f"{n:,} {_OUTCOMES.get(o, o)}" for o, n in outcomes.most_common())]
    values = f"{plural(len(every), 'value')} of {plural(len(found.cases), 'case')}"
    return f"{values}: {'; '.join(filter(None, parts))}."


def failures(found: Changes, of_case: OfCase) -> Iterator[str]:
    """Yield which cases failed that ran before."""
    if found.newly_failed:
        keys = map(case_key, found.newly_failed)
        failed = sorted({of_case[key].model.title for key in keys if key in of_case})
        yield f"{plural(len(found.newly_failed), 'case')} that ran before failed: {listed(failed)}."


def _table(
    id_: str,
    caption: str,
    found: Changes,
    of_case: OfCase,
    keep: Callable[[Change], bool],
    sides: tuple[str, str],
) -> Table | None:
    columns = (
        Column("Case"),
        Column("What"),
        *(Column(side, numeric=True) for side in (*sides, "Change")),
    )
    chosen = [
        (case, change)
        for case, change in found.every
        if keep(change) and case_key(case.after) in of_case
    ]
    chosen.sort(key=lambda pair: -abs(pair[1].loss))
    labels = tuple(column.label for column in columns[1:])
    rows = tuple(
        _row(of_case[case_key(case.after)], case, change, labels) for case, change in chosen
    )
    return Table(id_, caption, columns, rows, look="answers") if rows else None


def _row(result: Result, case: CaseChanges, change: Change, labels: tuple[str, ...]) -> TableRow:
    said, interval = words(change)
    first = Cell(
        result.model.title,
        sub=f"{result.label} · {result.device.label}",
        href=result.href,
        family=result.device.family,
    )
    values = [
        _value(change.metric, value, record.measured_at)
        for value, record in ((change.before, case.before), (change.after, case.after))
    ]
    tone = "bad" if change.is_worse else "best"
    cells = (
        first,
        Cell(change.metric.label),
        *values,
        Cell(said, sub=interval, sort=change.loss, tone=tone),
    )
    return TableRow(cells, labels=labels)


def _value(metric: Metric, value: MetricValue | None, measured_at: str) -> Cell:
    if value is None:
        return Cell("–", tone="missing")
    cell = Cell(metric.format_unit(value.value), sub=day(measured_at), sort=value.value)
    return looking(cell, look(value))

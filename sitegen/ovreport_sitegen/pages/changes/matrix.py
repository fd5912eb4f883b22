"""A table of cases and releases for each metric: the first release's values, the others' ratios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ovreport.change import ACCURACY, Change
from ovreport.changes import CaseChanges, Changes, executed
from ovreport.changes_text import why_failed, words
from ovreport.history import CaseKey, case_key
from ovreport.metrics import significant
from ovreport.metrics.ratio_words import amount_of, is_time
from ovreport.record import Record
from ovreport.stats.intervals import geometric_mean
from ovreport.words import plural
from ovreport_sitegen.components.cells import looking
from ovreport_sitegen.components.marks import look
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.releases import DeviceReleases
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.changes.comparison import OfCase
from ovreport_sitegen.text import line

MOST_ROWS = 30
"""Of a table: the cases that lost most."""
PRECISION = "precision"
_TITLES = {PRECISION: "Executed precision", ACCURACY: "Accuracy"}
Case = tuple[CaseKey, Result]


_DASH = Cell("–", tone="missing num")


@dataclass(frozen=True)
class MetricMatrix:
    """A metric of every case and release."""

    key: str
    title: str
    sentence: str
    table: Table
    is_open: bool
    """Whether a reader sees it without asking, beside the first one."""


@dataclass(frozen=True, eq=False)
class Side:
    """A release beside the first one."""

    label: str
    found: Changes
    cases: Mapping[CaseKey, CaseChanges]
    failed: Mapping[CaseKey, Record]
    note: str = ""
    """Of a release that is beside itself: what its column shows."""

    @classmethod
    def of(cls, label: str, found: Changes, note: str = "") -> Side:
        """Return a release and what changed to it."""
        refused = {case_key(record): record for record, _ in found.not_compared}
        return cls(
            label,
            found,
            {case_key(case.after): case for case in found.cases},
            {key: record for key, record in refused.items() if why_failed(record)},
            note,
        )


def matrices(
    of: DeviceReleases, before: str, after: str, of_case: OfCase
) -> Iterator[MetricMatrix]:
    """Yield a table for each metric that any release has, against `before`; last the precision.

    Rows are sorted by what `after` lost most.
    """
    others = [one for one in of.releases if one != before]
    sides = [Side.of(one, of.compared(before, one)) for one in others]
    main = sides[others.index(after)]
    sides += [
        Side.of(f"{one} again", again, f"Against {one} of the same run")
        for one in of.releases
        if (again := of.against_itself(one))
    ]
    cases = sorted(
        {key for side in sides for key in (*side.cases, *side.failed)} & of_case.keys(),
        key=lambda key: (-_loss(main, key), of_case[key].model.title, key),
    )
    metrics = dict.fromkeys(
        change.key
        for side in sides
        for case in side.cases.values()
        for change in case.changes.values()
    )
    for metric in (*metrics, PRECISION):
        yield _matrix(metric, before, main, sides, [(key, of_case[key]) for key in cases])


def _loss(side: Side, key: CaseKey) -> float:
    if key in side.failed:
        return 2.0
    changes = side.cases[key].changes.values() if key in side.cases else ()
    return max((c.loss for c in changes if c.is_worse), default=-1.0)


def _matrix(
    metric: str, before: str, main: Side, sides: Sequence[Side], cases: Sequence[Case]
) -> MetricMatrix:
    if metric == PRECISION:
        sides = [side for side in sides if not side.note]
        others = {case_key(case.after) for side in sides for case in side.found.other_precision}
        cases = sorted(cases, key=lambda case: case[0] not in others)
    found = [(key, result, [_change(side, key, metric) for side in sides]) for key, result in cases]
    if metric != PRECISION:
        found = [one for one in found if any(one[2]) or any(one[0] in s.failed for s in sides)]
    title, unit = _names(metric, [change for *_, row in found for change in row])
    columns = (
        Column("Case"),
        Column(before, unit, numeric=True),
        *(Column(side.label, numeric=True, tip=side.note) for side in sides),
    )
    rows = [_row(metric, columns, key, result, sides, row) for key, result, row in found]
    more = len(rows) - MOST_ROWS
    slug = metric.replace("_", "-")
    table = Table(
        f"matrix-{slug}",
        title,
        columns,
        tuple(rows[:MOST_ROWS]),
        look="answers",
        note=f"The {MOST_ROWS} cases that lost most; {more} more are not here." if more > 0 else "",
    )
    changes = [c for key, *_ in found if (c := _change(main, key, metric))]
    sentence = _precisions(main) if metric == PRECISION else _sentence(main.label, before, changes)
    is_open = metric == PRECISION and bool(main.found.other_precision)
    return MetricMatrix(slug, title, sentence, table, is_open)


def _names(metric: str, changes: Sequence[Change | None]) -> tuple[str, str]:
    """Return what a metric is called, and the unit of its values."""
    if metric in _TITLES:
        return _TITLES[metric], ""
    return next((c.metric.label, c.metric.unit) for c in changes if c)


def _change(side: Side, key: CaseKey, metric: str) -> Change | None:
    case = side.cases.get(key)
    return case.change(metric) if case else None


def _sentence(after: str, before: str, changes: Sequence[Change]) -> str:
    """Return what one release did to a metric of all cases."""
    compared = [c for c in changes if c.effect is not None]
    if not compared:
        return f"Nothing can be compared between {before} and {after}."
    worse, better = sum(c.is_worse for c in compared), sum(c.is_better for c in compared)
    said = (
        f"{after} against {before}: {worse} of {plural(len(compared), 'case')} clearly worse, "
        f"{better} clearly better"
    )
    effects = [(c.metric, c.effect) for c in compared if c.effect and not c.is_difference]
    ratios = [amount_of(*one).value for one in effects]
    if not ratios:
        return f"{said}."
    how = "as fast" if is_time(compared[0].metric) else "as much"
    return f"{said}; on average {significant(geometric_mean(ratios))}× {how}."


def _precisions(main: Side) -> str:
    changed = main.found.other_precision
    if not changed:
        return f"{main.label} executes every case in the same precision."
    return f"{main.label} executes {plural(len(changed), 'case')} in another precision."


# ---------------------------------------------------------------- rows and cells


def _row(
    metric: str,
    columns: Sequence[Column],
    key: CaseKey,
    result: Result,
    sides: Sequence[Side],
    changes: Sequence[Change | None],
) -> TableRow:
    first = Cell(result.model.title, sub=result.label, href=result.href)
    if metric == PRECISION:
        base = next((executed(s.cases[key].before) for s in sides if key in s.cases), "")
        cells = [_precision(side, key, base) for side in sides]
        own = Cell(base, tone="num") if base else _DASH
    else:
        plain = [c for side, c in zip(sides, changes, strict=True) if not side.note]
        own = next((_own(c) for c in plain if c and c.before), _DASH)
        cells = [_cell(side, key, change) for side, change in zip(sides, changes, strict=True)]
    return TableRow((first, own, *cells), labels=tuple(column.label for column in columns[1:]))


def _own(change: Change) -> Cell:
    if change.before is None:
        return _DASH
    metric, value = change.metric, change.before.value
    text = metric.format_unit(value) if change.is_difference else metric.format(value)
    return looking(Cell(text, sort=value), look(change.before))


def _cell(side: Side, key: CaseKey, change: Change | None) -> Cell:
    if key in side.failed:
        return Cell("failed", tone="bad num", tip=line(why_failed(side.failed[key]), 200))
    if change is None:
        return _DASH
    if change.effect is None:
        return Cell("–", sub=line(change.why, 60), tone="missing num")
    said, interval = words(change)
    tone = "bad" if change.is_worse else "best" if change.is_better else ""
    return Cell(said, sub=interval, sort=-change.loss, tone=tone)


def _precision(side: Side, key: CaseKey, base: str) -> Cell:
    if key in side.failed:
        return Cell("failed", tone="bad num", tip=line(why_failed(side.failed[key]), 200))
    ran = executed(side.cases[key].after) if key in side.cases else ""
    if not ran:
        return _DASH
    return Cell(
        ran, tone="num" if ran == base else "bad num", sub="" if ran == base else f"was {base}"
    )

"""What changed: between OpenVINO releases, and since the run before; and each case over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from ovreport.change import Change
from ovreport.changes import CaseChanges, Changes, changes
from ovreport.changes_text import words
from ovreport.history import case_key
from ovreport.metrics import METRICS, Metric, MetricValue
from ovreport.metrics.apart import interval_of
from ovreport.metrics.ratio_words import ratio_words
from ovreport.stats.comparison import MIN_DIFFERENCE
from ovreport.stats.intervals import Interval
from ovreport.stats.steps import steps
from ovreport_sitegen.charts.history_picture import HistoryMark, HistoryPicture, scale
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.data.timeline import (
    DRAWN,
    Point,
    Timeline,
    has_history,
    since_the_run_before,
    timelines,
)
from ovreport_sitegen.pages.page import Head, Page
from ovreport_sitegen.text import day, line, listed, plural, release

OPEN_PICTURES, MOST_PICTURES = 12, 30
"""Pictures that are open, and cases that have any: those with most runs."""
_COLUMNS = (
    Column("Case"),
    Column("What"),
    Column("Before", numeric=True),
    Column("After", numeric=True),
    Column("Change", numeric=True),
)


@dataclass(frozen=True)
class Comparison:
    """One comparison of two sets of runs."""

    id: str
    title: str
    sentences: tuple[str, ...]
    worse: Table | None
    better: Table | None


@dataclass(frozen=True)
class Picture:
    """A case over time."""

    title: str
    where: str
    href: str
    metric: str
    note: str
    picture: HistoryPicture


@dataclass(frozen=True)
class ChangesView:
    """Everything the template of the page needs."""

    head: Head
    comparisons: tuple[Comparison, ...]
    check: str
    """How often unchanged software seems to have changed; empty where nothing was repeated."""
    pictures: tuple[Picture, ...]
    """Those with a step first."""
    open_pictures: int
    pictures_left_out: int


def view(catalogue: Catalogue) -> ChangesView:
    """Return the view of the page."""
    lines = list(timelines(catalogue))
    of_case = {case_key(one.result.record): one.result for one in lines}
    found = [one for one in (_of_releases(lines, of_case), _of_runs(catalogue, of_case)) if one]
    longest = sorted(lines, key=lambda one: -len(one.earlier))[:MOST_PICTURES]
    shown = sorted(drawn(longest), key=lambda one: not one.picture.steps)
    head = Head(
        "What changed",
        f"{plural(len(lines), 'case')} measured more than once. A change is called clear if it is "
        f"{100 * MIN_DIFFERENCE:.0f} % or more and chance is unlikely: of all that are called so, "
        "on average one in twenty at most is none.",
    )
    left_out = len(lines) - len(longest)
    return ChangesView(
        head=head,
        comparisons=tuple(found),
        check=_check(lines),
        pictures=tuple(shown),
        open_pictures=OPEN_PICTURES,
        pictures_left_out=left_out,
    )


# ---------------------------------------------------------------- comparisons

OfCase = dict[tuple[str, ...], Result]
"""What `case_key` says of a record → the result that pages show."""


def _of_releases(lines: Sequence[Timeline], of_case: OfCase) -> Comparison | None:
    """Return the newest release of each case against the release before; None without two."""
    pairs = [pair for one in lines if (pair := one.releases)]
    if not pairs:
        return None
    names = listed(
        sorted({" → ".join(release(r.record.software.openvino) for r in p) for p in pairs})
    )
    found = changes([a for a, _ in pairs], [b for _, b in pairs])
    return _comparison("releases", f"OpenVINO {names}", found, of_case)


def _of_runs(catalogue: Catalogue, of_case: OfCase) -> Comparison:
    """Return the newest run of each case against the run before."""
    title = "The newest run of each case against the one before"
    return _comparison("runs", title, since_the_run_before(catalogue), of_case)


def _comparison(id_: str, title: str, found: Changes, of_case: OfCase) -> Comparison:
    return Comparison(
        id=id_,
        title=title,
        sentences=tuple(_sentences(found)),
        worse=_table(f"{id_}-worse", "What got worse", found, of_case, lambda c: c.is_worse),
        better=_table(f"{id_}-better", "What got better", found, of_case, lambda c: c.is_better),
    )


def _sentences(found: Changes) -> Iterator[str]:
    every = [change for _, change in found.every]
    outcomes = Counter(change.outcome for change in every)
    if found.newly_failed:
        failed = sorted({line(record.model.title, 60) for record in found.newly_failed})
        yield f"{plural(len(found.newly_failed), 'case')} that ran before failed: {listed(failed)}."
    if every:
        yield (
            f"{plural(len(every), 'value')} of {plural(len(found.cases), 'case')}: "
            f"{sum(c.is_worse for c in every)} clearly worse, "
            f"{sum(c.is_better for c in every)} clearly better; "
            + ", ".join(f"{n} {o}" for o, n in outcomes.most_common() if o != "different")
            + "."
        )
    accuracies = [change for change in every if change.is_difference and change.effect]
    if accuracies:
        same = sum(change.effect.value == 0 for change in accuracies if change.effect)
        yield f"Accuracy: {same} of {plural(len(accuracies), 'case')} have the same to the digit."
    reasons = Counter(change.why for change in every if change.why)
    reasons.update(why for _, why in found.not_compared)
    if reasons:
        yield "Not compared: " + listed([f"{line(why)} ({n})" for why, n in reasons.most_common(6)])
    if found.cases and all(what != "OpenVINO" for what, _, _ in found.conditions):
        yield (
            "OpenVINO is the same in both: what changed is the machine, what else it did, or "
            "chance."
        )
    for what, before, after in found.conditions:
        yield f"{what[0].upper()}{what[1:]}: {line(before, 60)} → {line(after, 60)}."


def _table(
    id_: str, caption: str, found: Changes, of_case: OfCase, keep: Callable[[Change], bool]
) -> Table | None:
    chosen = [(case, change) for case, change in found.every if keep(change)]
    chosen.sort(key=lambda pair: -abs(pair[1].loss))
    rows = tuple(_row(of_case[case_key(case.after)], case, change) for case, change in chosen)
    return Table(id_, caption, _COLUMNS, rows, look="answers") if rows else None


def _row(result: Result, case: CaseChanges, change: Change) -> TableRow:
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
    return TableRow(cells, labels=tuple(column.label for column in _COLUMNS[1:]))


def _value(metric: Metric, value: MetricValue | None, measured_at: str) -> Cell:
    if value is None:
        return Cell("–", tone="missing")
    return Cell(metric.format_unit(value.value), sub=day(measured_at), sort=value.value)


def _check(lines: Sequence[Timeline]) -> str:
    """Return how often a clear change is found where the software is the same."""
    pairs = [pair for one in lines if (pair := one.repeated)]
    found = changes([a for a, _ in pairs], [b for _, b in pairs])
    compared = [change for _, change in found.every if change.effect is not None]
    if not compared:
        return ""
    clear = sum(change.outcome == "different" for change in compared)
    return (
        f"{plural(len(found.cases), 'case')} measured twice with the same OpenVINO, driver and "
        f"kernel: {clear} of {plural(len(compared), 'value')} differ clearly. The software did "
        "not change: so much is chance, or what else the machine did."
    )


# ---------------------------------------------------------------- pictures


def drawn(lines: Iterable[Timeline]) -> Iterator[Picture]:
    """Yield the pictures of cases over time: of the speeds that have several values."""
    for one in lines:
        for key in DRAWN:
            points = list(chain.from_iterable(one.lines(key)))
            if len(points) > 1:
                yield _picture(one, key)


def _picture(one: Timeline, key: str) -> Picture:
    metric, result, lines = METRICS[key], one.result, one.lines(key)
    marks = [_mark(metric, run, number) for number, runs in enumerate(lines) for run in runs]
    found = [step for line_ in lines for step in _steps(metric, line_)]
    points = list(chain.from_iterable(lines))
    low, high = scale([(m.low, m.value, m.high) for m in marks])
    first, last = (day(points[i].measured_at) for i in (0, -1))
    place = f"{result.model.title}, {result.label}"
    title = (
        f"{metric.label} of {place} on {result.device.label}: {plural(len(points), 'run')}, "
        f"{first} to {last}, {metric.format_unit(marks[0].value)} to "
        f"{metric.format_unit(marks[-1].value)}."
    )
    parts = ", not all joined: conditions or certainty differ" if len(lines) > 1 else ""
    steps_said = f"; {plural(len(found), 'step')}" if found else ""
    return Picture(
        title=place,
        where=result.device.label,
        href=result.href,
        metric=f"{metric.label}, {metric.unit}",
        note=f"{plural(len(points), 'run')}{parts}{steps_said}",
        picture=HistoryPicture(
            title=title,
            marks=tuple(marks),
            steps=tuple(found),
            lowest=metric.format(low),
            highest=metric.format(high),
            first=first,
            last=last,
            family=result.device.family,
        ),
    )


def _mark(metric: Metric, point: Point, number: int) -> HistoryMark:
    value = point.values[metric.key]
    ends = f"{metric.format(value.low)} – {metric.format(value.high)}"
    tip = (
        f"{day(point.measured_at)}, OpenVINO {release(point.openvino)}: "
        f"{metric.format_unit(value.value)} ({ends}), {value.kind}, {point.tier}"
    )
    filled = value.kind != "observed"
    return HistoryMark(_time(point), value.value, value.low, value.high, number, filled, tip)


def _steps(metric: Metric, points: Sequence[Point]) -> Iterator[tuple[float, str]]:
    for step in steps([interval_of(point.values[metric.key]) for point in points]):
        yield _time(points[step.index]), ratio_words(metric, _as_better(metric, step.ratio))[0]


def _time(point: Point) -> float:
    return datetime.fromisoformat(point.measured_at).timestamp()


def _as_better(metric: Metric, ratio: Interval) -> Interval:
    """Return a ratio of values as one that is above 1 where the later one is better."""
    if metric.direction == "higher":
        return ratio
    return Interval(1 / ratio.value, 1 / ratio.high, 1 / ratio.low)


PAGE = Page("changes", "What changed", view, when=has_history, parent="data")
"""Not in the navigation, which is about what is now; the foot of every page leads to it."""

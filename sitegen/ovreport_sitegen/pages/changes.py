"""What changed: between OpenVINO releases, and since the run before; and each case over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from ovreport.changes import CaseChanges, Change, Changes, Run, changes, speed_of
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
from ovreport_sitegen.data.timeline import Timeline, has_history, repeated, timelines
from ovreport_sitegen.pages.page import Head, Page
from ovreport_sitegen.text import day, line, listed, plural, release

OPEN_PICTURES, MOST_PICTURES = 12, 60
"""Pictures that are open, and in all; the downloads have every run."""
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
    lines = timelines(catalogue)
    of_case = {case_key(one.result.record): one.result for one in lines}
    found = [one for one in (_of_releases(lines, of_case), _of_runs(lines, of_case)) if one]
    drawn = sorted(_pictures(lines), key=lambda one: not one.picture.steps)
    head = Head(
        "What changed",
        f"{plural(len(lines), 'case')} measured more than once. A change is called clear if it is "
        f"{100 * MIN_DIFFERENCE:.0f} % or more and chance is unlikely: of all that are called so, "
        "on average one in twenty at most is none.",
    )
    left_out = max(0, len(drawn) - MOST_PICTURES)
    return ChangesView(
        head=head,
        comparisons=tuple(found),
        check=_check(lines),
        pictures=tuple(drawn[:MOST_PICTURES]),
        open_pictures=OPEN_PICTURES,
        pictures_left_out=left_out,
    )


# ---------------------------------------------------------------- comparisons

OfCase = dict[tuple[str, ...], Result]
"""What `case_key` says of a record → the result that pages show."""


def _of_releases(lines: Sequence[Timeline], of_case: OfCase) -> Comparison | None:
    """Return the newest release of each case against the release before; None without two."""
    pairs = [list(one.releases.values())[-2:] for one in lines if len(one.releases) > 1]
    if not pairs:
        return None
    names = listed(
        sorted({" → ".join(release(r.record.software.openvino) for r in p) for p in pairs})
    )
    found = changes([a for a, _ in pairs], [b for _, b in pairs])
    return _comparison("releases", f"OpenVINO {names}", found, of_case)


def _of_runs(lines: Sequence[Timeline], of_case: OfCase) -> Comparison:
    """Return the newest run of each case against the run before."""
    before, after = ([one.runs[i] for one in lines] for i in (-2, -1))
    return _comparison("runs", "The newest run of each case against the one before",
                       changes(before, after), of_case)  # fmt: skip


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
        yield f"Differs besides: {what}, {line(before, 60)} → {line(after, 60)}."


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
    pairs = repeated(lines)
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


def _pictures(lines: Sequence[Timeline]) -> Iterator[Picture]:
    for one in lines:
        for key in speed_of(one.result.record)[:2]:
            runs = list(chain.from_iterable(one.lines(key)))
            if len(runs) > 1:
                yield _picture(one, key)


def _picture(one: Timeline, key: str) -> Picture:
    metric, result, lines = METRICS[key], one.result, one.lines(key)
    marks = [_mark(metric, run, number) for number, runs in enumerate(lines) for run in runs]
    found = [step for runs in lines for step in _steps(metric, key, runs)]
    runs = list(chain.from_iterable(lines))
    low, high = scale([(m.low, m.value, m.high) for m in marks])
    first, last = (day(runs[i].record.measured_at) for i in (0, -1))
    place = f"{result.model.title}, {result.label}"
    title = (
        f"{metric.label} of {place} on {result.device.label}: {plural(len(runs), 'run')}, {first} "
        f"to {last}, {metric.format_unit(marks[0].value)} to {metric.format_unit(marks[-1].value)}."
    )
    parts = ", not all joined: conditions or certainty differ" if len(lines) > 1 else ""
    steps_said = f"; {plural(len(found), 'step')}" if found else ""
    return Picture(
        title=place,
        where=result.device.label,
        href=result.href,
        metric=f"{metric.label}, {metric.unit}",
        note=f"{plural(len(runs), 'run')}{parts}{steps_said}",
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


def _mark(metric: Metric, run: Run, number: int) -> HistoryMark:
    record, value = run.record, _known(run, metric.key)
    ends = f"{metric.format(value.low)} – {metric.format(value.high)}"
    tip = (
        f"{day(record.measured_at)}, OpenVINO {release(record.software.openvino)}: "
        f"{metric.format_unit(value.value)} ({ends}), {value.kind}, {record.tier.name}"
    )
    at = datetime.fromisoformat(record.measured_at).timestamp()
    filled = value.kind != "observed"
    return HistoryMark(at, value.value, value.low, value.high, number, filled, tip)


def _steps(metric: Metric, key: str, runs: Sequence[Run]) -> Iterator[tuple[float, str]]:
    values = [interval_of(_known(run, key)) for run in runs]
    for step in steps(values):
        at = datetime.fromisoformat(runs[step.index].record.measured_at).timestamp()
        yield at, ratio_words(metric, _as_better(metric, step.ratio))[0]


def _as_better(metric: Metric, ratio: Interval) -> Interval:
    """Return a ratio of values as one that is above 1 where the later one is better."""
    if metric.direction == "higher":
        return ratio
    return Interval(1 / ratio.value, 1 / ratio.high, 1 / ratio.low)


def _known(run: Run, key: str) -> MetricValue:
    value = run.values[key]
    if not isinstance(value, MetricValue):  # `Timeline.lines` has only runs with a value
        raise TypeError(key)
    return value


PAGE = Page("changes", "What changed", view, when=has_history, parent="data")
"""Not in the navigation, which is about what is now; the foot of every page leads to it."""

"""Changes in words, as a table for a terminal, as Markdown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ovreport.change import ACCURACY, Change
from ovreport.changes import (
    MEMORY,
    MEMORY_OF_LANGUAGE,
    SPEED,
    SPEED_OF_LANGUAGE,
    CaseChanges,
    Changes,
    executed,
)
from ovreport.engines import OPENVINO
from ovreport.errors import one_line
from ovreport.metrics import METRICS, significant
from ovreport.metrics.ratio_words import amount_of, interval_words, is_time, ratio_words
from ovreport.record import Record
from ovreport.stats.discoveries import FALSE_DISCOVERY_RATE
from ovreport.words import plural

_COLUMNS = (*SPEED[:2], ACCURACY, *SPEED[2:], *MEMORY)
_COLUMNS_OF_LANGUAGE = (*SPEED_OF_LANGUAGE, *MEMORY_OF_LANGUAGE)
_MINUS = "−"


def case_name(record: Record) -> str:
    """Return a case by its model, weights, precision and engine."""
    case = record.case
    engine = "" if case.engine == OPENVINO else f" {case.engine}"
    return one_line(f"{case.model} {case.variant} {case.precision}{engine}", 120)


def place_name(record: Record) -> str:
    """Return where a case was measured."""
    machine = record.machine
    limit = f" with {machine.cores_available:g} processors" if machine.is_limited else ""
    return one_line(f"{record.case.device} of {machine.id}{limit}", 160)


def why_failed(record: Record) -> str:
    """Return why a case failed; empty where it ran."""
    return one_line(getattr(record.outcome, "reason", ""), 200)


def words(change: Change) -> tuple[str, str]:
    """Return a change in a word or two, and its interval; the latter may be empty.

    `1.08× as fast` with `1.03 – 1.12×`, `9.0 % slower`, `−1.2 points`, `≈ 1.01×`.
    """
    if change.effect is None:
        return change.outcome, ""
    if change.is_difference:
        return _accuracy_words(change)
    if change.outcome == "different":
        return ratio_words(change.metric, change.effect)
    amount = amount_of(change.metric, change.effect)
    return f"≈ {significant(amount.value)}×", interval_words(amount)


def _accuracy_words(change: Change) -> tuple[str, str]:
    effect, scale = change.effect, change.metric.scale
    if effect is None or effect.value == 0:
        return "equal", ""
    value, low, high = (_signed(end * scale) for end in (effect.value, effect.low, effect.high))
    mark = "" if change.outcome == "different" else "≈ "
    return f"{mark}{value} points", f"{low} … {high}"


def _direction(change: Change) -> tuple[str, str]:
    """Return what a clear change of a metric is called when it is good, and when it is bad."""
    if is_time(change.metric):
        return "faster", "slower"
    return ("less", "more") if change.metric.direction == "lower" else ("more", "less")


def _signed(value: float) -> str:
    return f"{_MINUS if value < 0 else '+'}{significant(abs(value), 2)}"


# ---------------------------------------------------------------- sentences


def summary(found: Changes) -> list[str]:
    """Return what there is to say of all changes, most important first."""
    return [line for part in (_verdict, _conditions, _left_out) for line in part(found)]


def _verdict(found: Changes) -> Iterator[str]:
    every = [change for _, change in found.every]
    outcomes = Counter(change.outcome for change in every)
    for record in found.newly_failed:
        yield f"{case_name(record)} ran in the first and failed in the second: {why_failed(record)}"
    for record in found.newly_ran:
        yield f"{case_name(record)} runs in the second; in the first: {why_failed(record)}"
    for case in found.other_precision:
        before, after = map(executed, (case.before, case.after))
        yield f"{case_name(case.after)} was executed in {before}, and in {after} in the second."
    if not found.cases:
        yield "No case is in both under the same conditions: nothing was compared."
        return
    for key in dict.fromkeys(change.metric.key for change in every):
        of_one = [change for change in every if change.metric.key == key]
        better, worse = (sum(map(is_so, of_one)) for is_so in (_is_better, _is_worse))
        good, bad = _direction(of_one[0])
        said = [f"{n} clearly {how}" for n, how in ((worse, bad), (better, good)) if n]
        if said:
            yield f"{METRICS[key].label}: {', '.join(said)}."
    if not outcomes["different"]:
        yield "Nothing is clearly faster, slower, larger, smaller or less accurate."
    counts = ", ".join(f"{n:,} {outcome}" for outcome, n in outcomes.most_common())
    yield (
        f"{plural(len(found.cases), 'case')} compared, {len(every):,} values: {counts}. Of those "
        f"called different, {FALSE_DISCOVERY_RATE:.0%} at most are chance, on average."
    )


def _is_better(change: Change) -> bool:
    return change.is_better


def _is_worse(change: Change) -> bool:
    return change.is_worse


def _conditions(found: Changes) -> Iterator[str]:
    for what, before, after in found.conditions:
        yield f"{what}: {one_line(before, 60)} → {one_line(after, 60)}"
    if found.in_turn:
        yield (
            f"{plural(found.in_turn, 'case')} measured in turn in one run: ratios of speed are of "
            "pairs of rounds."
        )
    if n := len(found.cases) - found.in_turn:
        yield (
            f"{plural(n, 'case')} measured at different times: what else changed on the machine "
            "in between is in every ratio."
        )


def _left_out(found: Changes) -> Iterator[str]:
    whole = Counter(one_line(why) for _, why in found.not_compared)
    single = Counter(c.why for _, c in found.every if c.effect is None)
    yield from (f"No comparison of {plural(n, 'case')}: {why}." for why, n in whole.items())
    yield from (f"No comparison of {plural(n, 'value')}: {why}." for why, n in single.items())
    for records, which in ((found.only_before, "first"), (found.only_after, "second")):
        if records:
            yield f"{plural(len(records), 'case')} only in the {which}."


# ---------------------------------------------------------------- tables


@dataclass(frozen=True)
class DeviceTable:
    """The changes of one device, a row a case: what became worse first, then what became better."""

    title: str
    labels: Sequence[str]
    """Of the columns, without that of the cases."""
    rows: Sequence[tuple[str, Sequence[Change | None]]]
    """Each case by its name, with its changes; None: it has no such metric."""


def tables(found: Changes) -> Iterator[DeviceTable]:
    """Yield a table for each device; a column in which nothing was compared is left out."""
    places = dict.fromkeys((place_name(c.after), c.after.case.is_language) for c in found.cases)
    for place, is_language in places:
        cases = [
            case
            for case in found.cases
            if (place_name(case.after), case.after.case.is_language) == (place, is_language)
        ]
        keys = [
            key
            for key in (_COLUMNS_OF_LANGUAGE if is_language else _COLUMNS)
            if any(change and change.effect for case in cases if (change := case.change(key)))
        ]
        labels = ["Accuracy" if key == ACCURACY else METRICS[key].label for key in keys]
        rows = [
            (case_name(case.after), [case.change(key) for key in keys])
            for case in sorted(cases, key=_rank)
        ]
        yield DeviceTable(place, labels, rows)


def _rank(case: CaseChanges) -> tuple[float, float, str]:
    worst = max((c.loss for c in case.changes.values() if c.is_worse), default=0.0)
    best = max((-c.loss for c in case.changes.values() if c.is_better), default=0.0)
    return -worst, -best, case_name(case.after)


def terminal(found: Changes) -> RenderableType:
    """Return tables and sentences for a terminal."""
    parts: list[RenderableType] = []
    for one in tables(found):
        table = Table(title=Text(one.title), title_justify="left", show_edge=False, pad_edge=False)
        for label in ("Case", *one.labels):
            table.add_column(label, justify="left" if label == "Case" else "right", min_width=9)
        for name, row in one.rows:
            table.add_row(Text(name), *(_cell(change) for change in row))
        parts += [table, Text()]
    return Group(*parts, *(Text(line) for line in summary(found)))


def _cell(change: Change | None) -> Text:
    if change is None:
        return Text("–", style="dim")
    said, interval = words(change)
    style = "bold red" if change.is_worse else "bold green" if change.is_better else "dim"
    return Text(said, style=style).append(f"\n{interval}" if interval else "", style="dim")


def markdown(found: Changes) -> str:
    """Return tables and sentences as Markdown, for a pull request or an issue."""
    lines = [f"- {_escaped(line)}" for line in summary(found)]
    for one in tables(found):
        head = ["Case", *one.labels]
        lines += ["", f"### {_escaped(one.title)}", "", _row(head), _row(["---"] * len(head))]
        lines += [_row([_escaped(name), *map(_markdown_cell, row)]) for name, row in one.rows]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_cell(change: Change | None) -> str:
    if change is None:
        return "–"
    said, interval = words(change)
    said = f"**{said}**" if change.outcome == "different" else said
    return f"{said} ({interval})" if interval else said


def _escaped(text: str) -> str:
    """Return foreign text that is nothing but text in Markdown.

    GitHub makes links of mentions, numbers (#1, GH-1) and addresses after Markdown, escaped or
    not: a word joiner, which is not seen, keeps it from that.
    """
    escaped = re.sub(r"([\\`*_{}\[\]<>#|&!~@])", r"\\\1", text)
    return re.sub(r"(?=://)|(?<=[@#])(?=\S)|(?<=www)(?=\.)|(?<=GH-)(?=\d)", "\u2060", escaped)

"""Tables: what a cell says, and how it sorts. Missing figures say why; they are never zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from html import escape as escape_html
from typing import Literal

import msgspec
from markupsafe import Markup

from ovreport.figures import N_TOO_SMALL, Figure
from ovreport.metrics import METRICS, Metric
from ovreport.reasons import REASONS
from ovreport.record import Completed, Failed, NotMeasured, Unsupported, Verdict
from ovreport_sitegen import variants
from ovreport_sitegen.catalogue import Result
from ovreport_sitegen.text import line, plural

Tone = Literal["", "suspect", "invalid", "failed"]

escape = lru_cache(maxsize=1 << 16)(escape_html)
"""Half a million texts are escaped for a thousand results, and most of them are alike."""

FIRST_ROWS = 60
"""Rows that lie in the page itself; the rest waits in a template element."""


class Cell(msgspec.Struct, frozen=True, dict=True):
    """One cell.

    Its markup is made here and not in a template, and once: a site of a thousand results shows
    four hundred thousand cells, many of them on several pages. A struct, not a dataclass: made
    in a fifth of the time.
    """

    text: str
    sub: str = ""
    """Second, smaller line."""
    sort: float | str | None = None
    """What it sorts by; None sorts last."""
    href: str = ""
    tone: str = ""
    """`missing` or `bad`."""
    tip: str = ""
    family: str = ""
    """Shown as a coloured mark before the text."""
    span: int = 1
    """Columns it takes: why a whole case has no figures is said once."""
    marks: tuple[str, ...] = ()
    """Words in small frames: quick, architecture only."""

    @property
    def html(self) -> str:
        """The cell, escaped and every attribute quoted."""
        kept = self.__dict__  # `cached_property` takes a lock before Python 3.12
        if "html" not in kept:
            kept["html"] = f"<td{self.attributes}>{self.content}</td>"
        html: str = kept["html"]
        return html

    @property
    def attributes(self) -> str:
        """Attributes of the element."""
        names, sort, found = self.tone, self.sort, ""
        if isinstance(sort, str):
            found = f' data-s="{escape(sort)}"'
        elif sort is not None:
            # Nine digits tell apart whatever a table shows with three.
            found = f' data-s="{sort:.9g}"'
            if not names.startswith("badge"):
                names = f"num {names}".rstrip()
        if names:
            found += f' class="{names}"'
        if self.span > 1:
            found += f' colspan="{self.span}"'
        return f'{found} title="{escape(self.tip)}"' if self.tip else found

    @property
    def content(self) -> str:
        """Content of the element."""
        text = escape(self.text)
        inner = f'<a href="{escape(self.href)}">{text}</a>' if self.href else f"<span>{text}</span>"
        if self.family:
            inner = f'<i class="fam {self.family}"></i>{inner}'
        if self.marks:
            inner += "".join(f' <b class="mark">{escape(mark)}</b>' for mark in self.marks)
        return f"{inner}<small>{escape(self.sub)}</small>" if self.sub else inner


@dataclass(frozen=True, slots=True)
class Column:
    """One column: label, unit and direction stand in its head."""

    label: str
    unit: str = ""
    direction: str = ""
    """`lower` or `higher` is better, or nothing."""
    numeric: bool = False
    wide: bool = False
    """Left out on narrow screens, where the first column carries it as a second line."""
    tip: str = ""


class TableRow(msgspec.Struct, frozen=True, dict=True):
    """One row."""

    cells: tuple[Cell, ...]
    tone: Tone = ""
    under: str = ""
    """Second line of the first cell on narrow screens."""
    filters: tuple[str, ...] = ()
    """Values of model, precision, family and variant, that the selects filter by."""

    @cached_property
    def html(self) -> Markup:
        """The row, escaped."""
        names = f' class="{self.tone}"' if self.tone else ""
        for key, value in zip("mpfv", self.filters, strict=False):
            names += f' data-{key}="{escape(value)}"'
        first = self.cells[0]
        under = f'<small class="under">{escape(self.under)}</small>' if self.under else ""
        parts = [
            f'<tr{names}><th scope="row"{first.attributes}>{first.content}{under}</th>',
            *[c.html for c in self.cells[1:]],
            "</tr>\n",
        ]
        return Markup("".join(parts))  # noqa: S704 - every part of it is escaped above


@dataclass(frozen=True)
class Table:
    """A table of a page."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    searchable: bool = False
    note: str = ""
    """What it leaves out, and where that is."""

    @property
    def first(self) -> tuple[TableRow, ...]:
        """Rows in the page itself."""
        return self.rows[:FIRST_ROWS]

    @property
    def rest(self) -> tuple[TableRow, ...]:
        """Rows that a script adds."""
        return self.rows[FIRST_ROWS:]

    def choices(self, index: int) -> list[str]:
        """Return the values that a select can filter by."""
        return sorted({row.filters[index] for row in self.rows if len(row.filters) > index})


# ---------------------------------------------------------------- columns and cells of results

RESULT_COLUMNS = (
    Column("Model"),
    Column("Device", wide=True),
    Column("Precision", wide=True, tip="What was asked for → what really ran"),
)
VERDICT = Column("Verdict", tip="Whether the number can be trusted, and what speaks against it")


def metric_column(key: str, label: str = "") -> Column:
    """Return the column of a metric."""
    metric = METRICS[key]
    return Column(label or metric.label, metric.unit, metric.direction, True, tip=metric.meaning)


@cache
def result_cells(result: Result) -> tuple[Cell, Cell, Cell]:
    """Return the cells that say which result a row is of."""
    marks = (("architecture only",) if result.model.architecture_only else ()) + (
        ("quick",) if result.quick else ()
    )
    device = result.record.case.device
    return (
        Cell(result.model.title, sort=result.model.title.lower(), href=result.href, marks=marks),
        Cell(
            result.device.label,
            sub=line(device, 40) if device != result.device.family else "",
            sort=result.device.label.lower(),
            href=result.device.href,
            family=result.device.family,
        ),
        Cell(result.precision, sub=variants.label(result.variant), sort=result.precision),
    )


def result_row(result: Result, cells: Sequence[Cell], aspect: str = "") -> TableRow:
    """Return a row about a result; `aspect` is whose verdict greys it."""
    under = f"{result.device.label} · {result.told}"
    return row(result, result_cells(result), cells, aspect=aspect, under=under)


def row(
    result: Result, head: Sequence[Cell], cells: Sequence[Cell], *, aspect: str, under: str
) -> TableRow:
    """Return a row of a table that has its own first columns."""
    return TableRow(
        cells=(*head, *(cells if result.completed else [failure_cell(result, len(cells))])),
        tone=row_tone(result, aspect),
        under=under,
        filters=(
            result.model.title,
            result.asked,
            result.device.family,
            variants.label(result.variant),
        ),
    )


def failure_cell(result: Result, span: int) -> Cell:
    """Return the cell that says, in place of all figures, why a case has none."""
    outcome = result.record.outcome
    if isinstance(outcome, Completed):
        return missing_cell(None)
    said = missing_cell(outcome)
    return Cell(said.text, sub=line(outcome.reason, 160), tone="missing", tip=said.tip, span=span)


def row_tone(result: Result, aspect: str) -> Tone:
    """Return how a row is coloured."""
    if not result.completed:
        return "failed"
    verdict = result.verdict(aspect) if aspect else None
    return verdict.level if verdict and verdict.level != "valid" else ""


@cache
def figure_cell(result: Result, key: str, *, interval: bool = True) -> Cell:
    """Return the cell of a figure, or of the reason why there is none."""
    found = result.figures.get(key)
    if isinstance(found, Figure):
        metric = METRICS[key]
        sub = interval_text(found, metric) if interval else ""
        if found.scope:
            sub = f"{sub}\n{line(found.scope, 60)}".strip()
        return Cell(metric.format(found.value), sub=sub, sort=found.value)
    return missing_cell(found)


def missing_cell(why: NotMeasured | None) -> Cell:
    """Return a cell that says that there is no figure, and why."""
    if why is None:
        return Cell("not measured", tone="missing")
    reason = line(why.reason, 400)
    if reason.startswith(N_TOO_SMALL):
        return Cell(N_TOO_SMALL, tone="missing", tip=reason)
    return Cell(status_word(why), sub=line(reason, 60), tone="missing", tip=reason)


def status_word(why: NotMeasured) -> str:
    """Return what happened, in a word."""
    if isinstance(why, Failed):
        return "failed"
    return "unsupported" if isinstance(why, Unsupported) else "skipped"


def interval_text(figure: Figure, metric: Metric) -> str:
    """Return a figure's interval, or what kind of figure has none."""
    if figure.kind == "bound" or figure.low == figure.high:
        return ""
    if not math.isfinite(figure.high - figure.low):
        return "interval unbounded"
    return f"{metric.format(figure.low)} – {metric.format(figure.high)}"


@cache
def verdict_cell(result: Result, aspect: str) -> Cell:
    """Return the badge of a result's aspect, with its reasons in words."""
    if not result.completed:
        return failure_cell(result, 1)
    verdict = result.verdict(aspect)
    if verdict is None:
        return missing_cell(getattr(result.record, aspect))
    return badge_cell(verdict)


def level_cell(found: Figure | NotMeasured | None) -> Cell:
    """Return the badge of a figure's own verdict; where there is none, its cell says why."""
    if isinstance(found, Figure):
        return badge_cell(found.verdict)
    return Cell("–", tone="missing")


def badge_cell(verdict: Verdict) -> Cell:
    """Return a verdict's badge."""
    return Cell(
        verdict.level,
        sub=", ".join(reason_title(r.code).lower() for r in verdict.reasons),
        sort={"valid": 0, "suspect": 1, "invalid": 2}[verdict.level],
        tone=f"badge {verdict.level}",
        tip="; ".join(f"{reason_title(r.code)}: {line(r.detail)}" for r in verdict.reasons),
    )


def reason_title(code: str) -> str:
    """Return what a reason code means, in a few words; unknown codes stand for themselves."""
    return REASONS[code].title if code in REASONS else line(code, 40)


def n_cell(result: Result, key: str) -> Cell:
    """Return how much stands behind a figure."""
    figure = result.figure(key)
    if figure is None:
        return Cell("–", tone="missing")
    return Cell(f"{figure.n:,}", sub=plural(figure.rounds, "round"), sort=figure.n)

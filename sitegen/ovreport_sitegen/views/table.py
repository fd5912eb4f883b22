"""Tables: what a cell says, and how it sorts. Missing figures say why; they are never zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ovreport.figures import N_TOO_SMALL, Figure
from ovreport.metrics import METRICS, Metric, significant
from ovreport.record import Failed, NotMeasured, Unsupported, Verdict
from ovreport.statistics import Comparison
from ovreport.verdict import REASONS
from ovreport_sitegen.catalogue import Result
from ovreport_sitegen.text import line, plural

Tone = Literal["", "suspect", "invalid", "failed"]

FIRST_ROWS = 60
"""Rows that lie in the page itself; the rest waits in a template element."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell."""

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
    marks: tuple[str, ...] = ()
    """Words in small frames: quick, architecture only."""


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


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row."""

    cells: tuple[Cell, ...]
    tone: Tone = ""
    under: str = ""
    """Second line of the first cell on narrow screens."""
    filters: tuple[str, ...] = ()
    """Values of model, precision and family, that the selects filter by."""


@dataclass(frozen=True)
class Table:
    """A table of a page."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    searchable: bool = False

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
        Cell(result.precision, sub=f"{result.variant} weights", sort=result.precision),
    )


def result_row(result: Result, cells: Sequence[Cell], aspect: str = "") -> TableRow:
    """Return a row about a result; `aspect` is whose verdict greys it."""
    return TableRow(
        cells=(*result_cells(result), *cells),
        tone=row_tone(result, aspect),
        under=f"{result.device.label} · {result.precision}",
        filters=(result.model.title, result.asked, result.device.family),
    )


def row_tone(result: Result, aspect: str) -> Tone:
    """Return how a row is coloured."""
    if not result.completed:
        return "failed"
    verdict = result.verdict(aspect) if aspect else None
    return verdict.level if verdict and verdict.level != "valid" else ""


def figure_cell(result: Result, key: str, *, interval: bool = True) -> Cell:
    """Return the cell of a figure, or of the reason why there is none."""
    found = result.figures.get(key)
    if isinstance(found, Figure):
        metric = METRICS[key]
        sub = interval_text(found, metric) if interval else ""
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
    if figure.kind == "bound":
        return "bound"
    if figure.low == figure.high:
        return ""
    if not math.isfinite(figure.high - figure.low):
        return "interval unbounded"
    return f"{metric.format(figure.low)} – {metric.format(figure.high)}"


def verdict_cell(result: Result, aspect: str) -> Cell:
    """Return the badge of a result's aspect, with its reasons in words."""
    if not result.completed:
        return missing_cell(result.record.outcome)  # type: ignore[arg-type]
    verdict = result.verdict(aspect)
    if verdict is None:
        return missing_cell(getattr(result.record, aspect))
    return Cell(
        verdict.level,
        sub=reason_titles(verdict),
        sort={"valid": 0, "suspect": 1, "invalid": 2}[verdict.level],
        tone=f"badge {verdict.level}",
        tip="; ".join(f"{reason_title(r.code)}: {line(r.detail)}" for r in verdict.reasons),
    )


def reason_title(code: str) -> str:
    """Return what a reason code means, in a few words; unknown codes stand for themselves."""
    return REASONS[code].title if code in REASONS else line(code, 40)


def reason_titles(verdict: Verdict) -> str:
    """Return the reasons of a verdict in one line."""
    return ", ".join(reason_title(r.code).lower() for r in verdict.reasons)


def n_cell(result: Result, key: str) -> Cell:
    """Return how much stands behind a figure."""
    figure = result.figure(key)
    if figure is None:
        return Cell("–", tone="missing")
    return Cell(f"{figure.n:,}", sub=plural(figure.rounds, "round"), sort=figure.n)


def ratio_cell(comparison: Comparison | None) -> Cell:
    """Return a speed-up with its interval, or that nothing can be said."""
    if comparison is None:
        return Cell("–", tone="missing", tip="No f32 result was measured alternately with it.")
    ratio = comparison.ratio
    sub = (
        f"{significant(ratio.low)} – {significant(ratio.high)}"
        if math.isfinite(ratio.high)
        else "interval unbounded"
    )
    if comparison.outcome != "different":
        sub = f"{sub}, {comparison.outcome}"
    return Cell(f"{significant(ratio.value)}×", sub=sub, sort=ratio.value)

"""Columns and cells of results. Missing figures say why; they are never zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from ovreport.metrics import METRICS, Metric, MetricValue
from ovreport.metrics.percentiles import N_TOO_SMALL
from ovreport.metrics.reasons import REASONS
from ovreport.record import Completed, Failed, NotMeasured, Unsupported, Verdict
from ovreport_sitegen.components.table import Cell, Column, TableRow, Tone
from ovreport_sitegen.data import variants
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line, plural

RESULT_COLUMNS = (
    Column("Model"),
    Column("Device", wide=True),
    Column("Precision", wide=True, tip="What was asked for → what really ran"),
)
VERDICT = Column("Verdict", tip="Whether the number can be trusted, and what speaks against it")

TOO_FEW = "too few runs"
"""Shown in place of a value that has too few samples; the hover text has their number."""


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


def result_row(result: Result, cells: Sequence[Cell], measurement: str = "") -> TableRow:
    """Return a row about a result; `measurement` is whose verdict greys it."""
    under = f"{result.device.label} · {result.label}"
    return row(result, result_cells(result), cells, measurement=measurement, under=under)


def row(
    result: Result, head: Sequence[Cell], cells: Sequence[Cell], *, measurement: str, under: str
) -> TableRow:
    """Return a row of a table that has its own first columns."""
    return TableRow(
        cells=(*head, *(cells if result.completed else [failure_cell(result, len(cells))])),
        tone=row_tone(result, measurement),
        under=under,
        filters=(
            result.model.title,
            result.requested,
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


def row_tone(result: Result, measurement: str) -> Tone:
    """Return how a row is coloured."""
    if not result.completed:
        return "failed"
    verdict = result.verdict(measurement) if measurement else None
    return verdict.level if verdict and verdict.level != "stable" else ""


@cache
def value_cell(result: Result, key: str, *, interval: bool = True) -> Cell:
    """Return the cell of a figure, or of the reason why there is none."""
    found = result.metric_values.get(key)
    if isinstance(found, MetricValue):
        metric = METRICS[key]
        sub = interval_text(found, metric) if interval else ""
        if found.scope:
            sub = f"{sub}\n{line(found.scope, 60)}".strip()
        tone = "judged unreliable" if found.verdict.level == "unreliable" else "judged"
        return Cell(metric.format(found.value), sub=sub, sort=found.value, tone=tone)
    return missing_cell(found)


def missing_cell(why: NotMeasured | None) -> Cell:
    """Return a cell that says that there is no figure, and why."""
    if why is None:
        return Cell("not measured", tone="missing")
    reason = line(why.reason, 400)
    if reason.startswith(N_TOO_SMALL):
        return Cell(TOO_FEW, tone="missing", tip=reason)
    return Cell(status_word(why), sub=line(reason, 60), tone="missing", tip=reason)


def missing_words(why: NotMeasured) -> str:
    """Return what happened in place of a figure, and the reason."""
    return f"{status_word(why)}: {line(why.reason, 400)}"


def status_word(why: NotMeasured) -> str:
    """Return what happened, in a word."""
    if isinstance(why, Failed):
        return "failed"
    return "unsupported" if isinstance(why, Unsupported) else "skipped"


def interval_text(figure: MetricValue, metric: Metric) -> str:
    """Return a figure's interval, or what kind of figure has none."""
    if figure.kind == "bound" or figure.low == figure.high:
        return ""
    if not math.isfinite(figure.high - figure.low):
        return "interval unbounded"
    return f"{metric.format(figure.low)} – {metric.format(figure.high)}"


@cache
def verdict_cell(result: Result, measurement: str) -> Cell:
    """Return the badge of a result's aspect, with its reasons in words."""
    if not result.completed:
        return failure_cell(result, 1)
    verdict = result.verdict(measurement)
    if verdict is None:
        return missing_cell(getattr(result.record, measurement))
    return badge_cell(verdict)


def level_cell(found: MetricValue | NotMeasured | None) -> Cell:
    """Return the badge of a figure's own verdict; where there is none, its cell says why."""
    if isinstance(found, MetricValue):
        return badge_cell(found.verdict)
    return Cell("–", tone="missing")


def badge_cell(verdict: Verdict) -> Cell:
    """Return a verdict's badge."""
    return Cell(
        verdict.level,
        sub=reasons_words(verdict),
        sort={"stable": 0, "noisy": 1, "unreliable": 2}[verdict.level],
        tone=f"badge {verdict.level}",
        tip="; ".join(f"{reason_title(r.code)}: {line(r.detail)}" for r in verdict.reasons),
    )


def reasons_words(verdict: Verdict) -> str:
    """Return why a verdict is what it is, in a few words."""
    return ", ".join(reason_title(r.code).lower() for r in verdict.reasons)


def reason_title(code: str) -> str:
    """Return what a reason code means, in a few words; unknown codes stand for themselves."""
    return REASONS[code].title if code in REASONS else line(code, 40)


def n_cell(result: Result, key: str) -> Cell:
    """Return how much stands behind a figure."""
    figure = result.metric_value(key)
    if figure is None:
        return Cell("–", tone="missing")
    return Cell(f"{figure.n:,}", sub=plural(figure.rounds, "round"), sort=figure.n)

"""Columns, rows and cells of results. A missing value says why; it is never zero."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from statistics import median

from msgspec.structs import replace

from ovreport.metrics import METRICS, MetricValue, significant
from ovreport.metrics.percentiles import TOO_FEW
from ovreport.metrics.reasons import REASONS
from ovreport.record import Completed, Failed, NotMeasured, Unsupported, Verdict
from ovreport.stats.intervals import Interval
from ovreport.variants import VARIANTS
from ovreport.words import plural
from ovreport_sitegen.components import marks
from ovreport_sitegen.components.marks import Look, look
from ovreport_sitegen.components.table import DASH, Cell, Column, TableRow
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.text import day, line

RESULT_COLUMNS = (
    Column("Model"),
    Column("Device", wide=True),
    Column("Precision", wide=True, tip="Requested → executed"),
)
VERDICT = Column("Verdict", tip="Whether the number can be trusted, with the reasons where not")

_TOO_FEW_ONCE = "n too small"
"""In records up to format 4: why there is no rate of arrivals."""


def metric_column(key: str, label: str = "") -> Column:
    """Return the column of a metric."""
    metric = METRICS[key]
    return Column(label or metric.label, metric.unit, metric.direction, True, tip=metric.meaning)


@cache
def result_cells(result: Result) -> tuple[Cell, Cell, Cell]:
    """Return the cells that name a result: model, device and precision."""
    device = result.record.case.device
    is_said = device == result.device.family or device in result.device.label
    return (
        model_cell(result.model, result.href, result.marks),
        Cell(
            result.device.label,
            sub=", ".join(filter(None, ("" if is_said else line(device, 40), result.device_note))),
            sort=result.device.label.lower(),
            href=result.device.href,
            family=result.device.family,
        ),
        precision_cell(result),
    )


def model_cell(model: ModelRef, href: str = "", marks: tuple[str, ...] = ()) -> Cell:
    """Return the name of a model, with a link to its page or elsewhere."""
    return Cell(model.title, sort=model.title.lower(), href=href or model.href, marks=marks)


def precision_cell(result: Result) -> Cell:
    """Return the requested and the executed precision, with the variant."""
    is_default = result.requested == "default" or "→" in result.precision
    return Cell(
        result.precision,
        sub=VARIANTS[result.variant].label,
        sort=result.precision,
        explained="precision" if is_default else "",
    )


def result_row(result: Result, cells: Sequence[Cell]) -> TableRow:
    """Return a row of a result."""
    under = f"{result.device.label} · {result.label}"
    return row(result, result_cells(result), cells, under)


def row(result: Result, head: Sequence[Cell], cells: Sequence[Cell], under: str = "") -> TableRow:
    """Return a row with its own first cells, `head`; `under` stands in for them on a phone."""
    return TableRow(
        cells=(*head, *(cells if result.completed else [failure_cell(result, len(cells))])),
        tone="" if result.completed else "failed",
        under=under,
        filters=(
            result.model.title,
            result.requested,
            result.device.family,
            VARIANTS[result.variant].label,
        ),
    )


def failure_cell(result: Result, span: int) -> Cell:
    """Return the cell over all columns that says why a case has no values."""
    outcome = result.record.outcome
    cell = spanning_cell(None if isinstance(outcome, Completed) else outcome, span)
    if result.ran_before is None:
        return cell
    return replace(cell, sub=f"{cell.sub}\nran last on {day(result.ran_before.record.measured_at)}")


def spanning_cell(why: NotMeasured | None, span: int) -> Cell:
    """Return the cell over several columns that says why they have no values."""
    return replace(missing_cell(why, 160), span=span)


@cache
def value_cell(result: Result, key: str, *, interval: bool = True) -> Cell:
    """Return the cell of a metric's value, or of the reason why there is none."""
    found = result.metric_values.get(key)
    if isinstance(found, MetricValue):
        metric = METRICS[key]
        sub = _value_interval(found) if interval else ""
        if found.scope:
            sub = f"{sub}\n{line(found.scope, 60)}".strip()
        return looking(Cell(metric.format(found.value), sub=sub, sort=found.value), look(found))
    return missing_cell(found)


def looking(cell: Cell, shown: Look) -> Cell:
    """Return a cell of a value as far as it can be relied on."""
    if shown == marks.PLAIN:
        return cell
    return replace(cell, sign=shown.sign, marks=shown.marks, tone=shown.tone)


def missing_cell(why: NotMeasured | None, room: int = 60) -> Cell:
    """Return the cell of a missing value, with the reason, or so many characters of it."""
    if why is None:
        return Cell("not measured", tone="missing")
    reason = line(why.reason, 400)
    if reason.startswith((TOO_FEW, _TOO_FEW_ONCE)):
        return too_few_cell(reason)
    shown = line(reason, room)
    tip = reason if shown != reason else ""
    return Cell(status_word(why), sub=shown, tone="missing", tip=tip)


def too_few_cell(why: str = "") -> Cell:
    """Return the cell of a percentile or rate that too few samples are behind."""
    return Cell(TOO_FEW, tone="missing", tip=why, explained="too-few-samples")


def missing_words(why: NotMeasured) -> str:
    """Return what happened instead of a measurement, and why."""
    return f"{status_word(why)}: {line(why.reason, 400)}"


def status_word(why: NotMeasured) -> str:
    """Return what happened instead of a measurement, in a word."""
    if isinstance(why, Failed):
        return "failed"
    return "unsupported" if isinstance(why, Unsupported) else "skipped"


def _value_interval(found: MetricValue) -> str:
    if found.kind == "bound" or found.low == found.high:
        return ""
    words = interval_words(found.low, found.high, METRICS[found.metric].format)
    return f"range {words}" if found.kind == "range" else words


def interval_words(low: float, high: float, show: Callable[[float], str] = significant) -> str:
    """Return the ends of an interval; one round alone has none."""
    if not math.isfinite(high - low):
        return "interval unknown"
    return f"{show(low)} – {show(high)}"


def interval_cell(interval: Interval, key: str = "") -> Cell:
    """Return a value with its interval, in the format of a metric where one is given."""
    show = METRICS[key].format if key else significant
    sub = interval_words(interval.low, interval.high, show)
    cell = Cell(show(interval.value), sub=sub, sort=interval.value)
    return looking(cell, marks.look_of_interval(interval))


RANGE = "Median and range over rounds"
"""The tip of a column of `range_cell`."""


def range_cell(values: Sequence[float]) -> Cell:
    """Return the median of one value a round, with their range."""
    middle = median(values)
    return Cell(
        significant(middle),
        sub=f"{significant(min(values))} – {significant(max(values))}",
        sort=middle,
    )


@cache
def verdict_cell(result: Result, measurement: str) -> Cell:
    """Return the badge of a measurement's verdict, with its reasons."""
    if not result.completed:
        return failure_cell(result, 1)
    verdict = result.verdict(measurement)
    if verdict is None:
        return missing_cell(getattr(result.record, measurement))
    return badge_cell(verdict)


def level_cell(found: MetricValue | NotMeasured | None) -> Cell:
    """Return the badge of a value's own verdict; its value's cell says why there is none."""
    if isinstance(found, MetricValue):
        return badge_cell(found.verdict)
    return DASH


def badge_cell(verdict: Verdict) -> Cell:
    """Return the badge of a verdict."""
    return Cell(
        verdict.level,
        sub=reasons_words(verdict),
        sort={"stable": 0, "noisy": 1, "unreliable": 2}[verdict.level],
        tone=f"badge {verdict.level}",
        tip="; ".join(f"{reason_title(r.code)}: {line(r.detail)}" for r in verdict.reasons),
        explained=verdict.level,
    )


def reasons_words(verdict: Verdict) -> str:
    """Return the titles of a verdict's reasons."""
    return ", ".join(reason_title(r.code).lower() for r in verdict.reasons)


def reason_words(code: str, n: int, total: int) -> str:
    """Return a reason, and how many of several values it speaks against where it is not all."""
    title = reason_title(code).lower()
    return title if n == total else f"{title} ({n} of {total})"


def reason_title(code: str) -> str:
    """Return the title of a reason; an unknown code is its own title."""
    return REASONS[code].title if code in REASONS else line(code, 40)


def n_cell(result: Result, key: str) -> Cell:
    """Return how many samples and rounds a value comes from."""
    found = result.metric_value(key)
    if found is None:
        return DASH
    return count_cell(found.n, plural(found.rounds, "round"))


def count_cell(n: int, sub: str = "") -> Cell:
    """Return how many there are of something; `sub`: of what, or in what."""
    return Cell(f"{n:,}", sub=sub, sort=n)

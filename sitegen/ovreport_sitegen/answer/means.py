"""Means of the answer table: of its columns, and of the ratios of two columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ovreport.metrics import METRICS, Metric
from ovreport.metrics.apart import interval_of
from ovreport.record import NotMeasured
from ovreport.stats.intervals import Interval
from ovreport.words import plural
from ovreport_sitegen.answer import axes, ratios
from ovreport_sitegen.answer.cells import NO_COMPARISON, AnswerCell, Words, mean_words
from ovreport_sitegen.answer.choice import ACCURACY
from ovreport_sitegen.answer.columns import BY_METRIC
from ovreport_sitegen.answer.rows import AnswerRow
from ovreport_sitegen.answer.state import State
from ovreport_sitegen.components.cells import status_word
from ovreport_sitegen.components.ratio_card import mean_ratio
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import DeviceRef


@dataclass(frozen=True)
class MeanRow:
    """The geometric mean over the models that every column has."""

    label: str
    note: str
    """How many are in it, and how many are left out and why."""
    cells: tuple[AnswerCell | None, ...]


def means_of(
    rows: Sequence[AnswerRow], columns: Sequence[axes.Place], state: State
) -> tuple[MeanRow, ...]:
    """Return the geometric mean of every column, for each device that rows are of.

    It is over the rows that all columns have a value in; unreliable values are left out. There is
    none of fewer than two rows, nor of accuracies: those of different tasks have no mean.
    """
    if state.metric == ACCURACY or state.columns == BY_METRIC:
        return ()
    by_device = grouped((row.device, row) for row in rows)
    found = (_mean_row(device, some, columns, state) for device, some in by_device.items())
    return tuple(filter(None, found))


def _mean_row(
    device: DeviceRef | None, rows: Sequence[AnswerRow], columns: Sequence[axes.Place], state: State
) -> MeanRow | None:
    whole = [row for row in rows if all(cell and cell.value for cell in row.cells)]
    reliable = [row for row in whole if all(map(_is_reliable, row.cells))]
    shared = _compared_alike(reliable)
    if len(shared) < 2:
        return None
    without = Counter(filter(None, map(_why_without, rows)))
    left_out = (
        *((without[why], why) for why in ("failed", "unsupported")),
        (len(whole) - len(reliable), "unreliable"),
        (len(reliable) - len(shared), "without a comparison"),
        (len(rows) - len(whole) - without.total(), "without a value in every column"),
    )
    words = [f"{n} {why}" for n, why in left_out if n]
    note = f"of {plural(len(shared), 'model')}" + (
        f"; left out: {', '.join(words)}" if words else ""
    )
    metric, keys = METRICS[state.metric], [column.key for column in columns]
    cells = [_mean_cell([row.cells[i] for row in shared], metric) for i in range(len(keys))]
    if state.baseline in keys:
        base = keys.index(state.baseline)
        cells = [
            cell if i == base else replace(cell, ratio=_mean_ratio(shared, i, base, metric))
            for i, cell in enumerate(cells)
        ]
    name = f"Geometric mean, {device.label}" if device else "Geometric mean"
    return MeanRow(name, note, tuple(cells))


def _compared_alike(rows: Sequence[AnswerRow]) -> list[AnswerRow]:
    """Return the rows that have a ratio in every column that has ratios at all.

    The means of values and of ratios are then of the same models. All rows without a baseline.
    """
    found = [{i for i, cell in enumerate(row.cells) if _is_compared(cell)} for row in rows]
    columns = set[int]().union(*found)
    return [row for row, compared in zip(rows, found, strict=True) if compared == columns]


def _is_compared(cell: AnswerCell | None) -> bool:
    return bool(cell and cell.ratio and cell.ratio.text != NO_COMPARISON)


def _why_without(row: AnswerRow) -> str:
    """Return `failed` or `unsupported` of a row with such a case, `failed` of one with both."""
    outcomes = (cell.result.record.outcome for cell in row.cells if cell and cell.result)
    words = {status_word(outcome) for outcome in outcomes if isinstance(outcome, NotMeasured)}
    return min(words, default="")


def _is_reliable(cell: AnswerCell | None) -> bool:
    return cell is not None and cell.level != "unreliable"


def _mean_cell(cells: Sequence[AnswerCell | None], metric: Metric) -> AnswerCell:
    found = [
        interval_of(value)
        for cell in cells
        if cell and cell.result and (value := cell.result.metric_value(metric.key))
    ]
    mean = mean_ratio(found)
    interval = f"{metric.format(mean.low)} – {metric.format(mean.high)}"
    return AnswerCell(
        metric.format(mean.value),
        value=mean.value * metric.scale,
        interval=interval if mean.high < float("inf") else "",
    )


def _mean_ratio(
    rows: Sequence[AnswerRow], candidate: int, base: int, metric: Metric
) -> Words | None:
    found = mean_ratio_of(rows, candidate, base, metric.key)
    return mean_words(*found, metric) if found else None


def mean_ratio_of(
    rows: Sequence[AnswerRow], candidate: int, base: int, key: str
) -> tuple[Interval, int] | None:
    """Return the mean ratio of two columns and its n; None of fewer than two ratios.

    Of cells that show a value: a speed that does not count, for its accuracy, is in no mean.
    """
    pairs = [(row.cells[candidate], row.cells[base]) for row in rows]
    found = [
        comparison.ratio
        for one, other in pairs
        if one and other and one.result and other.result
        if one.value is not None and other.value is not None
        if (comparison := ratios.against(one.result, other.result, key).comparison)
    ]
    return (mean_ratio(found), len(found)) if len(found) > 1 else None

"""Rows of the answer table: the result of each cell, its ratio to the baseline's, and its bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ovreport.metrics import METRICS, MetricValue
from ovreport.record import Accuracy
from ovreport_sitegen.answer import axes, ratios
from ovreport_sitegen.answer.cells import (
    NO_COMPARISON,
    ONE_RUN,
    AnswerCell,
    Words,
    bars,
    excluded_cell,
    ratio_of,
    value_cell,
)
from ovreport_sitegen.answer.choice import ACCURACY, choose, counts, fullness, value_key
from ovreport_sitegen.answer.columns import BY_METRIC
from ovreport_sitegen.answer.state import KEPT, State
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import DeviceRef, ModelRef, Result


@dataclass(frozen=True)
class AnswerRow:
    """A row: a model, on one device where the columns are not devices."""

    model: ModelRef
    device: DeviceRef | None
    """Named where several devices have rows."""
    note: str
    """Below the model's name."""
    cells: tuple[AnswerCell | None, ...]
    """None: there is nothing."""
    keys: tuple[str, ...]
    """The metric of each cell."""


def rows_of(
    results: Sequence[Result], columns: Sequence[axes.Place], state: State
) -> tuple[list[AnswerRow], str]:
    """Return the rows in their order, and a sentence where all are of the quick tier."""
    rows = [
        row
        for (model, device), some in _by_row(results, state).items()
        if (row := _row(state, model, device, some, columns))
    ]
    return _with_tiers(_with_bars(_named(rows, state)))


def _by_row(
    results: Iterable[Result], state: State
) -> Mapping[tuple[ModelRef, DeviceRef | None], list[Result]]:
    by_device = state.columns == "device"
    found = grouped(((r.model, None if by_device else r.device), r) for r in results)
    return dict(sorted(found.items(), key=lambda item: row_order(item[0][0])))


def row_order(model: ModelRef) -> tuple[str, str, str]:
    """Return what rows are sorted by: by task, then by title."""
    return model.task.lower(), model.title.lower(), model.id


def _row(
    state: State,
    model: ModelRef,
    device: DeviceRef | None,
    results: Sequence[Result],
    columns: Sequence[axes.Place],
) -> AnswerRow | None:
    """Return a row; None where there is nothing in it, or nothing to compare."""
    chosen = _chosen(state, results, columns)
    cells = [_cell(r, key, state) if r else None for r, key in chosen]
    if not any(cells):
        return None
    keys = [column.key for column in columns]
    if state.baseline in keys:
        base = keys.index(state.baseline)
        if cells[base] is None or sum(cell is not None for cell in cells) < 2:
            return None
        cells = [
            cell if i == base else _with_ratio(chosen[base][1], cells[base], chosen[i][1], cell)
            for i, cell in enumerate(cells)
        ]
    note = accuracy_label(results[0]) if state.metric == ACCURACY else ""
    return AnswerRow(model, device, note, tuple(cells), tuple(key for _, key in chosen))


def _chosen(
    state: State, results: Sequence[Result], columns: Sequence[axes.Place]
) -> list[tuple[Result | None, str]]:
    """Return the result and the metric of each cell of a row."""

    def choice(some: Sequence[Result]) -> Result | None:
        found = choose(some, state.metric, state.precision)
        if found is None and state.precision == KEPT:
            return min(some, key=fullness, default=None)
        return found

    if state.columns == BY_METRIC:
        one = choice(results)
        return [(one, column.key) for column in columns]
    place = axes.AXES[state.columns].place
    by_place = grouped((place(r).key, r) for r in results)
    return [(choice(by_place.get(column.key, [])), state.metric) for column in columns]


def _cell(result: Result, key: str, state: State) -> AnswerCell:
    if result.completed and state.precision == KEPT and not counts(result):
        return excluded_cell(result)
    return value_cell(result, key, stable=state.stable)


def accuracy_label(result: Result) -> str:
    """Return what a result's accuracy is called; empty where it has none."""
    accuracy = result.accuracy
    return METRICS[accuracy.metric].label if isinstance(accuracy, Accuracy) else ""


def _with_ratio(
    base_key: str, base: AnswerCell | None, key: str, cell: AnswerCell | None
) -> AnswerCell | None:
    """Return a cell with its ratio to the baseline's; `key`, `base_key`: their metrics."""
    if base is None or cell is None or cell.value is None or key == ACCURACY:
        return cell
    if base.value is None:
        return replace(cell, ratio=Words(NO_COMPARISON, tip="The baseline has no value."))
    if base.result is None or cell.result is None:
        return cell
    if key != base_key:
        return replace(cell, ratio=_across(cell.result, key, base_key))
    if base.result is cell.result:
        return cell
    found = ratios.against(cell.result, base.result, key)
    return replace(cell, ratio=ratio_of(found, METRICS[key]))


def _across(result: Result, key: str, base_key: str) -> Words | None:
    """Return a metric of a result against another of it, such as the memory of two modes."""
    first, second = result.metric_value(key), result.metric_value(base_key)
    if first is None or second is None:
        return None
    words = ratio_of(ratios.apart(first, second), METRICS[key])
    return words if words.text == NO_COMPARISON else replace(words, tip=ONE_RUN)


def _with_bars(rows: Sequence[AnswerRow]) -> list[AnswerRow]:
    """Return rows with bars: one scale a row, or one for all where there is one column."""
    if rows and len(rows[0].cells) == 1:
        drawn = iter(_drawn([(row.cells[0], row.keys[0]) for row in rows]))
        return [replace(row, cells=(next(drawn),)) for row in rows]
    return [
        replace(row, cells=tuple(_drawn(list(zip(row.cells, row.keys, strict=True)))))
        for row in rows
    ]


def _drawn(cells: Sequence[tuple[AnswerCell | None, str]]) -> list[AnswerCell | None]:
    values: dict[int, tuple[MetricValue, str]] = {}
    for i, (cell, key) in enumerate(cells):
        result = cell.result if cell is not None and cell.value is not None else None
        if result and (found := result.metric_value(value_key(result, key))):
            values[i] = found, result.device.family
    drawn = dict(zip(values, bars(list(values.values())), strict=True))
    return [
        replace(cell, bar=drawn[i]) if cell is not None and i in drawn else cell
        for i, (cell, _) in enumerate(cells)
    ]


def _with_tiers(rows: Sequence[AnswerRow]) -> tuple[list[AnswerRow], str]:
    """Return rows whose quick results are marked, and a sentence instead where all are quick."""
    shown = [cell.result for row in rows for cell in row.cells if cell and cell.result]
    quick = [result.quick for result in shown]
    if all(quick) or not any(quick):
        return list(rows), " All of the quick tier." if any(quick) else ""
    return [replace(row, cells=tuple(map(_marked_quick, row.cells))) for row in rows], ""


def _marked_quick(cell: AnswerCell | None) -> AnswerCell | None:
    if cell is None or cell.result is None or not cell.result.quick or not cell.ran:
        return cell
    return replace(cell, ran=f"{cell.ran} · quick")


def _named(rows: Sequence[AnswerRow], state: State) -> list[AnswerRow]:
    """Return rows that name their device where several have rows."""
    if len({row.device for row in rows}) > 1 or state.models in {r.model.slug for r in rows}:
        return list(rows)
    return [replace(row, device=None) for row in rows]

"""All accuracies of a result: the headline, and those with other metrics or data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from ovreport.record import Accuracy
from ovreport_sitegen.components import accuracy_cells as cells
from ovreport_sitegen.components.cells import missing_cell, result_cells
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line


def every(result: Result) -> tuple[Accuracy, ...]:
    """Return all accuracies of a result, the headline's first; none where it has none."""
    if not isinstance(result.accuracy, Accuracy):
        return ()
    return (result.accuracy, *result.record.additional_accuracy)


def as_headlines(result: Result) -> list[Result]:
    """Return a result once for each of its accuracies, with that one as the headline.

    So every cell and rule for a headline also serves the additional ones. The first is the result
    itself.
    """
    return [
        result
        if accuracy is result.accuracy
        else replace(result, record=msgspec.structs.replace(result.record, accuracy=accuracy))
        for accuracy in every(result)
    ]


def table(results: Sequence[Result]) -> Table | None:
    """Return all accuracies of some results of one model; None where none has additional ones."""
    if not any(
        r.record.additional_accuracy or r.record.additional_accuracy_missing for r in results
    ):
        return None
    columns = (
        Column("Device"),
        Column("Precision", wide=True),
        Column("Metric"),
        Column("Data"),
        Column("Accuracy", "value", "higher", True, tip="With its 95 % interval"),
        Column("Against f32", "points", "higher", True, tip="Paired on the same samples"),
        Column("Verdict", "within 1 %", tip="By the interval of the paired difference"),
        Column("n", "samples", "", True),
    )
    rows = [row for result in results for row in _rows(result)]
    return Table("accuracies-table", "All accuracy results of this model", columns, tuple(rows))


def _rows(result: Result) -> list[TableRow]:
    _, device, precision = result_cells(result)
    none = Cell("–", tone="missing")
    measured = [
        (
            cells.metric_cell(r),
            data_cell(r),
            cells.value_cell(r),
            cells.cost_cell(r),
            cells.tolerance_cell(r),
            n_cell(r),
        )
        for r in as_headlines(result)
    ]
    missing = [
        (none, Cell(line(name, 40)), missing_cell(why), none, none, none)
        for name, why in result.record.additional_accuracy_missing.items()
    ]
    return [
        TableRow((device, precision, *rest), under=result.precision)
        for rest in (*measured, *missing)
    ]


def n_cell(result: Result) -> Cell:
    """Return how many samples an accuracy is of."""
    accuracy = result.accuracy
    if not isinstance(accuracy, Accuracy):
        return Cell("–", tone="missing")
    return Cell(f"{accuracy.n:,}", sub=line(accuracy.unit, 20), sort=accuracy.n)


def data_cell(result: Result) -> Cell:
    """Return the data of an accuracy: its name where it has one, then the sentence."""
    accuracy = result.accuracy
    if not isinstance(accuracy, Accuracy):
        return Cell("–", tone="missing")
    marks = ("rendered",) if accuracy.rendered else ()
    tip = line(accuracy.data, 600)
    if accuracy.dataset:
        return Cell(line(accuracy.dataset, 40), sub=line(accuracy.data, 90), marks=marks, tip=tip)
    return Cell(line(accuracy.data, 90), marks=marks, tip=tip, tone="prose")

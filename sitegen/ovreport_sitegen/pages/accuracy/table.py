"""All accuracies of a result, and those that others published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from ovreport.metrics import METRICS
from ovreport.record import Accuracy, Published
from ovreport_sitegen.components import accuracy_cells as cells
from ovreport_sitegen.components.cells import count_cell, missing_cell, model_cell, result_cells
from ovreport_sitegen.components.table import DASH, Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.text import line, safe_url

WITHIN = Column("Within 1 % of f32", tip="By the 95 % interval of the paired difference")
"""Yes, worse, better, or too few samples to tell."""


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
        WITHIN,
        Column("n", "samples", "", True),
    )
    rows = [row for result in results for row in _rows(result)]
    return Table("accuracies-table", "All accuracy results of this model", columns, tuple(rows))


def _rows(result: Result) -> list[TableRow]:
    _, device, precision = result_cells(result)
    none = DASH
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
        return DASH
    return count_cell(accuracy.n, line(accuracy.unit, 20))


def data_cell(result: Result) -> Cell:
    """Return the data of an accuracy: its name where it has one, then the sentence."""
    accuracy = result.accuracy
    if not isinstance(accuracy, Accuracy):
        return DASH
    marks = ("rendered",) if accuracy.rendered else ()
    tip = line(accuracy.data, 600)
    if accuracy.dataset:
        return Cell(line(accuracy.dataset, 40), sub=line(accuracy.data, 90), marks=marks, tip=tip)
    return Cell(line(accuracy.data, 90), marks=marks, tip=tip, tone="prose")


# ---------------------------------------------------------------- published by others


_MOST_PUBLISHED = 20
"""Published results of one model that are shown."""


def published_table(catalogue: Catalogue, model: ModelRef | None = None) -> Table | None:
    """Return the published results of a model, or of all models; None where there are none."""
    models = [model] if model else catalogue.models
    rows = tuple(row for m in models for row in _published_rows(catalogue, m))
    columns = (
        Column("Model"),
        Column("Metric"),
        Column("Published", "by others", "", True, tip="Not measured here"),
        Column("Their variant"),
        Column("Ours", "f32 on the CPU", "", True),
        Column("Source"),
        Column("What differs"),
    )
    title = "Published by others, not measured here"
    return Table("published-table", title, columns, rows) if rows else None


def _published_rows(catalogue: Catalogue, model: ModelRef) -> Iterator[TableRow]:
    results = catalogue.of_model(model)
    if not results:
        return
    newest = max(results, key=lambda r: r.record.measured_at)
    for theirs in newest.record.model.published[:_MOST_PUBLISHED]:
        if theirs.metric in METRICS:
            yield _published_row(model, theirs, _ours(results, theirs.metric))


def _ours(results: list[Result], metric: str) -> Result | None:
    """Return our result with its accuracy in that metric: of the published file in f32, on the CPU.

    If there is none, the closest: in f32 before other precisions, on the CPU before other devices.
    """
    found = [
        (r.requested != "f32", r.device.family != "CPU", i, h)
        for i, r in enumerate(results)
        if r.is_published and r.completed
        for h in as_headlines(r)
        if isinstance(h.accuracy, Accuracy) and h.accuracy.metric == metric
    ]
    if not found:
        return None
    return min(found, key=lambda item: item[:3])[-1]


def _published_row(model: ModelRef, theirs: Published, ours: Result | None) -> TableRow:
    metric, url = METRICS[theirs.metric], safe_url(theirs.url)
    ours_cell = Cell("not measured", tone="missing")
    if ours is not None and isinstance(ours.accuracy, Accuracy):
        shown = cells.value_cell(ours)
        ran = f"{ours.executed or ours.requested}, n {ours.accuracy.n:,}"
        ours_cell = Cell(shown.text, sub=f"{shown.sub}\n{ran}", sort=shown.sort, href=ours.href)
    return TableRow(
        (
            model_cell(model),
            Cell(metric.label, sub=metric.unit, sort=metric.label),
            Cell(metric.format(theirs.value), sort=theirs.value, marks=("published",)),
            Cell(line(theirs.variant, 80)),
            ours_cell,
            Cell(line(theirs.source, 120), href=url or ""),
            Cell(line(theirs.note, 300) or "–", tone="prose"),
        )
    )

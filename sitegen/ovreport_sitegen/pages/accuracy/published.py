"""Results that others published, next to ours; never in a ranking, a mean or a finding."""

from __future__ import annotations

from collections.abc import Iterator

from ovreport.metrics import METRICS
from ovreport.record import Accuracy, Published
from ovreport_sitegen.components import accuracy_cells as cells
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.pages.accuracy import table as accuracies
from ovreport_sitegen.text import line, safe_url

_MOST = 20
"""Published results of one model that are shown."""


def table(catalogue: Catalogue, model: ModelRef | None = None) -> Table | None:
    """Return the published results of a model, or of all models; None where there are none."""
    models = [model] if model else catalogue.models
    rows = tuple(row for m in models for row in _rows(catalogue, m))
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


def _rows(catalogue: Catalogue, model: ModelRef) -> Iterator[TableRow]:
    results = catalogue.of_model(model)
    if not results:
        return
    newest = max(results, key=lambda r: r.record.measured_at)
    for theirs in newest.record.model.published[:_MOST]:
        if theirs.metric in METRICS:
            yield _row(model, theirs, _ours(results, theirs.metric))


def _ours(results: list[Result], metric: str) -> Result | None:
    """Return our result with its accuracy in that metric: of the published file in f32, on the CPU.

    If there is none, the closest: in f32 before other precisions, on the CPU before other devices.
    """
    found = [
        (r.requested != "f32", r.device.family != "CPU", i, h)
        for i, r in enumerate(results)
        if r.is_published and r.completed
        for h in accuracies.as_headlines(r)
        if isinstance(h.accuracy, Accuracy) and h.accuracy.metric == metric
    ]
    if not found:
        return None
    return min(found, key=lambda item: item[:3])[-1]


def _row(model: ModelRef, theirs: Published, ours: Result | None) -> TableRow:
    metric, url = METRICS[theirs.metric], safe_url(theirs.url)
    ours_cell = Cell("not measured", tone="missing")
    if ours is not None and isinstance(ours.accuracy, Accuracy):
        shown = cells.value_cell(ours)
        ran = f"{ours.executed or ours.requested}, n {ours.accuracy.n:,}"
        ours_cell = Cell(shown.text, sub=f"{shown.sub}\n{ran}", sort=shown.sort, href=ours.href)
    return TableRow(
        (
            Cell(model.title, sort=model.title.lower(), href=model.href),
            Cell(metric.label, sub=metric.unit, sort=metric.label),
            Cell(metric.format(theirs.value), sort=theirs.value, marks=("published",)),
            Cell(line(theirs.variant, 80)),
            ours_cell,
            Cell(line(theirs.source, 120), href=url or ""),
            Cell(line(theirs.note, 300) or "–", tone="prose"),
        )
    )

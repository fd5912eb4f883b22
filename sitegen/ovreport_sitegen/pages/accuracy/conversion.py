"""What OpenVINO's conversion of a published file costs: against the file's own framework, in f32.

A native framework runs the file as published, on the samples that OpenVINO's f32 result is of, and
its record holds the paired difference of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from ovreport.metrics import METRICS
from ovreport.metrics.accuracy import BY_REFERENCE
from ovreport.record import Accuracy, AccuracyReference
from ovreport_sitegen.components import accuracy_cells as cells
from ovreport_sitegen.components.cells import model_cell
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.accuracy.table import n_cell


def _converted(native: Result) -> tuple[Result, AccuracyReference] | None:
    """Return a framework's result with the difference the other way: OpenVINO minus framework.

    None where not both accuracies were measured, or where OpenVINO's outputs stand for labels. The
    difference is paired, so its interval turns.
    """
    accuracy, found = native.accuracy, cells.reference_of(native)
    if not isinstance(accuracy, Accuracy) or found is None or accuracy.metric in BY_REFERENCE:
        return None
    turned = AccuracyReference(
        value=accuracy.value,
        delta=-found.delta,
        delta_low=-found.delta_high,
        delta_high=-found.delta_low,
    )
    record = msgspec.structs.replace(
        native.record, accuracy=msgspec.structs.replace(accuracy, reference=turned)
    )
    return replace(native, record=record), found


def table(native: Sequence[Result]) -> Table | None:
    """Return accuracy as published and as converted; None where no framework's was measured."""
    columns = (
        Column("Model"),
        Column("As published", "framework, f32", "higher", True),
        Column("As converted", "OpenVINO, f32", "higher", True),
        Column("Difference", "points", "higher", True, tip="Paired on the same samples"),
        Column("Outputs", "relative RMSE", "lower", True),
        Column("n", "samples", "", True),
    )
    rows = tuple(
        _row(native_result, *both)
        for native_result in native
        if (both := _converted(native_result)) is not None
    )
    title = "From the published file to f32 in OpenVINO"
    return Table("conversion-table", title, columns, rows) if rows else None


def _row(native: Result, turned: Result, converted: AccuracyReference) -> TableRow:
    shown = cells.named_cell(native, counted=False)
    metric = METRICS[native.record.accuracy.metric]  # type: ignore[union-attr]  # one was measured
    return TableRow(
        (
            model_cell(native.model, native.href, native.marks),
            msgspec.structs.replace(shown, sub=f"{shown.sub}\n{native.framework}"),
            Cell(metric.format(converted.value), sort=converted.value),
            cells.cost_cell(turned),
            cells.agreement_cells(native)[1],
            n_cell(native),
        ),
        under=native.framework,
    )


def finding(native: Result) -> str:
    """Return what the conversion of a model's file costs, as a sentence; empty where unknown."""
    both, accuracy = _converted(native), native.accuracy
    if both is None or not isinstance(accuracy, Accuracy):
        return ""
    turned, converted = both
    metric, delta = METRICS[accuracy.metric], cells.reference_of(turned)
    unit = f" {metric.unit}" if metric.unit.startswith("%") else ""
    text = (
        f"Conversion: {metric.label} {metric.format(accuracy.value)}{unit} as published, in "
        f"{native.framework}, and {metric.format(converted.value)}{unit} as OpenVINO converts it, "
        "in f32"
    )
    if delta is None or delta.delta_low <= 0 <= delta.delta_high:
        return f"{text}: no clear difference."
    change = cells.points(delta.delta * metric.scale)
    return f"{text}: {change} points{cells.cost_note(turned)}."

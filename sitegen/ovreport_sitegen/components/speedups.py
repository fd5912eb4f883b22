"""Speedups over f32 of the published file: what other precisions and variants gain and cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ovreport_sitegen.compare import SpeedMeasurement
from ovreport_sitegen.components.accuracy_cells import cost_cell
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import result_cells
from ovreport_sitegen.components.ranking import CARD_ROWS, model_name
from ovreport_sitegen.components.ratio_card import (
    Ratio,
    pairs_cell,
    ratio_card,
    ratio_cell,
    ratio_finding,
)
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue, Speedup
from ovreport_sitegen.data.result import Result

SPEEDUP = Column(
    "Speedup", "× f32", "higher", True, tip="Over the published file in f32, paired by round"
)
BASELINE = Cell("baseline", tone="missing", sort=1.0)
_NOT_PAIRED = "Not measured in one run with f32 of the published file."


def speedup_card(
    catalogue: Catalogue,
    measurement: SpeedMeasurement,
    speedups: Sequence[Speedup] | None = None,
    *,
    id_: str = "speedup",
    more: str = "",
    naming: Callable[[Result], str] = model_name,
) -> Card:
    """Return a card of the default precision's speedups over f32; without any, of all models."""
    speedups = catalogue.default_speedups() if speedups is None else speedups
    found = sorted(
        ((c, s) for s in speedups if (c := s.of(measurement))),
        key=lambda pair: -pair[0].ratio.value,
    )
    shown = [s for _, s in found]
    return ratio_card(
        [Ratio(s.candidate, naming(s.candidate), c) for c, s in found],
        id_=id_,
        title=f"Default precision against f32: {measurement}",
        conditions=catalogue.speedup_device.label,
        axis="Times as fast as f32, log scale",
        finding=speedup_finding(speedups, measurement),
        table=speedup_table(f"{id_}-card-table", shown[:CARD_ROWS]) if shown else None,
        measurement=measurement,
        more=more,
    )


def speedup_finding(speedups: Sequence[Speedup], measurement: SpeedMeasurement) -> str:
    """Return how the default precision compares with f32 over all models, in a sentence or two."""
    ratios = [Ratio(s.candidate, "", c) for s in speedups if (c := s.of(measurement))]
    if not ratios:
        return "No model was measured in f32 and in the default precision in one run."
    return ratio_finding(ratios, "Default precision against f32")


def speedup_table(id_: str, speedups: Sequence[Speedup]) -> Table:
    """Return the table of speedups, with the accuracy that they cost."""
    columns = (
        Column("Model"),
        Column("Device", wide=True),
        Column("Precision", wide=True),
        Column("Latency speedup", "× f32", "higher", True),
        Column("Throughput speedup", "× f32", "higher", True),
        Column("Pairs", "rounds", "", True),
        Column("Accuracy cost", "points", "", True),
    )
    rows = tuple(
        TableRow(
            (
                *result_cells(r),
                ratio_cell(s.latency, _NOT_PAIRED),
                ratio_cell(s.throughput, _NOT_PAIRED),
                pairs_cell(s.latency, s.throughput),
                cost_cell(r),
            ),
            under=f"{r.device.label} · {r.label}",
            filters=(r.model.title, r.requested, r.device.family),
        )
        for s in speedups
        for r in (s.candidate,)
    )
    return Table(id_, "Speedup of the default precision over f32", columns, rows)


def speedup_cell(
    catalogue: Catalogue, result: Result, measurement: SpeedMeasurement = "latency"
) -> Cell:
    """Return a result's speedup over f32 of the published file, which is the baseline."""
    if result.is_baseline:
        return BASELINE
    speedup = catalogue.speedup(result)
    return ratio_cell(speedup.of(measurement) if speedup else None, _NOT_PAIRED)

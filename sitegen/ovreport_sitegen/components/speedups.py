"""Speedups over f32 of the published file: what other precisions and variants gain and cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from ovreport.metrics import HEADLINES, significant
from ovreport.stats.comparison import compare_apart
from ovreport.stats.intervals import Interval
from ovreport_sitegen.compare import SpeedMeasurement
from ovreport_sitegen.components.accuracy_cells import cost_cell
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import interval_words, result_cells
from ovreport_sitegen.components.ranking import CARD_ROWS, model_name
from ovreport_sitegen.components.ratio_card import (
    Ratio,
    left_out_words,
    pairs_cell,
    ratio_card,
    ratio_cell,
    ratio_finding,
)
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.data.speedups import Speedup

BASELINE = Cell("baseline", tone="missing", sort=1.0)
_NO_BASELINE = "F32 of the published file was not measured on this device."


def speedup_card(
    catalogue: Catalogue,
    measurement: SpeedMeasurement,
    every: Sequence[Result] | None = None,
    *,
    id_: str = "speedup",
    more: str = "",
    naming: Callable[[Result], str] = model_name,
) -> Card:
    """Return a card of the default precision's speedups over f32.

    `every`: the results that it is of, whether they ran or not; without, those of all models.
    """
    every = catalogue.default_results() if every is None else every
    found = sorted(
        ((c, s) for r in every if (s := catalogue.speedup(r)) and (c := s.of(measurement))),
        key=lambda pair: -pair[0].ratio.value,
    )
    shown = [s for _, s in found]
    return ratio_card(
        [Ratio(s.candidate, naming(s.candidate), c) for c, s in found],
        id_=id_,
        title=f"Default precision against f32: {measurement}",
        conditions=catalogue.speedup_device.label,
        axis="Times as fast as f32, log scale",
        finding=speedup_finding(catalogue, every, measurement),
        table=speedup_table(f"{id_}-card-table", shown[:CARD_ROWS]) if shown else None,
        measurement=measurement,
        more=more,
    )


def speedup_finding(
    catalogue: Catalogue, every: Sequence[Result], measurement: SpeedMeasurement
) -> str:
    """Return how results of the default precision compare with f32, in a sentence or two."""
    pairs = ((r, s.of(measurement)) for r in every if (s := catalogue.speedup(r)))
    ratios = [Ratio(r, "", c) for r, c in pairs if c]
    if not ratios:
        return (
            "No comparison: no model was measured in f32 and in the default precision in one run."
        )
    left_out = left_out_words(every, [ratio.result for ratio in ratios], measurement)
    return ratio_finding(ratios, "Default precision against f32", left_out)


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
                _cell(s, "latency"),
                _cell(s, "throughput"),
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
    return _cell(speedup, measurement) if speedup else ratio_cell(None, _NO_BASELINE)


def _cell(speedup: Speedup, measurement: SpeedMeasurement) -> Cell:
    """Return a speedup; without a comparison why there is none, and the ratio of runs apart."""
    found, unpaired = speedup.of(measurement), runs_apart(speedup, measurement)
    if found or unpaired is None:
        return ratio_cell(found, f"{speedup.why_none(measurement).capitalize()}.")
    words = f"{significant(unpaired.value)}×, {interval_words(unpaired.low, unpaired.high)}"
    none = ratio_cell(None, f"{speedup.why_none(measurement).capitalize()}.")
    return msgspec.structs.replace(none, sub=words, note="runs apart")


def runs_apart(speedup: Speedup, measurement: SpeedMeasurement) -> Interval | None:
    """Return the unpaired speedup of two runs that were apart; None where there is none to show.

    Both have to be undisturbed, not unreliable, of one release of OpenVINO, and measured in the
    same way: else the ratio is of what went on in the runs.
    """
    if speedup.in_one_run:
        return None
    both = speedup.candidate, speedup.baseline
    values = [r.trusted(HEADLINES[measurement]) for r in both]
    found = [Interval(v.value, v.low, v.high) for v in values if v and v.kind == "undisturbed"]
    conditions = {(r.record.software.openvino, r.record.method_of(measurement)) for r in both}
    if len(found) < len(both) or len(conditions) > 1:
        return None
    candidate, baseline = found
    if measurement == "latency":
        candidate, baseline = baseline, candidate
    return compare_apart(candidate, baseline).ratio

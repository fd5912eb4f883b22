"""Accuracy against speed in tables: a model's choices, and what to choose on a device."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from ovreport.metrics import HEADLINES, significant
from ovreport.record import Accuracy
from ovreport.stats.comparison import Comparison
from ovreport.variants import VARIANTS
from ovreport_sitegen.compare import MEASUREMENTS, SpeedMeasurement
from ovreport_sitegen.components import accuracy_cells as cells
from ovreport_sitegen.components import speedups
from ovreport_sitegen.components.cells import count_cell, metric_column, model_cell, row, value_cell
from ovreport_sitegen.components.table import DASH, Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import DeviceRef, Result
from ovreport_sitegen.data.speedups import speedup_over
from ovreport_sitegen.pages.accuracy import pareto
from ovreport_sitegen.pages.accuracy.pareto import Choices, Ranking

_ORDER = {"optimal": "0", "too close to call": "1", "beaten": "2"}
_FRONT = "No other choice is better at both accuracy and speedup; fastest first"
_PICK = (
    "The fastest of those that keep {} of the reference accuracy; f32 if none is significantly "
    "faster. Below: its speedup over the next one, paired by round"
)
_NO_SPEEDUP = DASH


def choices_table(
    catalogue: Catalogue, choices: Choices, measurement: SpeedMeasurement, id_: str
) -> Table:
    """Return the speedup and accuracy of one model's choices, and which of them are optimal."""
    columns = (
        Column("Choice"),
        Column("Speedup", f"× f32, {measurement}", "higher", True, tip="Paired by round"),
        Column("Against f32", "points", "higher", True),
        Column("Standing", tip="Whether another choice is better at both"),
        Column("Accuracy", "value", "higher", True),
        metric_column(HEADLINES[measurement]),
        Column("n", "samples", "", True),
    )
    rows = []
    for r in choices.results:
        name = Cell(
            choices.names[id(r)], sub=VARIANTS[r.variant].label, href=r.href, family=r.device.family
        )
        n = r.accuracy.n if isinstance(r.accuracy, Accuracy) else 0
        values = (
            speedups.speedup_cell(catalogue, r, measurement),
            cells.cost_cell(r),
            _standing_cell(choices.rankings[measurement], r, choices.names),
            cells.value_cell(r),
            _absolute_cell(r, measurement),
            count_cell(n),
        )
        rows.append(row(r, (name,), values))
    caption = f"Choices of {choices.model.title} on {choices.device.label} by {measurement}"
    return Table(id_, caption, columns, tuple(rows))


def _standing_cell(ranking: Ranking, result: Result, names: Mapping[int, str]) -> Cell:
    """Return whether a choice is optimal, or which one is ahead of it and by how much."""
    standing = ranking.standings.get(id(result))
    if standing is None:
        return Cell("–", tone="missing", sub=ranking.exclusions[id(result)])
    sub = ""
    if standing.by is not None:
        sub = f"behind {names[id(standing.by)]}"
        if standing.ratio is not None:
            sub += f"\n{_ratio_words(standing.ratio)}"
    return Cell(
        standing.word,
        sub=sub,
        sort=_ORDER[standing.word],
        tone="best" if standing.word == "optimal" else "",
    )


def _ratio_words(comparison: Comparison) -> str:
    """Return how many times as fast the one ahead is, from the rounds of both."""
    ratio = comparison.ratio
    if not comparison.significant:
        return "no clear difference in speed"
    return (
        f"{significant(ratio.value)}× as fast ({significant(ratio.low)} – "
        f"{significant(ratio.high)})"
    )


def _absolute_cell(result: Result, measurement: SpeedMeasurement) -> Cell:
    """Return the absolute value with its own verdict, which the speedup does not depend on."""
    cell, metric_value = (
        value_cell(result, HEADLINES[measurement]),
        result.metric_value(HEADLINES[measurement]),
    )
    if metric_value is None:
        return cell
    return replace(cell, sub=f"{cell.sub}\n{metric_value.verdict.level}".strip())


# ---------------------------------------------------------------- one device


def device_table(catalogue: Catalogue, device: DeviceRef) -> Table:
    """Return for each model with a choice what is optimal on a device, and the fastest in bounds.

    It has no rows where no model has a choice.
    """
    columns = (
        Column("Model"),
        Column("Choices", "", "", True, tip="Measured with an accuracy"),
        Column("Optimal by latency", tip=_FRONT),
        Column("Optimal by throughput", tip=_FRONT),
        Column("Fastest at 99 %", tip=_PICK.format("99 %")),
        Column("Its speedup", "× f32, latency", "higher", True),
        Column("Its accuracy", "points against f32", "higher", True),
        Column("Fastest at 99.9 %", tip=_PICK.format("99.9 %")),
    )
    rows = tuple(
        _device_row(catalogue, choices)
        for choices in pareto.every(catalogue)
        if choices.device.key == device.key
    )
    return Table(f"choices-{device.slug}", f"What to choose on {device.label}", columns, rows)


def _device_row(catalogue: Catalogue, choices: Choices) -> TableRow:
    model, total = choices.model, len(choices.results)
    kept = pareto.fastest_kept(choices, "latency", cells.ELIGIBLE)
    values = (
        (speedups.speedup_cell(catalogue, kept), cells.cost_cell(kept))
        if kept
        else (_NO_SPEEDUP,) * 2
    )
    return TableRow(
        (
            model_cell(model, f"{model.href}#tradeoff"),
            count_cell(total),
            *(_optimal_cell(choices, measurement) for measurement in MEASUREMENTS),
            _pick_cell(choices, cells.ELIGIBLE),
            *values,
            _pick_cell(choices, cells.ELIGIBLE_STRICT),
        )
    )


def _pick_cell(choices: Choices, share: float) -> Cell:
    """Return the fastest choice that keeps that share, and its speedup over the next one."""
    kept = pareto.fastest_kept(choices, "latency", share)
    if kept is None:
        known = bool(choices.usable("latency"))
        why = (
            "No choice with a usable speedup keeps as much." if known else ("No speedup is usable.")
        )
        return Cell("none", tone="missing", tip=why)
    return Cell(choices.names[id(kept)], sub=_lead(choices, kept, share), href=kept.href)


def _lead(choices: Choices, kept: Result, share: float) -> str:
    """Return how a pick compares with the next one, by the rounds of both."""
    second = pareto.runner_up(choices, "latency", share)
    if second is None:
        others = any(r is not kept and cells.keeps(r, share) for r in choices.results)
        return "no other usable speedup" if others else "no other keeps as much"
    ratio, name = speedup_over(second, kept).usable("latency"), choices.names[id(second)]
    if ratio is None:
        return f"no comparison with {name}"
    if not ratio.significant:
        return f"no clear difference from {name}"
    return f"{significant(ratio.ratio.value)}× as fast as {name}"


def _optimal_cell(choices: Choices, measurement: SpeedMeasurement) -> Cell:
    text = ", ".join(choices.names[id(r)] for r in choices.optimal(measurement))
    excluded = len(choices.rankings[measurement].exclusions)
    sub = f"{excluded} without a usable speedup" if excluded else ""
    return Cell(text, sub=sub) if text else Cell("none", sub=sub, tone="missing")

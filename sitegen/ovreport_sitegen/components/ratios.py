"""What the default precision gains over f32: cards, tables and sentences of paired ratios."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ovreport.metrics import significant
from ovreport.stats.comparison import Comparison
from ovreport.stats.intervals import geometric_mean
from ovreport_sitegen.charts import MAX_ROWS, Chart, Row
from ovreport_sitegen.compare.paired import Speedup
from ovreport_sitegen.components.accuracy_cells import cost_cell
from ovreport_sitegen.components.cards import FIRST, model_name
from ovreport_sitegen.components.cells import result_cells
from ovreport_sitegen.components.page import PAIRED, Card, footer
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import DeviceRef, Result
from ovreport_sitegen.text import listed, plural

BASELINE = Cell("baseline", tone="missing", sort=1.0)
"""Gain of f32 over itself."""


def gain_row(gain: Speedup[Result], measurement: str, name: str) -> Row | None:
    """Return a chart's row of a speed-up."""
    comparison = gain.of(measurement)
    return comparison_row(comparison, name, gain.default.device.family) if comparison else None


def comparison_row(comparison: Comparison, name: str, family: str) -> Row:
    """Return a chart's row of a ratio."""
    ratio = comparison.ratio
    return Row(
        name=name,
        label=f"{significant(ratio.value)}×",
        value=ratio.value,
        low=ratio.low,
        high=ratio.high,
        family=family,
        faint=comparison.outcome != "different",
        tip=f"{name}: {significant(ratio.value)}×, 95 % interval {significant(ratio.low)} to "
        f"{significant(ratio.high)}, {plural(comparison.pairs, 'pair')} of rounds, "
        f"{comparison.outcome}",
    )


def gain_name(gain: Speedup[Result]) -> str:
    """Return a gain's name in a chart of models."""
    return model_name(gain.default)


def gains_card(
    gains: Sequence[Speedup[Result]],
    measurement: str,
    *,
    id_: str,
    conditions: str,
    more: str = "",
    naming: Callable[[Speedup[Result]], str] = gain_name,
) -> Card:
    """Return a card of what the default precision gains over f32, model by model."""
    pairs = [(row, g) for g in gains if (row := gain_row(g, measurement, naming(g)))]
    pairs.sort(key=lambda pair: -pair[0].value)
    rows = tuple(row for row, _ in pairs[:MAX_ROWS])
    finding = gains_finding([g for _, g in pairs], measurement)
    title = f"Default precision against f32: {measurement}"
    notes = "Dot: ratio of rounds that ran alternately. Line: 95 % interval."
    if any(row.faint for row in rows):
        notes += " Hollow: not distinguishable from 1×, or under 5 rounds."
    if len(pairs) > len(rows):
        notes += f" The first {len(rows)} of {len(pairs)}."
    chart = Chart("ratios", title, finding, "Times as fast as f32, log scale", rows)
    return Card(
        id=id_,
        title=title,
        conditions=conditions,
        better="Higher is better",
        finding=finding,
        chart=chart if rows else None,
        key=notes if rows else "",
        table=gains_table(f"{id_}-card-table", [g for _, g in pairs][:FIRST]) if pairs else None,
        footer=footer([g.default for _, g in pairs], measurement, by=PAIRED),
        more=more,
    )


def gains_finding(gains: Sequence[Speedup[Result]], measurement: str) -> str:
    """Return what can be said of all gains in a sentence or two."""
    pairs = [(g, c) for g in gains if (c := g.of(measurement))]
    if not pairs:
        return "No model was measured in f32 and in the default precision alternately."
    certain = [(g, c) for g, c in pairs if c.outcome == "different"]
    if not certain:
        return f"Of {plural(len(pairs), 'model')}, none is distinguishable from f32."
    faster = [(g, c) for g, c in certain if c.ratio.value > 1]
    parts = []
    if faster:
        best = max(faster, key=lambda pair: pair[1].ratio.value)
        parts.append(_most_sentence(best[0].default.model.title, best[1], [c for _, c in pairs]))
    slower = [g.default.model.title for g, c in certain if c.ratio.value < 1]
    if slower:
        parts.append(f"Slower than f32: {_some(slower)}.")
    rest = len(pairs) - len(certain)
    if rest:
        parts.append(f"{rest} of {len(pairs)} not distinguishable.")
    return " ".join(parts)


def _most_sentence(title: str, best: Comparison, every: Sequence[Comparison]) -> str:
    if len(every) == 1:
        return f"{title} is {times(best)} as fast."
    mean = geometric_mean([c.ratio.value for c in every])
    return (
        f"{title} gains most: {times(best)} as fast. Geometric mean over "
        f"{plural(len(every), 'pair')}: {significant(mean)}×."
    )


def times(comparison: Comparison) -> str:
    """Return a ratio in words."""
    return f"{significant(comparison.ratio.value, 2)}×"


def _some(names: Sequence[str], limit: int = 3) -> str:
    unique = list(dict.fromkeys(names))
    if len(unique) <= limit:
        return listed(unique)
    return f"{', '.join(unique[:limit])} and {len(unique) - limit} more"


def gains_table(id_: str, gains: Sequence[Speedup[Result]], *, searchable: bool = False) -> Table:
    """Return the table of gains, with the accuracy that they cost."""
    columns = (
        Column("Model"),
        Column("Device", wide=True),
        Column("Precision", wide=True),
        Column("Latency gain", "× f32", "higher", True),
        Column("Throughput gain", "× f32", "higher", True),
        Column("Pairs", "rounds", "", True),
        Column("Accuracy cost", "points", "", True),
    )
    rows = tuple(
        TableRow(
            (
                *result_cells(g.default),
                ratio_cell(g.latency),
                ratio_cell(g.throughput),
                _pairs_cell(g),
                cost_cell(g.default),
            ),
            under=f"{g.default.device.label} · {g.default.told}",
            filters=(g.default.model.title, g.default.requested, g.default.device.family),
        )
        for g in gains
    )
    return Table(id_, "Gain of the default precision over f32", columns, rows, searchable)


def _pairs_cell(gain: Speedup[Result]) -> Cell:
    pairs = max((c.pairs for c in (gain.latency, gain.throughput) if c), default=0)
    return Cell(str(pairs), sort=pairs)


def main_gains(catalogue: Catalogue, device: DeviceRef | None = None) -> list[Speedup[Result]]:
    """Return the published files' gains on a device, that with most of them unless told."""
    wanted = (device or catalogue.gain_device).key
    return [
        g for g in catalogue.speedups if g.default.device.key == wanted and g.default.is_published
    ]


def gain_cell(catalogue: Catalogue, result: Result, measurement: str = "latency") -> Cell:
    """Return a result's gain over the published file in f32, which is the baseline."""
    if result.is_baseline:
        return BASELINE
    gain = catalogue.trade(result)
    return ratio_cell(gain.of(measurement) if gain else None)


def ratio_cell(comparison: Comparison | None) -> Cell:
    """Return a speed-up with its interval, or that nothing can be said."""
    if comparison is None:
        return Cell("–", tone="missing", tip="No f32 result was measured alternately with it.")
    ratio = comparison.ratio
    sub = (
        f"{significant(ratio.low)} – {significant(ratio.high)}"
        if math.isfinite(ratio.high)
        else "interval unbounded"
    )
    if comparison.outcome != "different":
        sub = f"{sub}\n{comparison.outcome}"
    return Cell(f"{significant(ratio.value)}×", sub=sub, sort=ratio.value, tone="judged")

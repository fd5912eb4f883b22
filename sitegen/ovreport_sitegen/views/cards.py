"""Cards that more than one page shows: every model on a device, every device, gains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ovreport.figures import Figure
from ovreport.metrics import METRICS, Metric, significant
from ovreport.statistics import Comparison, geometric_mean
from ovreport_sitegen.catalogue import Catalogue, DeviceRef, ModelRef, Result
from ovreport_sitegen.charts import MAX_ROWS, Chart, Kind, Row
from ovreport_sitegen.speedup import Speedup
from ovreport_sitegen.text import listed, plural
from ovreport_sitegen.views.accuracy_cells import cost_cell
from ovreport_sitegen.views.page import Card, footer
from ovreport_sitegen.views.table import (
    Cell,
    Column,
    Table,
    TableRow,
    figure_cell,
    metric_column,
    ratio_cell,
    result_cells,
    row,
    verdict_cell,
)

HOLLOW = "Hollow: suspect."
BASELINE = Cell("baseline", tone="missing", sort=1.0)
"""Gain of f32 over itself."""
LEFT_OUT = "invalid or failed, left out: see the table."


def preferred(results: Iterable[Result]) -> list[Result]:
    """Return one result per model, device and weights: as users run it, the default precision."""
    best: dict[tuple[str, ...], Result] = {}
    for r in results:
        key = (r.model.id, *r.device.key, r.record.case.device, r.record.case.engine, r.variant)
        if key not in best or (r.asked == "default", r.completed) > (
            best[key].asked == "default", best[key].completed
        ):  # fmt: skip
            best[key] = r
    return list(best.values())


def model_name(result: Result) -> str:
    """Return a result's name in a chart of models."""
    parts = [result.model.title, result.executed or result.precision]
    if result.variant != "fp32":
        parts.append(f"{result.variant} weights")
    if result.model.architecture_only:
        parts.append("architecture only")
    return " · ".join(parts)


def device_name(result: Result) -> str:
    """Return a result's name in a chart of devices."""
    return f"{result.device.label} · {result.executed or result.precision}"


def figure_row(
    result: Result, key: str, name: str, *, other: str = "", scale: float = 1.0
) -> Row | None:
    """Return a chart's row of a figure that may be ranked, None where there is none."""
    figure = result.trusted(key)
    second = result.trusted(other) if other else None
    if figure is None or figure.value <= 0 or (other and second is None):
        return None
    metric = METRICS[key]
    scale = metric.scale * scale
    # A long unit stands on the axis only.
    short = len(metric.unit) <= 5
    label = metric.format_unit(figure.value) if short else metric.format(figure.value)
    if second is not None:
        label = f"{label} / {metric.format(second.value)}"
    return Row(
        name=name,
        label=label,
        value=figure.value * scale,
        low=figure.low * scale,
        high=figure.high * scale,
        family=result.device.family,
        faint=figure.verdict.level == "suspect",
        other=second.value * scale if second else None,
        tip=f"{name}: {metric.format_unit(figure.value)}, {figure_tip(figure)}",
    )


def figure_tip(figure: Figure) -> str:
    """Return a figure's interval, n and verdict in words."""
    metric = METRICS[figure.metric]
    bounds = (
        f"95 % interval {metric.format(figure.low)} to {metric.format(figure.high)}"
        if figure.kind == "measured"
        else figure.kind
    )
    return f"{bounds}, {plural(figure.rounds, 'round')}, n {figure.n:,}, {figure.verdict.level}"


# ---------------------------------------------------------------- one metric


def models_card(
    catalogue: Catalogue, key: str, *, id_: str, title: str, axis: str, more: str = "",
    other: str = "", key_text: str = "", pair_words: tuple[str, str] | None = None,
) -> Card:  # fmt: skip
    """Return a card of every model on the main device."""
    device = catalogue.main_device
    results = preferred(catalogue.of_device(device))
    return metric_card(
        results, key, id_=id_, title=title, axis=axis, more=more, other=other, key_text=key_text,
        pair_words=pair_words, conditions=f"{device.label} · default precision",
        naming=model_name, log=True,
    )  # fmt: skip


def startup_card(catalogue: Catalogue, more: str = "") -> Card:
    """Return the card of starts, cold and from the model cache."""
    return models_card(
        catalogue, "startup_ms", other="startup_cached_ms", id_="start",
        title="Start-up, cold and from the cache", axis="Milliseconds, log scale", more=more,
        key_text="Large mark: read, compile and first inference, no cache. "
        "Small mark: from the model cache.",
        pair_words=("A cold start takes", "the time of a cached one"),
    )  # fmt: skip


def memory_card(catalogue: Catalogue, more: str = "") -> Card:
    """Return the card of peak memory in both modes."""
    return models_card(
        catalogue, "peak_memory_bytes", other="peak_memory_latency_bytes", id_="memory",
        title="Peak memory, both modes", axis="MiB, log scale", more=more,
        key_text="Large mark: throughput mode. Small mark: latency mode.",
        pair_words=("Throughput mode takes", "the memory of latency mode"),
    )  # fmt: skip


def devices_card(
    catalogue: Catalogue, model: ModelRef, key: str, *, id_: str, title: str, axis: str
) -> Card:
    """Return a card of every device that ran a model."""
    return metric_card(
        preferred(catalogue.of_model(model)), key, id_=id_, title=title, axis=axis,
        more=model.href, naming=device_name, log=False,
        conditions="default precision"
        + (" · architecture only" if model.architecture_only else ""),
    )  # fmt: skip


def metric_card(
    results: Sequence[Result], key: str, *, id_: str, title: str, axis: str, conditions: str,
    naming: Callable[[Result], str], log: bool, more: str = "", other: str = "",
    key_text: str = "", pair_words: tuple[str, str] | None = None,
) -> Card:  # fmt: skip
    """Return a card that ranks results by a metric; invalid and failed ones stay in its table."""
    metric = METRICS[key]
    aspect = "latency" if metric.aspect == "latency" else "throughput"
    ranked = sorted(
        ((row, r) for r in results if (row := figure_row(r, key, naming(r), other=other))),
        key=lambda pair: pair[0].value,
        reverse=metric.direction == "higher",
    )
    rows = tuple(row for row, _ in ranked[:MAX_ROWS])
    finding = (
        _ratio_finding([row for row, _ in ranked], pair_words)
        if pair_words and ranked
        else _ranking(rows, len(results), metric)
    )
    kind: Kind = "pairs" if other else "dots" if log else "bars"
    left_out = len(results) - len(ranked)
    marks = key_text or (
        "Dot: median over rounds. Line: 95 % interval."
        if log
        else "Bar: median over rounds. Line: 95 % interval."
    )
    notes = [marks]
    if any(row.faint for row in rows):
        notes.append(HOLLOW)
    if rows and left_out:
        notes.append(f"{left_out} {LEFT_OUT}")
    if len(ranked) > len(rows):
        notes.append(f"The first {len(rows)} of {len(ranked)}.")
    return Card(
        id=id_, title=title, conditions=conditions, better=metric.better, finding=finding,
        chart=Chart(kind, title, finding, axis, rows, len(ranked)) if rows else None,
        key=" ".join(notes) if rows else "",
        table=_card_table(id_, title, results, key, other, aspect),
        footer=footer(results, aspect), more=more,
    )  # fmt: skip


def _ranking(rows: Sequence[Row], total: int, metric: Metric) -> str:
    if not rows:
        return (
            f"No result here is steady enough to be ranked: none of {total} is valid or suspect. "
            "The table has them all, with what speaks against each."
        )
    best, last = (
        f"{row.name}, {row.label}" + ("" if row.label.endswith(metric.unit) else f" {metric.unit}")
        for row in (rows[0], rows[-1])
    )
    if len(rows) == 1:
        return f"{best}."
    words = ("Fastest", "Slowest") if metric.direction == "lower" else ("Most", "Least")
    return f"{words[0]}: {best}. {words[1]}: {last}."


def _ratio_finding(rows: Sequence[Row], words: tuple[str, str]) -> str:
    """Return how the first values of pairs compare with the second."""
    ratios = [(row.value / row.other, row.name) for row in rows if row.other]
    if not ratios:
        return "Nothing to compare."
    mean = geometric_mean([ratio for ratio, _ in ratios])
    most, name = max(ratios)
    return (
        f"{words[0]} {significant(mean)}× {words[1]}, geometric mean over "
        f"{plural(len(ratios), 'model')}. Most: {name}, {significant(most)}×."
    )


def _card_table(
    id_: str, caption: str, results: Sequence[Result], key: str, other: str, aspect: str
) -> Table:
    keys = [k for k in (key, other) if k]
    rows = []
    for result in results[:FIRST]:
        cells = [*(figure_cell(result, k) for k in keys), verdict_cell(result, aspect)]
        rows.append(row(result, result_cells(result), cells, aspect=aspect, under=""))
    columns = (Column("Model"), Column("Device"), Column("Precision"),
               *map(metric_column, keys), Column("Verdict"))  # fmt: skip
    return Table(f"{id_}-card-table", caption, columns, tuple(rows))


FIRST = 40
"""Rows of a card's own table; the page's main table has all."""

# ---------------------------------------------------------------- gains


def gain_row(gain: Speedup[Result], aspect: str, name: str) -> Row | None:
    """Return a chart's row of a speed-up."""
    comparison = gain.of(aspect)
    if comparison is None:
        return None
    ratio = comparison.ratio
    return Row(
        name=name,
        label=f"{significant(ratio.value)}×",
        value=ratio.value,
        low=ratio.low,
        high=ratio.high,
        family=gain.default.device.family,
        faint=comparison.outcome != "different",
        tip=f"{name}: {significant(ratio.value)}×, 95 % interval {significant(ratio.low)} to "
        f"{significant(ratio.high)}, {plural(comparison.pairs, 'pair')} of rounds, "
        f"{comparison.outcome}",
    )


def gain_name(gain: Speedup[Result]) -> str:
    """Return a gain's name in a chart of models."""
    return model_name(gain.default)


def gains_card(
    gains: Sequence[Speedup[Result]], aspect: str, *, id_: str, conditions: str, more: str = "",
    naming: Callable[[Speedup[Result]], str] = gain_name,
) -> Card:  # fmt: skip
    """Return a card of what the default precision gains over f32, model by model."""
    pairs = [(row, g) for g in gains if (row := gain_row(g, aspect, naming(g)))]
    pairs.sort(key=lambda pair: -pair[0].value)
    rows = tuple(row for row, _ in pairs[:MAX_ROWS])
    finding = gains_finding([g for _, g in pairs], aspect)
    title = f"Default precision against f32: {aspect}"
    notes = "Dot: ratio of rounds that ran alternately. Line: 95 % interval."
    if any(row.faint for row in rows):
        notes += " Hollow: not distinguishable from 1×, or under 5 rounds."
    if len(pairs) > len(rows):
        notes += f" The first {len(rows)} of {len(pairs)}."
    chart = Chart("ratios", title, finding, "Times as fast as f32, log scale", rows, len(pairs))
    return Card(
        id=id_, title=title, conditions=conditions, better="Higher is better", finding=finding,
        chart=chart if rows else None, key=notes if rows else "",
        table=gains_table(f"{id_}-card-table", [g for _, g in pairs][:FIRST]) if pairs else None,
        footer=footer([g.default for _, g in pairs], aspect), more=more,
    )  # fmt: skip


def gains_finding(gains: Sequence[Speedup[Result]], aspect: str) -> str:
    """Return what can be said of all gains in a sentence or two."""
    pairs = [(g, c) for g in gains if (c := g.of(aspect))]
    if not pairs:
        return "No model was measured in f32 and in the default precision alternately."
    certain = [(g, c) for g, c in pairs if c.outcome == "different"]
    if not certain:
        return f"Of {plural(len(pairs), 'model')}, none is distinguishable from f32."
    faster = [(g, c) for g, c in certain if c.ratio.value > 1]
    parts = []
    if faster:
        best = max(faster, key=lambda pair: pair[1].ratio.value)
        mean = geometric_mean([c.ratio.value for _, c in pairs])
        parts.append(
            f"{best[0].default.model.title} gains most: {times(best[1])} as fast. "
            f"Geometric mean over {plural(len(pairs), 'pair')}: {significant(mean)}×."
        )
    slower = [g.default.model.title for g, c in certain if c.ratio.value < 1]
    if slower:
        parts.append(f"Slower than f32: {_some(slower)}.")
    rest = len(pairs) - len(certain)
    if rest:
        parts.append(f"{rest} of {len(pairs)} not distinguishable.")
    return " ".join(parts)


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
        Column("Model"), Column("Device", wide=True), Column("Precision", wide=True),
        Column("Latency gain", "× f32", "higher", True),
        Column("Throughput gain", "× f32", "higher", True),
        Column("Pairs", "rounds", "", True),
        Column("Accuracy cost", "points", "", True),
    )  # fmt: skip
    rows = tuple(
        TableRow(
            (
                *result_cells(g.default),
                ratio_cell(g.latency),
                ratio_cell(g.throughput),
                _pairs_cell(g),
                cost_cell(g.default),
            ),
            under=f"{g.default.device.label} · {g.default.precision}",
            filters=(g.default.model.title, g.default.asked, g.default.device.family),
        )
        for g in gains
    )
    return Table(id_, "Gain of the default precision over f32", columns, rows, searchable)


def _pairs_cell(gain: Speedup[Result]) -> Cell:
    pairs = max((c.pairs for c in (gain.latency, gain.throughput) if c), default=0)
    return Cell(str(pairs), sort=pairs)


def main_gains(catalogue: Catalogue, device: DeviceRef | None = None) -> list[Speedup[Result]]:
    """Return the gains on a device, the main one unless told."""
    wanted = (device or catalogue.main_device).key
    return [g for g in catalogue.speedups if g.default.device.key == wanted]

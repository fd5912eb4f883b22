"""Cards that rank results by a metric: every model on a device, or every device of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ovreport.metrics import METRICS, Metric, MetricValue, significant
from ovreport.stats.intervals import geometric_mean
from ovreport_sitegen.charts import MAX_ROWS, Chart, Kind, Row
from ovreport_sitegen.components.cells import (
    metric_column,
    result_cells,
    row,
    value_cell,
    verdict_cell,
)
from ovreport_sitegen.components.page import Card, footer
from ovreport_sitegen.components.table import Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.text import line, plural

HOLLOW = "Hollow: noisy."
LEFT_OUT = "unreliable or failed, left out: see the table."


def preferred(results: Iterable[Result]) -> list[Result]:
    """Return one result per model and device: the published file, in the default precision.

    What was made of it has its place on the model's own page and on the accuracy page.
    """
    best: dict[tuple[str, ...], Result] = {}
    for r in results:
        if not r.is_published:
            continue
        key = (r.model.id, *r.device.key, r.record.case.device, r.record.case.engine)
        if key not in best or (r.requested == "default", r.completed) > (
            best[key].requested == "default",
            best[key].completed,
        ):
            best[key] = r
    return list(best.values())


def model_name(result: Result) -> str:
    """Return a result's name in a chart of models."""
    parts = [result.model.title, result.short_label]
    if result.model.architecture_only:
        parts.append("architecture only")
    return " · ".join(parts)


def device_name(result: Result) -> str:
    """Return a result's name in a chart of devices."""
    return f"{result.device.label} · {result.short_label}"


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
    # A long unit stands on the axis only; a pair has less room.
    short = len(metric.unit) <= (3 if other else 5)
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
        faint=figure.verdict.level == "noisy",
        other=second.value * scale if second else None,
        tip=f"{name}: {metric.format_unit(figure.value)}, {value_tip(figure)}",
    )


def value_tip(figure: MetricValue) -> str:
    """Return a figure's interval, n and verdict in words."""
    metric = METRICS[figure.metric]
    bounds = (
        f"95 % interval {metric.format(figure.low)} to {metric.format(figure.high)}"
        if figure.kind == "measured"
        else figure.kind
    )
    of = f"{line(figure.scope, 60)}, " if figure.scope else ""
    counts = f"{plural(figure.rounds, 'round')}, n {figure.n:,}"
    return f"{of}{bounds}, {counts}, {figure.verdict.level}"


# ---------------------------------------------------------------- one metric


def models_card(
    catalogue: Catalogue,
    key: str,
    *,
    id_: str,
    title: str,
    axis: str,
    more: str = "",
    other: str = "",
    key_text: str = "",
    pair_words: tuple[str, str] | None = None,
) -> Card:
    """Return a card of every model on the device that has most of them."""
    device = catalogue.device_with(key)
    results = preferred(catalogue.of_device(device))
    return metric_card(
        results,
        key,
        id_=id_,
        title=title,
        axis=axis,
        more=more,
        other=other,
        key_text=key_text,
        pair_words=pair_words,
        conditions=f"{device.label} · default precision",
        naming=model_name,
        log=True,
    )


def startup_card(catalogue: Catalogue, more: str = "") -> Card:
    """Return the card of starts, cold and from the model cache."""
    return models_card(
        catalogue,
        "startup_ms",
        other="startup_cached_ms",
        id_="start",
        title="Start-up, cold and from the cache",
        axis="Milliseconds, log scale",
        more=more,
        key_text="Large mark: read, compile and first inference, no cache. "
        "Small mark: from the model cache.",
        pair_words=("A cold start takes", "the time of a cached one"),
    )


def memory_card(catalogue: Catalogue, more: str = "") -> Card:
    """Return the card of peak memory in both modes."""
    return models_card(
        catalogue,
        "peak_memory_bytes",
        other="peak_memory_latency_bytes",
        id_="memory",
        title="Peak memory, both modes",
        axis="MiB, log scale",
        more=more,
        key_text="Large mark: throughput mode. Small mark: latency mode.",
        pair_words=("Throughput mode takes", "the memory of latency mode"),
    )


def devices_card(
    catalogue: Catalogue, model: ModelRef, key: str, *, id_: str, title: str, axis: str
) -> Card:
    """Return a card of every device that ran a model."""
    return metric_card(
        preferred(catalogue.of_model(model)),
        key,
        id_=id_,
        title=title,
        axis=axis,
        more=model.href,
        naming=device_name,
        log=False,
        conditions="default precision"
        + (" · architecture only" if model.architecture_only else ""),
    )


def metric_card(
    results: Sequence[Result],
    key: str,
    *,
    id_: str,
    title: str,
    axis: str,
    conditions: str,
    naming: Callable[[Result], str],
    log: bool,
    more: str = "",
    other: str = "",
    key_text: str = "",
    pair_words: tuple[str, str] | None = None,
) -> Card:
    """Return a card that ranks results by a metric; the table has unreliable and failed ones."""
    metric = METRICS[key]
    measurement = "latency" if metric.measurement == "latency" else "throughput"
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
        id=id_,
        title=title,
        conditions=conditions,
        better=metric.better,
        finding=finding,
        chart=Chart(kind, title, finding, axis, rows) if rows else None,
        key=" ".join(notes) if rows else "",
        table=_card_table(id_, title, results, key, other, measurement),
        footer=footer(results, measurement),
        more=more,
    )


def _ranking(rows: Sequence[Row], total: int, metric: Metric) -> str:
    if not rows:
        return (
            f"No result here is steady enough to be ranked: none of {total} is stable or noisy. "
            "The table has them all, with what speaks against each."
        )
    best, last = (
        f"{row.name}, {row.label}" + ("" if row.label.endswith(metric.unit) else f" {metric.unit}")
        for row in (rows[0], rows[-1])
    )
    if len(rows) == 1:
        return f"{best}."
    words = ("Most", "Least")
    if metric.direction == "lower":
        words = ("Fastest", "Slowest") if metric.unit == "ms" else ("Least", "Most")
    return f"{words[0]}: {best}. {words[1]}: {last}."


def _ratio_finding(rows: Sequence[Row], words: tuple[str, str]) -> str:
    """Return how the first values of pairs compare with the second."""
    ratios = [(row.value / row.other, row.name) for row in rows if row.other]
    if not ratios:
        return "Nothing to compare."
    most, name = max(ratios)
    if len(ratios) == 1:
        return f"{name}: {words[0][:1].lower()}{words[0][1:]} {significant(most)}× {words[1]}."
    mean = geometric_mean([ratio for ratio, _ in ratios])
    return (
        f"{words[0]} {significant(mean)}× {words[1]}, geometric mean over "
        f"{plural(len(ratios), 'model')}. Most: {name}, {significant(most)}×."
    )


def _card_table(
    id_: str, caption: str, results: Sequence[Result], key: str, other: str, measurement: str
) -> Table:
    keys = [k for k in (key, other) if k]
    rows = []
    for result in results[:FIRST]:
        cells = [*(value_cell(result, k) for k in keys), verdict_cell(result, measurement)]
        rows.append(row(result, result_cells(result), cells, measurement=measurement, under=""))
    columns = (
        Column("Model"),
        Column("Device"),
        Column("Precision"),
        *map(metric_column, keys),
        Column("Verdict"),
    )
    return Table(f"{id_}-card-table", caption, columns, tuple(rows))


FIRST = 40
"""Rows of a card's own table; the page's main table has all."""

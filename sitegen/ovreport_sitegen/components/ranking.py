"""The card that ranks results by a metric: every model on a device, or every device of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ovreport.metrics import METRICS, Metric, MetricValue, significant
from ovreport.stats.intervals import geometric_mean
from ovreport_sitegen.charts import MAX_ROWS, Chart, Kind, Row
from ovreport_sitegen.components.card import Card, footer
from ovreport_sitegen.components.cells import (
    metric_column,
    result_cells,
    row,
    value_cell,
    verdict_cell,
)
from ovreport_sitegen.components.table import Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line, plural

FIRST = 40
"""Rows of a card's own table; the page's main table has all."""


@dataclass(frozen=True)
class Second:
    """Another metric, drawn as a small mark beside the one that ranks."""

    metric: str
    large: str
    """What the large mark is, for the legend."""
    small: str
    """What the small one is."""
    sentence: str
    """Says how they compare, with `{}` for a number: `A cold start takes {}× a cached one`."""


def preferred(results: Iterable[Result]) -> list[Result]:
    """Return one result of each model, device and engine: the published file at its default.

    Variants have their place on the model's own page and on the accuracy page.
    """
    best: dict[tuple[str, ...], Result] = {}
    for r in results:
        if not r.is_published:
            continue
        key = (r.model.id, *r.device.key, r.record.case.device, r.record.case.engine)
        if key not in best or _preference(r) > _preference(best[key]):
            best[key] = r
    return list(best.values())


def _preference(result: Result) -> tuple[bool, bool]:
    return result.requested == "default", result.completed


def model_name(result: Result) -> str:
    """Return a result's name in a chart of models."""
    only = ["architecture only"] if result.model.architecture_only else []
    return " · ".join([result.model.title, result.short_label, *only])


def device_name(result: Result) -> str:
    """Return a result's name in a chart of devices."""
    return f"{result.device.label} · {result.short_label}"


def value_details(found: MetricValue) -> str:
    """Return the interval, the counts and the verdict of a value."""
    metric = METRICS[found.metric]
    bounds = (
        f"95 % interval {metric.format(found.low)} to {metric.format(found.high)}"
        if found.has_interval
        else found.kind
    )
    scope = f"{line(found.scope, 60)}, " if found.scope else ""
    counts = f"{plural(found.rounds, 'round')}, n {found.n:,}"
    return f"{scope}{bounds}, {counts}, {found.verdict.level}"


# ---------------------------------------------------------------- cards of several pages


def models_card(
    catalogue: Catalogue,
    key: str,
    *,
    id_: str,
    title: str,
    axis: str,
    conditions: str = "default precision",
    second: Second | None = None,
    more: str = "",
) -> Card:
    """Return a card of every model on the device that has most of them."""
    device = catalogue.device_with(key)
    return ranking_card(
        preferred(catalogue.of_device(device)),
        key,
        id_=id_,
        title=title,
        axis=axis,
        conditions=f"{device.label} · {conditions}",
        naming=model_name,
        log=True,
        second=second,
        more=more,
    )


def latency_card(catalogue: Catalogue, more: str = "") -> Card:
    """Return the card of the median latencies."""
    return models_card(
        catalogue,
        "latency_ms",
        id_="latency",
        title="Latency of each model",
        axis="Milliseconds per inference, log scale",
        more=more,
    )


def throughput_card(catalogue: Catalogue, more: str = "") -> Card:
    """Return the card of inferences per second."""
    return models_card(
        catalogue,
        "throughput_ips",
        id_="throughput",
        title="Throughput of each model",
        axis="Inferences per second, log scale",
        more=more,
    )


def startup_card(catalogue: Catalogue, more: str = "") -> Card:
    """Return the card of starts, cold and from the model cache."""
    return models_card(
        catalogue,
        "startup_ms",
        id_="start",
        title="Start-up, cold and from the cache",
        axis="Milliseconds, log scale",
        second=Second(
            "startup_cached_ms",
            large="read, compile and first inference without a cache",
            small="from the model cache",
            sentence="A cold start takes {}× the time of a cached one",
        ),
        more=more,
    )


def memory_card(catalogue: Catalogue, more: str = "") -> Card:
    """Return the card of peak memory in both modes."""
    return models_card(
        catalogue,
        "peak_memory_bytes",
        id_="memory",
        title="Peak memory, both modes",
        axis="MiB, log scale",
        second=Second(
            "peak_memory_latency_bytes",
            large="throughput mode",
            small="latency mode",
            sentence="Throughput mode takes {}× the memory of latency mode",
        ),
        more=more,
    )


# ---------------------------------------------------------------- the card


def ranking_card(
    results: Sequence[Result],
    key: str,
    *,
    id_: str,
    title: str,
    axis: str,
    conditions: str,
    naming: Callable[[Result], str],
    log: bool,
    second: Second | None = None,
    more: str = "",
) -> Card:
    """Return a card that ranks results by a metric, the best first.

    Unreliable and failed results are in its table only. `log`: dots on a logarithmic scale, not
    bars; a second metric needs it.
    """
    metric = METRICS[key]
    measurement = "latency" if metric.measurement == "latency" else "throughput"
    other = second.metric if second else ""
    ranked = [found for r in results if (found := _row(r, key, naming(r), other))]
    ranked.sort(key=lambda found: found.value, reverse=metric.direction == "higher")
    rows = tuple(ranked[:MAX_ROWS])
    finding = _pair_finding(ranked, second) if second and ranked else _finding(rows, metric)
    kind: Kind = "pairs" if second else "dots" if log else "bars"
    return Card(
        id=id_,
        title=title,
        conditions=conditions,
        better=metric.better,
        finding=finding,
        chart=Chart(kind, title, finding, axis, rows) if rows else None,
        legend=_legend(kind, second, ranked, len(results)) if rows else "",
        table=_table(f"{id_}-card-table", title, results, [key, other] if other else [key]),
        footer=footer(results, measurement),
        more=more,
    )


def _row(result: Result, key: str, name: str, other: str) -> Row | None:
    """Return a chart's row, None where a value is missing or unreliable."""
    first = result.trusted(key)
    second = result.trusted(other) if other else None
    if first is None or first.value <= 0 or (other and second is None):
        return None
    metric = METRICS[key]
    # A long unit stands on the axis only; a pair has less room.
    has_unit = len(metric.unit) <= (3 if other else 5)
    label = metric.format_unit(first.value) if has_unit else metric.format(first.value)
    if second is not None:
        label = f"{label} / {metric.format(second.value)}"
    return Row(
        name=name,
        label=label,
        value=first.value * metric.scale,
        low=first.low * metric.scale,
        high=first.high * metric.scale,
        family=result.device.family,
        faint=first.verdict.level == "noisy",
        other=second.value * metric.scale if second else None,
        tip=f"{name}: {metric.format_unit(first.value)}, {value_details(first)}",
    )


def _legend(kind: Kind, second: Second | None, ranked: Sequence[Row], total: int) -> str:
    mark = "Bar" if kind == "bars" else "Dot"
    notes = [
        f"Large mark: {second.large}. Small mark: {second.small}."
        if second
        else f"{mark}: median over rounds. Line: 95 % interval."
    ]
    if any(row.faint for row in ranked[:MAX_ROWS]):
        notes.append("Outline: noisy.")
    if total > len(ranked):
        notes.append(f"Not drawn: {total - len(ranked)} unreliable or failed; see the table.")
    if len(ranked) > MAX_ROWS:
        notes.append(f"The first {MAX_ROWS} of {len(ranked)}.")
    return " ".join(notes)


def _finding(rows: Sequence[Row], metric: Metric) -> str:
    """Return the best and the last of a ranking."""
    if not rows:
        return "No result here is reliable enough to be ranked; the table gives the reasons."
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


def _pair_finding(rows: Sequence[Row], second: Second) -> str:
    """Return how the values compare with their second ones."""
    ratios = [(row.value / row.other, row.name) for row in rows if row.other]
    most, name = max(ratios)
    if len(ratios) == 1:
        return f"{second.sentence.format(significant(most))}: {name}."
    mean = geometric_mean([ratio for ratio, _ in ratios])
    return (
        f"{second.sentence.format(significant(mean))}, geometric mean over "
        f"{plural(len(ratios), 'model')}. Highest: {name}, {significant(most)}×."
    )


def _table(id_: str, caption: str, results: Sequence[Result], keys: Sequence[str]) -> Table:
    measurement = "latency" if METRICS[keys[0]].measurement == "latency" else "throughput"
    rows = []
    for result in results[:FIRST]:
        cells = [*(value_cell(result, key) for key in keys), verdict_cell(result, measurement)]
        rows.append(row(result, result_cells(result), cells, measurement))
    columns = (
        Column("Model"),
        Column("Device"),
        Column("Precision"),
        *map(metric_column, keys),
        Column("Verdict"),
    )
    return Table(id_, caption, columns, tuple(rows))

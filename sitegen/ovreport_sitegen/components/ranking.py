"""The card that ranks results by a metric: every model on a device, or every device of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ovreport.metrics import METRICS, Metric
from ovreport_sitegen.charts import MAX_ROWS, Chart, Kind, Row
from ovreport_sitegen.components.accuracy_cells import eligible
from ovreport_sitegen.components.card import Card, footer
from ovreport_sitegen.components.cells import (
    RESULT_COLUMNS,
    level_cell,
    metric_column,
    result_row,
    value_cell,
)
from ovreport_sitegen.components.marks import look, of_rows
from ovreport_sitegen.components.ranked import Ranked, pair_finding, ranking_finding, value_details
from ovreport_sitegen.components.ratio_card import left_out_words
from ovreport_sitegen.components.table import Column, Table, TableRow
from ovreport_sitegen.data.result import Result

CARD_ROWS = 40
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
    best: dict[tuple[object, ...], Result] = {}
    for r in results:
        if not r.is_published:
            continue
        key = (r.model.id, *r.device.key, r.record.case.device, r.record.case.engine)
        if key not in best or _preference(r) > _preference(best[key]):
            best[key] = r
    return list(best.values())


def comparable(results: Sequence[Result]) -> list[Result]:
    """Return the results that may be ranked together.

    Of a device that was measured with all processors of its machine, those of limited runs are
    left out.
    """
    whole = {r.device.key._replace(processors=0) for r in results if not r.device.limit}
    return [
        r for r in results if not r.device.limit or r.device.key._replace(processors=0) not in whole
    ]


def _preference(result: Result) -> tuple[bool, bool]:
    return result.requested == "default", result.completed


def model_name(result: Result) -> str:
    """Return a result's name in a chart of models."""
    only = ["architecture only"] if result.model.architecture_only else []
    return " · ".join([result.model.title, result.short_label, *only])


def device_name(result: Result) -> str:
    """Return a result's name in a chart of devices."""
    return f"{result.device.label} · {result.short_label}"


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

    Unreliable results are drawn as outlines, with ≈; those without a value are in its table only.
    `log`: dots on a logarithmic scale, not bars; a second metric needs it.
    """
    metric = METRICS[key]
    other = second.metric if second else ""
    ranked = _ranked(results, metric, other, naming)
    rows = tuple(_row(found, metric) for found in ranked[:MAX_ROWS])
    finding = ranking_finding(ranked, metric)
    if second and any(found.second for found in ranked):
        both = [r for r in results if r.metric_value(key) and r.metric_value(other)]
        left_out = left_out_words(results, both, metric.measurement, "both values")
        finding = pair_finding(ranked, second.sentence, left_out)
    kind: Kind = "pairs" if second else "dots" if log else "bars"
    return Card(
        id=id_,
        title=title,
        conditions=conditions,
        better=metric.better,
        finding=finding,
        chart=Chart(kind, title, finding, axis, rows) if rows else None,
        legend=_legend(kind, second, ranked, len(results)) if rows else "",
        marks=of_rows(rows, precision="default" in conditions, quick=any(r.quick for r in results)),
        table=_table(f"{id_}-card-table", title, results, [key, other] if other else [key]),
        footer=footer(results, key),
        more=more,
    )


def _ranked(
    results: Sequence[Result], metric: Metric, other: str, naming: Callable[[Result], str]
) -> list[Ranked]:
    """Return the results that have a value, the best first."""
    found = [
        Ranked(_told(r, naming), value, r.metric_value(other) if other else None, r.device.family)
        for r in results
        if (value := r.metric_value(metric.key)) and value.value > 0
    ]
    found.sort(key=lambda one: one.value.value, reverse=metric.direction == "higher")
    return found


def _told(result: Result, naming: Callable[[Result], str]) -> str:
    """Return a result's name; a speed that does not count, for the accuracy it costs, says so."""
    name = naming(result)
    return f"{name} · below 99 % accuracy" if eligible(result) is False else name


def _row(found: Ranked, metric: Metric) -> Row:
    """Return a chart's row."""
    first, second, shown = found.value, found.second, look(found.value)
    # A long unit stands on the axis only; a pair has less room.
    has_unit = len(metric.unit) <= (3 if second else 5)
    label = shown.text(metric.format_unit(first.value) if has_unit else metric.format(first.value))
    if second is not None:
        label = f"{label} / {look(second).text(metric.format(second.value))}"
    return Row(
        name=found.name,
        label=label,
        value=first.value * metric.scale,
        low=first.low * metric.scale,
        high=first.high * metric.scale,
        family=found.family,
        faint=shown.is_hollow,
        is_approximate=shown.is_approximate,
        other=second.value * metric.scale if second else None,
        tip=f"{found.name}: {metric.format_unit(first.value)}, {value_details(first)}",
    )


def _legend(kind: Kind, second: Second | None, ranked: Sequence[Ranked], total: int) -> str:
    mark = "Bar" if kind == "bars" else "Dot"
    notes = [
        f"Large mark: {second.large}. Small mark: {second.small}."
        if second
        else f"{mark}: value. Line: 95 % interval."
    ]
    if total > len(ranked):
        notes.append(f"Not drawn: {total - len(ranked)} without a value; see the table.")
    if len(ranked) > MAX_ROWS:
        notes.append(f"The first {MAX_ROWS} of {len(ranked)}.")
    return " ".join(notes)


# ---------------------------------------------------------------- table


def _table(id_: str, caption: str, results: Sequence[Result], keys: Sequence[str]) -> Table:
    """Return the table of a card; its verdicts are those of the first metric, which ranks."""
    rows = tuple(_table_row(result, keys) for result in results[:CARD_ROWS])
    columns = (
        *RESULT_COLUMNS,
        *map(metric_column, keys),
        Column("Verdict", tip=f"Of this: {METRICS[keys[0]].label}"),
    )
    return Table(id_, caption, columns, rows)


def _table_row(result: Result, keys: Sequence[str]) -> TableRow:
    verdict = level_cell(result.metric_value(keys[0]))
    cells = [*(value_cell(result, key) for key in keys), verdict]
    return result_row(result, cells)

"""The latency page: the median, the slow inferences, and start-up."""

from __future__ import annotations

from dataclasses import dataclass

from ovreport.metrics.percentiles import TOO_FEW
from ovreport.metrics.speed import LATENCY
from ovreport.metrics.startup import STARTUP
from ovreport_sitegen.components import ranking, speedups
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import (
    RESULT_COLUMNS,
    VERDICT,
    metric_column,
    n_cell,
    result_row,
    value_cell,
    verdict_cell,
)
from ovreport_sitegen.components.head import Head, warning
from ovreport_sitegen.components.selection import whole_devices
from ovreport_sitegen.components.table import Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.pages.page import Page, has_results
from ovreport_sitegen.text import plural

_METRICS = LATENCY.keys[1:]
"""All but the headline."""


@dataclass(frozen=True)
class LatencyView:
    """Everything the template of the page needs."""

    head: Head
    cards: tuple[Card, ...]
    table: Table
    start: Card
    startup: Table
    too_few: str
    """What a cell says in place of a percentile with too few inferences."""


def view(catalogue: Catalogue) -> LatencyView:
    """Return the view of the latency page."""
    results = catalogue.results
    device = catalogue.speedup_device.label
    head = Head(
        "Latency",
        "Wall time of one synchronous inference at the caller, with the LATENCY hint and one "
        f"request. {plural(len(results), 'result')}; each is the median over rounds in fresh "
        "processes.",
        warning=warning(results, "latency"),
    )
    shown = (
        ranking.models_card(
            catalogue,
            "latency_ms",
            id_="latency",
            title="Latency of each model",
            axis="Milliseconds per inference, log scale",
        ),
        speedups.speedup_card(
            catalogue.default_speedups(),
            "latency",
            id_="speedup",
            conditions=device,
        ),
        ranking.models_card(
            catalogue,
            "latency_p99_ms",
            id_="tail",
            title="Slow inferences: p99 against the median",
            axis="Milliseconds, log scale",
            second=ranking.Second(
                "latency_ms",
                large="99 % are at least this fast",
                small="median",
                sentence="The 99th percentile is {}× the median",
            ),
        ),
    )
    start = ranking.startup_card(catalogue)
    return LatencyView(head, shown, _table(catalogue), start, _startup(catalogue), TOO_FEW)


def _table(catalogue: Catalogue) -> Table:
    columns = (
        *RESULT_COLUMNS,
        metric_column("latency_ms"),
        VERDICT,
        *map(metric_column, _METRICS),
        speedups.SPEEDUP,
        Column("n", "inferences", "", True),
    )
    rows = tuple(
        result_row(
            r,
            (
                value_cell(r, "latency_ms"),
                verdict_cell(r, "latency"),
                *(value_cell(r, key) for key in _METRICS),
                speedups.speedup_cell(catalogue, r),
                n_cell(r, "latency_ms"),
            ),
            "latency",
        )
        for r in catalogue.results
    )
    return Table("latency-table", "Latency of every result", columns, rows, searchable=True)


def _startup(catalogue: Catalogue) -> Table:
    columns = (*RESULT_COLUMNS, *map(metric_column, STARTUP.keys), Column("Starts", "n", "", True))
    chosen = whole_devices(catalogue, catalogue.results)
    rows = tuple(
        result_row(r, (*(value_cell(r, key) for key in STARTUP.keys), n_cell(r, "startup_ms")))
        for r in chosen.results
    )
    title = "Start-up, part by part"
    return Table("startup-table", title, columns, rows, searchable=True, note=chosen.note)


PAGE = Page("latency", "Latency", view, when=has_results)

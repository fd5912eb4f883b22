"""The throughput page: inferences per second, and the latency under that load."""

from __future__ import annotations

from dataclasses import dataclass

from ovreport.metrics.speed import THROUGHPUT
from ovreport.record import Throughput
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
from ovreport_sitegen.components.table import Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.page import Page, has_results
from ovreport_sitegen.pages.throughput import curve, open_loop
from ovreport_sitegen.text import plural

_METRICS = THROUGHPUT.keys[1:]
"""All but the headline."""
_ARRIVALS = ("max_arrival_ips", "arrival_share", "curve_best_ips")
_DRIVERS = {"threads": "threads", "async-queue": "async queue"}


@dataclass(frozen=True)
class ThroughputView:
    """Everything the template of the page needs."""

    head: Head
    cards: tuple[Card, ...]
    table: Table


def view(catalogue: Catalogue) -> ThroughputView:
    """Return the view of the throughput page."""
    head = Head(
        "Throughput",
        "Inferences per second with the THROUGHPUT hint and as many requests as the device calls "
        f"optimal. {plural(len(catalogue.results), 'result')}; latency is from the same run.",
        warning=warning(catalogue.results, "throughput"),
    )
    shown = (
        ranking.models_card(
            catalogue,
            "throughput_ips",
            id_="throughput",
            title="Throughput of each model",
            axis="Inferences per second, log scale",
        ),
        speedups.speedup_card(
            catalogue.default_speedups(),
            "throughput",
            id_="speedup",
            conditions=catalogue.speedup_device.label,
        ),
        ranking.models_card(
            catalogue,
            "loaded_latency_p99_ms",
            id_="loaded",
            title="Latency during the same run",
            axis="Milliseconds, log scale",
            second=ranking.Second(
                "loaded_latency_ms",
                large="99 % are at least this fast",
                small="median",
                sentence="Under load the 99th percentile is {}× the median",
            ),
        ),
        open_loop.card(catalogue),
        *curve.some_models(catalogue),
    )
    return ThroughputView(head, shown, _table(catalogue))


def _table(catalogue: Catalogue) -> Table:
    columns = (
        *RESULT_COLUMNS,
        metric_column("throughput_ips"),
        VERDICT,
        *map(metric_column, _METRICS),
        speedups.SPEEDUP,
        *map(metric_column, _ARRIVALS),
        Column("Requests", "", "", True, tip="Concurrent requests / streams of the device"),
        Column(
            "Load generator",
            tip="How requests were submitted, and the share of time they were idle",
        ),
        Column("n", "inferences", "", True),
    )
    rows = tuple(
        result_row(
            r,
            (
                value_cell(r, "throughput_ips"),
                verdict_cell(r, "throughput"),
                *(value_cell(r, key) for key in _METRICS),
                speedups.speedup_cell(catalogue, r, "throughput"),
                *(value_cell(r, key) for key in _ARRIVALS),
                *_setting_cells(r),
                n_cell(r, "throughput_ips"),
            ),
            "throughput",
        )
        for r in catalogue.results
    )
    return Table("throughput-table", "Throughput of every result", columns, rows, searchable=True)


def _setting_cells(result: Result) -> tuple[Cell, Cell]:
    measured = result.record.throughput
    if not isinstance(measured, Throughput) or not result.completed:
        return Cell("–", tone="missing"), Cell("–", tone="missing")
    last = measured.rounds[-1]
    streams = plural(last.streams, "stream") if last.streams else "streams not reported"
    idle = max(r.idle_share for r in measured.rounds)
    driver = _DRIVERS.get(last.driver, last.driver)
    batch = f", batch {measured.batch}" if measured.batch > 1 else ""
    return (
        Cell(str(last.requests), sub=streams + batch, sort=last.requests),
        Cell(driver, sub=f"idle {idle:.1%}", sort=idle),
    )


PAGE = Page("throughput", "Throughput", view, when=has_results)

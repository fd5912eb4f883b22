"""The latency page: undisturbed and observed, the slow inferences, and start-up."""

from __future__ import annotations

from dataclasses import dataclass

from ovreport.metrics.percentiles import TOO_FEW
from ovreport.metrics.speed import LATENCY
from ovreport.metrics.startup import STARTUP
from ovreport_sitegen.components import speedups, undisturbed
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import level_cell, metric_column, n_cell, value_cell
from ovreport_sitegen.components.models_card import models_card
from ovreport_sitegen.components.result_tables import details_table
from ovreport_sitegen.components.table import Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.page import Head, Page, has_results, warning
from ovreport_sitegen.text import plural

_METRICS = LATENCY.keys[1:]
"""All but the headline."""


@dataclass(frozen=True)
class LatencyView:
    """Everything the template of the page needs."""

    head: Head
    quiet: str
    """How many latencies are undisturbed, and why the others are not."""
    cards: tuple[Card, ...]
    table: Table
    start: Card
    quiet_starts: str
    """The same of starts."""
    startup: Table
    too_few: str
    """What a cell says in place of a percentile with too few inferences."""


def view(catalogue: Catalogue) -> LatencyView:
    """Return the view of the latency page."""
    results = catalogue.results
    head = Head(
        "Latency",
        "Wall time of one synchronous inference at the caller, with the LATENCY hint and one "
        f"request. {plural(len(results), 'result')}. Undisturbed: what quiet rounds in fresh "
        "processes agree on; rankings use it. Observed: the median over all rounds, what a user "
        "got.",
        warning=warning(results, "latency"),
    )
    observed = undisturbed.observed_card(catalogue)
    shown = (
        models_card(catalogue, "latency_ms"),
        speedups.speedup_card(catalogue, "latency"),
        *((observed,) if observed else ()),
        models_card(catalogue, "latency_p99_ms"),
    )
    start = models_card(catalogue, "startup_ms")
    return LatencyView(
        head,
        undisturbed.quiet_note(results, "latency_ms"),
        shown,
        _table(catalogue),
        start,
        undisturbed.quiet_note(results, "startup_ms"),
        _startup(catalogue),
        TOO_FEW,
    )


def _table(catalogue: Catalogue) -> Table:
    return speedups.speed_table(
        catalogue,
        "latency-table",
        "Latency of every result",
        "latency",
        _METRICS,
        [Column("n", "inferences", "", True)],
        lambda r: [undisturbed.rounds_cell(r, "latency_ms")],
    )


def _startup(catalogue: Catalogue) -> Table:
    start, *parts = map(metric_column, STARTUP.keys)
    verdict = Column("Verdict", tip="Of the cold start")
    columns = (start, verdict, *parts, Column("Starts", "n", "", True))
    return details_table(
        catalogue, "startup-table", "Start-up, part by part", columns, _startup_cells
    )


def _startup_cells(result: Result) -> tuple[Cell, ...]:
    start, *parts = (value_cell(result, key) for key in STARTUP.keys)
    verdict = level_cell(result.metric_values.get("startup_ms"))
    return (start, verdict, *parts, n_cell(result, "startup_ms"))


PAGE = Page("latency", "Latency", view, when=has_results)

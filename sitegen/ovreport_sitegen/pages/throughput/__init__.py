"""The throughput page: inferences per second, and the latency under that load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ovreport.metrics import significant
from ovreport.record import OpenLoop
from ovreport.words import plural
from ovreport_sitegen.answer.section import Section, section
from ovreport_sitegen.answer.state import State
from ovreport_sitegen.components import speedups, undisturbed
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import (
    count_cell,
    level_cell,
    metric_column,
    result_cells,
    row,
    value_cell,
)
from ovreport_sitegen.components.models_card import models_card
from ovreport_sitegen.components.table import DASH, Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.page import Head, Page, has_values, warning
from ovreport_sitegen.pages.throughput import curve
from ovreport_sitegen.text import line, percent


@dataclass(frozen=True)
class ThroughputView:
    """Everything the template of the page needs."""

    head: Head
    quiet: str
    """How many throughputs are undisturbed, and why the others are not."""
    cards: tuple[Card, ...]
    section: Section


def view(catalogue: Catalogue) -> ThroughputView:
    """Return the view of the throughput page."""
    head = Head(
        "Throughput",
        "Inferences per second with as many requests at once as the device calls optimal "
        f"(THROUGHPUT hint). {plural(len(catalogue.results), 'result')}. Rankings use the "
        "undisturbed value, which quiet rounds in fresh processes agree on; the observed one, and "
        "latency under load, are medians over all rounds.",
        warning=warning(catalogue.results, "throughput"),
    )
    shown = (
        models_card(catalogue, "throughput_ips"),
        speedups.speedup_card(catalogue, "throughput"),
        models_card(catalogue, "loaded_latency_p99_ms"),
        models_card(catalogue, "max_arrival_ips"),
        *(replace(card, table=None) for card in curve.some_models(catalogue)),
    )
    quiet = undisturbed.quiet_note(catalogue.results, "throughput_ips")
    table = section(catalogue, "Throughput of every model", State("throughput_ips"))
    return ThroughputView(head, quiet, shown, table)


# ---------------------------------------------------------------- the open loop


def loop_of(result: Result) -> OpenLoop | None:
    """Return a result's open loop, None where it was not measured."""
    found = result.record.open_loop
    return found if isinstance(found, OpenLoop) and result.completed else None


def arrivals_table(results: Sequence[Result]) -> Table | None:
    """Return the open loops of a model's results, None where there are none."""
    if not any(loop_of(r) for r in results):
        return None
    columns = (
        Column("Device"),
        Column("Precision"),
        metric_column("max_arrival_ips"),
        Column("Verdict"),
        metric_column("arrival_share"),
        Column("Limit", "ms", "", True, tip="The percentile must stay within it"),
        Column("Percentile", tip="A bound at 99 % confidence, with enough arrivals"),
        Column(
            "Generator late",
            "",
            "lower",
            True,
            tip="Arrivals that the load generator submitted late, in the worst step",
        ),
        Column("n", "arrivals", "", True),
    )
    rows = []
    for r in results:
        _, device, precision = result_cells(r)
        cells = (
            value_cell(r, "max_arrival_ips"),
            level_cell(r.metric_values.get("max_arrival_ips")),
            value_cell(r, "arrival_share"),
            *_loop_cells(r),
        )
        rows.append(row(r, (device, precision), cells))
    return Table("arrivals-table", "Random arrivals of each result", columns, tuple(rows))


def _loop_cells(result: Result) -> tuple[Cell, ...]:
    loop = loop_of(result)
    if loop is None:
        return tuple(DASH for _ in range(4))
    steps = [step for r in loop.rounds for step in r.steps]
    late = max(step.late_share for step in steps)
    n = sum(step.n for step in steps)
    return (
        Cell(significant(loop.limit_ms), sort=loop.limit_ms, tip=line(loop.limit_rule, 200)),
        Cell(f"p{loop.percentile * 100:g}"),
        Cell(percent(late, 1), sub="worst step", sort=late),
        count_cell(n, f"{plural(len(loop.rounds), 'round')}, {len(steps)} steps"),
    )


PAGE = Page("throughput", "Throughput", view, when=has_values)

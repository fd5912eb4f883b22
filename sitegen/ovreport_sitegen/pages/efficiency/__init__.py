"""The efficiency page: processor time, cores, memory, start-up, energy, rated power or price."""

from __future__ import annotations

from dataclasses import dataclass

from ovreport.metrics import METRICS
from ovreport.metrics.efficiency import per_rated
from ovreport_sitegen.answer.section import Section, section
from ovreport_sitegen.answer.state import State
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import (
    RESULT_COLUMNS,
    VERDICT,
    result_row,
    value_cell,
    verdict_cell,
)
from ovreport_sitegen.components.models_card import models_card
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.config import Rated
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.efficiency import energy, memory, processor
from ovreport_sitegen.pages.page import Head, Page, has_values, warning
from ovreport_sitegen.text import line, safe_url


@dataclass(frozen=True)
class EfficiencyView:
    """Everything the template of the page needs."""

    head: Head
    cards: tuple[Card, ...]
    section: Section
    processor: processor.ProcessorSection
    energy: energy.EnergySection
    modes: Table
    modes_finding: str
    rated: Table | None
    """None where the site's settings give no TDP and no price."""
    rated_sources: tuple[tuple[str, str, str | None], ...]
    """Device, where its rated values are from, and its address if it has one."""


def view(catalogue: Catalogue) -> EfficiencyView:
    """Return the view of the efficiency page."""
    head = Head(
        "Efficiency",
        "What an inference costs: processor time, cores, peak memory, energy, memory phase by "
        "phase, and start-up. All of it is measured; what makers state instead is marked “rated”.",
        warning=warning(catalogue.results, "throughput"),
    )
    shown = (
        models_card(catalogue, "throughput_per_core_ips"),
        models_card(catalogue, "throughput_per_gib_ips"),
        memory.mode_card(catalogue),
    )
    rated = {name: catalogue.config.devices.get(name) for _, name in _full_names(catalogue)}
    found = {name: r for name, r in rated.items() if r is not None}
    return EfficiencyView(
        head,
        shown,
        section(catalogue, "What an inference of every model costs", _state(catalogue)),
        processor.section(catalogue),
        energy.section(catalogue),
        memory.modes_table(catalogue),
        memory.modes_finding(catalogue),
        _rated(catalogue, found),
        tuple((line(n), line(r.source, 300), safe_url(r.source)) for n, r in found.items()),
    )


def _state(catalogue: Catalogue) -> State:
    """Return the first state of the table: processor time, if as many have it as have memory."""
    keys = processor.KEYS[1], "peak_memory_bytes"
    counts = [sum(bool(r.metric_value(key)) for r in catalogue.results) for key in keys]
    return State(keys[0] if counts[0] >= counts[1] else keys[1])


def _full_names(catalogue: Catalogue) -> list[tuple[str, str]]:
    return [(device.key.machine, device.key.full_name) for device in catalogue.devices]


def _rated(catalogue: Catalogue, rated: dict[str, Rated]) -> Table | None:
    results = [r for r in catalogue.results if r.device.key.full_name in rated]
    if not results:
        return None
    columns = (
        *RESULT_COLUMNS,
        Column("TDP", "W (rated)", "", True),
        Column("Per rated watt", "inf/s per W (rated)", "higher", True),
        Column("Price", "(rated)", "", True),
        Column("Per price", "inf/s per unit (rated)", "higher", True),
        VERDICT,
    )
    rows = tuple(_rated_row(r, rated[r.device.key.full_name]) for r in results)
    return Table("rated-table", "Rated power and price", columns, rows, searchable=True)


def _rated_row(result: Result, rated: Rated) -> TableRow:
    metric_value = result.metric_value("throughput_ips")
    none = Cell("not given", tone="missing", tip="The site's settings do not have it.")

    def per(key: str, divisor: float | None) -> Cell:
        if divisor is None:
            return none
        if metric_value is None:
            return value_cell(result, "throughput_ips")
        metric, found = METRICS[key], per_rated(key, metric_value, divisor)
        bounds = f"{metric.format(found.low)} – {metric.format(found.high)}"
        shown = metric.format(found.value)
        return Cell(shown, sub=bounds, sort=found.value, marks=(found.kind,))

    tdp, price = rated.tdp_w, rated.price
    return result_row(
        result,
        (
            Cell(f"{tdp:g}", sort=tdp) if tdp is not None else none,
            per("throughput_per_watt_rated_ips", tdp),
            Cell(f"{price:,g}", sub=line(rated.currency, 8), sort=price)
            if price is not None
            else none,
            per("throughput_per_price_rated_ips", price),
            verdict_cell(result, "throughput"),
        ),
    )


PAGE = Page("efficiency", "Efficiency", view, when=has_values)

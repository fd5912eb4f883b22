"""The efficiency page: what a result costs in cores, memory, start-up, and rated power or price."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from ovreport.metrics import METRICS, significant
from ovreport.record import Memory
from ovreport_sitegen.catalogue import Catalogue, Result
from ovreport_sitegen.config import Rated
from ovreport_sitegen.text import line, safe_url
from ovreport_sitegen.views import cards
from ovreport_sitegen.views.page import Card, Page, warning
from ovreport_sitegen.views.table import (
    RESULT_COLUMNS,
    VERDICT,
    Cell,
    Column,
    Table,
    TableRow,
    figure_cell,
    metric_column,
    missing_cell,
    result_row,
    verdict_cell,
)

_FIGURES = (
    "throughput_per_core_ips", "throughput_per_gib_ips", "peak_memory_latency_bytes",
    "peak_memory_bytes", "startup_ms", "startup_cached_ms",
)  # fmt: skip
PHASES = ("import", "read", "compile", "first-inference", "latency", "throughput")
_MIB = 1024 * 1024


@dataclass(frozen=True)
class EfficiencyView:
    """Everything the template of the page needs."""

    page: Page
    cards: tuple[Card, ...]
    table: Table
    phases: Table
    rated: Table | None
    """None where the site's settings give no TDP and no price."""
    rated_sources: tuple[tuple[str, str, str | None], ...]
    """Device, where its rated figures are from, and an address in it if there is one."""


def view(catalogue: Catalogue) -> EfficiencyView:
    """Return the view of the efficiency page."""
    page = Page(
        "efficiency.html",
        "Efficiency",
        "Throughput per core and per GiB of peak memory, memory phase by phase, and what a start "
        "costs. All measured, except where it says rated.",
        nav="efficiency",
        warning=warning(catalogue.results, "throughput"),
    )
    shown = (
        cards.models_card(
            catalogue, "throughput_per_core_ips", id_="core", title="Throughput per core",
            axis="Inferences per second per core, log scale",
        ),
        cards.models_card(
            catalogue, "throughput_per_gib_ips", id_="gib", title="Throughput per GiB",
            axis="Inferences per second per GiB, log scale",
        ),
        cards.memory_card(catalogue),
    )  # fmt: skip
    rated = {name: catalogue.config.devices.get(name) for _, name in _full_names(catalogue)}
    found = {name: r for name, r in rated.items() if r is not None}
    return EfficiencyView(
        page, shown, _table(catalogue), _phases(catalogue), _rated(catalogue, found),
        tuple((line(n), line(r.source, 300), safe_url(r.source)) for n, r in found.items()),
    )  # fmt: skip


def _full_names(catalogue: Catalogue) -> list[tuple[str, str]]:
    return [device.key for device in catalogue.devices]


def _table(catalogue: Catalogue) -> Table:
    columns = (*RESULT_COLUMNS, VERDICT, *map(metric_column, _FIGURES), Column("Energy", "J"))
    energy = Cell("not measured", tone="missing", tip="Energy is not an aspect of records yet.")
    rows = tuple(
        result_row(
            r,
            (verdict_cell(r, "throughput"), *(figure_cell(r, key) for key in _FIGURES), energy),
            "throughput",
        )
        for r in catalogue.results
    )
    return Table("efficiency-table", "Efficiency of every result", columns, rows, searchable=True)


def _phases(catalogue: Catalogue) -> Table:
    columns = (
        *RESULT_COLUMNS,
        *(Column(p.replace("-", " ").capitalize(), "MiB", "lower", True) for p in PHASES),
        Column("n", "rounds", "", True),
    )
    rows = tuple(result_row(r, phase_cells(r)) for r in catalogue.results)
    return Table("phases-table", "Peak memory phase by phase", columns, rows, searchable=True)


def phase_cells(result: Result) -> tuple[Cell, ...]:
    """Return the median peak of each phase, and the number of rounds."""
    memory = result.record.memory if result.completed else result.record.outcome
    if not isinstance(memory, Memory):
        why = missing_cell(memory)  # type: ignore[arg-type]
        return (why, *(Cell("–", tone="missing"),) * len(PHASES))
    peaks: dict[str, list[int]] = {}
    for r in memory.rounds:
        for phase in r.phases:
            peaks.setdefault(phase.phase, []).append(phase.peak_rss_bytes)
    found = []
    for phase_name in PHASES:
        values = peaks.get(phase_name)
        if not values:
            found.append(Cell("not reached", tone="missing"))
            continue
        middle = median(values) / _MIB
        spread = f"{significant(min(values) / _MIB)} – {significant(max(values) / _MIB)}"
        found.append(Cell(significant(middle), sub=spread, sort=middle, tip="Range over rounds"))
    return (*found, Cell(str(len(memory.rounds)), sort=len(memory.rounds)))


def _rated(catalogue: Catalogue, rated: dict[str, Rated]) -> Table | None:
    results = [r for r in catalogue.results if r.device.key[1] in rated]
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
    rows = tuple(_rated_row(r, rated[r.device.key[1]]) for r in results)
    return Table("rated-table", "Against rated figures", columns, rows, searchable=True)


def _rated_row(result: Result, rated: Rated) -> TableRow:
    figure = result.figure("throughput_ips")
    none = Cell("not given", tone="missing", tip="The site's settings do not have it.")

    def per(key: str, divisor: float | None) -> Cell:
        if divisor is None:
            return none
        if figure is None:
            return figure_cell(result, "throughput_ips")
        metric = METRICS[key]
        low, high = (metric.format(v / divisor) for v in (figure.low, figure.high))
        value = figure.value / divisor
        return Cell(metric.format(value), sub=f"{low} – {high}", sort=value, marks=("rated",))

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
        "throughput",
    )

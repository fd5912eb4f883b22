"""Energy per inference, where a counter can be read; where not, the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ovreport.metrics.energy import ENERGY
from ovreport.record import Energy, EnergyDomain, NotMeasured, Unsupported
from ovreport.words import plural
from ovreport_sitegen.components import ranking
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import (
    RANGE,
    RESULT_COLUMNS,
    VERDICT,
    badge_cell,
    count_cell,
    metric_column,
    missing_cell,
    n_cell,
    range_cell,
    result_row,
    value_cell,
)
from ovreport_sitegen.components.result_tables import whole_devices
from ovreport_sitegen.components.table import DASH, Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line, listed, short_name

GROSS = "energy_per_inference_j"


@dataclass(frozen=True)
class EnergySection:
    """The section on the efficiency page."""

    missing: tuple[str, ...]
    """Where energy was not measured, why, and what to do: a sentence or two each."""
    scopes: tuple[tuple[str, str], ...]
    """Domain and interface, and what it covers."""
    card: Card | None
    """None where it was not measured at all."""
    table: Table | None


def section(catalogue: Catalogue) -> EnergySection:
    """Return the section of all results."""
    measured = [r for r in catalogue.results if isinstance(_energy(r), Energy)]
    return EnergySection(
        missing=tuple(_missing(catalogue.results)),
        scopes=_scopes(measured),
        card=_card(catalogue) if measured else None,
        table=_shortened(catalogue, measured) if measured else None,
    )


def _scopes(results: Sequence[Result]) -> tuple[tuple[str, str], ...]:
    heads = {
        (line(f"{e.domains[0].name} ({e.method})", 60), line(e.domains[0].scope, 300))
        for r in results
        if isinstance(e := r.record.energy, Energy)
    }
    return tuple(sorted(heads))[:8]


def _missing(results: Sequence[Result]) -> list[str]:
    """Return a text for each reason: most results of a machine share theirs."""
    machines: dict[tuple[str, str], dict[str, str]] = {}
    for r in results:
        why = r.record.energy
        if r.completed and isinstance(why, NotMeasured):
            remedy = line(why.remedy, 400) if isinstance(why, Unsupported) else ""
            names = machines.setdefault((line(why.reason, 300), remedy), {})
            names[r.record.machine.id] = short_name(r.record.machine.cpu)
    everywhere = {r.record.machine.id for r in results}
    return [
        f"Energy was not measured on {_where(names, everywhere)}: {reason}. {remedy}".strip()
        for (reason, remedy), names in machines.items()
    ]


def _where(names: dict[str, str], everywhere: set[str]) -> str:
    if len(everywhere) == 1:
        return "this machine"
    shown = sorted(set(names.values()))
    return listed(shown) if len(shown) <= 3 else plural(len(names), "machine")


def _card(catalogue: Catalogue) -> Card | None:
    """Return the card of all models on one device, of the domain that most of them have.

    Domains cover different parts of a machine: two of them are never in one ranking.
    """
    by_device = Counter(r.device for r in catalogue.results if r.metric_value(GROSS))
    if not by_device:
        return None
    device = max(by_device, key=lambda d: (d == catalogue.main_device, by_device[d]))
    results = ranking.preferred(catalogue.of_device(device))
    domains = Counter(f.scope for r in results if (f := r.metric_value(GROSS)))
    if not domains:
        return None
    domain = domains.most_common(1)[0][0]
    same = [r for r in results if (f := r.metric_value(GROSS)) and f.scope == domain]
    card = ranking.ranking_card(
        same,
        GROSS,
        id_="energy-card",
        title="Energy per inference",
        axis="Millijoules per inference, log scale",
        naming=ranking.model_name,
        log=True,
        conditions=f"{device.label} · default precision · {line(domain, 60)}",
    )
    table = _table(same, id_="energy-card-table", title=f"Energy on {device.label}")
    return replace(card, table=replace(table, searchable=False))


def _shortened(catalogue: Catalogue, measured: Sequence[Result]) -> Table:
    chosen = whole_devices(catalogue, measured)
    return replace(_table(chosen.results), note=chosen.note)


def _table(
    results: Sequence[Result],
    *,
    id_: str = "energy-table",
    title: str = "Energy of the throughput run",
) -> Table:
    columns = (
        *RESULT_COLUMNS,
        VERDICT,
        *map(metric_column, ENERGY.keys),
        Column("Idle", "W", "", True, tip=f"Power of the domain just before the run. {RANGE}"),
        Column("n", "inferences", "", True),
    )
    rows = tuple(result_row(r, _cells(r)) for r in results)
    return Table(id_, title, columns, rows, searchable=True)


def _cells(result: Result) -> tuple[Cell, ...]:
    energy, metric_value = _energy(result), result.metric_value(GROSS)
    if not isinstance(energy, Energy) or metric_value is None:
        why = energy if isinstance(energy, NotMeasured) else None
        return (missing_cell(why), *(DASH,) * (len(ENERGY.keys) + 2))
    head = energy.domains[0]
    return (
        badge_cell(metric_value.verdict),
        *(value_cell(result, key) for key in ENERGY.keys),
        range_cell([r.idle_w for r in head.rounds]),
        n_cell(result, GROSS),
    )


# ---------------------------------------------------------------- one result in full


def full_rows(result: Result) -> tuple[TableRow, ...]:
    """Return every domain of one result; they contain one another, so they are never summed."""
    energy = _energy(result)
    if not isinstance(energy, Energy):
        return ()
    return tuple(_domain_row(domain) for domain in energy.domains)


def full_note(result: Result) -> str:
    """Return the remedy where energy is unsupported; the reason is among the metrics."""
    why = result.record.energy
    return line(why.remedy, 400) if isinstance(why, Unsupported) and result.completed else ""


def _domain_row(domain: EnergyDomain) -> TableRow:
    rounds = domain.rounds
    return TableRow(
        (
            Cell(line(domain.name, 40), sub=line(domain.scope, 300)),
            range_cell([1000 * r.energy_j / r.inferences for r in rounds]),
            range_cell([1000 * r.net_j / r.inferences for r in rounds]),
            range_cell([r.energy_j / r.duration_s for r in rounds]),
            range_cell([r.idle_w for r in rounds]),
            count_cell(len(rounds)),
        )
    )


def _energy(result: Result) -> Energy | NotMeasured:
    outcome = result.record.outcome
    return outcome if isinstance(outcome, NotMeasured) else result.record.energy

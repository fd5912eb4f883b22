"""The open loop: the highest rate of random arrivals within a latency limit."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics import significant
from ovreport.record import OpenLoop
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import (
    level_cell,
    metric_column,
    result_cells,
    row,
    value_cell,
)
from ovreport_sitegen.components.ranking import Second, models_card
from ovreport_sitegen.components.table import Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line, plural


def card(catalogue: Catalogue) -> Card:
    """Return the card of the highest arrival rates beside closed-loop throughput."""
    return models_card(
        catalogue,
        "max_arrival_ips",
        id_="arrivals",
        title="Highest rate of random arrivals",
        axis="Inferences per second, log scale",
        conditions="Poisson arrivals",
        second=Second(
            "throughput_ips",
            large="highest rate whose p99 (p90 with few arrivals) stays within five "
            "times the latency of a single request",
            small="closed-loop throughput",
            sentence="Requests may arrive at {}× the closed-loop throughput",
        ),
    )


def loop_of(result: Result) -> OpenLoop | None:
    """Return a result's open loop, None where it was not measured."""
    found = result.record.open_loop
    return found if isinstance(found, OpenLoop) and result.completed else None


def table(results: Sequence[Result]) -> Table | None:
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
            *_setting_cells(r),
        )
        rows.append(row(r, (device, precision), cells, measurement="", under=""))
    return Table("arrivals-table", "Random arrivals of each result", columns, tuple(rows))


def _setting_cells(result: Result) -> tuple[Cell, ...]:
    loop = loop_of(result)
    if loop is None:
        return tuple(Cell("–", tone="missing") for _ in range(4))
    steps = [step for r in loop.rounds for step in r.steps]
    late = max(step.late_share for step in steps)
    n = sum(step.n for step in steps)
    return (
        Cell(significant(loop.limit_ms), sort=loop.limit_ms, tip=line(loop.limit_rule, 200)),
        Cell(f"p{loop.percentile * 100:g}"),
        Cell(f"{late:.1%}", sub="worst step", sort=late),
        Cell(f"{n:,}", sub=f"{plural(len(loop.rounds), 'round')}, {len(steps)} steps", sort=n),
    )

"""The first table: a row a model, on the machine that was measured last.

On a phone each row is a card, in which every value stands under its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from msgspec.structs import replace

from ovreport.metrics import METRICS
from ovreport.record import Level
from ovreport_sitegen.components import accuracy_cells, speedups
from ovreport_sitegen.components.cells import (
    badge_cell,
    failure_cell,
    metric_column,
    reason_title,
    result_cells,
    value_cell,
    verdict_cell,
)
from ovreport_sitegen.components.marks import look
from ovreport_sitegen.components.ranking import preferred
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.components.undisturbed import OBSERVED, is_undisturbed
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.machines import MachineRef
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import listed

_BESIDE = 2
"""Other machines that have a column each; all are on the latency page."""
_REASONS = 2
"""Reasons for a verdict that are named."""
_NOT_THERE = Cell("–", tone="missing absent", tip="Not measured on this machine.")
"""Left out of a phone's cards."""


def answers(catalogue: Catalogue) -> Table:
    """Return the table of the machine that was measured last, each model on each of its devices.

    They are in their default precision.
    """
    machine = catalogue.machines[0]
    shown = preferred(catalogue.of_machine(machine))
    has_devices = len({r.device for r in shown}) > 1
    has_others = any(r.requested != "f32" for r in shown)
    beside = _beside(catalogue, shown)
    columns = (
        *((Column("Device"),) if has_devices else ()),
        *_COLUMNS,
        *(_AGAINST if has_others else ()),
        *(_beside_column(other) for other, _ in beside),
    )
    rows = []
    for r in shown:
        cells = (
            *((result_cells(r)[1],) if has_devices else ()),
            *_cells(r),
            *(_against_cells(catalogue, r) if has_others else ()),
            *(_beside_cell(results, r) for _, results in beside),
        )
        rows.append(_row(r, columns, cells))
    title, all_columns = f"Every model on {machine.label}", (Column("Model"), *columns)
    return Table("answers-table", title, all_columns, tuple(rows), look="answers")


def _row(result: Result, columns: Sequence[Column], cells: tuple[Cell, ...]) -> TableRow:
    model, _, _ = result_cells(result)
    head = replace(model, sub=result.label)
    if not result.completed:
        return TableRow((head, failure_cell(result, len(columns))), tone="failed")
    names = (" ".join(filter(None, (c.label, c.unit and f"({c.unit})"))) for c in columns)
    return TableRow((head, *cells), labels=tuple(names))


_COLUMNS = (
    metric_column("latency_ms"),
    metric_column("throughput_ips"),
    Column(
        "How sure",
        tip="The worse verdict of latency and throughput, with the reasons where it is not stable",
    ),
    Column("Accuracy", "", "higher", True),
    metric_column("startup_ms"),
    metric_column("peak_memory_bytes", "Peak memory"),
)


def _cells(result: Result) -> tuple[Cell, ...]:
    return (
        _latency_cell(result),
        _marked_cell(result, "throughput_ips"),
        _sure_cell(result),
        accuracy_cells.named_cell(result),
        _marked_cell(result, "startup_ms"),
        _marked_cell(result, "peak_memory_bytes"),
    )


def _latency_cell(result: Result) -> Cell:
    """Return the latency; below an undisturbed one the observed one, in small type."""
    key = "latency_ms"
    cell, observed = _marked_cell(result, key), result.metric_value(OBSERVED[key])
    if observed is None or not is_undisturbed(result, key):
        return cell
    shown = look(observed).text(METRICS[OBSERVED[key]].format(observed.value))
    interval = value_cell(result, OBSERVED[key]).sub
    return replace(cell, sub=f"{cell.sub}\nobserved {shown}\n{interval}".strip())


def _marked_cell(result: Result, key: str) -> Cell:
    """Return a value with the mark of its own verdict, where that is not stable."""
    cell, found = value_cell(result, key), result.metric_value(key)
    if found is None or found.verdict.level != "noisy" or cell.sign:
        return cell
    return replace(cell, sign="noisy")


_SURE = ("latency", "throughput")
"""The measurements that a row's badge is of."""


def _weakest(result: Result) -> str:
    """Return the measurement with the worse verdict; latency where both have the same."""
    found = {name: verdict.level for name in _SURE if (verdict := result.verdict(name))}
    return max(found, key=lambda name: get_args(Level).index(found[name]), default=_SURE[0])


def _sure_cell(result: Result) -> Cell:
    """Return the worse verdict of latency and throughput: which it is of, and its first reasons.

    The result in full has all reasons.
    """
    worst = result.verdict(_weakest(result))
    if worst is None:
        return verdict_cell(result, _SURE[0])
    same = {n: v for n in _SURE if (v := result.verdict(n)) and v.level == worst.level}
    titles = [reason_title(reason.code).lower() for v in same.values() for reason in v.reasons]
    titles = list(dict.fromkeys(titles))
    more = f" and {len(titles) - _REASONS} more" if len(titles) > _REASONS else ""
    reasons = f": {', '.join(titles[:_REASONS])}{more}" if titles else ""
    tips = (f"{name}: {tip}" for name, v in same.items() if (tip := badge_cell(v).tip))
    return replace(badge_cell(worst), sub=f"{listed(same)}{reasons}", tip="; ".join(tips))


_AGAINST = (
    Column("Speed against f32", "×", "higher", True, tip="Latency, paired by round"),
    Column("Accuracy against f32", "points", "higher", True),
)
"""What a precision other than f32 buys and costs."""


def _against_cells(catalogue: Catalogue, result: Result) -> tuple[Cell, Cell]:
    return speedups.speedup_cell(catalogue, result), accuracy_cells.cost_cell(result)


# ---------------------------------------------------------------- other machines, beside it


def _beside(
    catalogue: Catalogue, shown: Sequence[Result]
) -> list[tuple[MachineRef, dict[str, Result]]]:
    """Return other machines with results of the same models, each model on its fastest device."""
    models = {r.model.id for r in shown}
    found = []
    for machine in catalogue.machines[1:]:
        by_model = grouped(
            (r.model.id, r)
            for r in preferred(catalogue.of_machine(machine))
            if r.model.id in models and r.metric_value("latency_ms")
        )
        if by_model:
            fastest = {id_: min(results, key=_latency) for id_, results in by_model.items()}
            found.append((machine, fastest))
    return found[:_BESIDE]


def _latency(result: Result) -> float:
    found = result.metric_value("latency_ms")
    return found.value if found else float("inf")


def _beside_column(machine: MachineRef) -> Column:
    unit = METRICS["latency_ms"].unit
    return Column(f"Latency, {machine.label}", unit, "lower", True, tip="For comparison")


def _beside_cell(results: dict[str, Result], result: Result) -> Cell:
    found = results.get(result.model.id)
    if found is None:
        return _NOT_THERE
    cell = _marked_cell(found, "latency_ms")
    return replace(cell, href=found.href, sub=f"{cell.sub}\n{found.label}".strip())

"""All metrics of one result, group by group, or why a group has none.

Accuracy has a table of its own, next to its reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ovreport.metrics import GROUPS, METRICS, MetricValue
from ovreport.metrics.accuracy import ACCURACY
from ovreport_sitegen.components.cells import missing_words, value_cell
from ovreport_sitegen.components.table import Cell, TableRow
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import plural


@dataclass(frozen=True, slots=True)
class ValueGroup:
    """The metrics of one group, or the reason why none of them was measured."""

    title: str
    rows: tuple[TableRow, ...]
    missing: str = ""


def groups(result: Result) -> list[ValueGroup]:
    """Return the metrics by group; a group that misses all for one reason says so once."""
    value_groups = []
    for group in (group for group in GROUPS if group is not ACCURACY):
        found = {k: result.metric_values[k] for k in group.keys if k in result.metric_values}
        reasons = {
            missing_words(f) if not isinstance(f, MetricValue) else "" for f in found.values()
        }
        if found and len(reasons) == 1 and "" not in reasons:
            value_groups.append(ValueGroup(group.title, (), reasons.pop()))
        elif found:
            value_groups.append(ValueGroup(group.title, tuple(_row(result, key) for key in found)))
    return value_groups


def _row(result: Result, key: str) -> TableRow:
    """Return a value with unit, interval, n and direction, or why there is none."""
    found = result.metric_values[key]
    label, better = _about(key)
    if not isinstance(found, MetricValue):
        return TableRow((label, Cell(missing_words(found), tone="missing", span=4)))
    shown = value_cell(result, key)
    bound = found.kind == "bound"
    n = plural(found.rounds, "round")
    if found.n > found.rounds:
        n += f" · {found.n:,} {METRICS[key].counts}"
    return TableRow(
        (
            label,
            Cell(shown.text, sub=METRICS[key].unit, tone="num"),
            Cell("bound at 99 % confidence" if bound else shown.sub),
            Cell(n),
            better,
        )
    )


@cache
def _about(key: str) -> tuple[Cell, Cell]:
    return Cell(METRICS[key].label, tip=METRICS[key].meaning), Cell(METRICS[key].better)

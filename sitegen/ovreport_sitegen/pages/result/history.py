"""Earlier records of a result's case, the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics import METRICS, MetricValue, MetricValues
from ovreport_sitegen.components.cells import (
    interval_words,
    level_cell,
    looking,
    metric_column,
    missing_cell,
)
from ovreport_sitegen.components.marks import look
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.collection import Collection, Entry
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.data.summary import Summary
from ovreport_sitegen.text import day, release

_METRICS = ("latency_ms", "throughput_ips")
_METRICS_OF_LANGUAGE = ("time_to_first_token_ms", "tokens_per_s")
_MOST = 40


def table(found: Collection, result: Result, earlier: Sequence[Entry]) -> Table | None:
    """Return earlier records of a result's case, oldest first in `earlier`; None without any."""
    if not earlier:
        return None
    keys = _METRICS_OF_LANGUAGE if result.record.case.is_language else _METRICS
    columns = (
        Column("Measured"),
        Column("OpenVINO"),
        *(column for key in keys for column in (metric_column(key), Column("Verdict"))),
    )
    rows = tuple(
        _row(entry.summary, found.followed(entry), keys) for entry in earlier[: -_MOST - 1 : -1]
    )
    return Table("history-table", "Earlier records of this case", columns, rows)


def _row(about: Summary, values: MetricValues, keys: Sequence[str]) -> TableRow:
    cells = [Cell(day(about.measured_at)), Cell(release(about.openvino))]
    for key in keys:
        found = values.get(key)
        cells.append(_value(found) if isinstance(found, MetricValue) else missing_cell(found))
        cells.append(level_cell(found))
    return TableRow(tuple(cells))


def _value(found: MetricValue) -> Cell:
    metric = METRICS[found.metric]
    ends = "" if found.low == found.high else interval_words(found.low, found.high, metric.format)
    return looking(Cell(metric.format(found.value), sub=ends, sort=found.value), look(found))

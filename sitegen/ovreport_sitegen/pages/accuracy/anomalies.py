"""Implausible accuracies, each with the reason and what to do."""

from __future__ import annotations

from ovreport.metrics.anomalies import ANOMALIES, anomalies
from ovreport_sitegen.components import accuracy_cells as cells
from ovreport_sitegen.components.cells import RESULT_COLUMNS, result_row
from ovreport_sitegen.components.table import Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.text import line


def table(catalogue: Catalogue) -> Table:
    """Return the table of all anomalies; without rows where there are none."""
    columns = (
        *RESULT_COLUMNS,
        Column("Anomaly", wide=True),
        Column("Difference", "of the metric"),
        Column("Against f32", "points", "higher", True),
        Column("Why it matters, and what to do"),
    )
    results = {id(r.record): r for r in catalogue.results}
    rows = []
    for found in anomalies([r.record for r in catalogue.results]):
        result, text = results[id(found.record)], ANOMALIES[found.code]
        rows.append(
            result_row(
                result,
                (
                    Cell(text.title, tone="bad"),
                    Cell(line(found.detail, 160)),
                    cells.cost_cell(result),
                    Cell(f"{text.meaning} {text.remedy}", tone="prose"),
                ),
            )
        )
    return Table("anomalies-table", "Implausible accuracies", columns, tuple(rows))

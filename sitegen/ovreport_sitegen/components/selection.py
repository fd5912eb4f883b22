"""Tables of details, and which results they show; a page's main table shows all.

Every result stands in full on its model's page. A second table of a thousand rows is megabytes that
nobody reads: on a large site such tables hold some whole devices, so that rows can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ovreport_sitegen.components.cells import RESULT_COLUMNS, result_row
from ovreport_sitegen.components.table import Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import DeviceRef, Result
from ovreport_sitegen.text import plural

MOST = 120
"""Results: twice the rows that a page shows at first."""


@dataclass(frozen=True)
class Selection:
    """The results to show, and a note on the others."""

    results: tuple[Result, ...]
    note: str = ""
    """Empty where all are shown."""


def details_table(
    catalogue: Catalogue,
    id_: str,
    caption: str,
    columns: Sequence[Column],
    cells: Callable[[Result], Sequence[Cell]],
) -> Table:
    """Return a table of details; `columns` and `cells` follow those that name the result."""
    chosen = whole_devices(catalogue, catalogue.results)
    rows = tuple(result_row(r, cells(r)) for r in chosen.results)
    columns = (*RESULT_COLUMNS, *columns)
    return Table(id_, caption, columns, rows, searchable=True, note=chosen.note)


def whole_devices(catalogue: Catalogue, results: Sequence[Result], most: int = MOST) -> Selection:
    """Return all of these results, or those of the first devices by rank, if there are many.

    There is always one device; others follow until the next one would exceed `most`.
    """
    if len(results) <= most:
        return Selection(tuple(results))
    sizes = Counter(r.device for r in results)
    kept: set[DeviceRef] = set()
    room = most
    for device in sorted(sizes, key=catalogue.rank, reverse=True):
        if kept and sizes[device] > room:
            break
        kept.add(device)
        room -= sizes[device]
    shown = tuple(r for r in results if r.device in kept)
    if len(shown) == len(results):
        return Selection(shown)
    return Selection(
        shown,
        f"Shows {len(shown):,} of {len(results):,} results: those of {len(kept)} of "
        f"{plural(len(sizes), 'device')}, the ones with most models. Every result is on its "
        "model's page.",
    )

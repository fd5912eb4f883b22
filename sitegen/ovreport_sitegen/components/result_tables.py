"""Tables of results: of all, or of some whole devices where there are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ovreport.words import plural
from ovreport_sitegen.components.cells import RESULT_COLUMNS, result_row
from ovreport_sitegen.components.table import Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import DeviceRef, Result

DETAILS_RESULTS = 40
"""Results in a table of details; a page may have several such tables."""


@dataclass(frozen=True)
class Selection:
    """The results to show, and a note on the others."""

    results: tuple[Result, ...]
    note: str = ""
    """Empty where all are shown."""


def result_table(
    id_: str,
    caption: str,
    results: Sequence[Result],
    columns: Sequence[Column],
    cells: Callable[[Result], Sequence[Cell]],
    note: str = "",
) -> Table:
    """Return a table of results; `columns` and `cells` follow those that name the result."""
    rows = tuple(result_row(r, cells(r)) for r in results)
    return Table(id_, caption, (*RESULT_COLUMNS, *columns), rows, searchable=True, note=note)


def whole_devices(
    catalogue: Catalogue, results: Sequence[Result], most: int = DETAILS_RESULTS
) -> Selection:
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
        f"{plural(len(sizes), 'device')}, the machine measured last first. The "
        "metrics of every result are on its model's page.",
    )

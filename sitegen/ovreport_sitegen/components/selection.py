"""Which results a table of details shows; a page's main table shows all.

Every result stands in full on its model's page. A second table of a thousand rows is megabytes that
nobody reads: on a large site such tables hold some whole devices, so that rows can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

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


def whole_devices(catalogue: Catalogue, results: Sequence[Result]) -> Selection:
    """Return all of these results, or those of the first devices by rank, if they are many.

    There is always one device; others follow until the next one would not stay within `MOST`.
    """
    if len(results) <= MOST:
        return Selection(tuple(results))
    sizes = Counter(r.device for r in results)
    kept: set[DeviceRef] = set()
    room = MOST
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

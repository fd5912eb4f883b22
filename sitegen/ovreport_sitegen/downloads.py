"""The downloads: records as JSON lines and metric values as CSV by machine, the schema, the study.

They are compressed: a page may not be, but a site of ten thousand records would be mostly these.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import resources

import msgspec
from msgspec.structs import astuple

from ovreport.figures import Figure, figures_of
from ovreport.history import CaseKey
from ovreport.record import json_schema
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.collection import Collection, Entry
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.text import clean

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = Figure.__struct_fields__
_STUDY = resources.files("ovreport_sitegen").joinpath("studies", "statistics.json")


def by_address(catalogue: Catalogue) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the address and the parts of every machine's downloads: a record in memory at a time.

    Each part is a gzip file, and so are all of them one after another (RFC 1952, section 2.2): what
    was compressed once is copied from the cache.
    """
    found = catalogue.collection
    older = {entry.checksum for entry in catalogue.older}
    by_machine = grouped((entry.summary.machine, entry) for entry in found.entries)
    for machine in catalogue.machines:
        entries = sorted(by_machine[machine.id], key=_order)
        yield machine.records_href, (_line(found, entry) for entry in entries)
        rows = (_rows(found, entry, current=entry.checksum not in older) for entry in entries)
        yield machine.figures_href, itertools.chain([_packed(_csv([COLUMNS]))], rows)


def small_files() -> dict[str, bytes]:
    """Return the downloads that every site has, by their address."""
    return {
        "data/statistics.json": _STUDY.read_bytes(),
        "data/record.schema.json": (json.dumps(json_schema(), indent=1) + "\n").encode(),
    }


def _order(entry: Entry) -> tuple[str, CaseKey, bytes]:
    return entry.summary.measured_at, entry.summary.case, entry.checksum


def _line(found: Collection, entry: Entry) -> bytes:
    """Return a record as a line of JSON, in the current format."""
    return found.derived(
        "line", entry, lambda: _packed(msgspec.json.encode(found.record(entry)) + b"\n")
    )


def _rows(found: Collection, entry: Entry, *, current: bool) -> bytes:
    """Return the rows of a record's values."""

    def computed() -> bytes:
        figures = figures_of(found.record(entry), found.values(entry), current=current)
        return _packed(_csv(map(_row, figures)))

    return found.derived("rows, current" if current else "rows, older", entry, computed)


def _packed(data: bytes) -> bytes:
    """Return data as a gzip file without name and time: the same data give the same bytes."""
    return gzip.compress(data, mtime=0)


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


@lru_cache(maxsize=1 << 16)
def guarded(text: str) -> str:
    """Return text on one line that a spreadsheet does not take for a formula."""
    text = " ".join(clean(text).split("\n"))
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def _row(figure: Figure) -> list[str]:
    return list(map(_cell, astuple(figure)))


def _cell(value: str | float | bool | None) -> str:
    """Return a value as a spreadsheet shall show it; empty: there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return guarded(value) if isinstance(value, str) else repr(round(value, 9))

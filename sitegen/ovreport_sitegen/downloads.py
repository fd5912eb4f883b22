"""The downloads: records as JSON lines and metric values as CSV by machine, the schema, the study.

They are compressed: a page may not be, but a site of ten thousand records would be mostly these.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import itertools
import json
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import resources
from operator import attrgetter

from msgspec.structs import astuple

from ovreport.figures import Figure
from ovreport.history import CaseKey
from ovreport.record import json_schema
from ovreport_sitegen.data.cache import Cache
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.collection import Collection, Entry
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.text import clean

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula; the last four are fullwidth = + - @."""
COLUMNS = Figure.__struct_fields__
_Value = str | float | bool | None
_OWN = slice(COLUMNS.index("metric"), COLUMNS.index("repeat"))
"""Columns of a value, between those of its record."""
_own = attrgetter(*COLUMNS[_OWN])
_STUDY = resources.files("ovreport_sitegen").joinpath("studies", "statistics.json")


_LEVEL = 4
"""Of compression: half the time of zlib's default for a tenth more bytes."""
_CHUNK = 64
"""Records that are compressed together."""


def by_address(catalogue: Catalogue) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the address and the parts of every machine's downloads: few records in memory at once.

    Each part is a gzip file, and so are all of them one after another (RFC 1952, section 2.2): what
    was compressed before is taken from the cache, and a new record changes the last part only.
    """
    found = catalogue.collection
    past = {entry.checksum for entry in (*catalogue.older, *catalogue.evidence)}
    head = _packed([f"{_csv(COLUMNS)}\n".encode()])
    by_machine = grouped((entry.summary.machine, entry) for entry in found.entries)
    for machine in catalogue.machines:
        entries = sorted(by_machine[machine.id], key=_order)
        chunks = [entries[at : at + _CHUNK] for at in range(0, len(entries), _CHUNK)]
        yield machine.records_href, (_lines(found, chunk) for chunk in chunks)
        rows = (_rows(found, chunk, past) for chunk in chunks)
        yield machine.figures_href, itertools.chain([head], rows)


def _lines(found: Collection, chunk: Sequence[Entry]) -> bytes:
    """Return records as lines of JSON."""
    return _kept(found.cache, "lines", chunk, "", found.line)


def _rows(found: Collection, chunk: Sequence[Entry], past: Container[bytes]) -> bytes:
    """Return the metric values of records as rows; `past`: those that are no current results."""
    is_current = {entry.checksum: entry.checksum not in past for entry in chunk}

    def rows(entry: Entry) -> bytes:
        figures = found.figures(entry, current=is_current[entry.checksum])
        return "".join(_of_one_record(figures)).encode()

    return _kept(found.cache, "rows", chunk, repr(list(is_current.values())), rows)


def _kept(
    cache: Cache, kind: str, chunk: Sequence[Entry], more: str, part: Callable[[Entry], bytes]
) -> bytes:
    """Return the parts of some entries as a gzip file, from the cache where they were there before.

    `more`: what it depends on beside the records.
    """
    key = hashlib.sha256(b"".join(entry.checksum for entry in chunk) + more.encode()).digest()
    data = cache.get(kind, key)
    if data is None:
        data = _packed(map(part, chunk))
        cache.put(kind, key, data)
    return data


def small_files() -> dict[str, bytes]:
    """Return the downloads that every site has, by their address."""
    return {
        "data/statistics.json": _STUDY.read_bytes(),
        "data/record.schema.json": (json.dumps(json_schema(), indent=1) + "\n").encode(),
    }


def _order(entry: Entry) -> tuple[str, CaseKey, bytes]:
    return entry.summary.measured_at, entry.summary.case, entry.checksum


def _packed(parts: Iterable[bytes]) -> bytes:
    """Return data as a gzip file without name and time: the same data give the same bytes."""
    return gzip.compress(b"".join(parts), _LEVEL, mtime=0)


class _Line:
    """A file of which a write returns the text: so `csv.writer` returns each row."""

    def write(self, text: str) -> str:
        return text


_writer = csv.writer(_Line(), lineterminator="")


def _csv(values: Iterable[_Value]) -> str:
    """Return values as a part of a row."""
    text: str = _writer.writerow(map(_cell, values))
    return text


@lru_cache(maxsize=1 << 16)
def guarded(text: str) -> str:
    """Return text on one line that a spreadsheet does not take for a formula."""
    text = " ".join(clean(text).split("\n"))
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def _of_one_record(figures: Iterable[Figure]) -> Iterator[str]:
    """Yield the rows of one record, which share the columns on either side of `_OWN`."""
    before = after = ""
    for figure in figures:
        if not before:
            values = astuple(figure)
            before, after = _csv(values[: _OWN.start]), _csv(values[_OWN.stop :])
        yield f"{before},{_csv(_own(figure))},{after}\n"


def _cell(value: _Value) -> str:
    """Return a value as a spreadsheet shall show it; empty: there is none."""
    if isinstance(value, str):
        return guarded(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(round(value, 9))

"""The data page: downloads, and problems with records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from ovreport.errors import RecordError
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.pages.page import Head, Page
from ovreport_sitegen.text import line, plural


@dataclass(frozen=True)
class Fault:
    """A record that could not be used."""

    where: str
    what: str
    remedy: str


@dataclass(frozen=True)
class Download:
    """A file to take away."""

    href: str
    title: str
    text: str


@dataclass(frozen=True)
class DataView:
    """Everything the template of the page needs."""

    head: Head
    downloads: tuple[Download, ...]
    faults: tuple[Fault, ...]
    doubts: tuple[Fault, ...]
    """Of records that are shown though `ovreport validate` refuses them, the first of each."""
    older: int


_DOWNLOADS = (
    Download(
        "data/records.json",
        "All records",
        "One JSON array: samples, settings and noise readings, in the current format of records. "
        "Every number on this site can be derived from it.",
    ),
    Download(
        "data/figures.csv",
        "All results",
        "One row for each value, with interval, n, verdict and reasons; a missing value has the "
        "reason why it is missing.",
    ),
    Download(
        "data/record.schema.json", "Schema of a record", "JSON Schema of the record's format."
    ),
    Download(
        "data/statistics.json",
        "Study of the statistics",
        "Whether intervals and comparisons hold where the truth is known: every condition that was "
        "simulated.",
    ),
)


def view(catalogue: Catalogue) -> DataView:
    """Return the view of the data page."""
    total = len(catalogue.everything) + len(catalogue.older)
    head = Head(
        "Data",
        f"Everything behind these pages: {plural(total, 'record')}, of which "
        f"{len(catalogue.older):,} are history.",
    )
    faults, doubts = (tuple(map(_fault, some)) for some in (catalogue.faults, catalogue.doubts))
    return DataView(head, _DOWNLOADS, faults, doubts, len(catalogue.older))


_PATH = re.compile(r"(?:[^\n:]*/)?([^/\n]+/[^/\n]+\.json)")


def _fault(error: RecordError) -> Fault:
    return Fault(line(_place(error.where), 200), line(_what(error.what), 300), line(error.remedy))


def _place(where: str) -> str:
    """Return a place with only the last two parts of its path: the builder's folders are private.

    It may be a folder, and may go on with that of a field.
    """
    path, at, field = where.partition(": $")
    return "/".join(PurePath(path).parts[-2:]) + at + field


def _what(text: str) -> str:
    """Return what is wrong, with another record's path shortened in the same way."""
    before = "of the same case and time as "
    if not text.startswith(before):
        return text
    return before + _PATH.sub(r"\1", text[len(before) :], count=1)


PAGE = Page("data", "Data", view)

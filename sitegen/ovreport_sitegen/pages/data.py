"""The data page: downloads, and problems with records."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ovreport.errors import RecordError
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.machines import MachineRef
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
    machines: tuple[MachineRef, ...]
    """Each has downloads of its own."""
    downloads: tuple[Download, ...]
    faults: tuple[Fault, ...]
    older: int


_DOWNLOADS = (
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
    faults = tuple(map(_fault, catalogue.faults))
    return DataView(head, catalogue.machines, _DOWNLOADS, faults, len(catalogue.older))


_PATH = re.compile(r"(?:[^\n:]*/)?([^/\n]+/[^/\n]+\.json)")


def _fault(error: RecordError) -> Fault:
    what = _without_folders(error.what, "of the same case and time as ")
    where = _without_folders(error.where)
    return Fault(line(where, 200), line(what, 300), line(error.remedy))


def _without_folders(text: str, before: str = "") -> str:
    """Return text with only the last two parts of a path: the builder's folders are private."""
    if not text.startswith(before):
        return text
    return before + _PATH.sub(r"\1", text[len(before) :], count=1)


PAGE = Page("data", "Data", view)

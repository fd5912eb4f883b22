"""The data page: downloads, the record's schema, and records that could not be used."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ovreport.errors import RecordError
from ovreport.record import FORMAT
from ovreport_sitegen.components.page import Page
from ovreport_sitegen.data.catalogue import Catalogue
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
    size: str


@dataclass(frozen=True)
class DataView:
    """Everything the template of the page needs."""

    page: Page
    downloads: tuple[Download, ...]
    faults: tuple[Fault, ...]
    older: int
    format: int


def view(catalogue: Catalogue, sizes: dict[str, int]) -> DataView:
    """Return the view of the page; `sizes` are those of the files in the site."""
    total = len(catalogue.everything) + len(catalogue.older)
    page = Page(
        "data.html",
        "Data",
        f"Everything behind these pages: {plural(total, 'record')}, of which "
        f"{len(catalogue.older):,} are history.",
        nav="data",
    )
    described = (
        (
            "data/records.json",
            "All records",
            "One JSON array: samples, settings, evidence, as "
            "collected. Every figure here can be derived from it.",
        ),
        (
            "data/figures.csv",
            "All figures",
            "One row a figure: value, interval, n, verdict, "
            "reasons; missing ones with their reason.",
        ),
        ("data/record.schema.json", "Schema of a record", "JSON Schema of the record's format."),
    )
    downloads = tuple(
        Download(href, title, text, _size(sizes[href])) for href, title, text in described
    )
    faults = tuple(map(_fault, catalogue.faults))
    return DataView(page, downloads, faults, len(catalogue.older), FORMAT)


_PATH = re.compile(r"(?:[^\n:]*/)?([^/\n]+/[^/\n]+\.json)")


def _fault(error: RecordError) -> Fault:
    what = error.what
    for before in ("the same record as ", "of the same case and time as "):
        what = _without_folders(what, before)
    where = _without_folders(error.where)
    return Fault(line(where, 200), line(what, 300), line(error.remedy))


def _without_folders(text: str, before: str = "") -> str:
    """Return text with only the last two parts of a path: the builder's folders are private."""
    if not text.startswith(before):
        return text
    return before + _PATH.sub(r"\1", text[len(before) :], count=1)


def _size(n: int) -> str:
    return f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{max(n / 1e3, 0.1):.1f} kB"

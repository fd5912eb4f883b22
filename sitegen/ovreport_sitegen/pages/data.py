"""The data page: downloads, and problems with records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap
from pathlib import PurePath

from ovreport.errors import RecordError
from ovreport.words import plural
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.machines import MachineRef
from ovreport_sitegen.data.result import ModelRef
from ovreport_sitegen.data.timeline import has_history
from ovreport_sitegen.pages.page import Head, Page
from ovreport_sitegen.text import line, listed


@dataclass(frozen=True)
class Fault:
    """A record that could not be used."""

    where: str
    what: str
    remedy: str


@dataclass(frozen=True)
class Problems:
    """Records with something wrong: those that the page has room for, and how many more."""

    shown: tuple[Fault, ...]
    more: int


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
    faults: Problems
    doubts: Problems
    """Of records that are shown though `ovreport validate` refuses them, the first of each."""
    older: int
    has_changes: bool
    """Whether the site has the page that compares runs."""


MOST_PROBLEMS = 100
"""Of a table: a page that lists thousands is read by nobody; `ovreport validate` lists all."""
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
        f"Everything behind these pages: {plural(total, 'record')}"
        + (f", {len(catalogue.older):,} of them history." if catalogue.older else "."),
    )
    shared = starmap(_shared, catalogue.shared_ids.items())
    faults = _problems([*shared, *map(_fault, catalogue.faults)])
    doubts = _problems([*map(_fault, catalogue.doubts)])
    older, has_runs = len(catalogue.older), has_history(catalogue)
    return DataView(head, catalogue.machines, _DOWNLOADS, faults, doubts, older, has_runs)


def _problems(found: Sequence[Fault]) -> Problems:
    return Problems(tuple(found[:MOST_PROBLEMS]), max(0, len(found) - MOST_PROBLEMS))


APART = "give each model an id of its own, or remove the records of files that are outdated"


def shared_id(model_id: str, models: Sequence[ModelRef]) -> str:
    """Return what is said of an id that several models have."""
    return f"{_shared(model_id, models).where}: {_shared(model_id, models).what}; {APART}"


def _shared(model_id: str, models: Sequence[ModelRef]) -> Fault:
    titles = listed([model.title for model in models])
    what = f"{len(models)} different models have this id, and are shown apart: {titles}"
    return Fault(f"model {model_id}", what, f"{APART[0].upper()}{APART[1:]}.")


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

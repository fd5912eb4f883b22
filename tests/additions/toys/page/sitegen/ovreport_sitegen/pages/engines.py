"""The engines page: how many results each engine has."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ovreport.engines import ENGINES
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.pages.page import Head, Page


@dataclass(frozen=True)
class EnginesView:
    """Everything the template of the page needs."""

    head: Head
    counts: tuple[tuple[str, int], ...]
    """Title of an engine, and how many results it has."""


def view(catalogue: Catalogue) -> EnginesView:
    """Return the engines that have results."""
    counts = Counter(result.record.case.engine for result in catalogue.everything)
    titled = tuple((ENGINES[engine].title, n) for engine, n in sorted(counts.items()))
    return EnginesView(Head("Engines", "What ran the models."), titled)


PAGE = Page("engines", "Engines", view)

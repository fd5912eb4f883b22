"""The latency page: undisturbed and observed, the slow inferences, and start-up."""

from __future__ import annotations

from dataclasses import dataclass

from ovreport.metrics.percentiles import TOO_FEW
from ovreport.words import plural
from ovreport_sitegen.answer.section import Section, section
from ovreport_sitegen.answer.state import State
from ovreport_sitegen.components import speedups, undisturbed
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.models_card import models_card
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.pages.page import Head, Page, has_values, warning


@dataclass(frozen=True)
class LatencyView:
    """Everything the template of the page needs."""

    head: Head
    quiet: str
    """How many latencies are undisturbed, and why the others are not."""
    cards: tuple[Card, ...]
    section: Section
    start: Card
    quiet_starts: str
    """The same of starts."""
    too_few: str
    """What a cell says in place of a percentile with too few inferences."""


def view(catalogue: Catalogue) -> LatencyView:
    """Return the view of the latency page."""
    results = catalogue.results
    head = Head(
        "Latency",
        "How long one inference takes, one request at a time (LATENCY hint): the wall time that "
        f"its caller waits. {plural(len(results), 'result')}. Rankings use the undisturbed value, "
        "which quiet rounds in fresh processes agree on; the observed one is the median over all "
        "rounds.",
        warning=warning(results, "latency"),
    )
    observed = undisturbed.observed_card(catalogue)
    shown = (
        models_card(catalogue, "latency_ms"),
        speedups.speedup_card(catalogue, "latency"),
        *((observed,) if observed else ()),
        models_card(catalogue, "latency_p99_ms"),
    )
    start = models_card(catalogue, "startup_ms")
    return LatencyView(
        head,
        undisturbed.quiet_note(results, "latency_ms"),
        shown,
        section(catalogue, "Latency of every model", State("latency_ms")),
        start,
        undisturbed.quiet_note(results, "startup_ms"),
        TOO_FEW,
    )


PAGE = Page("latency", "Latency", view, when=has_values)

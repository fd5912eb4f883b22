"""The overview: the machine that was measured last, a row a model; then charts and every result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ovreport.record import Accuracy
from ovreport.words import plural
from ovreport_sitegen.answer.section import Section, section
from ovreport_sitegen.answer.table import Answer, answer
from ovreport_sitegen.components import ranking, speedups
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.models_card import models_card
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.pages.accuracy import loss_card
from ovreport_sitegen.pages.overview.takeaway import Takeaway
from ovreport_sitegen.pages.overview.takeaways import further, takeaways
from ovreport_sitegen.pages.overview.whose import Whose, whose
from ovreport_sitegen.pages.page import Head, Page, has_results, has_values, warning


@dataclass(frozen=True)
class OverviewView:
    """Everything the template of the page needs."""

    head: Head
    whose: Whose
    takeaways: tuple[Takeaway, ...]
    section: Section
    further: tuple[Takeaway, ...]
    families: tuple[str, ...]
    cards: tuple[Card, ...]


def view(catalogue: Catalogue) -> OverviewView:
    """Return the view of the overview."""
    last = catalogue.machines[0]
    results = catalogue.of_machine(last)
    head = Head(
        "OpenVINO: how fast, how right, how sure?",
        f"OpenVINO runs neural networks on processors, graphics and neural processors. "
        f"{_what_is_here(catalogue)}",
        warning=warning(results, "latency", f"on {last.label}"),
    )
    every = _every(catalogue)
    families = Counter(d.family for d in catalogue.devices)
    return OverviewView(
        head,
        whose(catalogue),
        takeaways(catalogue, every),
        section(catalogue, "Every model on every device"),
        further(catalogue, every),
        tuple(f for f in ("CPU", "iGPU", "dGPU", "NPU", "other") if families[f]),
        tuple(_cards(catalogue)),
    )


@lru_cache(maxsize=1)
def _every(catalogue: Catalogue) -> Answer:
    """Return the table of all models and devices, which findings are of."""
    return answer(catalogue, whole=True)


def _what_is_here(catalogue: Catalogue) -> str:
    """Return what the site has answers to, or that nothing ran."""
    models = plural(len(catalogue.models), "model")
    devices = plural(len(catalogue.devices), "device")
    if not has_values(catalogue):
        return f"This site has no numbers yet: {models} tried on {devices}, and none ran."
    their = "its outputs stay" if len(catalogue.models) == 1 else "their outputs stay"
    return (
        f"This site says how fast it runs {models} on {devices}, whether {their} right, and how "
        "sure each number is."
    )


def in_short(catalogue: Catalogue) -> tuple[str, str, str]:
    """Return the first finding: what it answers, its number or name, its sentence."""
    if not catalogue.results:
        return "", PAGE.label, plural(len(catalogue.models), "model")
    found = takeaways(catalogue, _every(catalogue))
    return (found[0].topic, found[0].value, found[0].text)


def _cards(catalogue: Catalogue) -> list[Card]:
    """Return the cards of all models; after them one model on several devices, if any ran so.

    What cannot be drawn is left to its own page, which says why, and has the tables. Start-up and
    memory are on theirs only.
    """
    model = _widest(catalogue)
    cards = [
        speedups.speedup_card(catalogue, "latency", more="latency.html#speedup"),
        loss_card(catalogue, more="accuracy.html#lost"),
        models_card(catalogue, "latency_ms", more="latency.html#latency"),
        models_card(catalogue, "throughput_ips", more="throughput.html#throughput"),
        *(_device_cards(catalogue, model) if model else ()),
    ]
    return [replace(card, table=None) for card in cards if card.chart]


def _device_cards(catalogue: Catalogue, model: ModelRef) -> list[Card]:
    """Return the cards of one model on every device that ran it."""
    shown = (
        ("latency_ms", "latency", "Milliseconds per inference"),
        ("throughput_ips", "throughput", "Inferences per second"),
    )
    only = " · architecture only" if model.architecture_only else ""
    return [
        ranking.ranking_card(
            _alike(catalogue.of_model(model)),
            key,
            id_=f"devices-{name}",
            title=f"{model.title}: {name}",
            axis=axis,
            conditions=f"default precision{only}",
            naming=ranking.device_name,
            log=False,
            more=model.href,
        )
        for key, name, axis in shown
    ]


def _alike(results: Sequence[Result]) -> list[Result]:
    """Return a model's results that can be ranked: of one file and inputs, with most devices."""
    found = ranking.comparable(ranking.preferred(results))
    works = grouped(((r.record.model.sha256, repr(r.record.inputs)), r) for r in found)
    return max(works.values(), key=len, default=[])


def _widest(catalogue: Catalogue) -> ModelRef | None:
    """Return the model that ran on most devices, None where no model ran on two."""

    def devices(model: ModelRef) -> int:
        results = _alike(catalogue.of_model(model))
        return len({r.device.key for r in results if r.trusted("latency_ms")})

    def labelled(model: ModelRef) -> bool:
        return any(isinstance(r.accuracy, Accuracy) for r in catalogue.of_model(model))

    best = max(
        catalogue.models, key=lambda m: (devices(m), not m.architecture_only, labelled(m), m.title)
    )
    return best if devices(best) > 1 else None


PAGE = Page("overview", "Overview", view, when=has_results)

"""A model's page: findings, charts, the table of its results, and a list of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ovreport.metrics import METRICS, MetricValue
from ovreport.pairing import latencies
from ovreport.record import Latency
from ovreport.stats import intervals
from ovreport.words import plural
from ovreport_sitegen.answer.cells import ran_words
from ovreport_sitegen.answer.choice import choose
from ovreport_sitegen.answer.section import Section, section_of_model
from ovreport_sitegen.answer.state import KEPT
from ovreport_sitegen.badges import Badge, badges
from ovreport_sitegen.charts import MAX_ROWS, Chart, Row
from ovreport_sitegen.components.about import About, about
from ovreport_sitegen.components.card import Card, footer
from ovreport_sitegen.components.listed import Listed, listed
from ovreport_sitegen.components.ranked import value_details
from ovreport_sitegen.components.ranking import preferred
from ovreport_sitegen.components.table import Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.pages import frameworks
from ovreport_sitegen.pages.accuracy import conversion, sentences, tradeoff
from ovreport_sitegen.pages.accuracy import table as accuracies
from ovreport_sitegen.pages.end_to_end.stages import measured, stage_card
from ovreport_sitegen.pages.model import optimization
from ovreport_sitegen.pages.page import Head, PageOfEach, warning
from ovreport_sitegen.pages.throughput import curve
from ovreport_sitegen.text import listed as listed_words

_OBSERVED = "latency_observed_ms"
_MOST_NAMED = 3
"""Devices that a sentence names."""


@dataclass(frozen=True)
class ModelView:
    """Everything the template of a model's page needs."""

    head: Head
    model: ModelRef
    about: About
    findings: tuple[str, ...]
    section: Section | None
    """None where OpenVINO never ran it."""
    tradeoffs: tuple[Card, ...]
    """Accuracy against latency and throughput, for each device that has a choice."""
    tradeoffs_note: str
    """Which devices have none here; empty where all have."""
    optimizations: tuple[optimization.OptimizationView, ...]
    """How each file that is not the published one was optimized or converted."""
    size: Table | None
    """File size and memory; None where there is only one variant."""
    size_finding: str
    published: Table | None
    """Results that others published."""
    spread: Card | None
    stages: Card | None
    """From image file to output; None where that was not measured."""
    curves: tuple[Card, ...]
    accuracies: Table | None
    """All accuracies, where there are more than the headlines."""
    results: tuple[Listed, ...]
    """Each with a link to its page."""
    badges: tuple[Badge, ...]
    """For a README elsewhere; empty where the settings do not say where the site is published."""


def view(catalogue: Catalogue, model: ModelRef) -> ModelView:
    """Return the view of a model's page."""
    results, native = catalogue.of_model(model), catalogue.native_of(model)
    head = Head(
        model.title,
        f"{model.task.capitalize()} · {plural(len(results), 'result')} on "
        f"{plural(len({r.device.key for r in results}), 'device')}"
        + (f", {plural(len(native), 'result')} of native frameworks." if native else "."),
        warning=warning(results, "latency", "of this model"),
    )
    return ModelView(
        head=head,
        model=model,
        about=about(results or native, catalogue.namesakes(model)),
        findings=(
            *_advice(results),
            *_findings(catalogue, results),
            *tradeoff.model_findings(catalogue, model),
            *filter(None, map(conversion.finding, native[:4])),
            *[frameworks.sentence(p) for p in catalogue.framework_speedups_of(model)[:4]],
        ),
        section=section_of_model(catalogue, model),
        tradeoffs=tradeoff.model_cards(catalogue, model),
        tradeoffs_note=tradeoff.model_note(catalogue, model),
        optimizations=optimization.optimizations(results),
        size=optimization.size_table(catalogue, model),
        size_finding=optimization.size_finding(catalogue, model),
        published=accuracies.published_table(catalogue, model),
        spread=_spread_card(results),
        stages=stage_card(model, found) if (found := measured(preferred(results))) else None,
        curves=curve.model_cards(results),
        accuracies=accuracies.table([*results, *native]),
        results=listed([*results, *native]),
        badges=tuple(b for b in badges(catalogue, model) if b.markdown),
    )


def _advice(results: Sequence[Result]) -> list[str]:
    """Return which choice to deploy on each device that has one; empty where none has."""
    of_device = grouped((r.device, r) for r in results if r.completed)
    chosen = [
        (ran_words(best), device.label)
        for device, some in of_device.items()
        if len(some) > 1 and (best := choose(some, "latency_ms", KEPT))
    ]
    if not chosen:
        return []
    by_words = grouped(chosen)
    parts = [f"{words} on {_some(devices)}" for words, devices in by_words.items()]
    return [f"Lowest latency that keeps 99 % of the accuracy: {'; '.join(parts)}."]


def _some(names: Sequence[str]) -> str:
    if len(names) <= _MOST_NAMED:
        return listed_words(names)
    rest = len(names) - _MOST_NAMED
    return f"{', '.join(names[:_MOST_NAMED])} and {plural(rest, 'other')}"


def _findings(catalogue: Catalogue, results: Sequence[Result]) -> list[str]:
    """Return what each other precision of the published file does, a sentence each."""
    published_ones = [r for r in results if r.is_published]
    found = sentences.effects(catalogue, published_ones)
    texts = [sentences.sentence(e, many=True) for e in found if e.ratio("latency")]
    return list(filter(None, texts))[:2]


def _spread_card(results: Sequence[Result]) -> Card | None:
    """Return the card of each round's latency against the median of its case; None without any."""
    measured = [r for r in results if r.metric_value(_OBSERVED)]
    drawn = [(row, r) for r in measured[:MAX_ROWS] if (row := _spread_row(r))]
    if not drawn:
        return None
    rows = [row for row, _ in drawn]
    widest, by = max(((row, _spread_of(r)) for row, r in drawn), key=lambda pair: pair[1])
    finding = (
        f"Widest spread: {widest.name}, standard deviation {100 * by:.1f} %, up to "
        f"{max(map(abs, widest.points)):.1f} % off the median."
    )
    title = "Spread over rounds"
    legend = "Circle: one round. Band: 95 % interval of the median over all rounds."
    if len(measured) > len(rows):
        legend += f" The first {len(rows)} of {len(measured)} results."
    chart = Chart("rounds", title, finding, "Latency, % off the median of rounds", tuple(rows))
    return Card(
        id="spread",
        title=title,
        conditions="latency, every round",
        better="Narrow is better",
        finding=finding,
        footer=footer(measured, _OBSERVED),
        chart=chart,
        legend=legend,
    )


def _spread_of(result: Result) -> float:
    """Return the relative standard deviation of a result's rounds, 0 for one round."""
    medians = list(latencies(result.record).values())
    return intervals.relative_deviation(medians) if len(medians) > 1 else 0.0


def _spread_row(result: Result) -> Row | None:
    median, latency = result.metric_values[_OBSERVED], result.record.latency
    if not isinstance(median, MetricValue) or not isinstance(latency, Latency):
        return None
    middle = median.value
    name = f"{result.device.label} · {result.label}"
    return Row(
        name=name,
        label="",
        value=0,
        low=(median.low / middle - 1) * 100,
        high=(median.high / middle - 1) * 100,
        family=result.device.family,
        points=tuple((r.median_ms / middle - 1) * 100 for r in latency.rounds),
        tip=f"{name}: {METRICS[_OBSERVED].format_unit(middle)}, {value_details(median)}",
    )


PAGE = PageOfEach("model", "models", lambda catalogue: catalogue.models, view)

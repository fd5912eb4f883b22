"""The overview: key results, charts, and the table of all results."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ovreport.record import Accuracy, TokenAgreement
from ovreport.stats.intervals import geometric_mean
from ovreport_sitegen.components import accuracy_cells, ranking, speedups
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.generation import generation_of, main_result, value_words
from ovreport_sitegen.components.ratio_card import speed_words
from ovreport_sitegen.components.table import Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import ModelRef
from ovreport_sitegen.pages.accuracy import loss_card, sentences
from ovreport_sitegen.pages.page import Head, Page, has_results, warning
from ovreport_sitegen.text import day, listed, plural, release

_METRICS = ("latency_p99_ms", "throughput_ips", "peak_memory_bytes", "startup_ms")


@dataclass(frozen=True)
class Takeaway:
    """A number in large type with one sentence."""

    value: str
    text: str
    href: str


@dataclass(frozen=True)
class OverviewView:
    """Everything the template of the page needs."""

    head: Head
    takeaways: tuple[Takeaway, ...]
    families: tuple[str, ...]
    cards: tuple[Card, ...]
    table: Table


def view(catalogue: Catalogue) -> OverviewView:
    """Return the view of the overview."""
    results = catalogue.results
    releases = sorted({release(r.record.software.openvino) for r in results})
    days = sorted(r.record.measured_at for r in results)
    span = day(days[0]) if day(days[0]) == day(days[-1]) else f"{day(days[0])} – {day(days[-1])}"
    head = Head(
        f"Inference benchmarks, OpenVINO {listed(releases[-3:])}",
        f"{plural(len(results), 'result')} for {plural(len(catalogue.models), 'model')} on "
        f"{plural(len(catalogue.devices), 'device')}, measured {span}. Each is the median over "
        "rounds in fresh processes; noisy results are marked.",
        warning=warning(results, "latency", "here"),
    )
    families = Counter(d.family for d in catalogue.devices)
    return OverviewView(
        head,
        tuple(_takeaways(catalogue)),
        tuple(f for f in ("CPU", "iGPU", "dGPU", "NPU", "other") if families[f]),
        tuple(_cards(catalogue)),
        table(catalogue),
    )


def _cards(catalogue: Catalogue) -> list[Card]:
    """Return the cards of all models; before them one model on several devices, if any ran so."""
    model = _widest(catalogue)
    all_models = [
        speedups.speedup_card(catalogue, "latency", more="latency.html#speedup"),
        loss_card(catalogue, more="accuracy.html"),
        ranking.latency_card(catalogue, more="latency.html"),
        ranking.throughput_card(catalogue, more="throughput.html"),
    ]
    if model is not None:
        return [*_device_cards(catalogue, model), *all_models]
    return [
        *all_models,
        ranking.startup_card(catalogue, more="latency.html#startup"),
        ranking.memory_card(catalogue, more="efficiency.html#memory"),
    ]


def _device_cards(catalogue: Catalogue, model: ModelRef) -> list[Card]:
    """Return the cards of one model on every device that ran it."""
    shown = (
        ("latency_ms", "latency", "Milliseconds per inference"),
        ("throughput_ips", "throughput", "Inferences per second"),
    )
    only = " · architecture only" if model.architecture_only else ""
    return [
        ranking.ranking_card(
            ranking.preferred(catalogue.of_model(model)),
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


def _widest(catalogue: Catalogue) -> ModelRef | None:
    """Return the model that ran on most devices, None where no model ran on two."""

    def devices(model: ModelRef) -> int:
        return len({r.device.key for r in catalogue.of_model(model) if r.trusted("latency_ms")})

    def labelled(model: ModelRef) -> bool:
        return any(isinstance(r.accuracy, Accuracy) for r in catalogue.of_model(model))

    best = max(
        catalogue.models, key=lambda m: (devices(m), not m.architecture_only, labelled(m), m.title)
    )
    return best if devices(best) > 1 else None


def _takeaways(catalogue: Catalogue) -> list[Takeaway]:
    parts = (_speed, _accuracy, _language, _verdicts)
    return [takeaway for part in parts if (takeaway := part(catalogue))]


def _speed(catalogue: Catalogue) -> Takeaway | None:
    """Return the mean speedup of the default precision, if it is significant for any model."""
    found = catalogue.default_speedups()
    ratios = [ratio for speedup in found if (ratio := speedup.latency)]
    significant = sum(ratio.significant for ratio in ratios)
    if not significant:
        return None
    ran = {speedup.candidate.executed for speedup in found}
    (only,) = ran if len(ran) == 1 else (None,)
    device = catalogue.speedup_device.label
    default = f"{only}, the default on {device}" if only else f"the default precision on {device}"
    return Takeaway(
        speed_words(geometric_mean([ratio.ratio.value for ratio in ratios])),
        f"{default}, compared with f32: geometric mean of {len(ratios)} models, significantly "
        f"different for {significant} of them.",
        "latency.html#speedup",
    )


def _accuracy(catalogue: Catalogue) -> Takeaway | None:
    """Return how many results of the default precision keep the accuracy, and the largest loss."""
    below = [
        r
        for r in catalogue.results
        if r.requested != "f32" and r.is_published and accuracy_cells.eligible(r) is not None
    ]
    if not below:
        return None
    kept = sum(bool(accuracy_cells.eligible(r)) for r in below)
    text = "of the default-precision results keep 99 % of the f32 accuracy."
    if kept < len(below):
        worst = max(below, key=sentences.share_lost)
        effect = sentences.Effect(worst, catalogue.speedup(worst))
        text += f" {sentences.sentence(effect, many=len(catalogue.devices) > 1)}"
    return Takeaway(f"{kept} of {len(below)}", text, "accuracy.html")


def _language(catalogue: Catalogue) -> Takeaway | None:
    """Return the speed of a language model, or its token agreement if the speed is unreliable."""
    best = main_result(catalogue.language)
    if best is None:
        return None
    name = f"{best.model.title}, a language model with {best.variant} weights, on "
    name += best.device.label
    if best.trusted("tokens_per_s"):
        first = value_words(best, "time_to_first_token_ms")
        text = f"from {name}: its first token after {first}."
        return Takeaway(value_words(best, "tokens_per_s"), text, "language-models.html")
    measured = generation_of(best)
    agreement = measured.agreement if measured else None
    if not isinstance(agreement, TokenAgreement):
        return None
    return Takeaway(
        f"{agreement.identical} of {len(agreement.common)}",
        f"greedy outputs of {name} equal those of f32 token for token. Its speed was too noisy for "
        "a headline.",
        "language-models.html",
    )


def _verdicts(catalogue: Catalogue) -> Takeaway:
    """Return how many results are stable."""
    verdicts = Counter(v.level for r in catalogue.results if (v := r.verdict("latency")))
    failed = sum(not r.completed for r in catalogue.results)
    return Takeaway(
        f"{verdicts['stable']} of {len(catalogue.results)}",
        f"latency results are stable, {verdicts['noisy']} noisy, {verdicts['unreliable']} "
        f"unreliable, {plural(failed, 'case')} failed or unsupported. Each one says why.",
        "method.html#verdicts",
    )


def table(catalogue: Catalogue) -> Table:
    """Return the table of every result."""
    return speedups.speed_table(
        catalogue,
        "results",
        "All results",
        "latency",
        _METRICS,
        [Column("Accuracy", "% or × 100", "higher", True)],
        lambda r: [accuracy_cells.value_cell(r)],
    )


PAGE = Page("overview", "Overview", view, when=has_results)

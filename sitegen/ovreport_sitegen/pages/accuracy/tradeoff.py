"""Charts of accuracy against speedup: a card for each model, with what it leaves out and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ovreport.metrics import HEADLINES, METRICS
from ovreport.record import Accuracy
from ovreport.stats.comparison import Comparison
from ovreport.words import plural
from ovreport_sitegen.charts import MAX_ROWS, Plane, Point
from ovreport_sitegen.compare import MEASUREMENTS, SpeedMeasurement
from ovreport_sitegen.components import accuracy_cells as cells
from ovreport_sitegen.components.card import Card, footer
from ovreport_sitegen.components.marks import APPROXIMATE, Look
from ovreport_sitegen.components.ranked import value_details
from ovreport_sitegen.components.ratio_card import PAIRED, ratio_words
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.pages.accuracy import pareto, sentences
from ovreport_sitegen.pages.accuracy.choices import choices_table
from ovreport_sitegen.pages.accuracy.pareto import Choices
from ovreport_sitegen.text import listed

MOST_CARDS = 6
"""Charts on one page; of a model, the pages of devices have the choices of all."""
_X = {
    "latency": "Times as fast as f32, log scale",
    "throughput": "Times the throughput of f32, log scale",
}
_Y = "Points against the f32 reference"
_BETTER = "Right and up is better"
_KEY = (
    "Filled, on the line: optimal. ▼: below 99 % of the reference. Lines: 95 % intervals; speedups "
    "are paired by round. Shaded: within 1 % of the reference."
)


# ---------------------------------------------------------------- of a page


def site_cards(catalogue: Catalogue, most: int = MOST_CARDS) -> tuple[Card, ...]:
    """Return a card for each model, on the device where most of its speedups can be used."""
    return tuple(
        replace(
            card(catalogue, c, "latency", title=c.model.title, more=f"{c.model.href}#tradeoff"),
            id=f"tradeoff-{c.model.slug}",
        )
        for c in _drawn(catalogue)[:most]
    )


def site_note(catalogue: Catalogue, most: int = MOST_CARDS) -> str:
    """Return which models have no chart on the page; empty where each with a choice has one."""
    choices, drawn = {c.model.id for c in pareto.every(catalogue)}, len(_drawn(catalogue))
    bare = len(choices) - drawn
    notes = []
    if drawn > most:
        notes.append(
            f"These are the first {most} of {drawn} models; the others have theirs on their pages."
        )
    if bare:
        notes.append(
            "One model with a choice has no chart, because fewer than two of its choices have a "
            "speedup: its page says why."
            if bare == 1
            else f"{bare} models with a choice have no chart, because fewer than two of their "
            "choices have a speedup: their pages say why."
        )
    return " ".join(notes)


def _drawn(catalogue: Catalogue) -> list[Choices]:
    """Return for each model with a chart the choices that it shows."""
    best: dict[str, Choices] = {}
    for c in pareto.every(catalogue):
        if c.model.id not in best or _size(c) > _size(best[c.model.id]):
            best[c.model.id] = c
    return [c for c in best.values() if len(c.drawn("latency")) > 1]


def _size(choices: Choices) -> tuple[int, int, int]:
    return len(choices.usable("latency")), len(choices.drawn("latency")), len(choices.results)


def model_cards(catalogue: Catalogue, model: ModelRef) -> tuple[Card, ...]:
    """Return two cards for each device: accuracy against the speedup in latency and throughput.

    If only one of the two can be drawn, it says why the other cannot; if neither can, one card has
    the table and the reasons.
    """
    wanted = [
        (choices, measurement, reasons, place)
        for choices in pareto.every(catalogue)
        if choices.model.id == model.id
        for place, (measurement, reasons) in enumerate(_worth_a_card(choices))
    ]
    found = []
    for choices, measurement, reasons, place in wanted[:MOST_CARDS]:
        title = f"Accuracy against {measurement} speedup on {choices.device.label}"
        shown = card(catalogue, choices, measurement, title=title)
        found.append(
            replace(
                shown,
                id=f"tradeoff-{measurement}-{choices.device.slug}",
                left_out=reasons,
                table=None if place else shown.table,  # both have the same choices
            )
        )
    return tuple(found)


def model_note(catalogue: Catalogue, model: ModelRef) -> str:
    """Return how many of a model's devices have a card on its page; empty where all have."""
    every = [c for c in pareto.every(catalogue) if c.model.id == model.id]
    shown = [c for c in every for _ in _worth_a_card(c)][:MOST_CARDS]
    devices = len({c.device for c in shown})
    if devices == len(every):
        return ""
    return (
        f"These are the first {devices} of {plural(len(every), 'device')}; what is optimal on the "
        "others is on their pages."
    )


def _worth_a_card(choices: Choices) -> Iterator[tuple[SpeedMeasurement, tuple[str, ...]]]:
    """Yield which charts to show, with the exclusion reasons below each."""
    drawn = [a for a in MEASUREMENTS if len(choices.drawn(a)) > 1] or MEASUREMENTS[:1]
    for measurement in drawn:
        own = tuple(_left_out(choices, measurement))
        others = [a for a in MEASUREMENTS if a not in drawn and measurement == drawn[0]]
        further = [(a, text) for a in others for text in _left_out(choices, a) if text not in own]
        yield measurement, (*own, *(f"By {a}, {text}" for a, text in further))


def no_choice_text(catalogue: Catalogue) -> str:
    """Return why there is nothing to choose; empty where there is."""
    if pareto.every(catalogue):
        return ""
    labelled = [r for r in catalogue.results if cells.difference_of(r)]
    models = len({r.model.id for r in labelled})
    if not models:
        return "No model here has both a speed and an accuracy on labelled data."
    who = "The one model" if models == 1 else f"Each of {plural(models, 'model')}"
    if all(r.is_published and r.executed == "f32" for r in labelled):
        why, what = "ran only in f32, from the published file", "a lower precision"
    else:
        why, what = "has no speed beside that of f32 in the same run", "f32 and a lower precision"
    return (
        f"{who} with labelled data {why}. For a choice between accuracy and speed, measure {what} "
        "or an optimized variant in the same run."
    )


def model_findings(catalogue: Catalogue, model: ModelRef) -> list[str]:
    """Return the effects of the best and the worst of a model's variants, a sentence each."""
    many = len(catalogue.devices) > 1
    found = sentences.effects(catalogue, catalogue.of_model(model))
    optimized = [effect for effect in found if not effect.result.is_published]
    best, worst = sentences.best_choice(optimized), sentences.largest_loss(found)
    shown = [effect for effect in (best, worst) if effect and not effect.result.is_published]
    return [sentences.sentence(effect, many=many) for effect in shown]


# ---------------------------------------------------------------- one card


def card(
    catalogue: Catalogue,
    choices: Choices,
    measurement: SpeedMeasurement,
    *,
    title: str,
    more: str = "",
) -> Card:
    """Return the card of one model's choices on one device; a single one is not drawn."""
    usable, shown = choices.usable(measurement), choices.drawn(measurement)
    first, is_drawn = choices.results[0], len(shown) > 1
    finding = sentences.card_finding(sentences.effects(catalogue, choices.results), measurement)
    if len(usable) < 2:
        finding = _nothing_ranked(choices, len(usable), measurement)
    key = _KEY if is_drawn else ""
    if is_drawn and len(shown) > len(usable):
        key += f" Grey, with {APPROXIMATE}: the speedup is too uncertain to be ranked."
    if is_drawn and len(shown) > MAX_ROWS:
        key += f" The first {MAX_ROWS} of {len(shown)}."
    chart = Plane(
        title=f"{choices.model.title}: accuracy against {measurement} speedup",
        description=finding,
        x_axis=_X[measurement],
        y_axis=_Y,
        tolerance=_tolerance(first),
        points=tuple(_mark(choices, r, measurement) for r in shown[:MAX_ROWS]),
    )
    accuracy = first.accuracy
    metric = METRICS[accuracy.metric].label if isinstance(accuracy, Accuracy) else ""
    id_ = f"tradeoff-{measurement}-{choices.model.slug}-{choices.device.slug}"
    speedups = choices.rankings[measurement].speedups.values()
    pairs = {speedup.pairs for speedup in speedups if speedup.pairs}  # f32 over itself has none
    return Card(
        id=id_,
        title=title,
        conditions=f"{choices.device.label} · {metric}",
        better=_BETTER,
        finding=finding,
        chart=chart if is_drawn else None,
        legend=key,
        left_out=tuple(_left_out(choices, measurement)),
        table=choices_table(catalogue, choices, measurement, f"{id_}-table"),
        footer=footer(choices.results, HEADLINES[measurement], by=PAIRED, pairs=pairs),
        more=more,
    )


def _nothing_ranked(choices: Choices, usable: int, measurement: SpeedMeasurement) -> str:
    few = "only one has" if usable else "none has"
    total = plural(len(choices.results), "choice")
    return f"Of {total}, {few} a {measurement} speedup that is certain enough to be ranked."


def _left_out(choices: Choices, measurement: SpeedMeasurement) -> Iterator[str]:
    """Yield the choices that are not ranked, by the reason."""
    exclusions = choices.rankings[measurement].exclusions
    excluded = (id(r) for r in choices.results if id(r) in exclusions)
    by_reason = grouped((exclusions[key], choices.names[key]) for key in excluded)
    for reason, names in by_reason.items():
        yield f"{listed(names)}: {reason}"


def _tolerance(result: Result) -> float:
    reference, accuracy = cells.difference_of(result), result.accuracy
    if reference is None or not isinstance(accuracy, Accuracy):
        return 0.0
    return (1 - cells.ELIGIBLE) * abs(reference.value) * METRICS[accuracy.metric].scale


def _mark(choices: Choices, result: Result, measurement: SpeedMeasurement) -> Point:
    ranking, name = choices.rankings[measurement], choices.names[id(result)]
    reference, accuracy = cells.difference_of(result), result.accuracy
    if reference is None or not isinstance(accuracy, Accuracy):
        raise ValueError("a choice has an accuracy")
    outside, standing = cells.eligible(result) is False, ranking.standings.get(id(result))
    speedup = ranking.speedups[id(result)] if standing else ranking.unclear[id(result)]
    word = standing.word if standing else f"not ranked: {ranking.exclusions[id(result)]}"
    look = Look(is_approximate=standing is None)
    scale = METRICS[accuracy.metric].scale
    delta, low, high = (
        scale * x for x in (reference.delta, reference.delta_low, reference.delta_high)
    )
    return Point(
        x=speedup.ratio.value,
        x_low=speedup.ratio.low,
        x_high=speedup.ratio.high,
        y=delta,
        y_low=low,
        y_high=high,
        label=look.text(name),
        family="other" if look.is_approximate else result.device.family,
        filled=word == "optimal",
        outside=outside and standing is not None,
        shape="triangle-down" if outside else "diamond" if word == "optimal" else "circle",
        tip=f"{name}: {_speedup_words(result, speedup, measurement)}; {cells.points(delta)} "
        f"points, 95 % interval {cells.points(low)} to {cells.points(high)}, n {accuracy.n:,}; "
        f"{word}{_absolute(result, measurement)}",
    )


def _speedup_words(result: Result, speedup: Comparison, measurement: SpeedMeasurement) -> str:
    if result.is_baseline:
        return "1×, the baseline"
    what = " as fast as f32" if measurement == "latency" else " the throughput of f32"
    return ratio_words(speedup, what)


def _absolute(result: Result, measurement: SpeedMeasurement) -> str:
    """Return the absolute value with its own verdict."""
    metric_value = result.metric_value(HEADLINES[measurement])
    if metric_value is None:
        return ""
    shown = METRICS[HEADLINES[measurement]].format_unit(metric_value.value)
    return f". Absolute {measurement}: {shown}, {value_details(metric_value)}"

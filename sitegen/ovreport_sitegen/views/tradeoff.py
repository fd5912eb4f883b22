"""Accuracy against speed in pictures and tables: per model, and per device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ovreport.metrics import METRICS
from ovreport.record import Accuracy
from ovreport_sitegen import variants
from ovreport_sitegen.catalogue import HEADLINES, Catalogue, DeviceRef, ModelRef, Result
from ovreport_sitegen.charts import MAX_ROWS, Mark, Tradeoff
from ovreport_sitegen.text import plural
from ovreport_sitegen.views import accuracy_cells as cells
from ovreport_sitegen.views import gains, pareto
from ovreport_sitegen.views.cards import figure_tip
from ovreport_sitegen.views.headlines import bargain, costliest, finding, is_another, sentence
from ovreport_sitegen.views.page import Card, footer
from ovreport_sitegen.views.pareto import Aspect
from ovreport_sitegen.views.table import (
    Cell,
    Column,
    Table,
    TableRow,
    figure_cell,
    metric_column,
    row,
)

MOST = 18
"""Pictures of one page; the models' own pages have all."""
_X = {
    "latency": "Milliseconds per inference, log scale",
    "throughput": "Inferences per second, log scale",
}
_Y = "Points against the f32 reference"
_BETTER = {"latency": "Left and up is better", "throughput": "Right and up is better"}
_KEY = (
    "Filled, on the line: nothing else here is better at both. ▼: below 99 % of the reference. "
    "Lines: 95 % intervals. Shaded: within 1 %."
)
_ASPECTS: tuple[Aspect, ...] = ("latency", "throughput")
_UNCHOSEN = Cell("–", tone="missing", tip="There is no speed that could be trusted.")


def has_choice(results: Sequence[Result]) -> bool:
    """Return whether there is anything to choose: two cases of a model that ran differently."""
    return len(results) > 1 and any(map(is_another, results))


# ---------------------------------------------------------------- pictures


def site_cards(catalogue: Catalogue) -> tuple[Card, ...]:
    """Return a picture for each model, on the device where it has most choices."""
    found = []
    for model in catalogue.models:
        by_device = _by_device(catalogue.of_model(model))
        ref, chosen = max(by_device, key=lambda pair: len(pair[1]), default=(None, []))
        if ref is None or not has_choice(chosen):
            continue
        made = card(catalogue, chosen, "latency", title=model.title, more=f"{model.href}#tradeoff")
        if made.chart is not None:
            found.append(replace(made, id=f"tradeoff-{model.slug}"))
    return tuple(found[:MOST])


def model_cards(catalogue: Catalogue, model: ModelRef) -> tuple[Card, ...]:
    """Return two pictures for each device: accuracy against latency, and against throughput."""
    found: list[Card] = []
    for ref, chosen in _by_device(catalogue.of_model(model)):
        if has_choice(chosen) and len(found) < MOST:
            both = [
                replace(
                    card(catalogue, chosen, aspect, title=f"Accuracy against {aspect}"),
                    id=f"tradeoff-{aspect}-{ref.slug}",
                )
                for aspect in _ASPECTS
            ]
            found += [c for c in both if c.chart is not None] or both[:1]
    return tuple(found[:MOST])


def _by_device(results: Sequence[Result]) -> list[tuple[DeviceRef, list[Result]]]:
    groups: dict[DeviceRef, list[Result]] = {}
    for r in results:
        groups.setdefault(r.device, []).append(r)
    return [(ref, pareto.choices(group)) for ref, group in groups.items()]


def card(
    catalogue: Catalogue, chosen: Sequence[Result], aspect: Aspect, *, title: str, more: str = ""
) -> Card:
    """Return the card of one model's choices on one device; without a chart where one is left."""
    trades = [t for r in chosen if (t := catalogue.trade(r))]
    said = finding(trades)
    standing = pareto.standings(chosen, aspect)
    names = pareto.names(chosen)
    drawn = [r for r in chosen if id(r) in standing][:MAX_ROWS]
    marks = tuple(_mark(r, aspect, names[id(r)], standing[id(r)]) for r in drawn)
    first = chosen[0]
    accuracy = first.accuracy
    metric = METRICS[accuracy.metric].label if isinstance(accuracy, Accuracy) else ""
    is_drawn = len(marks) > 1
    key = _KEY if is_drawn else ""
    if not is_drawn:
        said = f"{_few(len(marks), len(chosen))} a speed that can be trusted: nothing is drawn."
    elif len(drawn) < len(chosen):
        key += f" {len(chosen) - len(drawn)} without a speed to trust: see the table."
    chart = Tradeoff(
        title=f"{first.model.title}: accuracy against {aspect}", description=said,
        x_axis=_X[aspect], y_axis=_Y, marks=marks, tolerance=_tolerance(first),
        lower=aspect == "latency",
    )  # fmt: skip
    id_ = f"tradeoff-{aspect}-{first.model.slug}-{first.device.slug}"
    return Card(
        id=id_, title=title, conditions=f"{first.device.label} · {metric}",
        better=_BETTER[aspect], finding=said, chart=chart if is_drawn else None, key=key,
        table=choices_table(catalogue, chosen, f"{id_}-table"), footer=footer(chosen, aspect),
        more=more,
    )  # fmt: skip


def _few(trusted: int, total: int) -> str:
    return f"{'Only one' if trusted else 'None'} of {plural(total, 'choice')} has"


def _tolerance(result: Result) -> float:
    reference, accuracy = cells.difference_of(result), result.accuracy
    if reference is None or not isinstance(accuracy, Accuracy):
        return 0.0
    return (1 - cells.ELIGIBLE) * abs(reference.value) * METRICS[accuracy.metric].scale


def _mark(result: Result, aspect: Aspect, name: str, standing: pareto.Standing) -> Mark:
    figure, reference = result.trusted(HEADLINES[aspect]), cells.difference_of(result)
    accuracy = result.accuracy
    if reference is None or figure is None or not isinstance(accuracy, Accuracy):
        raise ValueError("a choice has an accuracy and a speed")
    metric = METRICS[HEADLINES[aspect]]
    scale = METRICS[accuracy.metric].scale
    delta = reference.delta * scale
    return Mark(
        x=figure.value, x_low=figure.low, x_high=figure.high,
        y=delta, y_low=reference.delta_low * scale, y_high=reference.delta_high * scale,
        label=name, family=result.device.family, best=standing.word == "optimal",
        beyond=cells.eligible(result) is False,
        tip=f"{name}: {cells.points(delta)} points, 95 % interval "
        f"{cells.points(reference.delta_low * scale)} to "
        f"{cells.points(reference.delta_high * scale)}, n {accuracy.n:,}; "
        f"{metric.format_unit(figure.value)}, {figure_tip(figure)}; {standing.word}",
    )  # fmt: skip


# ---------------------------------------------------------------- tables


def choices_table(catalogue: Catalogue, chosen: Sequence[Result], id_: str) -> Table:
    """Return what one model's choices are worth, at both speeds, and which of them are optimal."""
    columns = (
        Column("Choice"), Column("Accuracy", "value", "higher", True),
        Column("Against f32", "points", "higher", True),
        metric_column("latency_ms"), Column("Gain", "× f32", "higher", True),
        Column("By latency", tip="Whether another choice is better at both"),
        metric_column("throughput_ips"), Column("Gain", "× f32", "higher", True),
        Column("By throughput", tip="Whether another choice is better at both"),
        Column("n", "samples", "", True),
    )  # fmt: skip
    names = pareto.names(chosen)
    by = {aspect: pareto.standings(chosen, aspect) for aspect in _ASPECTS}
    rows = []
    for r in chosen:
        speeds: list[Cell] = []
        for aspect in _ASPECTS:
            speeds += [
                figure_cell(r, HEADLINES[aspect]),
                gains.gain_cell(catalogue, r, aspect),
                standing_cell(by[aspect].get(id(r)), names),
            ]
        accuracy = r.accuracy
        n = accuracy.n if isinstance(accuracy, Accuracy) else 0
        cell = (cells.value_cell(r), cells.cost_cell(r), *speeds, Cell(f"{n:,}", sort=n))
        name = Cell(names[id(r)], sub=variants.label(r.variant), href=r.href,
                    family=r.device.family)  # fmt: skip
        rows.append(row(r, (name,), cell, aspect="latency", under=""))
    title = chosen[0].model.title if chosen else "Choices"
    return Table(id_, f"Choices of {title}", columns, tuple(rows))


def standing_cell(standing: pareto.Standing | None, names: dict[int, str]) -> Cell:
    """Return in a word whether a choice is optimal, and which one is ahead of it."""
    if standing is None:
        return _UNCHOSEN
    behind = names.get(id(standing.by), "") if standing.by is not None else ""
    return Cell(
        standing.word, sub=f"behind {behind}" if behind else "",
        sort={"optimal": "0", "too close to call": "1", "beaten": "2"}[standing.word],
        tone="best" if standing.word == "optimal" else "",
    )  # fmt: skip


def device_table(catalogue: Catalogue, device: DeviceRef) -> Table:
    """Return for each model with a choice what is optimal on a device, and the fastest within 1 %.

    It has no rows where no model has a choice.
    """
    columns = (
        Column("Model"), Column("Choices", "measured", "", True),
        Column("Optimal by latency", tip="No other choice is better at both, fastest first"),
        Column("Optimal by throughput", tip="No other choice is better at both, fastest first"),
        Column("Fastest at 99 %", tip="Lowest latency that keeps 99 % of the reference"),
        Column("Its gain", "× f32, latency", "higher", True),
        Column("Its cost", "points", "higher", True),
    )  # fmt: skip
    rows = []
    for model in catalogue.models:
        mine = [r for r in catalogue.of_model(model) if r.device.key == device.key]
        chosen = pareto.choices(mine)
        if has_choice(chosen):
            rows.append(_device_row(catalogue, model, chosen))
    return Table(f"choices-{device.slug}", f"What to choose on {device.label}", columns,
                 tuple(rows))  # fmt: skip


def _device_row(catalogue: Catalogue, model: ModelRef, chosen: Sequence[Result]) -> TableRow:
    names = pareto.names(chosen)
    kept = pareto.fastest_kept(chosen, "latency")
    none = Cell("none", tone="missing", tip="No choice keeps 99 % of the reference.")
    pick = (none, _UNCHOSEN, _UNCHOSEN)
    if kept is not None:
        name = Cell(names[id(kept)], href=kept.href)
        pick = (name, gains.gain_cell(catalogue, kept), cells.cost_cell(kept))
    return TableRow((
        Cell(model.title, sort=model.title.lower(), href=f"{model.href}#tradeoff"),
        Cell(str(len(chosen)), sort=len(chosen)),
        *(_optimal_cell(chosen, aspect, names) for aspect in _ASPECTS),
        *pick,
    ))  # fmt: skip


def _optimal_cell(chosen: Sequence[Result], aspect: Aspect, names: dict[int, str]) -> Cell:
    standing = pareto.standings(chosen, aspect)
    best = [r for r in chosen if id(r) in standing and standing[id(r)].word == "optimal"]
    key, sign = HEADLINES[aspect], 1 if aspect == "latency" else -1
    best.sort(key=lambda r: sign * (f.value if (f := r.figure(key)) else 0.0))
    text = ", ".join(names[id(r)] for r in best)
    left_out = len(chosen) - len(standing)
    sub = f"{left_out} without a speed to trust" if left_out else ""
    return Cell(text, sub=sub) if text else Cell("none", sub=sub, tone="missing")


def no_choice_text(catalogue: Catalogue) -> str:
    """Return why there is nothing to choose; empty where there is."""
    if any(has_choice(c) for m in catalogue.models for _, c in _by_device(catalogue.of_model(m))):
        return ""
    models = len({r.model.id for r in catalogue.results if cells.difference_of(r)})
    if not models:
        return "No model here has both a speed and an accuracy on labelled data."
    who = "The one model" if models == 1 else f"Each of {plural(models, 'model')}"
    return (
        f"{who} with labelled data ran in one way only: f32 of the published file. There is "
        "nothing to choose between accuracy and speed until a lower precision or a variant is "
        "measured too."
    )


def model_findings(catalogue: Catalogue, model: ModelRef) -> list[str]:
    """Return what the best and the worst of a model's variants come to, a sentence each."""
    many = len(catalogue.devices) > 1
    mine = [t for t in catalogue.trades if t.default.model.id == model.id]
    found = (bargain([t for t in mine if not t.default.is_published]), costliest(mine))
    return [sentence(t, many=many) for t in found if t and not t.default.is_published]

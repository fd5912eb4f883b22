"""The accuracy page: how right, against f32, and at which speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ovreport.record import Accuracy
from ovreport_sitegen.charts import MAX_ROWS, Chart
from ovreport_sitegen.components import accuracy_cells as cells
from ovreport_sitegen.components import ranking, speedups
from ovreport_sitegen.components.cells import RESULT_COLUMNS, metric_column, result_row, value_cell
from ovreport_sitegen.components.page import Card, Head
from ovreport_sitegen.components.ratio_card import times
from ovreport_sitegen.components.selection import whole_devices
from ovreport_sitegen.components.table import Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.accuracy import anomalies as suspicious
from ovreport_sitegen.pages.accuracy import choices, published, tradeoff
from ovreport_sitegen.pages.accuracy import sentences as headlines
from ovreport_sitegen.pages.accuracy import table as accuracies
from ovreport_sitegen.pages.page import Page, has_results
from ovreport_sitegen.text import plural

_GAIN = "Over the published file in f32 on the same device, paired by round"


@dataclass(frozen=True)
class AccuracyView:
    """Everything the template of the page needs."""

    head: Head
    findings: tuple[str, ...]
    """What a reader takes away."""
    cards: tuple[Card, ...]
    tradeoffs: tuple[Card, ...]
    """Accuracy against latency gain, a picture for each model that has a choice."""
    tradeoffs_note: str
    """Which models have no picture here; empty where all have one."""
    choices: tuple[Table, ...]
    """What is optimal for each model, a table for each device that has a choice."""
    no_choice: str
    """Why there is nothing to choose; empty where there is."""
    table: Table
    published: Table | None
    suspicious: Table
    """What is worth a second look; without rows where nothing is."""
    agreement: Table
    unlabelled: int
    """Models without labelled data: only their agreement with f32 is known."""


def view(catalogue: Catalogue) -> AccuracyView:
    """Return the view of the accuracy page."""
    labelled = [r for r in catalogue.results if isinstance(r.accuracy, Accuracy)]
    models = {r.model.id for r in labelled}
    head = Head(
        "Accuracy",
        f"{plural(len(models), 'model')} with labelled data, {plural(len(labelled), 'result')}. "
        "Each is compared with f32 on the CPU on the same samples; speed counts only where "
        "at least 99 % of the reference is kept.",
    )
    return AccuracyView(
        head=head,
        findings=headlines.headlines(catalogue),
        cards=(lost_card(catalogue, made=True), trade_card(catalogue)),
        tradeoffs=tradeoff.site_cards(catalogue),
        tradeoffs_note=tradeoff.site_note(catalogue),
        choices=tuple(
            t for d in catalogue.devices if (t := choices.device_table(catalogue, d)).rows
        ),
        no_choice=tradeoff.no_choice_text(catalogue),
        table=_table(catalogue, labelled),
        published=published.table(catalogue),
        suspicious=suspicious.table(catalogue),
        agreement=_agreement(catalogue),
        unlabelled=len(catalogue.models) - len(models),
    )


def lost_card(catalogue: Catalogue, more: str = "", *, made: bool = False) -> Card:
    """Return the card of points lost against the f32 reference; `made`: by made variants too."""
    results = [r for r in catalogue.results if _can_lose(r, made)]
    many = len(catalogue.devices) > 1
    pairs = []
    for r in results:
        name = ranking.model_name(r) + (f" · {r.device.label}" if many else "")
        row = cells.lost_row(r, name)
        if row is not None:
            pairs.append((row, r))
    pairs.sort(key=lambda pair: pair[0].value)
    rows = tuple(row for row, _ in pairs[:MAX_ROWS])
    finding = lost_finding([r for _, r in pairs])
    title = "Accuracy lost against f32"
    key = "Shaded: within 1 % of the reference. ▼: outside it, not eligible."
    if len(pairs) > len(rows):
        key += f" The first {len(rows)} of {len(pairs)}."
    conditions = "all devices" if many else catalogue.main_device.label
    chart = Chart("lost", title, finding, "Points against the f32 reference", rows)
    counts = sorted({a.n for _, r in pairs if isinstance(a := r.accuracy, Accuracy)})
    span = f"{counts[0]:,}–{counts[-1]:,}" if len(counts) > 1 else "".join(f"{c:,}" for c in counts)
    return Card(
        id="lost",
        title=title,
        conditions=conditions,
        better="Nearer 0 is better",
        finding=finding,
        chart=chart if rows else None,
        key=key if rows else "",
        table=_table(catalogue, [r for _, r in pairs][: ranking.FIRST], id_="lost-card-table")
        if pairs
        else None,
        footer=f"n {span} labelled samples · paired with the reference" if pairs else "",
        more=more,
    )


def _can_lose(result: Result, made: bool) -> bool:
    """Return whether a result is neither the reference itself nor a variant that is not wanted."""
    if not result.is_published:
        return made and result.requested == "default"
    return result.requested != "f32" or result.device.family != "CPU"


def lost_finding(results: Sequence[Result]) -> str:
    """Return how many results stay within the tolerance, and which do not."""
    known = [r for r in results if cells.eligible(r) is not None]
    if not known:
        return "No result below f32 has labelled data."
    kept = [r for r in known if cells.eligible(r)]
    text = f"{len(kept)} of {plural(len(known), 'result')} keep 99 % of the f32 reference."
    failing = [r for r in known if not cells.eligible(r)]
    if failing:
        worst = min(failing, key=_delta)
        cost = cells.cost_cell(worst).text.lstrip("−")
        text += f" {worst.model.title} loses most: {cost} points in "
        text += f"{worst.executed or worst.requested}."
    return text


def _delta(result: Result) -> float:
    reference = cells.reference_of(result)
    return reference.delta / reference.value if reference and reference.value else 0.0


def trade_card(catalogue: Catalogue, more: str = "") -> Card:
    """Return the card that sets what the default precision gains beside what it costs."""
    found = [g for g in catalogue.default_speedups() if cells.reference_of(g.candidate)]
    card = speedups.speedup_card(
        found,
        "latency",
        id_="trade",
        conditions=catalogue.speedup_device.label,
        more=more,
        naming=lambda r: (
            f"{r.model.title} · {r.executed or r.precision} · {cells.cost_cell(r).text} points"
        ),
    )
    found.sort(key=lambda g: (cells.eligible(g.candidate) is not False, g.candidate.model.title))
    sentences = [
        s
        for g in found
        if (
            s := trade_sentence(
                g.candidate,
                times(g.latency, 2) if g.latency and g.latency.significant else "",
            )
        )
    ]
    finding = " ".join(sentences[:2]) or "No model has both a paired speed and labelled data."
    chart = card.chart
    title = "What lower precision buys, and costs"
    if chart is not None:
        chart = replace(chart, title=title, description=finding)
    return Card(
        id=card.id,
        title=title,
        conditions=card.conditions,
        better=card.better,
        finding=finding,
        footer=card.footer,
        chart=chart,
        key=card.key,
        table=card.table,
        more=more,
    )


def trade_sentence(result: Result, gain: str, *, named: bool = True) -> str:
    """Return speed and cost of a default precision in one sentence, with the model's name."""
    reference, accuracy = cells.reference_of(result), result.accuracy
    if reference is None or not isinstance(accuracy, Accuracy):
        return ""
    speed = f"is {gain} as fast as f32" if gain else "is not distinguishable from f32 in speed"
    surely = not reference.delta_low <= 0 <= reference.delta_high
    cost = cells.cost_cell(result).text
    what = (
        f"costs {cost.lstrip('−+')} points"
        if surely and reference.delta < 0
        else (f"gains {cost.lstrip('+')} points" if surely else "costs nothing measurable")
    )
    default = result.executed or "the default precision"
    here = f"the default on {result.device.label}"
    return f"{result.model.title + ': ' if named else ''}{default}, {here}, {speed} and {what}."


def _table(catalogue: Catalogue, results: Sequence[Result], id_: str = "accuracy-table") -> Table:
    columns = (
        *RESULT_COLUMNS,
        Column("Accuracy", "value", "higher", True, tip="With its 95 % interval and its metric"),
        Column("Against f32", "points", "higher", True, tip="Paired on the same samples"),
        metric_column("latency_ms"),
        Column("Gain", "× f32, latency", "higher", True, tip=_GAIN),
        Column("Speed counts", "≥ 99 %", "", False),
        Column("Verdict", "within 1 %", "", False, tip="By the interval of the paired difference"),
        metric_column("throughput_ips"),
        Column("Gain", "× f32, throughput", "higher", True, tip=_GAIN),
        Column("n", "samples", "", True),
        Column("Data"),
    )
    rows = tuple(
        result_row(
            r,
            (
                cells.named_cell(h),
                cells.cost_cell(h),
                value_cell(r, "latency_ms"),
                speedups.speedup_cell(catalogue, r, "latency"),
                cells.eligible_cell(h),
                cells.tolerance_cell(h),
                value_cell(r, "throughput_ips"),
                speedups.speedup_cell(catalogue, r, "throughput"),
                accuracies.n_cell(h),
                accuracies.data_cell(h),
            ),
        )
        for r in results
        for h in accuracies.as_headlines(r)
    )
    return Table(id_, "Accuracy on labelled data", columns, rows, searchable=True)


def _agreement(catalogue: Catalogue) -> Table:
    columns = (
        *RESULT_COLUMNS,
        Column("Inputs", "n", "", True),
        Column("Relative RMSE", "worst output", "lower", True),
        Column("Largest difference", "absolute", "lower", True),
        Column("Cosine", "worst output", "higher", True),
    )
    chosen = whole_devices(catalogue, catalogue.results)
    rows = tuple(result_row(r, cells.agreement_cells(r)) for r in chosen.results)
    title = "Raw outputs against f32 on the CPU"
    return Table("agreement-table", title, columns, rows, searchable=True, note=chosen.note)


PAGE = Page("accuracy", "Accuracy", view, when=has_results)

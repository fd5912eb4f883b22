"""The accuracy page: accuracy against f32, and the speed that goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ovreport.metrics.anomalies import ANOMALIES, anomalies
from ovreport.record import Accuracy, Agreement
from ovreport.words import plural
from ovreport_sitegen.answer.choice import ACCURACY
from ovreport_sitegen.answer.presets import first_devices
from ovreport_sitegen.answer.section import Section, section
from ovreport_sitegen.answer.state import ANY, State
from ovreport_sitegen.charts import MAX_ROWS, Chart
from ovreport_sitegen.components import accuracy_cells as cells
from ovreport_sitegen.components import ranking, speedups
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import RESULT_COLUMNS, result_row
from ovreport_sitegen.components.result_tables import result_table
from ovreport_sitegen.components.table import Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.accuracy import conversion, sentences, tradeoff
from ovreport_sitegen.pages.accuracy import table as accuracies
from ovreport_sitegen.pages.page import Head, Page
from ovreport_sitegen.text import how_many_are, line, sentence_case

FIRST = State(ACCURACY, "choice", ANY)
"""Of the table: a column for each of the weights and precisions that ran; a row of each device, but
where there are many of the first one only."""
_MOST = 4
"""Models with a chart on this page."""
SPEED_COUNTS = Column("Speed counts", "≥ 99 %", tip="By the accuracy that was measured")


@dataclass(frozen=True)
class AccuracyView:
    """Everything the template of the page needs."""

    head: Head
    findings: tuple[str, ...]
    """A sentence each."""
    cards: tuple[Card, ...]
    tradeoffs: tuple[Card, ...]
    """Accuracy against latency speedup, a chart a model; the models' pages have the tables."""
    tradeoffs_note: str
    """Which models have no chart here; empty where all have one."""
    no_choice: str
    """Why there is nothing to choose; empty where there is."""
    section: Section | None
    """None where no model has labelled data."""
    conversion: Table | None
    """Against the frameworks that run the published files; None where none was measured."""
    published: Table | None
    anomalies: Table
    """Implausible accuracies; without rows where there are none."""
    agreement: Table
    """Of models without labelled data: only their agreement with f32 is known."""


def view(catalogue: Catalogue) -> AccuracyView:
    """Return the view of the accuracy page."""
    labelled = [r for r in catalogue.results if isinstance(r.accuracy, Accuracy)]
    models = {r.model.id for r in labelled}
    head = Head(
        "Accuracy",
        f"{plural(len(models), 'model')} with labelled data, {plural(len(labelled), 'result')}. "
        "Each is compared with f32 on the CPU on the same samples; speed counts only if at least "
        "99 % of the reference accuracy is kept.",
    )
    return AccuracyView(
        head=head,
        findings=sentences.page_findings(catalogue),
        cards=(loss_card(catalogue, "#answers", variants=True), speedup_card(catalogue)),
        tradeoffs=tuple(replace(c, table=None) for c in tradeoff.site_cards(catalogue, _MOST)),
        tradeoffs_note=tradeoff.site_note(catalogue, _MOST),
        no_choice=tradeoff.no_choice_text(catalogue),
        section=_section(catalogue) if labelled else None,
        conversion=conversion.table(catalogue.native),
        published=accuracies.published_table(catalogue),
        anomalies=_anomalies(catalogue),
        agreement=_agreement([r for r in catalogue.results if r.model.id not in models]),
    )


def _section(catalogue: Catalogue) -> Section:
    devices = first_devices(catalogue)
    state = replace(FIRST, device=tuple(device.slug for device in devices))
    where = "".join(f" on {device.label}" for device in devices)
    return section(catalogue, f"Accuracy of every model{where}", state)


def loss_card(catalogue: Catalogue, more: str, *, variants: bool = False) -> Card:
    """Return the card of points lost against the f32 reference.

    `more`: where all results are; on the same page, the card needs no table of its own.
    `variants`: of variants too.
    """
    results = [r for r in catalogue.results if _can_lose(r, variants)]
    many = len(catalogue.devices) > 1
    pairs = []
    for r in results:
        name = ranking.model_name(r) + (f" · {r.device.label}" if many else "")
        row = cells.lost_row(r, name)
        if row is not None:
            pairs.append((row, r))
    pairs.sort(key=lambda pair: pair[0].value)
    rows = tuple(row for row, _ in pairs[:MAX_ROWS])
    finding = loss_finding([r for _, r in pairs], many=many, failed=cells.failed_words(results))
    title = "Accuracy loss against f32"
    key = (
        "Line: 95 % interval. Shaded: within 1 % of the reference. ▼: beyond it, so its speed does "
        "not count."
    )
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
        legend=key if rows else "",
        table=_card_table([r for _, r in pairs]) if pairs and not more.startswith("#") else None,
        footer=f"n {span} labelled samples · paired with the reference" if pairs else "",
        more=more,
    )


def _card_table(results: Sequence[Result]) -> Table:
    columns = (
        *RESULT_COLUMNS,
        Column("Accuracy", "", "higher", True),
        Column("Against f32", "points", "higher", True, tip="Paired on the same samples"),
        SPEED_COUNTS,
    )
    rows = tuple(
        result_row(r, (cells.named_cell(r), cells.cost_cell(r), cells.eligible_cell(r)))
        for r in results[: ranking.CARD_ROWS]
    )
    return Table("lost-card-table", "Accuracy loss against f32", columns, rows)


def _can_lose(result: Result, variants: bool) -> bool:
    """Return whether a result belongs in the card; the reference itself has nothing to lose."""
    if not result.is_published:
        return variants and result.requested == "default"
    return result.requested != "f32" or result.device.family != "CPU"


def loss_finding(results: Sequence[Result], *, many: bool = False, failed: str = "") -> str:
    """Return how many results are shown to keep 99 %, and which one loses most.

    `many`: the site has several devices, so that one's is named. `failed`: how many have no
    accuracy because something failed.
    """
    known = [r for r in results if cells.eligible(r) is not None]
    if not known:
        return "No result in a lower precision than f32 has labelled data."
    kept = sum(bool(cells.shown_to_keep(r)) for r in known)
    text = (
        f"{sentence_case(how_many_are(kept, len(known), 'result'))} shown to keep 99 % of the f32 "
        f"reference{cells.others_words(known)}{failed}."
    )
    failing = [r for r in known if not cells.eligible(r)]
    if failing:
        worst = max(failing, key=sentences.share_lost)
        lost = cells.cost_cell(worst).text.lstrip("−")
        ran = (worst.executed or worst.requested) + (f" on {worst.device.label}" if many else "")
        text += (
            f" {worst.model.title} loses most: {lost} points in {ran}{cells.cost_note(worst)}."
            if sentences.accuracy_change(worst) == "less"
            else f" {worst.model.title} is furthest below, by {lost} points in {ran}, with too few "
            "samples to call it a loss."
        )
    return text


def speedup_card(catalogue: Catalogue) -> Card:
    """Return the card of the default precision's speedup, with its change of accuracy."""
    results = [r for r in catalogue.default_results() if cells.reference_of(r)]
    card = speedups.speedup_card(
        catalogue,
        "latency",
        results,
        id_="speed-accuracy",
        naming=lambda r: (
            f"{r.model.title} · {r.executed or r.precision} · {cells.cost_cell(r).text} points"
        ),
    )
    results.sort(key=lambda r: (cells.eligible(r) is not False, r.model.title))
    many = len(catalogue.devices) > 1
    texts = [sentences.sentence(e, many=many) for e in sentences.effects(catalogue, results)]
    finding = " ".join([text for text in texts if text][:2])
    finding = finding or "No model has both a paired speedup and labelled data."
    title = "Speedup and accuracy of the default precision"
    chart = card.chart and replace(card.chart, title=title, description=finding)
    table = None if chart else card.table  # the answer table has these numbers too
    return replace(card, title=title, finding=finding, chart=chart, table=table)


def _anomalies(catalogue: Catalogue) -> Table:
    """Return the table of implausible accuracies; without rows where there are none."""
    columns = (
        *RESULT_COLUMNS,
        Column("Anomaly"),
        Column("Difference", "of the metric"),
        Column("Against f32", "points", "higher", True),
        Column("Why it matters, and what to do"),
    )
    results = {id(r.record): r for r in catalogue.results}
    rows = []
    for found in anomalies([r.record for r in catalogue.results]):
        result, text = results[id(found.record)], ANOMALIES[found.code]
        rows.append(
            result_row(
                result,
                (
                    Cell(text.title, tone="bad"),
                    Cell(line(found.detail, 160)),
                    cells.cost_cell(result),
                    Cell(f"{text.meaning} {text.remedy}", tone="prose"),
                ),
            )
        )
    return Table("anomalies-table", "Implausible accuracies", columns, tuple(rows))


def _agreement(results: Sequence[Result]) -> Table:
    columns = (
        Column("Inputs", "n", "", True),
        Column("Relative RMSE", "worst output", "lower", True),
        Column("Largest difference", "absolute", "lower", True),
        Column("Cosine", "worst output", "higher", True),
    )
    title = "Raw outputs against f32 on the CPU"
    return result_table("agreement-table", title, results, columns, cells.agreement_cells)


def has_accuracy(catalogue: Catalogue) -> bool:
    """Return whether any result says how right it is: by labelled data, or beside f32."""
    found = (r for r in catalogue.results if r.completed)
    return any(
        isinstance(r.accuracy, Accuracy) or isinstance(r.record.agreement, Agreement) for r in found
    )


PAGE = Page("accuracy", "Accuracy", view, when=has_accuracy)

"""The page of language models: tokens, which stand on no page beside inferences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ovreport import generation_figures
from ovreport.metrics import METRICS, significant
from ovreport.record import (
    AccuracyReference,
    Concurrency,
    Generation,
    GenerationPoint,
    Perplexity,
    TokenAgreement,
)
from ovreport.statistics import Interval, median_interval
from ovreport_sitegen import variants
from ovreport_sitegen.catalogue import Catalogue, Result
from ovreport_sitegen.charts import Scatter, Spot
from ovreport_sitegen.text import clean, line, listed, plural
from ovreport_sitegen.views import language_variants
from ovreport_sitegen.views.cards import preferred
from ovreport_sitegen.views.language_tables import (
    bound_cell,
    concurrency_table,
    figure_words,
    generation_of,
    interval_cell,
    lengths_table,
    results_table,
)
from ovreport_sitegen.views.page import Card, Page, footer, warning
from ovreport_sitegen.views.table import Cell, Column, Table, TableRow, reasons_words

ASPECT = "time_per_output_token"
_SERIES = 6
"""Results that one picture shows: more lines could not be told apart."""
_KEY = "A line: one result over the lengths. Filled: default precision. Hollow square: f32."


@dataclass(frozen=True)
class LanguageView:
    """Everything the template of the page needs."""

    page: Page
    findings: tuple[str, ...]
    cards: tuple[Card, ...]
    table: Table
    lengths: Table
    concurrency: Table
    weights: Table | None
    """Variants by the size of their weights; None where there is nothing beside published files."""
    decoding: str
    repeats: tuple[tuple[str, str], ...]
    """Which result, and the command that measures it again."""


def view(catalogue: Catalogue) -> LanguageView:
    """Return the view of the page."""
    results = catalogue.language
    best = main_result(results)
    page = Page(
        catalogue.language_href, "Language models",
        answer_sentence(best) if best else _nothing(results), nav="language",
        warning=warning(results, ASPECT),
    )  # fmt: skip
    measured = [g for r in results if (g := generation_of(r))]
    return LanguageView(
        page=page,
        findings=tuple(_findings(results, best)),
        cards=tuple(cards(results)),
        table=results_table(catalogue, results),
        lengths=lengths_table(catalogue, results),
        concurrency=concurrency_table(catalogue, results),
        weights=language_variants.size_table(results),
        decoding=line(measured[0].decoding, 600) if measured else "",
        repeats=tuple((_name(r), clean(r.record.repeat.ovreport)) for r in results[:20]),
    )


def main_result(results: Sequence[Result]) -> Result | None:
    """Return the result that speaks for the page: trusted if there is one, the fastest."""
    shown = [r for r in preferred(results) if generation_of(r)]
    trusted = [r for r in shown if r.trusted("tokens_per_s")] or shown
    return max(trusted, key=_rate, default=None)


def _rate(result: Result) -> float:
    figure = result.figure("tokens_per_s")
    return figure.value if figure else 0.0


def _nothing(results: Sequence[Result]) -> str:
    return f"None of {plural(len(results), 'result')} has figures: the table says why."


# ---------------------------------------------------------------- findings


def answer_sentence(result: Result) -> str:
    """Return in a sentence how fast a language model answers, as users run it."""
    measured = generation_of(result)
    if measured is None:
        return f"{result.model.title}: no figures."
    point = generation_figures.headline(measured.points)
    verdict = result.verdict(ASPECT)
    doubt = ""
    if verdict and not result.trusted("time_per_output_token_ms"):
        doubt = f" ({verdict.level}: {reasons_words(verdict)})"
    return (
        f"{result.model.title}, {language_variants.weights_words(result)}, answers a prompt of "
        f"{point.prompt_tokens} tokens on {result.device.label} after "
        f"{figure_words(result, 'time_to_first_token_ms')}, then gives a token every "
        f"{figure_words(result, 'time_per_output_token_ms')}: "
        f"{figure_words(result, 'tokens_per_s')} over {point.new_tokens} tokens, "
        f"{'default precision' if result.asked == 'default' else result.precision}{doubt}."
    )


def _findings(results: Sequence[Result], best: Result | None) -> list[str]:
    found = [quality_sentence(best)] if best else []
    if best and (together := _together(best)):
        found.append(together)
    found += language_variants.findings(results)
    failed = [r for r in results if not r.completed]
    if failed:
        names = listed(dict.fromkeys(r.model.title for r in failed))
        found.append(f"{plural(len(failed), 'case')} failed or unsupported: {names}.")
    return [f for f in found if f]


def quality_sentence(result: Result) -> str:
    """Return how right the answers are, against f32 where that was measured."""
    measured = generation_of(result)
    said = []
    perplexity = measured.perplexity if measured else None
    if isinstance(perplexity, Perplexity):
        reference, text = perplexity.reference, f"Perplexity {significant(perplexity.value)}"
        if isinstance(reference, AccuracyReference):
            text += (
                f" against {significant(reference.value)} "
                f"{language_variants.reference_words(result)} "
                f"({_relation(reference)})"
            )
        said.append(text)
    answers = measured.agreement if measured else None
    if isinstance(answers, TokenAgreement):
        said.append(
            f"{answers.identical} of {plural(len(answers.common), 'greedy answer')} "
            f"{'is' if answers.identical == 1 else 'are'} f32's token for token, on average "
            f"{significant(answers.first_divergence)} of {answers.new_tokens} tokens come before "
            "the first that differs"
        )
    return f"{'; '.join(said)}." if said else ""


def _relation(reference: AccuracyReference) -> str:
    if reference.delta_low <= 0 <= reference.delta_high:
        return "not distinguishable"
    return "surely worse" if reference.delta > 0 else "surely better"


def _together(result: Result) -> str:
    measured = generation_of(result)
    found = measured.concurrency if measured else None
    if not isinstance(found, Concurrency) or len(found.points) < 2:
        return ""
    rates = [median_interval(generation_figures.concurrent_rates(p)).value for p in found.points]
    most = max(range(len(rates)), key=rates.__getitem__)
    return (
        f"Several requests at once: {plural(found.points[most].requests, 'request')} together get "
        f"{significant(rates[most])} tokens/s, {significant(rates[most] / rates[0], 2)}× those of "
        f"{plural(found.points[0].requests, 'request')}."
    )


def _name(result: Result) -> str:
    return f"{result.model.title} · {result.device.label} · {result.told}"


# ---------------------------------------------------------------- charts


@dataclass(frozen=True)
class _Picture:
    """What one of the two pictures shows."""

    id: str
    title: str
    x_axis: str
    y_axis: str
    key: str
    """Of the metric."""
    x: Callable[[GenerationPoint], float]
    y: Callable[[GenerationPoint], Interval]
    at: str
    """What x is, to end a sentence on a number."""


def _context(point: GenerationPoint) -> float:
    """Return the tokens before a generated one, on average over the answer."""
    return point.prompt_tokens + point.new_tokens / 2


_FIRST = _Picture(
    "first-token", "Time to the first token", "Tokens of the prompt, log scale", "ms, log scale",
    "time_to_first_token_ms", lambda p: float(p.prompt_tokens), generation_figures.first_token,
    "tokens of prompt",
)  # fmt: skip
_EACH = _Picture(
    "each-token", "Time of each further token", "Tokens before it on average, log scale",
    "ms, log scale", "time_per_output_token_ms", _context, generation_figures.per_token,
    "tokens before it",
)  # fmt: skip


def cards(results: Sequence[Result]) -> list[Card]:
    """Return both pictures of some results, none where nothing can be drawn."""
    shown = [r for r in results if generation_of(r) and r.trusted(_EACH.key)]
    return [_card(picture, shown[:_SERIES], results) for picture in (_FIRST, _EACH)]


def _card(picture: _Picture, shown: Sequence[Result], results: Sequence[Result]) -> Card:
    measured = [r for r in results if generation_of(r)]
    finding = _grows(picture, shown)
    spots = tuple(spot for r in shown for spot in _spots(picture, r, many=len(shown) > 1))
    left_out = len(measured) - len(shown)
    key = f"{_KEY} {left_out} invalid, left out: see the table." if left_out else _KEY
    return Card(
        id=picture.id, title=picture.title, conditions="one request at a time, greedy",
        better=METRICS[picture.key].better, finding=finding,
        chart=Scatter(picture.title, finding, picture.x_axis, picture.y_axis, spots)
        if spots else None,
        key=key if spots else "",
        table=_card_table(picture, measured[:_SERIES]),
        footer=footer(measured, ASPECT), more="#lengths",
    )  # fmt: skip


def _points(picture: _Picture, result: Result) -> list[GenerationPoint]:
    """Return a result's points by x: of those with the same x, the longest answer."""
    measured = generation_of(result)
    by_x: dict[float, GenerationPoint] = {}
    for point in measured.points if isinstance(measured, Generation) else ():
        x = picture.x(point)
        if x not in by_x or by_x[x].new_tokens < point.new_tokens:
            by_x[x] = point
    return [by_x[x] for x in sorted(by_x)]


def _spots(picture: _Picture, result: Result, *, many: bool) -> list[Spot]:
    points, series, name = _points(picture, result), result.href, _name(result)
    found = []
    for i, point in enumerate(points):
        interval, x = picture.y(point), picture.x(point)
        tip = (
            f"{name}: {METRICS[picture.key].format_unit(interval.value)} at {x:g} {picture.at}, "
            f"95 % interval {significant(interval.low)} to {significant(interval.high)}, "
            f"{plural(len(point.rounds), 'round')}"
        )
        found.append(
            Spot(
                x=x, y=interval.value, series=series, tip=tip, family=result.device.family,
                label=_mark(result) if many and i == len(points) - 1 else "",
                front=result.asked != "f32", square=result.asked == "f32",
            )
        )  # fmt: skip
    return found


def _mark(result: Result) -> str:
    """Return what tells a line from the others: its precision, or what was made of the weights."""
    return result.asked if result.is_published else variants.short(result.variant)


def _grows(picture: _Picture, shown: Sequence[Result]) -> str:
    """Return how the time grows from the shortest to the longest, of the preferred result."""
    best = main_result(shown)
    points = _points(picture, best) if best else []
    if best is None or not points:
        return "No result here is steady enough to be drawn: the table has them all."
    metric, (first, last) = METRICS[picture.key], (points[0], points[-1])
    values = [picture.y(p).value for p in (first, last)]
    return (
        f"{best.model.title}, {best.asked}: {metric.format_unit(values[0])} at "
        f"{picture.x(first):g} {picture.at}, {metric.format_unit(values[1])} at "
        f"{picture.x(last):g}: {significant(values[1] / values[0], 2)}× the time for "
        f"{significant(picture.x(last) / picture.x(first), 2)}× the tokens."
    )


def _card_table(picture: _Picture, results: Sequence[Result]) -> Table:
    percentiles = {} if picture is _FIRST else generation_figures.PERCENTILES
    rows = tuple(
        TableRow((
            Cell(result.model.title, href=result.href, sort=result.model.title.lower()),
            Cell(result.precision, sub=result.variant_name, sort=result.precision),
            Cell(f"{picture.x(point):g}", sort=picture.x(point)),
            interval_cell(picture.key, picture.y(point)),
            Cell(str(len(point.rounds)), sort=len(point.rounds)),
            *(
                bound_cell(key, generation_figures.percentile_ms(point, p))
                for key, p in percentiles.items()
            ),
        ), under=result.told)
        for result in results
        for point in _points(picture, result)
    )  # fmt: skip
    columns = (
        Column("Model"), Column("Precision", wide=True), Column("At", picture.at, "", True),
        Column(METRICS[picture.key].label, "ms", "lower", True), Column("n", "rounds", "", True),
        *(Column(METRICS[key].label, "ms", "lower", True) for key in percentiles),
    )  # fmt: skip
    return Table(f"{picture.id}-card-table", picture.title, columns, rows)


def texts(results: Sequence[Result]) -> list[tuple[str, str]]:
    """Return what answers are judged by: name and words, each once."""
    found: dict[tuple[str, str], None] = {}
    for measured in filter(None, map(generation_of, results)):
        if isinstance(p := measured.perplexity, Perplexity):
            words = f"{line(p.data, 300)} Windows of {p.window} tokens, {p.stride} on each time."
            found["Perplexity", words] = None
        if isinstance(a := measured.agreement, TokenAgreement):
            words = (
                f"{line(a.data, 300)} {len(a.common)} prompts of {a.prompt_tokens} tokens, "
                f"{a.new_tokens} generated."
            )
            found["Token agreement", words] = None
        found["Decoding", line(measured.decoding, 600)] = None
    return list(found)[:12]

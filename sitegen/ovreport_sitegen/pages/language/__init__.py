"""The page of language models, the only one with token speeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ovreport import repeat
from ovreport.metrics import generation, significant
from ovreport.record import (
    AccuracyReference,
    Concurrency,
    Perplexity,
    PublishedPerplexity,
    TokenAgreement,
)
from ovreport.stats.comparison import outcome_of
from ovreport.stats.intervals import Interval, median_interval
from ovreport.words import plural
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import reasons_words
from ovreport_sitegen.components.generation import (
    MEASUREMENT,
    change_words,
    generation_of,
    main_result,
    perplexity_of,
    reference_words,
    relation,
    result_name,
    scaling,
    value_words,
)
from ovreport_sitegen.components.marks import look_of_interval
from ovreport_sitegen.components.ratio_card import note_of, times
from ovreport_sitegen.components.table import Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.language import conversion, variants
from ovreport_sitegen.pages.language.charts import cards
from ovreport_sitegen.pages.language.tables import concurrency_table, results_table
from ovreport_sitegen.pages.page import Head, Page, has_language_models, warning
from ovreport_sitegen.text import clean, line, listed


@dataclass(frozen=True)
class LanguageView:
    """Everything the template of the page needs."""

    head: Head
    findings: tuple[str, ...]
    cards: tuple[Card, ...]
    table: Table
    conversion: Table | None
    """Perplexity from the published file to what runs; None where no file is converted."""
    concurrency: Table
    weights: Table | None
    """Size, speed and perplexity by variant; None where there are only published files."""
    decoding: str
    repeats: tuple[tuple[str, str], ...]
    """A result, and the command that reproduces it."""


def view(catalogue: Catalogue) -> LanguageView:
    """Return the view of the page."""
    results = catalogue.language
    best = main_result(results)
    head = Head(
        "Language models",
        _what_is_here(catalogue) + (_lede(best) if best else _nothing(results)),
        warning=warning(results, MEASUREMENT),
    )
    measured = [g for r in results if (g := generation_of(r))]
    return LanguageView(
        head=head,
        findings=tuple(_findings(results, best)),
        cards=tuple(cards(results)),
        table=results_table(catalogue, results),
        conversion=conversion.table(results),
        concurrency=concurrency_table(catalogue, results),
        weights=variants.size_table(results),
        decoding=line(measured[0].decoding, 600) if measured else "",
        repeats=tuple(
            (result_name(r), clean(command))
            for r in results[:20]
            if (command := repeat.ours(r.record))
        ),
    )


def _what_is_here(catalogue: Catalogue) -> str:
    """Return what the site is about where this is its first page; elsewhere empty."""
    if catalogue.results:
        return ""
    models = plural(len(catalogue.language_models), "language model")
    return (
        "OpenVINO runs neural networks on processors, graphics and neural processors. This site "
        f"says how fast it answers with {models}, and what smaller weights cost. "
    )


def _nothing(results: Sequence[Result]) -> str:
    return f"{plural(len(results), 'result')} without a value: the table says why."


# ---------------------------------------------------------------- findings


def _lede(result: Result) -> str:
    """Return the sentence on a result that leads the page: its speed, if that can be relied on.

    Of an unreliable speed, the quality leads, which noise does not touch.
    """
    if result.trusted("time_per_output_token_ms"):
        return speed_sentence(result)
    verdict = result.verdict(MEASUREMENT)
    why = f" ({reasons_words(verdict)})" if verdict and verdict.reasons else ""
    return (
        f"{_named(result)}: {_quality_words(result)}. Of its speed, only the order of magnitude is "
        f"known{why}: {value_words(result, 'time_per_output_token_ms', interval=True)} per token."
    )


def _named(result: Result) -> str:
    return f"{result.model.title}, {variants.weights_words(result)}, on {result.device.label}"


def _quality_words(result: Result) -> str:
    """Return what is known of a result's outputs, in a few words."""
    measured, perplexity = generation_of(result), perplexity_of(result)
    if perplexity:
        return _perplexity_words(result, perplexity)
    agreement = measured.agreement if measured else None
    if isinstance(agreement, TokenAgreement):
        count = len(agreement.common)
        return (
            f"{agreement.identical} of {plural(count, 'greedy output')} equal to those "
            f"{reference_words(result)}"
        )
    return "its outputs were not compared"


def speed_sentence(result: Result) -> str:
    """Return the time to the first token, per token, and tokens per second of one result."""
    measured = generation_of(result)
    if measured is None:
        return f"{result.model.title}: not measured."
    point, verdict = generation.headline_point(measured.points), result.verdict(MEASUREMENT)
    precision = "default precision" if result.requested == "default" else result.precision
    first = value_words(result, "time_to_first_token_ms", interval=True)
    each, rate = (
        value_words(result, key, interval=True, named=False)
        for key in ("time_per_output_token_ms", "tokens_per_s")
    )
    caveat = f" ({verdict.level}: {reasons_words(verdict)})" if verdict and verdict.reasons else ""
    return (
        f"{_named(result)}, in {precision}: {first} to the first token of a prompt of "
        f"{point.prompt_tokens} tokens, then {each} per token; {rate} over {point.new_tokens} "
        f"tokens{caveat}."
    )


def _findings(results: Sequence[Result], best: Result | None) -> list[str]:
    found = [quality_sentence(best)] if best else []
    if best and (sentence := _concurrent(best)):
        found.append(sentence)
    found += conversion.findings(results)
    found += variants.findings(results)
    failed = [r for r in results if not r.completed]
    if failed:
        names = listed(dict.fromkeys(r.model.title for r in failed))
        found.append(f"{plural(len(failed), 'case')} failed or unsupported: {names}.")
    return [f for f in found if f]


def quality_sentence(result: Result) -> str:
    """Return perplexity and token agreement, against the references that were measured."""
    measured = generation_of(result)
    parts = []
    if perplexity := perplexity_of(result):
        text = _perplexity_words(result, perplexity)
        parts.append(text[0].upper() + text[1:])
    agreement = measured.agreement if measured else None
    if isinstance(agreement, TokenAgreement):
        one = agreement.identical == 1
        parts.append(
            f"{agreement.identical} of {plural(len(agreement.common), 'greedy output')} "
            f"{'equals that' if one else 'equal those'} {reference_words(result)} token for token; "
            f"on average, {significant(agreement.first_divergence)} of {agreement.new_tokens} "
            "tokens come before the first difference"
        )
    return f"{'; '.join(parts)}." if parts else ""


def _perplexity_words(result: Result, perplexity: Perplexity) -> str:
    """Return a perplexity, and what it stands against."""
    text = f"perplexity {significant(perplexity.value)}"
    against = list(_references(result, perplexity))
    return f"{text} against {' and '.join(against)}" if against else text


def _references(result: Result, perplexity: Perplexity) -> Iterator[str]:
    """Yield each reference's perplexity, and how the result's compares with it."""
    published, reference = perplexity.published, perplexity.reference
    if isinstance(published, PublishedPerplexity):
        yield f"{significant(published.value)} of the published file ({change_words(result)})"
    if isinstance(reference, AccuracyReference):
        yield f"{significant(reference.value)} {reference_words(result)} ({relation(reference)})"


def _concurrent(result: Result) -> str:
    measured = generation_of(result)
    found = measured.concurrency if measured else None
    if not isinstance(found, Concurrency) or len(found.points) < 2:
        return ""
    first, *others = found.points
    most = max(others, key=lambda p: median_interval(generation.concurrent_rates(p)).value)
    rate, ratio = median_interval(generation.concurrent_rates(most)), scaling(first, most)
    at_once = f"{plural(most.requests, 'request')} at once"
    if ratio is None or ratio.outcome == "insufficient data":
        against = f"against {plural(first.requests, 'request')}, {outcome_of(ratio)}"
        return f"{at_once}: {_rate_words(rate)} in all; {against}."
    if not ratio.significant:
        return (
            f"{at_once}: no clear difference in tokens/s from {plural(first.requests, 'request')}."
        )
    return (
        f"{at_once} generate {times(ratio, 2)} the tokens/s of "
        f"{plural(first.requests, 'request')}{note_of(ratio.ratio)}: {_rate_words(rate)} "
        "in all."
    )


def _rate_words(rate: Interval) -> str:
    shown = look_of_interval(rate).text(f"{significant(rate.value)} tokens/s")
    return f"{shown}{note_of(rate)}"


def texts(results: Sequence[Result]) -> list[tuple[str, str]]:
    """Return what outputs are evaluated on: name and description, each once."""
    found: dict[tuple[str, str], None] = {}
    for measured in filter(None, map(generation_of, results)):
        if isinstance(p := measured.perplexity, Perplexity):
            words = f"{line(p.data, 300)} Windows of {p.window} tokens, {p.stride} apart."
            found["Perplexity", words] = None
        if isinstance(a := measured.agreement, TokenAgreement):
            words = (
                f"{line(a.data, 300)} {len(a.common)} prompts of {a.prompt_tokens} tokens, "
                f"{a.new_tokens} generated."
            )
            found["Token agreement", words] = None
        found["Decoding", line(measured.decoding, 600)] = None
    return list(found)[:12]


PAGE = Page("language-models", "Language models", view, when=has_language_models)

"""The page of language models: tokens, which stand on no page beside inferences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ovreport.metrics import generation, significant
from ovreport.record import AccuracyReference, Concurrency, Perplexity, TokenAgreement
from ovreport.stats.intervals import median_interval
from ovreport_sitegen.components.cells import reasons_words
from ovreport_sitegen.components.generation import (
    ASPECT,
    generation_of,
    main_result,
    relation,
    result_name,
    value_words,
)
from ovreport_sitegen.components.page import Card, Head, warning
from ovreport_sitegen.components.table import Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.language import variants
from ovreport_sitegen.pages.language.charts import cards
from ovreport_sitegen.pages.language.tables import concurrency_table, lengths_table, results_table
from ovreport_sitegen.pages.page import Page, has_language_models
from ovreport_sitegen.text import clean, line, listed, plural


@dataclass(frozen=True)
class LanguageView:
    """Everything the template of the page needs."""

    head: Head
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
    head = Head(
        "Language models",
        answer_sentence(best) if best else _nothing(results),
        warning=warning(results, ASPECT),
    )
    measured = [g for r in results if (g := generation_of(r))]
    return LanguageView(
        head=head,
        findings=tuple(_findings(results, best)),
        cards=tuple(cards(results)),
        table=results_table(catalogue, results),
        lengths=lengths_table(catalogue, results),
        concurrency=concurrency_table(catalogue, results),
        weights=variants.size_table(results),
        decoding=line(measured[0].decoding, 600) if measured else "",
        repeats=tuple((result_name(r), clean(r.record.repeat.ovreport)) for r in results[:20]),
    )


def _nothing(results: Sequence[Result]) -> str:
    return f"None of {plural(len(results), 'result')} has figures: the table says why."


# ---------------------------------------------------------------- findings


def answer_sentence(result: Result) -> str:
    """Return in a sentence how fast a language model answers, as users run it."""
    measured = generation_of(result)
    if measured is None:
        return f"{result.model.title}: no figures."
    point = generation.headline(measured.points)
    verdict = result.verdict(ASPECT)
    doubt = ""
    if verdict and not result.trusted("time_per_output_token_ms"):
        doubt = f" ({verdict.level}: {reasons_words(verdict)})"
    return (
        f"{result.model.title}, {variants.weights_words(result)}, answers a prompt of "
        f"{point.prompt_tokens} tokens on {result.device.label} after "
        f"{value_words(result, 'time_to_first_token_ms')}, then gives a token every "
        f"{value_words(result, 'time_per_output_token_ms')}: "
        f"{value_words(result, 'tokens_per_s')} over {point.new_tokens} tokens, "
        f"{'default precision' if result.requested == 'default' else result.precision}{doubt}."
    )


def _findings(results: Sequence[Result], best: Result | None) -> list[str]:
    found = [quality_sentence(best)] if best else []
    if best and (together := _together(best)):
        found.append(together)
    found += variants.findings(results)
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
                f"{variants.reference_words(result)} "
                f"({relation(reference)})"
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


def _together(result: Result) -> str:
    measured = generation_of(result)
    found = measured.concurrency if measured else None
    if not isinstance(found, Concurrency) or len(found.points) < 2:
        return ""
    rates = [median_interval(generation.concurrent_rates(p)).value for p in found.points]
    most = max(range(len(rates)), key=rates.__getitem__)
    return (
        f"Several requests at once: {plural(found.points[most].requests, 'request')} together get "
        f"{significant(rates[most])} tokens/s, {significant(rates[most] / rates[0], 2)}× those of "
        f"{plural(found.points[0].requests, 'request')}."
    )


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


PAGE = Page("language-models", "Language models", view, when=has_language_models)

"""Results of language models, as several pages name and choose them."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics import METRICS, generation
from ovreport.record import AccuracyReference, ConcurrentPoint, Generation, Perplexity
from ovreport.stats.comparison import Comparison, compare
from ovreport_sitegen.components import ranked
from ovreport_sitegen.components.marks import look
from ovreport_sitegen.components.ranking import preferred
from ovreport_sitegen.data.result import Result

MEASUREMENT = "time_per_output_token"
"""The measurement whose verdict stands for the result."""


def generation_of(result: Result) -> Generation | None:
    """Return what a result measured of generation, None where it did not."""
    found = result.record.generation
    return found if result.completed and isinstance(found, Generation) else None


def perplexity_of(result: Result) -> Perplexity | None:
    """Return the perplexity of a result, None where it was not measured."""
    measured = generation_of(result)
    found = measured.perplexity if measured else None
    return found if isinstance(found, Perplexity) else None


def is_converted(result: Result) -> bool:
    """Return whether an engine builds its own network of the published file, as of a GGUF."""
    return result.record.model.source.lower().endswith(".gguf")


def reference_words(result: Result) -> str:
    """Return what a result's outputs are compared with: f32 on the CPU, but of which weights."""
    return f"of the {'converted' if is_converted(result) else 'published'} file in f32"


def change_words(result: Result) -> str:
    """Return a perplexity over that of the published file, as `+27 %`; empty where unknown."""
    found = result.metric_value("perplexity_over_published")
    if found is None:
        return ""
    sign = "+" if found.value > 0 else ""
    return sign + METRICS[found.metric].format_unit(found.value)


def main_result(results: Sequence[Result]) -> Result | None:
    """Return the result that stands for all.

    The one with most tokens per second, of those that are not unreliable if there are any.
    """
    shown = [r for r in preferred(results) if generation_of(r)]
    trusted = [r for r in shown if r.trusted("tokens_per_s")] or shown
    return max(trusted, key=_rate, default=None)


def _rate(result: Result) -> float:
    found = result.metric_value("tokens_per_s")
    return found.value if found else 0.0


def result_name(result: Result) -> str:
    """Return a result's name in a chart, and beside its command."""
    return f"{result.model.title} · {result.device.label} · {result.label}"


def value_words(result: Result, key: str, *, interval: bool = False, named: bool = True) -> str:
    """Return a metric's value with its unit, and its interval; empty where there is none.

    `named`: says what interval it is, once in a sentence.
    """
    found = result.metric_value(key)
    if found is None:
        return ""
    metric = METRICS[key]
    if interval:
        return ranked.value_words(found, metric, named=named)
    return look(found).text(metric.format_unit(found.value))


def scaling(first: ConcurrentPoint, other: ConcurrentPoint) -> Comparison | None:
    """Return the tokens per second of one number of requests over another's, paired by round."""
    rates = [
        {r.round: rate for r, rate in zip(p.rounds, generation.concurrent_rates(p), strict=True)}
        for p in (other, first)
    ]
    return compare(*rates)


def relation(reference: AccuracyReference) -> str:
    """Return how a perplexity compares with that of its reference."""
    if reference.delta_low <= 0 <= reference.delta_high:
        return "no clear difference"
    return "significantly worse" if reference.delta > 0 else "significantly better"

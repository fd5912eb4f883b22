"""Results of language models, as several pages name and choose them."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics import METRICS, generation
from ovreport.record import AccuracyReference, ConcurrentPoint, Generation
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
    """Return how a perplexity compares with that of f32."""
    if reference.delta_low <= 0 <= reference.delta_high:
        return "no clear difference"
    return "significantly worse" if reference.delta > 0 else "significantly better"

"""What follows from a language model's rounds: values with intervals, before they are judged.

A record's headline is one pair of lengths: the middle one of its prompts, its longest answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ovreport.metrics.load import Summary, bound_ms
from ovreport.record.base import NotMeasured, Skipped
from ovreport.record.generation import (
    ConcurrentPoint,
    Generation,
    GenerationPoint,
    Perplexity,
    TokenAgreement,
)
from ovreport.stats.accuracy import bootstrap, wilson
from ovreport.stats.intervals import Floats, Interval, median_interval

PERCENTILES = {
    "time_per_output_token_p50_ms": 0.50,
    "time_per_output_token_p90_ms": 0.90,
    "time_per_output_token_p99_ms": 0.99,
}
N_TOO_SMALL = "n too small"

Found = Iterator[tuple[str, Summary | NotMeasured]]


def headline(points: Sequence[GenerationPoint]) -> GenerationPoint:
    """Return the pair of lengths that stands for a record."""
    prompts = sorted({point.prompt_tokens for point in points})
    middle = prompts[len(prompts) // 2]
    return max(
        (point for point in points if point.prompt_tokens == middle),
        key=lambda point: point.new_tokens,
    )


def first_token(point: GenerationPoint) -> Interval:
    """Return the time to the first token in ms: median over rounds."""
    return median_interval([r.time_to_first_token_ms for r in point.rounds])


def per_token(point: GenerationPoint) -> Interval:
    """Return the time per output token after the first in ms: median over rounds."""
    return median_interval([r.time_per_output_token_ms for r in point.rounds])


def rates(point: GenerationPoint) -> list[float]:
    """Return the tokens per second of each round, the wait for the first token included."""
    return [r.generations * point.new_tokens / r.duration_s for r in point.rounds]


def generations(point: GenerationPoint) -> int:
    """Return the number of answers of all rounds."""
    return sum(r.generations for r in point.rounds)


def percentile_ms(point: GenerationPoint, percentile: float) -> float | None:
    """Return a conservative bound on the time per output token; None where n is too small.

    Times between tokens of one answer are correlated: they count as fewer.
    """
    rho = sum(r.autocorrelation * r.generations for r in point.rounds) / generations(point)
    return bound_ms(
        point.histogram, rho, [r.time_per_output_token_ms for r in point.rounds], percentile
    )


def concurrent_rates(point: ConcurrentPoint) -> list[float]:
    """Return the tokens per second of all requests together, in each round."""
    return [r.tokens / r.duration_s for r in point.rounds]


def perplexity_of(rows: Floats) -> float:
    """Return exp of the mean loss a token; rows are [windows, (loss, tokens)]."""
    import numpy as np

    return float(np.exp(min(float(rows[:, 0].sum() / rows[:, 1].sum()), 600.0)))


def agreement(measured: TokenAgreement) -> Interval:
    """Return the share of prompts with the reference's answer, and Wilson's interval."""
    return wilson(float(measured.identical), len(measured.common))


def divergence(measured: TokenAgreement) -> Interval:
    """Return the mean number of tokens before the first that differs; bootstrap over prompts."""
    import numpy as np

    rows = np.asarray(measured.common, dtype=np.float64).reshape(-1, 1)
    return bootstrap(rows, lambda some: float(some.mean()), seed=0)


def summaries(measured: Generation) -> Found:
    """Yield the timed figures, all of the headline's lengths but the load and the concurrency."""
    point = headline(measured.points)
    tokens, n = point.histogram.total, generations(point)
    yield _summary("time_to_first_token_ms", [r.time_to_first_token_ms for r in point.rounds], n)
    yield _summary(
        "time_per_output_token_ms", [r.time_per_output_token_ms for r in point.rounds], tokens
    )
    for key, percentile in PERCENTILES.items():
        bound = percentile_ms(point, percentile)
        if bound is None:
            yield key, Skipped(reason=f"{N_TOO_SMALL}: {tokens:,} tokens of {n} answers")
        else:
            yield key, Summary(key, Interval(bound, bound, bound), len(point.rounds), tokens)
    yield _summary("tokens_per_s", rates(point), n * point.new_tokens)
    yield _summary("model_load_ms", [r.load_ms for r in measured.loads], len(measured.loads))
    yield _concurrency(measured)


def _summary(key: str, values: Sequence[float], n: int) -> tuple[str, Summary]:
    return key, Summary(key, median_interval(values), len(values), n)


def _concurrency(measured: Generation) -> tuple[str, Summary | NotMeasured]:
    key, found = "concurrent_tokens_per_s", measured.concurrency
    if isinstance(found, NotMeasured):
        return key, found
    best = max(found.points, key=lambda p: median_interval(concurrent_rates(p)).value)
    return _summary(key, concurrent_rates(best), sum(r.tokens for r in best.rounds))


def peaks(measured: Generation) -> list[float]:
    """Return each round's peak of resident memory in bytes, from import to the last timed answer.

    Without the phase of several requests at once, which is another pipeline's.
    """
    return [
        float(max(p.peak_rss_bytes for p in r.phases if p.phase != "concurrency"))
        for r in measured.memory
        if any(p.phase != "concurrency" for p in r.phases)
    ]


def quality(measured: Generation) -> Iterator[tuple[str, Interval | NotMeasured, int]]:
    """Yield what does not depend on time: key, interval or why there is none, and n."""
    perplexity, answers = measured.perplexity, measured.agreement
    if isinstance(perplexity, Perplexity):
        interval = Interval(perplexity.value, perplexity.low, perplexity.high)
        yield "perplexity", interval, perplexity.tokens
    else:
        yield "perplexity", perplexity, 0
    for key, of in (("token_agreement", agreement), ("first_divergence_tokens", divergence)):
        if isinstance(answers, TokenAgreement):
            yield key, of(answers), len(answers.common)
        else:
            yield key, answers, 0

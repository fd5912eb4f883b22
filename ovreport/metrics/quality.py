"""The quality of a language model's output, which does not depend on time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ovreport.metrics.metric import STABLE, Group, Metric, Values, value_of
from ovreport.record import (
    Generation,
    NotMeasured,
    Perplexity,
    PublishedPerplexity,
    Reason,
    Record,
    TokenAgreement,
)
from ovreport.stats.accuracy import bootstrap, wilson
from ovreport.stats.intervals import Floats, Interval


def perplexity_of(rows: Floats) -> float:
    """Return exp of the mean loss a token; rows are [windows, (loss, tokens)]."""
    return float(np.exp(min(float(rows[:, 0].sum() / rows[:, 1].sum()), 600.0)))


def loss_of_published(measured: Perplexity) -> Interval | NotMeasured:
    """Return a perplexity over that of the file as published, minus 1; bootstrap over windows.

    Both are resampled alike: they are of the same windows.
    """
    published = measured.published
    if not isinstance(published, PublishedPerplexity):
        return published
    pairs = zip(measured.windows, published.windows, strict=True)
    rows = np.asarray([(a.loss - b.loss, a.tokens) for a, b in pairs], dtype=np.float64)
    return bootstrap(rows, lambda some: perplexity_of(some) - 1, seed=0)


def agreement(measured: TokenAgreement) -> Interval:
    """Return the share of prompts with the reference's output, and Wilson's interval."""
    return wilson(float(measured.identical), len(measured.common))


def divergence(measured: TokenAgreement) -> Interval:
    """Return the mean number of tokens before the first that differs; bootstrap over prompts."""
    rows = np.asarray(measured.common, dtype=np.float64).reshape(-1, 1)
    return bootstrap(rows, lambda some: float(some.mean()), seed=0)


def _quality(record: Record, _: Sequence[Reason]) -> Values:
    if not isinstance(record.generation, Generation):
        return
    perplexity, tokens = record.generation.perplexity, record.generation.agreement
    if isinstance(perplexity, Perplexity):
        interval = Interval(perplexity.value, perplexity.low, perplexity.high)
        yield value_of("perplexity", interval, 1, perplexity.tokens, STABLE)
        lost = loss_of_published(perplexity)
        if isinstance(lost, Interval):
            yield value_of("perplexity_over_published", lost, 1, perplexity.tokens, STABLE)
        else:
            yield "perplexity_over_published", lost
    else:
        yield "perplexity", perplexity
        yield "perplexity_over_published", perplexity
    for key, interval_of in (
        ("token_agreement", agreement),
        ("first_divergence_tokens", divergence),
    ):
        if isinstance(tokens, TokenAgreement):
            yield value_of(key, interval_of(tokens), 1, len(tokens.common), STABLE)
        else:
            yield key, tokens


QUALITY = Group(
    "Output quality",
    (
        Metric(
            "perplexity",
            "Perplexity",
            "choices",
            "lower",
            "How well it foretells a pinned text, exp of the mean loss a token: as uncertain as a "
            "choice among so many equally likely tokens.",
            "generation",
            counts="tokens",
            summary="perplexity",
        ),
        Metric(
            "perplexity_over_published",
            "Perplexity over the published file's",
            "%",
            "lower",
            "How much higher it is than that of the file as published, whose weights no engine has "
            "converted: the loss of conversion, precision and compression together.",
            "generation",
            scale=100,
            counts="tokens",
        ),
        Metric(
            "token_agreement",
            "Token agreement",
            "%",
            "higher",
            "Share of prompts whose greedy output is that of the file as the engine loads it, in "
            "f32 on the CPU, token for token.",
            "generation",
            scale=100,
            counts="prompts",
        ),
        Metric(
            "first_divergence_tokens",
            "First divergence",
            "tokens",
            "higher",
            "Mean number of tokens of an output before the first that differs from the "
            "reference's; an output without one counts in full.",
            "generation",
            counts="prompts",
        ),
    ),
    _quality,
    is_language=True,
)

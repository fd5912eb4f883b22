"""How right the answers of a language model are: perplexity, and agreement with f32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ovreport.metrics.quality import perplexity_of
from ovreport.record import (
    AccuracyReference,
    Failed,
    NotMeasured,
    Perplexity,
    TokenAgreement,
    Window,
)
from ovreport.stats.accuracy import bootstrap, paired_delta
from ovreport.stats.intervals import Floats
from ovreport_collector.jobs import AnswersResult, JobFailed
from ovreport_collector.measurements.generation import measurement


@dataclass(frozen=True)
class Quality:
    """How right a case's answers are."""

    perplexity: Perplexity | NotMeasured
    agreement: TokenAgreement | NotMeasured


def quality(
    found: AnswersResult, reference: AnswersResult | NotMeasured, *, title: str, seed: int
) -> Quality:
    """Return perplexity and agreement; `reference`: of f32 on the CPU, or why there is none."""
    return Quality(
        perplexity=_perplexity(found.windows, reference, title, seed),
        agreement=_agreement(found.answers, reference, title),
    )


def as_reference(result: object) -> AnswersResult | NotMeasured:
    """Return the reference's answers, or why there are none."""
    if isinstance(result, AnswersResult):
        return result
    why = result.reason if isinstance(result, JobFailed) else "it has no answers"
    return Failed(reason=f"the f32 reference failed: {why}"[:2000], cause="error")


def _perplexity(
    windows: list[Window] | NotMeasured,
    reference: AnswersResult | NotMeasured,
    title: str,
    seed: int,
) -> Perplexity | NotMeasured:
    if isinstance(windows, NotMeasured):
        return windows
    interval = bootstrap(_rows(windows), perplexity_of, seed=seed)
    return Perplexity(
        window=measurement.WINDOW,
        stride=measurement.STRIDE,
        windows=windows,
        low=interval.low,
        high=interval.high,
        data=f"The first half of the passages of: {title}.",
        reference=_paired(windows, reference, seed),
    )


def _paired(
    windows: list[Window], reference: AnswersResult | NotMeasured, seed: int
) -> AccuracyReference | NotMeasured:
    if isinstance(reference, NotMeasured):
        return reference
    if isinstance(reference.windows, NotMeasured):
        return reference.windows
    rows, expected = _rows(windows), _rows(reference.windows)
    delta = paired_delta(rows, expected, perplexity_of, seed=seed)
    return AccuracyReference(
        value=perplexity_of(expected),
        delta=delta.value,
        delta_low=delta.low,
        delta_high=delta.high,
    )


def _rows(windows: Sequence[Window]) -> Floats:
    return np.asarray([(w.loss, w.tokens) for w in windows], dtype=np.float64)


def _agreement(
    answers: Sequence[Sequence[int]], reference: AnswersResult | NotMeasured, title: str
) -> TokenAgreement | NotMeasured:
    if isinstance(reference, NotMeasured):
        return reference
    pairs = zip(answers, reference.answers, strict=True)
    return TokenAgreement(
        prompt_tokens=measurement.ANSWERS.prompt_tokens,
        new_tokens=measurement.ANSWERS.new_tokens,
        common=[common_start(a, b) for a, b in pairs],
        data=f"Prompts cut from the second half of the passages of: {title}.",
    )


def common_start(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens two answers have in common before the first that differs."""
    pairs = zip(first, second, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))

"""How good the generations of a language model are: perplexity, and agreement with f32."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ovreport.metrics.quality import perplexity_of
from ovreport.record import (
    AccuracyReference,
    Failed,
    NotMeasured,
    Perplexity,
    PublishedPerplexity,
    TokenAgreement,
    Window,
)
from ovreport.stats.accuracy import bootstrap, paired_delta
from ovreport.stats.intervals import Floats
from ovreport_collector.measurements.generation import outputs
from ovreport_collector.measurements.generation.outputs import GenerationOutputsResult
from ovreport_collector.measurements.results import GenerationQuality
from ovreport_collector.process.job import JobFailed


def quality(
    found: GenerationOutputsResult,
    reference: GenerationOutputsResult | NotMeasured,
    published: PublishedPerplexity | NotMeasured,
    *,
    title: str,
    seed: int,
) -> GenerationQuality:
    """Return perplexity and agreement of what was found in the data of that title.

    `reference`: the same at f32 on the CPU, or why there is none. `published`: of the file as
    published.
    """
    return GenerationQuality(
        perplexity=_perplexity(found.windows, reference, published, title, seed),
        agreement=_agreement(found.generations, reference, title),
    )


def as_reference(
    result: GenerationOutputsResult | JobFailed,
) -> GenerationOutputsResult | NotMeasured:
    """Return the reference's outputs, or why there are none."""
    if isinstance(result, JobFailed):
        return Failed(reason=f"f32 on the CPU failed: {result.reason}"[:2000], cause="error")
    return result


def _perplexity(
    windows: list[Window] | NotMeasured,
    reference: GenerationOutputsResult | NotMeasured,
    published: PublishedPerplexity | NotMeasured,
    title: str,
    seed: int,
) -> Perplexity | NotMeasured:
    if isinstance(windows, NotMeasured):
        return windows
    interval = bootstrap(_rows(windows), perplexity_of, seed=seed)
    return Perplexity(
        window=outputs.WINDOW,
        stride=outputs.STRIDE,
        windows=windows,
        low=interval.low,
        high=interval.high,
        data=f"The first half of the passages of: {title}.",
        reference=_paired(windows, reference, seed),
        published=published,
    )


def _paired(
    windows: list[Window], reference: GenerationOutputsResult | NotMeasured, seed: int
) -> AccuracyReference | NotMeasured:
    if isinstance(reference, NotMeasured):
        return reference
    if isinstance(reference.windows, NotMeasured):
        return reference.windows
    rows, expected = _rows(windows), _rows(reference.windows)
    delta = paired_delta(rows, expected, perplexity_of, seed=seed)
    return AccuracyReference(
        value=perplexity_of(expected), delta=delta.value, delta_low=delta.low, delta_high=delta.high
    )


def _rows(windows: Sequence[Window]) -> Floats:
    return np.asarray([(w.loss, w.tokens) for w in windows], dtype=np.float64)


def _agreement(
    generations: Sequence[Sequence[int]],
    reference: GenerationOutputsResult | NotMeasured,
    title: str,
) -> TokenAgreement | NotMeasured:
    if isinstance(reference, NotMeasured):
        return reference
    pairs = zip(generations, reference.generations, strict=True)
    return TokenAgreement(
        prompt_tokens=outputs.COMPLETION.prompt_tokens,
        new_tokens=outputs.COMPLETION.new_tokens,
        common=[common_start(a, b) for a, b in pairs],
        data=f"Prompts cut from the second half of the passages of: {title}.",
    )


def common_start(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens two generations have in common before the first that differs."""
    pairs = zip(first, second, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))

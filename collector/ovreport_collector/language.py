"""Language models among the cases of a plan: their jobs, their quality, their part of a record.

`run`, `plan` and `assemble` ask here; the measuring itself is in `generation` and `answers`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ovreport.accuracy_intervals import bootstrap, paired_delta
from ovreport.errors import InputError
from ovreport.generation_aspect import ENGINE, TOKEN_GROWTH
from ovreport.generation_figures import first_token, headline, per_token, perplexity_of
from ovreport.record import (
    AccuracyReference,
    Concurrency,
    ConcurrentPoint,
    Failed,
    Generation,
    GenerationPoint,
    Histogram,
    NotMeasured,
    Perplexity,
    Skipped,
    Tier,
    TokenAgreement,
    Unsupported,
    Window,
)
from ovreport.statistics import Floats
from ovreport.verdict import needs_more_rounds
from ovreport_collector.jobs import (
    AnswersJob,
    AnswersResult,
    GenerationJob,
    GenerationResult,
    JobFailed,
    Lengths,
    Target,
)

if TYPE_CHECKING:
    from ovreport_collector.journal import Described, GenerationDone, Journal
    from ovreport_collector.plan import Plan, PlannedCase
    from ovreport_collector.prepare import Ready
    from ovreport_collector.suite import Model

TASK = "text-generation"
FORMATS = (".gguf", ".xml")
EXTRA = "genai"
SKIP = "concurrency"
"""Name by which `--skip` leaves several requests at once out."""

GRID = [Lengths(prompt, new) for prompt in (32, 128, 512) for new in (32, 128)]
GENERATIONS = {"quick": 1, "standard": 3, "publish": 5}
"""Answers of each pair of lengths in a round: 158 tokens a prompt length and answer of each."""
REQUESTS = [1, 2, 4, 8]
CONCURRENT = Lengths(128, 32)
ANSWERS = Lengths(32, 64)
PROMPTS = 24
WINDOW, STRIDE, WINDOWS = 512, 256, 16
"""4,351 scored tokens at most, each after 256 others or more, but for the first window's."""

ANSWERS_S = 300.0
"""Plenty for all answers and windows of a small model on a small machine: a limit, no estimate."""

SEE = Unsupported(reason="a language model: see generation")
FAILED_BEFORE = Skipped(reason="the case failed before this was measured")
DECODING = (
    "Greedy; the end of the text is ignored, so that every answer has the length that is told. "
    "Prompts are parts of a pinned text without a chat template; no prompt comes twice in a "
    "process, so none comes out of the prefix cache."
)
_TOKEN_S = 0.03
"""Expected, of a small model on a small machine."""


@dataclass(frozen=True)
class Quality:
    """How right a case's answers are."""

    perplexity: Perplexity | NotMeasured
    agreement: TokenAgreement | NotMeasured


# ---------------------------------------------------------------- plan


def is_language(model: Model) -> bool:
    """Return whether a model is one."""
    return model.task == TASK


def require(models: Iterable[Model]) -> None:
    """Raise InputError if a model needs OpenVINO GenAI and that is not installed."""
    wanted = [model.id for model in models if is_language(model)]
    if wanted and importlib.util.find_spec("openvino_genai") is None:
        raise InputError(
            "openvino-genai is not installed, which runs language models",
            where=f"model {wanted[0]}",
            remedy=f"pip install 'ovreport[{EXTRA}]', or name other models with --model",
        )


def versions(engines: Iterable[str]) -> dict[str, str]:
    """Return package → version of what runs language models, where one is planned."""
    names = ("openvino-genai", "openvino-tokenizers") if ENGINE in set(engines) else ()
    return {name: importlib.metadata.version(name) for name in names}


def seconds(tier: Tier) -> float:
    """Return about how long a round takes, to tell the time left."""
    tokens = GENERATIONS[tier.name] * sum(lengths.new_tokens for lengths in GRID)
    return 15.0 + _TOKEN_S * (tokens + CONCURRENT.new_tokens * len(REQUESTS))


# ---------------------------------------------------------------- jobs


def round_job(plan: Plan, ready: Ready, target: Target, index: int) -> GenerationJob:
    """Return the job of one round."""
    return GenerationJob(
        target=target,
        round=index,
        inputs=str(ready.samples),
        seed=plan.seed,
        grid=GRID,
        generations=GENERATIONS[plan.tier.name],
        max_seconds=plan.tier.max_seconds,
        requests=[] if SKIP in plan.skip else REQUESTS,
        concurrent=CONCURRENT,
    )


def answers_job(ready: Ready, target: Target, folder: Path) -> AnswersJob:
    """Return the job that tells how right the answers are."""
    return AnswersJob(
        target=target,
        inputs=str(ready.samples),
        text=str(ready.labelled_inputs),
        prompts=PROMPTS,
        lengths=ANSWERS,
        window=WINDOW,
        stride=STRIDE,
        windows=WINDOWS,
        folder=str(folder / "network"),
    )


# ---------------------------------------------------------------- quality


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
    windows: list[Window] | NotMeasured, reference: AnswersResult | NotMeasured, title: str,
    seed: int,
) -> Perplexity | NotMeasured:  # fmt: skip
    if isinstance(windows, NotMeasured):
        return windows
    interval = bootstrap(_rows(windows), perplexity_of, seed=seed)
    return Perplexity(
        window=WINDOW,
        stride=STRIDE,
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
        prompt_tokens=ANSWERS.prompt_tokens,
        new_tokens=ANSWERS.new_tokens,
        common=[common_start(a, b) for a, b in pairs],
        data=f"Prompts cut from the second half of the passages of: {title}.",
    )


def common_start(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens two answers have in common before the first that differs."""
    pairs = zip(first, second, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


# ---------------------------------------------------------------- record


def is_wide(steps: Sequence[GenerationDone]) -> bool:
    """Return whether the headline is not known well enough yet."""
    point = headline(_points([step.result for step in steps]))
    return any(needs_more_rounds(of(point)) for of in (first_token, per_token))


def aspects(planned: PlannedCase, journal: Journal) -> dict[str, Any]:
    """Return the fields of a record that differ from a classic model's."""
    steps = sorted(journal.generated(planned.key), key=lambda step: step.round)
    described = journal.described(planned.key)
    classic = ("startup", "startup_cached", "latency", "throughput", "memory", "accuracy",
               "agreement", "curve", "open_loop", "end_to_end", "energy")  # fmt: skip
    found: Generation | NotMeasured = FAILED_BEFORE
    if steps:
        found = _generation(steps, described)
    return {**dict.fromkeys(classic, SEE), "generation": found}


def _generation(steps: Sequence[GenerationDone], described: Described | None) -> Generation:
    results = [step.result for step in steps]
    return Generation(
        settings=described.settings if described and described.settings else results[0].settings,
        decoding=DECODING,
        points=_points(results),
        loads=[result.load for result in results],
        memory=[result.memory for result in results if result.memory is not None],
        memory_unreadable=next((r.memory_unreadable for r in results), ""),
        perplexity=described.perplexity if described else FAILED_BEFORE,
        agreement=described.token_agreement if described else FAILED_BEFORE,
        concurrency=_concurrency([result.concurrency for result in results]),
    )


def _points(results: Sequence[GenerationResult]) -> list[GenerationPoint]:
    """Return each pair of lengths over all rounds."""
    by_lengths: dict[tuple[int, int], list[GenerationPoint]] = {}
    for point in (point for result in results for point in result.points):
        by_lengths.setdefault((point.prompt_tokens, point.new_tokens), []).append(point)
    return [
        msgspec.structs.replace(
            same[0],
            rounds=[r for point in same for r in point.rounds],
            histogram=_added([point.histogram for point in same]),
        )
        for same in by_lengths.values()
    ]


def _added(histograms: Sequence[Histogram]) -> Histogram:
    counts: dict[int, int] = {}
    for index, count in (bucket for h in histograms for bucket in h.buckets):
        counts[index] = counts.get(index, 0) + count
    return Histogram(growth=TOKEN_GROWTH, buckets=sorted(counts.items()))


def _concurrency(found: Sequence[Concurrency | NotMeasured]) -> Concurrency | NotMeasured:
    """Return all rounds' requests at once; where no round has any, the first one's reason."""
    measured = [one for one in found if isinstance(one, Concurrency)]
    if not measured:
        return next(one for one in found if isinstance(one, NotMeasured))
    by_requests: dict[int, list[ConcurrentPoint]] = {}
    for point in (point for one in measured for point in one.points):
        by_requests.setdefault(point.requests, []).append(point)
    points = [
        ConcurrentPoint(requests=n, rounds=[r for point in same for r in point.rounds])
        for n, same in sorted(by_requests.items())
    ]
    return msgspec.structs.replace(measured[0], points=points)

"""The timed loop of a language model: load, warm-up, answers one at a time, answers together.

It knows pipelines, not engines: `Pipeline` is the seam, and a simulated one with known times
stands in for it in tests.

Every prompt of a process is another part of the text. Pipelines keep what they computed of a
prompt's beginning (prefix caching), and the same prompt again would come out of that cache.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ovreport.record import (
    Concurrency,
    ConcurrentPoint,
    ConcurrentRound,
    Failed,
    GenerationPoint,
    GenerationRound,
    Histogram,
    LoadRound,
    MemoryRound,
    NotMeasured,
    Settings,
    Skipped,
    Unsupported,
)
from ovreport.record.generation import TOKEN_GROWTH
from ovreport.stats.intervals import Floats, autocorrelation, fixed_buckets
from ovreport_collector.engines.arrays import load_samples
from ovreport_collector.engines.base import Sample, WrongOutputError
from ovreport_collector.jobs import GenerationJob, GenerationResult, Lengths
from ovreport_collector.loadgen.memory import MemoryMeter, give_back_freed
from ovreport_collector.process.timing import spending

WARM_TOKENS = 8
"""Of each answer of the warm-up: one for every prompt length, as each has kernels of its own."""
TEXT = "utf8"
"""Name of the array that holds a passage, as UTF-8 bytes."""
_SHORTEST_MS = 1e-3
"""Two tokens may be handed over at once; a logarithm needs a positive number."""

clock = time.perf_counter


@dataclass(frozen=True)
class Answer:
    """What one call of a pipeline gave, and when."""

    tokens: Sequence[int]
    began_s: float
    """Reading of the caller's clock before the call."""
    at_s: Sequence[float]
    """Readings at the callback of each token."""
    ended_s: float
    """Reading after the call."""
    runtime_time_to_first_token_ms: float = 0.0
    """The pipeline's own time to the first token; 0: not told."""
    runtime_time_per_output_token_ms: float = 0.0
    """The pipeline's own mean time per output token; 0: not told."""


class Pipeline(Protocol):
    """A language model that answers one prompt at a time."""

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, without any that only mark its beginning."""
        ...

    def generate(self, prompt: Sequence[int], new_tokens: int) -> Answer:
        """Return the greedy answer of exactly so many tokens, whatever they mean."""
        ...


class Batching(Protocol):
    """A language model that answers several prompts at once."""

    def generate(self, prompts: Sequence[Sequence[int]], new_tokens: int) -> int:
        """Return how many tokens all answers have together."""
        ...


class TextEngine(Protocol):
    """What makes pipelines of a model."""

    @property
    def settings(self) -> Settings:
        """Properties asked for, and in force where they can be read."""
        ...

    def pipeline(self) -> Pipeline:
        """Load the model."""
        ...

    def batching(self) -> Batching:
        """Load the model for several requests at once."""
        ...


class Prompts:
    """Prompts of exact lengths out of a text: each goes on where the one before ended."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens = list(tokens)
        self._at = 0

    def next(self, length: int) -> list[int]:
        """Return the next prompt; ValueError if the text has not so many tokens left.

        To begin again would be to ask what was asked before.
        """
        prompt = self._tokens[self._at : self._at + length]
        if len(prompt) < length:
            raise ValueError(
                f"the text is too short: {len(self._tokens):,} tokens; name a longer one"
            )
        self._at += length
        return prompt


def texts(samples: Sequence[Sample]) -> Iterator[str]:
    """Yield the passages of a file of inputs."""
    for sample in samples:
        yield bytes(sample[TEXT]).decode("utf-8", errors="replace")


def measure(
    job: GenerationJob, engine: TextEngine, tell: Callable[[Exception], str]
) -> GenerationResult:
    """Measure one round; `tell` words an exception."""
    memory = MemoryMeter()
    passages = load_samples(Path(job.inputs))
    memory.end("import")
    with spending("timed-starts"):
        start = clock()
        pipeline = engine.pipeline()
        load_s = clock() - start
    memory.end("load")
    # Another part of the text in every round.
    first = (job.seed + job.round) % len(passages)
    order = [*passages[first:], *passages[:first]]
    prompts = Prompts([token for text in texts(order) for token in pipeline.encode(text)])
    load = _warm_up(job, pipeline, prompts, load_s)
    points = [_point(job, pipeline, prompts, lengths) for lengths in job.grid]
    memory.end("generation")
    del pipeline
    give_back_freed()
    concurrency = _concurrency(job, engine, prompts, tell)
    if job.requests:
        memory.end("concurrency")
    found = memory.result(job.round)
    return GenerationResult(
        settings=engine.settings,
        points=points,
        load=load,
        memory=found if isinstance(found, MemoryRound) else None,
        memory_unreadable="" if isinstance(found, MemoryRound) else found.reason,
        concurrency=concurrency,
    )


@spending("warm-up")
def _warm_up(job: GenerationJob, pipeline: Pipeline, prompts: Prompts, load_s: float) -> LoadRound:
    lengths = sorted({one.prompt_tokens for one in job.grid})
    answers = [pipeline.generate(prompts.next(n), WARM_TOKENS) for n in lengths]
    spent_s = [answer.ended_s - answer.began_s for answer in answers]
    return LoadRound(
        round=job.round,
        load_ms=load_s * 1000,
        first_ms=spent_s[0] * 1000,
        warmup_generations=len(answers),
        warmup_s=sum(spent_s),
    )


def _point(
    job: GenerationJob, pipeline: Pipeline, prompts: Prompts, lengths: Lengths
) -> GenerationPoint:
    answers: list[Answer] = []
    with spending("timed-loops"):
        began = clock()
        while not answers or (len(answers) < job.generations and clock() - began < job.max_seconds):
            prompt = prompts.next(lengths.prompt_tokens)
            answers.append(pipeline.generate(prompt, lengths.new_tokens))
    return point_of(answers, lengths, index=job.round)


def point_of(answers: Sequence[Answer], lengths: Lengths, *, index: int) -> GenerationPoint:
    """Return what some answers of one pair of lengths say.

    WrongOutputError where one has another number of tokens: its times are those of another task.
    """
    for answer in answers:
        counts = {len(answer.tokens), len(answer.at_s)}
        if counts != {lengths.new_tokens}:
            found = " and ".join(map(str, sorted(counts)))
            raise WrongOutputError(f"{lengths.new_tokens} tokens were asked for, {found} came")
    gaps = np.concatenate([_gaps_ms(answer) for answer in answers])
    return GenerationPoint(
        prompt_tokens=lengths.prompt_tokens,
        new_tokens=lengths.new_tokens,
        rounds=[
            GenerationRound(
                round=index,
                generations=len(answers),
                time_to_first_token_ms=_median([(a.at_s[0] - a.began_s) * 1000 for a in answers]),
                time_per_output_token_ms=_median(gaps),
                time_per_output_token_mean_ms=float(gaps.mean()),
                runtime_time_to_first_token_ms=_median(
                    [a.runtime_time_to_first_token_ms for a in answers]
                ),
                runtime_time_per_output_token_ms=_median(
                    [a.runtime_time_per_output_token_ms for a in answers]
                ),
                duration_s=sum(a.ended_s - a.began_s for a in answers),
                autocorrelation=autocorrelation(gaps),
            )
        ],
        histogram=Histogram(growth=TOKEN_GROWTH, buckets=fixed_buckets(gaps, TOKEN_GROWTH)),
    )


def _gaps_ms(answer: Answer) -> Floats:
    return np.maximum(np.diff(np.asarray(answer.at_s, dtype=np.float64)) * 1000, _SHORTEST_MS)


def _median(values: Sequence[float] | Floats) -> float:
    return float(np.median(values))


# ---------------------------------------------------------------- several at once


def _concurrency(
    job: GenerationJob, engine: TextEngine, prompts: Prompts, tell: Callable[[Exception], str]
) -> Concurrency | NotMeasured:
    """Measure requests that are handed over together; what goes wrong is told, and no more."""
    if not job.requests:
        return Skipped(reason=job.why_none)
    try:
        with spending("compile"):
            batching = engine.batching()
        with spending("warm-up"):
            batching.generate([prompts.next(job.concurrent.prompt_tokens)], WARM_TOKENS)
        with spending("timed-loops"):
            points = list(_rising(job, batching, prompts))
    except NotImplementedError as error:
        return Unsupported(reason=str(error))
    except Exception as error:
        return Failed(reason=tell(error), cause="error")
    return Concurrency(
        prompt_tokens=job.concurrent.prompt_tokens,
        new_tokens=job.concurrent.new_tokens,
        points=points,
    )


def _rising(job: GenerationJob, batching: Batching, prompts: Prompts) -> Iterator[ConcurrentPoint]:
    """Yield more and more requests at once, as long as there is time."""
    began = clock()
    for requests in job.requests:
        if clock() - began > job.concurrent_s:
            return
        yield _together(job, batching, prompts, requests)


def _together(
    job: GenerationJob, batching: Batching, prompts: Prompts, requests: int
) -> ConcurrentPoint:
    requested = [prompts.next(job.concurrent.prompt_tokens) for _ in range(requests)]
    start = clock()
    tokens = batching.generate(requested, job.concurrent.new_tokens)
    duration_s = clock() - start
    if tokens != requests * job.concurrent.new_tokens:
        raise WrongOutputError(
            f"{requests} × {job.concurrent.new_tokens} tokens were asked for, {tokens} came"
        )
    measured = ConcurrentRound(round=job.round, tokens=tokens, duration_s=duration_s)
    return ConcurrentPoint(requests=requests, rounds=[measured])

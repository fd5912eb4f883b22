"""The timed loop of a language model: load, warm-up, one generation at a time, several at once.

It knows pipelines, not engines: `Pipeline` is the seam, and a simulated one with known times
stands in for it in tests.

Every prompt of a process is another part of the text. Pipelines keep what they computed of a
prompt's beginning (prefix caching), and the same prompt again would come out of that cache.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

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
from ovreport.stats.intervals import Floats
from ovreport.stats.samples import autocorrelation, fixed_buckets
from ovreport_collector import engines
from ovreport_collector.engines import errors
from ovreport_collector.engines.arrays import load_samples
from ovreport_collector.engines.base import WrongOutputError
from ovreport_collector.engines.generation_base import (
    Batching,
    Completion,
    Pipeline,
    Prompts,
    TextEngine,
    texts,
)
from ovreport_collector.loadgen.memory import MemoryMeter, give_back_freed
from ovreport_collector.machine.processes import own_switches
from ovreport_collector.measurements.results import ProcessJob
from ovreport_collector.process.timing import measuring

WARM_TOKENS = 8
"""Of each generation of the warm-up: one a prompt length, as each has kernels of its own."""
_SHORTEST_MS = 1e-3
"""Two tokens may be handed over at once; a logarithm needs a positive number."""

clock = time.perf_counter


class Lengths(Struct, frozen=True):
    """A prompt and what is generated, in tokens."""

    prompt_tokens: int
    new_tokens: int


class GenerationResult(Struct, frozen=True, kw_only=True, tag="generation"):
    """One round of a language model."""

    settings: Settings
    """Of the pipeline that was timed."""
    points: list[GenerationPoint]
    load: LoadRound
    memory: MemoryRound | None
    memory_unreadable: str = ""
    concurrency: Concurrency | NotMeasured
    switches: dict[str, float] = {}
    """As in `InferenceResult`."""


class GenerationJob(ProcessJob[GenerationResult], frozen=True, kw_only=True):
    """Let a language model generate, one request at a time, then several at once."""

    grid: list[Lengths]
    generations: int
    """Of each pair of lengths, as long as they take less than `max_seconds`."""
    max_seconds: float
    """Cap of one pair of lengths."""
    requests: list[int]
    """Numbers of requests at once, rising; none: left out."""
    concurrent: Lengths
    """Prompt and output length of each concurrent request."""
    concurrent_s: float = 60.0
    """No further number of requests is begun after so long."""
    why_none: str = ""
    """Why there are no requests at once."""

    def run(self) -> GenerationResult:
        """Measure one round."""
        measured = measure(self, engines.create_text(self.target))
        return msgspec.structs.replace(measured, switches=own_switches())


def measure(job: GenerationJob, engine: TextEngine) -> GenerationResult:
    """Measure one round."""
    memory = MemoryMeter()
    passages = load_samples(Path(job.inputs))
    memory.end("import")
    with measuring():
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
    settings = pipeline.settings
    memory.end("generation")
    del pipeline
    give_back_freed()
    concurrency = _concurrency(job, engine, prompts)
    if job.requests:
        memory.end("concurrency")
    found = memory.result(job.round)
    return GenerationResult(
        settings=settings,
        points=points,
        load=load,
        memory=found if isinstance(found, MemoryRound) else None,
        memory_unreadable="" if isinstance(found, MemoryRound) else found.reason,
        concurrency=concurrency,
    )


@measuring()
def _warm_up(job: GenerationJob, pipeline: Pipeline, prompts: Prompts, load_s: float) -> LoadRound:
    lengths = sorted({one.prompt_tokens for one in job.grid})
    done = [pipeline.generate(prompts.next(n), WARM_TOKENS) for n in lengths]
    took_s = [c.ended_s - c.began_s for c in done]
    return LoadRound(
        round=job.round,
        load_ms=load_s * 1000,
        first_ms=took_s[0] * 1000,
        warmup_generations=len(done),
        warmup_s=sum(took_s),
    )


def _point(
    job: GenerationJob, pipeline: Pipeline, prompts: Prompts, lengths: Lengths
) -> GenerationPoint:
    done: list[Completion] = []
    with measuring():
        began = clock()
        while not done or (len(done) < job.generations and clock() - began < job.max_seconds):
            prompt = prompts.next(lengths.prompt_tokens)
            done.append(pipeline.generate(prompt, lengths.new_tokens))
    return point_of(done, lengths, index=job.round)


def point_of(done: Sequence[Completion], lengths: Lengths, *, index: int) -> GenerationPoint:
    """Return the point of some generations of one pair of lengths.

    WrongOutputError where one has another number of tokens: its times are those of another task.
    """
    for one in done:
        counts = {len(one.tokens), len(one.at_s)}
        if counts != {lengths.new_tokens}:
            found = " and ".join(map(str, sorted(counts)))
            raise WrongOutputError(f"{lengths.new_tokens} tokens were requested, {found} came")
    gaps = np.concatenate([_gaps_ms(c) for c in done])
    return GenerationPoint(
        prompt_tokens=lengths.prompt_tokens,
        new_tokens=lengths.new_tokens,
        rounds=[
            GenerationRound(
                round=index,
                generations=len(done),
                time_to_first_token_ms=_median([(c.at_s[0] - c.began_s) * 1000 for c in done]),
                time_per_output_token_ms=_median(gaps),
                time_per_output_token_mean_ms=float(gaps.mean()),
                runtime_time_to_first_token_ms=_median(
                    [c.runtime_time_to_first_token_ms for c in done]
                ),
                runtime_time_per_output_token_ms=_median(
                    [c.runtime_time_per_output_token_ms for c in done]
                ),
                duration_s=sum(c.ended_s - c.began_s for c in done),
                autocorrelation=autocorrelation(gaps),
            )
        ],
        histogram=Histogram(growth=TOKEN_GROWTH, buckets=fixed_buckets(gaps, TOKEN_GROWTH)),
    )


def _gaps_ms(one: Completion) -> Floats:
    return np.maximum(np.diff(np.asarray(one.at_s, dtype=np.float64)) * 1000, _SHORTEST_MS)


def _median(values: Sequence[float] | Floats) -> float:
    return float(np.median(values))


# ---------------------------------------------------------------- several at once


def _concurrency(
    job: GenerationJob, engine: TextEngine, prompts: Prompts
) -> Concurrency | NotMeasured:
    """Measure requests that are handed over together, or return why it went wrong."""
    if not job.requests:
        return Skipped(reason=job.why_none)
    try:
        batching = engine.batching()
        with measuring():
            batching.generate([prompts.next(job.concurrent.prompt_tokens)], WARM_TOKENS)
        with measuring():
            points = list(_rising(job, batching, prompts))
    except NotImplementedError as error:
        return Unsupported(reason=str(error))
    except Exception as error:
        return Failed(reason=errors.message(error), cause="error")
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
            f"{requests} × {job.concurrent.new_tokens} tokens were requested, {tokens} came"
        )
    measured = ConcurrentRound(round=job.round, tokens=tokens, duration_s=duration_s)
    return ConcurrentPoint(requests=requests, rounds=[measured])

"""A language model whose tokens and times are known: it needs no library, and waits for nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct

from ovreport.record import Execution, Port, PublishedPerplexity, Settings, Unsupported, Window
from ovreport_collector.engines.generation_base import Completion
from ovreport_collector.engines.types import OutputsResult
from ovreport_collector.measurements.generation import outputs, run
from ovreport_collector.measurements.generation.outputs import GenerationOutputsJob
from ovreport_collector.measurements.generation.published import PublishedJob, PublishedResult
from ovreport_collector.measurements.generation.run import GenerationJob
from ovreport_collector.process.job import Job, JobFailed

SETTINGS = Settings(requested={}, effective={"KV_CACHE_PRECISION": "u8"})


@dataclass
class Clock:
    """Time that passes when the pipeline says so."""

    now: float = 100.0

    def __call__(self) -> float:
        """Return the time, and let none pass."""
        return self.now


@dataclass
class SimulatedEngine:
    """Makes pipelines of a known time for each token of the prompt, and for each one after."""

    clock: Clock
    time_to_first_token_ms: float = 1.0
    time_per_output_token_ms: float = 10.0
    missing: int = 0
    """Tokens that every answer lacks."""
    load_s: float = 2.0
    wrong_from: int = 10**9
    """Tokens from here on differ from another engine's."""
    logits: bool = True
    batches: Exception | None = None
    """What several requests at once fail with."""
    prompts: list[list[int]] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """What a pipeline was asked."""
        return SETTINGS

    def pipeline(self) -> SimulatedEngine:
        """Load: takes its time."""
        self.clock.now += self.load_s
        return self

    def batching(self) -> _Together:
        """Load for several requests."""
        if self.batches:
            raise self.batches
        return _Together(self)

    def encode(self, text: str) -> list[int]:
        """Return a token a word."""
        return [int.from_bytes(word.encode()) for word in text.split()]

    def generate(self, prompt: Sequence[int], new_tokens: int) -> Completion:
        """Answer: every token comes when it is said to come."""
        self.prompts.append(list(prompt))
        began = self.clock.now
        count = new_tokens - self.missing
        first = began + len(prompt) * self.time_to_first_token_ms / 1000
        at = [first + i * self.time_per_output_token_ms / 1000 for i in range(count)]
        self.clock.now = at[-1]
        tokens = [i if i < self.wrong_from else -i for i in range(count)]
        return Completion(
            tokens,
            began,
            at,
            self.clock.now,
            len(prompt) * self.time_to_first_token_ms,
            self.time_per_output_token_ms,
        )

    def exporting(self, folder: Path) -> tuple[SimulatedEngine, Path]:
        """Return itself, and where its network would be."""
        return self, folder / "network.xml"

    def network(self, path: Path) -> _Network:
        """Return the network under it."""
        return _Network(self)


@dataclass
class _Together:
    engine: SimulatedEngine

    def generate(self, prompts: Sequence[Sequence[int]], new_tokens: int) -> int:
        """Answer all in the time of one, and half of it for each other."""
        self.engine.prompts += [list(p) for p in prompts]
        seconds = new_tokens * self.engine.time_per_output_token_ms / 1000
        self.engine.clock.now += seconds * (0.5 + 0.5 * len(prompts))
        return len(prompts) * new_tokens


@dataclass
class _Network:
    engine: SimulatedEngine

    def described(self) -> OutputsResult:
        """Return a network of one input."""
        execution = Execution(devices=["CPU"], precision="f32", layers=[])
        port = Port(name="input_ids", dtype="i64", shape=[-1, -1])
        return OutputsResult(inputs=[port], outputs=[], parameters=135, execution=execution)

    def windows(
        self, tokens: Sequence[int], *, window: int, stride: int, most: int
    ) -> list[Window] | Unsupported:
        """Return the same loss a token for every window."""
        if not self.engine.logits:
            return Unsupported(reason="the network gives logits of the last token only")
        return [Window(loss=3.0 * stride, tokens=stride) for _ in range(most)]


def published_perplexity(job: PublishedJob) -> PublishedPerplexity:
    """Return a loss of the published file that is a little lower than what the network has."""
    windows = [Window(loss=2.75 * job.stride, tokens=job.stride) for _ in range(job.windows)]
    return PublishedPerplexity(windows=windows, method="by hand", software={"gguf": "1"})


def answering(engine_of: Callable[[str], SimulatedEngine]) -> Callable[[Job], Struct | None]:
    """Return an answer for `FakeChild`: the jobs of language models, done in this process."""

    def answer(job: Job) -> Struct | None:
        if isinstance(job, PublishedJob):
            return PublishedResult(measured=published_perplexity(job))
        if not isinstance(job, GenerationJob | GenerationOutputsJob):
            return None
        engine = engine_of(job.target.precision)
        if isinstance(job, GenerationOutputsJob):
            return outputs.outputs(job, engine)
        try:
            return run.measure(job, engine)
        except Exception as error:
            return JobFailed(reason=str(error), cause="error")

    return answer

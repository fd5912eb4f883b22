"""Jobs of language models: their rounds, and how right they are."""

from __future__ import annotations

from msgspec import Struct

from ovreport.record import (
    Concurrency,
    GenerationPoint,
    LoadRound,
    MemoryRound,
    NotMeasured,
    Settings,
    Window,
)
from ovreport_collector.engines.types import OutputsResult, Target


class Lengths(Struct, frozen=True):
    """A prompt and an answer, in tokens."""

    prompt_tokens: int
    new_tokens: int


class GenerationJob(Struct, frozen=True, kw_only=True, tag="generation"):
    """Let a language model answer, one request at a time, then several at once."""

    target: Target
    round: int
    inputs: str
    seed: int
    grid: list[Lengths]
    generations: int
    """Answers of each pair of lengths, as long as they take less than `max_seconds`."""
    max_seconds: float
    """Cap of one pair of lengths."""
    requests: list[int]
    """Numbers of requests at once, rising; none: left out."""
    concurrent: Lengths
    """Of each of them."""
    concurrent_s: float = 60.0
    """No further number of requests is begun after so long."""
    why_none: str = ""
    """Why there are no requests at once."""


class AnswersJob(Struct, frozen=True, kw_only=True, tag="answers"):
    """Let a language model answer every prompt greedily, and judge a text."""

    target: Target
    inputs: str
    """Passages that prompts are cut from."""
    text: str
    """Passages that are judged, one after the other."""
    prompts: int
    lengths: Lengths
    window: int
    stride: int
    windows: int
    """At most so many steps of the sliding window."""
    folder: str
    """Where the network is saved that logits are read from."""


class GenerationResult(Struct, frozen=True, kw_only=True, tag="generation"):
    """One round of a language model."""

    settings: Settings
    points: list[GenerationPoint]
    load: LoadRound
    memory: MemoryRound | None
    memory_unreadable: str = ""
    concurrency: Concurrency | NotMeasured
    switches: dict[str, float] = {}
    """As in `RoundResult`."""


class AnswersResult(Struct, frozen=True, kw_only=True, tag="answers"):
    """What a language model said, and how well it foretold a text."""

    described: OutputsResult
    settings: Settings
    answers: list[list[int]]
    """Token ids, of each prompt."""
    windows: list[Window] | NotMeasured
    """Loss of the text, or why there are no logits."""

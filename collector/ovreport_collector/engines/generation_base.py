"""The seam between the timed loop of a language model and whatever generates text.

TextEngine.pipeline → Pipeline.encode, Pipeline.generate     one prompt at a time
TextEngine.batching → Batching.generate                      several prompts at once
TextEngine.exporting, network → LogitsNetwork.windows        the loss of a text
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ovreport.record import Settings, Unsupported, Window
from ovreport_collector.engines.arrays import Sample
from ovreport_collector.engines.types import OutputsResult

TEXT = "utf8"
"""Name of the array that holds a passage of text, as UTF-8 bytes."""


@dataclass(frozen=True)
class Completion:
    """What one call of a pipeline generated, and when."""

    tokens: Sequence[int]
    began_s: float
    """Reading of the caller's clock before the call."""
    at_s: Sequence[float]
    """Readings at the callback of each token."""
    ended_s: float
    """Reading after the call."""
    runtime_time_to_first_token_ms: float = 0.0
    """The pipeline's own time to the first token; 0: not reported."""
    runtime_time_per_output_token_ms: float = 0.0
    """The pipeline's own mean time per output token; 0: not reported."""


class Pipeline(Protocol):
    """A language model that completes one prompt at a time."""

    @property
    def settings(self) -> Settings:
        """Requested properties, and those that this pipeline says are in force, if it does."""
        ...

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, without any that only mark its beginning."""
        ...

    def generate(self, prompt: Sequence[int], new_tokens: int) -> Completion:
        """Return the greedy completion of exactly so many tokens; no token ends it early."""
        ...


class Batching(Protocol):
    """A language model that completes several prompts at once."""

    def generate(self, prompts: Sequence[Sequence[int]], new_tokens: int) -> int:
        """Return how many tokens all completions have together."""
        ...


class LogitsNetwork(Protocol):
    """The network under a pipeline, run by itself: it gives logits, from which a loss follows."""

    def described(self) -> OutputsResult:
        """Return what the network is, and what of it runs."""
        ...

    def windows(
        self, tokens: Sequence[int], *, window: int, stride: int, most: int
    ) -> list[Window] | Unsupported:
        """Return the loss of a text, step by step of a sliding window; each token counts once.

        `window` and `stride` are numbers of tokens, `most` of steps.
        """
        ...


class TextEngine(Protocol):
    """An engine of language models, set up for one model and device."""

    def pipeline(self) -> Pipeline:
        """Load the model."""
        ...

    def batching(self) -> Batching:
        """Load the model for several requests at once; NotImplementedError where it cannot."""
        ...

    def exporting(self, folder: Path) -> tuple[Pipeline, Path]:
        """Load the model, and return the file of its network, which may be saved in a folder."""
        ...

    def network(self, path: Path) -> LogitsNetwork:
        """Return that network, compiled as the pipeline compiles it."""
        ...


class Prompts:
    """Prompts of exact lengths out of a text: each goes on where the one before ended."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens = list(tokens)
        self._at = 0

    def next(self, length: int) -> list[int]:
        """Return the next prompt; ValueError if the text has not so many tokens left.

        Beginning again would repeat a prompt, which a prefix cache may hold.
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

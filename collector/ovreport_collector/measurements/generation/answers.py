"""What a language model says and how well it foretells a text, whatever the time it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from ovreport.record import NotMeasured, Settings, Unsupported, Window
from ovreport_collector.engines.arrays import load_samples
from ovreport_collector.engines.base import WrongOutputError
from ovreport_collector.engines.generation_base import Pipeline, texts
from ovreport_collector.jobs import AnswersJob, AnswersResult, OutputsResult
from ovreport_collector.process.timing import spending


class Network(Protocol):
    """The network under a pipeline, by itself."""

    def described(self) -> OutputsResult:
        """Return what it is, and what of it runs."""
        ...

    @property
    def settings(self) -> Settings:
        """Properties asked for and in force."""
        ...

    def windows(
        self, tokens: Sequence[int], *, window: int, stride: int, most: int
    ) -> list[Window] | Unsupported:
        """Return the loss of a text, step by step of a sliding window."""
        ...


class Engine(Protocol):
    """What makes a pipeline, and the network under it."""

    @property
    def settings(self) -> Settings:
        """Properties asked for."""
        ...

    def exporting(self, folder: Path) -> tuple[Pipeline, Path]:
        """Load the model, and return where its network is."""
        ...

    def network(self, path: Path) -> Network:
        """Return that network, compiled as the pipeline compiles it."""
        ...


def answer(job: AnswersJob, engine: Engine, tell: Callable[[Exception], str]) -> AnswersResult:
    """Return the answers to all prompts, and the loss of the text; `tell` words an exception."""
    with spending("compile"):
        pipeline, path = engine.exporting(Path(job.folder))
    with spending("accuracy"):
        tokens = _tokens(pipeline, job.inputs)
        lengths = job.lengths
        answers = [
            list(pipeline.generate(prompt, lengths.new_tokens).tokens)
            for prompt in spread(tokens, job.prompts, lengths.prompt_tokens)
        ]
        text = _tokens(pipeline, job.text)
    del pipeline  # its memory is wanted for the network
    described, settings, windows = _judge(job, engine, path, text, tell)
    return AnswersResult(described=described, settings=settings, answers=answers, windows=windows)


def spread(tokens: Sequence[int], count: int, length: int) -> list[list[int]]:
    """Return prompts of one length, evenly over a text; ValueError where they do not fit."""
    step = len(tokens) // count
    if step < length:
        raise ValueError(
            f"the text is too short: {len(tokens):,} tokens for {count} prompts of {length}"
        )
    return [list(tokens[i * step : i * step + length]) for i in range(count)]


def _tokens(pipeline: Pipeline, inputs: str) -> list[int]:
    return [t for text in texts(load_samples(Path(inputs))) for t in pipeline.encode(text)]


def _judge(
    job: AnswersJob,
    engine: Engine,
    path: Path,
    text: Sequence[int],
    tell: Callable[[Exception], str],
) -> tuple[OutputsResult, Settings, list[Window] | NotMeasured]:
    """Run the network under the pipeline; where it cannot be run by itself, say so."""
    try:
        with spending("compile"):
            network = engine.network(path)
        with spending("accuracy"):
            windows = network.windows(text, window=job.window, stride=job.stride, most=job.windows)
            return network.described(), network.settings, windows
    except WrongOutputError:
        raise
    except Exception as error:
        why = Unsupported(reason=f"the pipeline gives no logits of its own: {tell(error)}")
        return (
            OutputsResult(inputs=[], outputs=[], parameters=0, execution=why),
            (engine.settings),
            why,
        )

"""What a language model generates and how well it predicts a text; nothing is timed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from ovreport.record import NotMeasured, Unsupported, Window
from ovreport_collector import engines
from ovreport_collector.engines import errors
from ovreport_collector.engines.arrays import load_samples
from ovreport_collector.engines.base import WrongOutputError
from ovreport_collector.engines.generation_base import Pipeline, TextEngine, texts
from ovreport_collector.engines.types import OutputsResult, Target
from ovreport_collector.measurements.generation.run import Lengths
from ovreport_collector.process.job import Job

COMPLETION = Lengths(32, 64)
PROMPTS = 24
WINDOW, STRIDE, WINDOWS = 512, 256, 16
"""4,351 scored tokens at most, each after 256 others or more, but for the first window's."""


class GenerationOutputsResult(Struct, frozen=True, kw_only=True, tag="generation-outputs"):
    """What a language model generated, and how well it predicted a text."""

    model: OutputsResult
    generations: list[list[int]]
    """Token ids, of each prompt."""
    windows: list[Window] | NotMeasured
    """Loss of the text, or why there are no logits."""
    text: list[int]
    """Token ids of the text, as many as were to be scored."""


class GenerationOutputsJob(Job[GenerationOutputsResult], frozen=True, kw_only=True):
    """Let a language model complete every prompt greedily, and predict a text."""

    target: Target
    inputs: str
    """Passages that prompts are cut from."""
    text: str
    """Passages to predict, one after the other."""
    prompts: int
    lengths: Lengths
    window: int
    stride: int
    windows: int
    """At most so many steps of the sliding window."""
    folder: str
    """Where the network is saved that logits are read from."""

    def run(self) -> GenerationOutputsResult:
        """Generate, and predict."""
        return outputs(self, engines.create_text(self.target))


def outputs(job: GenerationOutputsJob, engine: TextEngine) -> GenerationOutputsResult:
    """Return what is generated for all prompts, and the loss of the text."""
    pipeline, path = engine.exporting(Path(job.folder))
    tokens = _tokens(pipeline, job.inputs)
    lengths = job.lengths
    generations = [
        list(pipeline.generate(prompt, lengths.new_tokens).tokens)
        for prompt in spread(tokens, job.prompts, lengths.prompt_tokens)
    ]
    text = _tokens(pipeline, job.text)[: job.window + job.stride * (job.windows - 1)]
    del pipeline  # its memory is wanted for the network
    model, windows = _predict(job, engine, path, text)
    return GenerationOutputsResult(model=model, generations=generations, windows=windows, text=text)


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


def _predict(
    job: GenerationOutputsJob, engine: TextEngine, path: Path, text: Sequence[int]
) -> tuple[OutputsResult, list[Window] | NotMeasured]:
    """Run the network under the pipeline; where it cannot be run by itself, return why."""
    try:
        network = engine.network(path)
        windows = network.windows(text, window=job.window, stride=job.stride, most=job.windows)
        return network.described(), windows
    except WrongOutputError:
        raise
    except Exception as error:
        why = Unsupported(reason=f"the pipeline gives no logits: {errors.message(error)}")
        model = OutputsResult(inputs=[], outputs=[], parameters=0, execution=why)
        return model, why

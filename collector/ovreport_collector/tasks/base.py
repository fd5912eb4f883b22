"""What a model is for: a task gives real inputs, and says how right the outputs are.

A task never runs a model. It makes input arrays, and later reads output arrays; what happens
between is an engine's work. So every engine, device and precision sees the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ovreport.record import Unsupported
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.sources.files import Files
from ovreport_collector.suite.model import Model

Inputs = Mapping[str, Array]
"""Input name → array [n, *static shape]: one sample for each index of the first axis."""


@dataclass(frozen=True)
class Labelled:
    """Inputs whose right answers are known."""

    inputs: Inputs
    labels: Any
    """Whatever the task needs to judge outputs; private to the task."""
    n: int
    unit: str
    """What is counted in n, plural: "files", "image crops", "clips"."""
    source: str
    """Where samples and labels come from, in one sentence a reader understands."""
    name: str = ""
    """Of the data, in a word or two, for headings: "SimLex-999"; empty: its metric tells enough."""
    rendered: bool = False
    """True when the samples were drawn or synthesised with known labels."""
    by_reference: bool = False
    """True where nobody knows the right answers, and the f32 reference's stand for them: the
    caller puts its kept outputs in the place of `labels`."""


class Judge(Protocol):
    """Says how right outputs are, by one metric: pure functions of labelled inputs and outputs."""

    metric: str | None
    """Key of the accuracy metric in `ovreport.metrics.registry`; None: nothing labelled is here."""

    def keep(self, outputs: Sequence[Array]) -> list[Array]:
        """Return what `contributions` needs of some samples' outputs, to save memory.

        Optional for the caller, sample by sample or in chunks along the first axis; calling it
        twice changes nothing. (All the outputs of a text recogniser would fill 750 MB.)
        """
        ...

    def contributions(self, labelled: Labelled, outputs: Sequence[Array]) -> NDArray[np.float64]:
        """Return one row [k] for each thing that is resampled: what is counted, or its clusters.

        Outputs are [samples, *output shape], in the model's output order, whole or as `keep`
        left them. The rows of two runs are paired by index.
        """
        ...

    def reduce(self, contributions: NDArray[np.float64]) -> float:
        """Return the metric of some rows; called again and again on resampled ones."""
        ...


class Task(Judge, Protocol):
    """A task, as a set of pure functions of its arguments; the judge of its headline accuracy."""

    name: str
    why_no_metric: str
    """The reason shown where nothing labelled is at hand; empty where there always is."""

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return `count` real inputs for timing, chosen by `seed`."""
        ...

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return the labelled inputs, or None where the task has none for this model."""
        ...


@runtime_checkable
class JudgesMore(Protocol):
    """What a task has besides, where answers are judged by further metrics, or on further data."""

    further: Mapping[str, Judge]
    """Name, of letters, digits and hyphens → judge. Where several share inputs, all of them read
    what the first one keeps: the task itself, or the earliest here."""

    def additional_labelled(
        self, model: Model, files: Files, labelled: Labelled, *, seed: int
    ) -> Mapping[str, Labelled]:
        """Return the labelled inputs of those judges that have some for this model.

        `labelled` is what the task itself is judged by. What shares its `inputs` (the same
        object), or another judge's, costs no inference of its own.
        """
        ...


@runtime_checkable
class ImageTask(Protocol):
    """What a task has besides, where its inputs are images: the way from a file to an answer."""

    name: str
    pictured: str
    """What the pictures show and where they are from, to end a sentence."""

    def pipeline(self, model: Model) -> ImagePipeline | Unsupported:
        """Return how an image becomes the model's input, or why that is not one image."""
        ...

    def pictures(
        self, model: Model, files: Files, *, size: tuple[int, int], seed: int, count: int
    ) -> list[Image.Image]:
        """Return `count` pictures of that width and height, chosen by `seed`; to be encoded."""
        ...

    def answer(self, outputs: Sequence[Array]) -> object:
        """Return what a program would go on with: the postprocessing of one image's outputs."""
        ...


@dataclass(frozen=True)
class Calibration:
    """Real inputs that an optimization may look at, none of which is evaluated."""

    inputs: Inputs
    description: str
    """What they are and where they are from, in one sentence a reader understands."""
    transformer: bool = False
    """True where the network is one: NNCF then quantizes by other patterns."""


@runtime_checkable
class Calibrates(Protocol):
    """What a task has besides, where its inputs serve to calibrate a quantization."""

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return up to `count` real inputs, none of them among the labelled ones of any seed.

        SuiteError where the model's data has none left.
        """
        ...


@runtime_checkable
class Validates(Protocol):
    """What a task has besides, where accuracy can be watched while a model is quantized."""

    def validation(self, model: Model, files: Files, *, seed: int) -> Labelled:
        """Return few labelled inputs, none of them among those of `labelled` or `calibration`.

        SuiteError where the model's data has none left.
        """
        ...

"""The protocol of a task: what a model is for, real inputs for it, and its accuracy metric.

    samples                         inputs to time
    labelled                        inputs with known labels
    compact                         what of the outputs is needed for the metric
    per_sample_scores, aggregate    outputs → scores → the metric

A task never runs a model: it makes input arrays and reads output arrays, so every engine, device
and precision gets the same bytes. `Task` is what each has to have. What a task may have besides is
a protocol of its own, found by `isinstance`: `HasOptions`, `HasVersion`, `AdditionalMetrics`,
`SlowAccuracy`, `Calibrates`, `Validates`, and `tasks.images.base.ImageTask`.

Another package adds a task by an entry point of the group `ovreport.tasks`, whose name is the
task's and whose value is the class, made without arguments:

    [project.entry-points."ovreport.tasks"]
    depth = "my_package.depth:Depth"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option

Inputs = Mapping[str, Array]
"""Input name → array [n, *static shape]: one sample for each index of the first axis."""
Scores = NDArray[np.float64]
"""[n, k]: one row for each unit that a bootstrap resamples."""


@dataclass(frozen=True)
class Labelled:
    """Inputs whose right outputs are known."""

    inputs: Inputs
    labels: Any
    """Whatever the task needs to score outputs; private to the task."""
    n: int
    unit: str
    """What is counted in n, plural: "files", "image crops", "clips"."""
    source: str
    """Where samples and labels come from, in one sentence for readers of the site."""
    name: str = ""
    """Of the data, in a word or two, for headings: "SimLex-999"; empty: the metric's name will
    do."""
    rendered: bool = False
    """True when the samples were drawn or synthesised with known labels."""
    by_reference: bool = False
    """True where nothing is labelled, and the outputs of the f32 reference stand for the labels:
    the caller puts its compacted outputs in the place of `labels`."""


class Evaluator(Protocol):
    """Scores outputs by one metric: pure functions of labelled inputs and outputs."""

    metric: str | None
    """Key of the accuracy metric in `ovreport.metrics.METRICS`; None: there is no labelled
    data."""

    def compact(self, outputs: Sequence[Array]) -> list[Array]:
        """Return what `per_sample_scores` needs of the outputs, to save memory and disk.

        Called sample by sample, in chunks along the first axis, or not at all; compacting twice
        changes nothing. (All outputs of a text recogniser would fill 750 MB.)
        """
        ...

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return one row [k] for each unit that a bootstrap resamples.

        Mostly that is what is counted in `labelled.n`; clusters of it where units depend on each
        other. `outputs` are [samples, *output shape], in the model's output order, whole or
        compacted. Rows of two runs are paired by index. ValueError where outputs do not fit.
        """
        ...

    def aggregate(self, scores: Scores) -> float:
        """Return the metric over rows of `per_sample_scores`, resampled ones among them."""
        ...


class Task(Evaluator, Protocol):
    """A task, as pure functions of their arguments; evaluates its own main metric."""

    name: str
    """As suites name it."""
    why_no_metric: str
    """The reason shown where there is no labelled data; empty where there always is."""

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return `count` real inputs for timing, chosen by `seed`."""
        ...

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return the labelled inputs, or None where the task has none for this model."""
        ...


@runtime_checkable
class HasOptions(Protocol):
    """A task that says which options it has; a suite that gives it others is refused."""

    options: Sequence[Option]


@runtime_checkable
class HasVersion(Protocol):
    """A task whose inputs or scores changed: results of its versions are never compared.

    One without is version 1.
    """

    version: int


@runtime_checkable
class AdditionalMetrics(Protocol):
    """A task with further metrics, on the same labelled data or on others."""

    additional_metrics: Mapping[str, Evaluator]
    """Name, of letters, digits and hyphens → evaluator. Those that share inputs read what the
    first of them compacts: the task itself, or the earliest here."""

    def additional_labelled(
        self, model: Model, files: Files, labelled: Labelled, *, seed: int
    ) -> Mapping[str, Labelled]:
        """Return labelled inputs by name of the metric, of those that have some for this model.

        `labelled` is that of the task's main metric. What shares its `inputs` (the same object),
        or those of another metric, costs no further inference.
        """
        ...


@runtime_checkable
class SlowAccuracy(Protocol):
    """A task whose accuracy takes longer than most: of many inputs, or of long ones."""

    accuracy_s: float
    """Expected seconds of one case's accuracy on two cores, for the time that is announced."""


@dataclass(frozen=True)
class Calibration:
    """Real inputs that an optimization may look at, none of which is evaluated."""

    inputs: Inputs
    description: str
    """What they are and where they are from, in one sentence for readers of the site."""
    transformer: bool = False
    """True where the network is one: NNCF then quantizes by other patterns."""


@runtime_checkable
class Calibrates(Protocol):
    """A task with inputs to calibrate a quantization with."""

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return up to `count` real inputs, none of them among the labelled ones of any seed.

        SuiteError where the model's data has none left.
        """
        ...


@runtime_checkable
class Validates(Protocol):
    """A task with labelled inputs to watch accuracy on while a model is quantized."""

    def validation(self, model: Model, files: Files, *, seed: int) -> Labelled:
        """Return few labelled inputs, none of them among those of `labelled` or `calibration`.

        SuiteError where the model's data has none left.
        """
        ...

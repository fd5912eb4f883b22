"""Patterns: noisy copies of ten known vectors, to be told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import generator
from ovreport_collector.tasks.base import Inputs, Labelled
from ovreport_collector.tasks.evaluators import Proportion
from ovreport_collector.tasks.samples import column, only_input, pack, unpack

CLASSES = 10
LABELLED = 200
NOISE = 2.0


def patterns(size: int) -> NDArray[np.float32]:
    """Return the known vectors [10, size]."""
    return np.random.default_rng(7).standard_normal((CLASSES, size), np.float32)


class PatternRecognition(Proportion):
    """Recognition of patterns: one input [batch, size] f32, one output [batch, 10]. No files."""

    name = "pattern-recognition"
    metric: str | None = "top1"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return noisy patterns."""
        _, shape = only_input(model)
        return self._drawn(model, generator(seed, self.name, "samples"), count * shape[0])[0]

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return noisy patterns, and which of them each is."""
        inputs, labels = self._drawn(model, generator(seed, self.name, "labelled"), LABELLED)
        return Labelled(
            inputs=inputs,
            labels=labels,
            n=LABELLED,
            unit="patterns",
            source="ten random vectors with noise",
            rendered=True,
        )

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return [n, 1]: whether the highest score is that of the right pattern."""
        found = unpack(outputs[0], labelled.n).argmax(axis=-1)
        return column(found == labelled.labels)

    def _drawn(
        self, model: Model, rng: np.random.Generator, n: int
    ) -> tuple[Inputs, NDArray[np.int64]]:
        name, shape = only_input(model)
        labels = rng.integers(CLASSES, size=n)
        noise = rng.standard_normal((n, shape[1]), np.float32)
        units = patterns(shape[1])[labels] + np.float32(NOISE) * noise
        return {name: pack(units, shape)}, labels

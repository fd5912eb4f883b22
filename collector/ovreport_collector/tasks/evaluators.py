"""Parts of evaluators that tasks inherit from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks.base import Labelled, Scores


class WholeOutputs:
    """A task that needs the whole outputs."""

    def compact(self, outputs: Sequence[Array]) -> list[Array]:
        """Return the outputs as they are."""
        return list(outputs)


class Unlabelled(WholeOutputs):
    """A task that gives inputs only: no labelled data is at hand."""

    metric: str | None = None

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return None: nothing labelled."""
        return None

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Raise NotImplementedError: there are no labels."""
        raise NotImplementedError("the task has no metric")

    def aggregate(self, scores: Scores) -> float:
        """Raise NotImplementedError: there are no labels."""
        raise NotImplementedError("the task has no metric")


class Proportion(WholeOutputs):
    """A task whose metric is a share of right outputs: rows are [0] or [1]."""

    why_no_metric: ClassVar[str] = ""

    def aggregate(self, scores: Scores) -> float:
        """Return the share of right outputs, 0 to 1."""
        return float(scores[:, 0].mean())


class AgainstReference(WholeOutputs):
    """A task without labels, whose metric is how near outputs are to the reference's.

    It measures what precision and device do to outputs, not how good the model is.
    """

    why_no_metric: ClassVar[str] = ""

    def aggregate(self, scores: Scores) -> float:
        """Return the mean over units, 0 to 1."""
        return float(scores.mean())

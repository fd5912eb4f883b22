"""Parts of evaluators that tasks inherit from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources.files import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks.base import Labelled, Scores


class WholeOutputs:
    """A task that needs the whole outputs."""

    def compact(self, outputs: Sequence[Array]) -> list[Array]:
        """Return the outputs as they are."""
        return list(outputs)


class Unlabelled(WholeOutputs):
    """A task that gives inputs only: nothing with known answers is at hand."""

    metric: str | None = None

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return None: nothing labelled."""
        return None

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Refuse: there is nothing to judge by."""
        raise NotImplementedError("the task has no metric")

    def aggregate(self, scores: Scores) -> float:
        """Refuse: there is nothing to judge by."""
        raise NotImplementedError("the task has no metric")


class Proportion(WholeOutputs):
    """A task whose metric is a share of right answers: rows are [0] or [1]."""

    why_no_metric: ClassVar[str] = ""

    def aggregate(self, scores: Scores) -> float:
        """Return the share of right answers, 0 to 1."""
        return float(scores[:, 0].mean())


class AgainstReference(WholeOutputs):
    """A task without known answers, whose metric tells how near outputs are to the reference's.

    It speaks of what precision and device do to the answers, not of how good the model is.
    """

    why_no_metric: ClassVar[str] = ""

    def aggregate(self, scores: Scores) -> float:
        """Return the mean over units, 0 to 1."""
        return float(scores.mean())

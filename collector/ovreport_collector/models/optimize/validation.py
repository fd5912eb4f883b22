"""The task's metric, as NNCF asks for it while it quantizes: of some samples, by number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ovreport_collector import tasks
from ovreport_collector.engines.arrays import Array, Sample
from ovreport_collector.engines.base import Request
from ovreport_collector.engines.openvino.engine import OpenVinoNetwork, OpenVinoRequest
from ovreport_collector.engines.openvino.ports import array_for, port_name
from ovreport_collector.models.optimize.request import ValidationData
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks import Files, Validates


class Validation:
    """Called with a compiled model and numbers of samples, it returns the metric over them.

    And the metric of each by itself, by which NNCF ranks what to leave in floating point.
    """

    def __init__(self, data: ValidationData, original: OpenVinoNetwork) -> None:
        model = msgspec.json.decode(data.model, type=Model)
        self._task = tasks.get(model.task)
        assert isinstance(self._task, Validates)  # noqa: S101 (else nobody asks for it)
        self._labelled = self._task.validation(model, _files(data), seed=data.seed)
        inputs = self._labelled.inputs
        count = len(next(iter(inputs.values())))
        self._samples: list[Sample] = [
            {name: array[i] for name, array in inputs.items()} for i in range(count)
        ]
        self._batch = 1 if self._labelled.n == count else next(iter(model.shapes.values()))[0]
        self._ports = original.model.inputs
        if self._labelled.by_reference:
            self._labelled = replace(self._labelled, labels=self._answers_of(original))

    def __len__(self) -> int:
        return len(self._samples)

    def fed(self, number: int) -> dict[str, Array]:
        """Return a sample as the model takes it."""
        return {port_name(port): array_for(port, self._samples[number]) for port in self._ports}

    def __call__(self, compiled: Any, numbers: Iterable[int]) -> tuple[float, list[float]]:  # noqa: ANN401
        """Return the metric over the samples of these numbers, and of each."""
        chosen = list(numbers)
        request = OpenVinoRequest(compiled, [self._samples[number] for number in chosen])
        kept = self._answers(request, chosen)
        # A task judges all its units at once: the others get blank answers, and their rows go.
        blank = [np.zeros_like(array) for array in next(iter(kept.values()))]
        columns = zip(*(kept.get(i, blank) for i in range(len(self))), strict=True)
        outputs = [np.concatenate(column) for column in columns]
        rows = self._task.per_sample_scores(self._labelled, outputs)
        each = [rows[i * self._batch : (i + 1) * self._batch] for i in kept]
        reduce = self._task.aggregate
        return float(reduce(np.concatenate(each))), [float(reduce(one)) for one in each]

    def _answers(self, request: Request, numbers: Sequence[int]) -> dict[int, list[Array]]:
        """Return what the task keeps of the answers to these samples, which the request has."""
        kept = {}
        for index, number in enumerate(numbers):
            request.feed(index)
            request.infer()
            kept[number] = self._task.compact([array[np.newaxis] for array in request.outputs()])
        return kept

    def _answers_of(self, original: OpenVinoNetwork) -> list[Array]:
        """Return the kept outputs of the model before anything is done to it, at f32."""
        compiled = original.compile("CPU", "latency", "f32", None)
        kept = self._answers(compiled.request(self._samples), range(len(self)))
        return [np.concatenate(column) for column in zip(*kept.values(), strict=True)]


def _files(data: ValidationData) -> Files:
    return Files(
        model=Path(data.file),
        files={role: Path(path) for role, path in data.files.items()},
        data={role: Path(path) for role, path in data.data.items()},
    )

"""The task's accuracy metric as NNCF's validation function: over samples given by their index."""

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
    """Called with a compiled model and indices of samples, it returns the metric over them.

    It also returns the metric of each by itself, by which NNCF ranks the layers to leave in
    floating point. `original` is the model before quantization, the reference where the task has
    no labels.
    """

    def __init__(self, data: ValidationData, original: OpenVinoNetwork) -> None:
        model = msgspec.json.decode(data.model, type=Model)
        self._task = tasks.get(model.task)
        assert isinstance(self._task, Validates)  # noqa: S101 (`build` has checked it)
        self._labelled = self._task.validation(model, _files(data), seed=data.seed)
        inputs = self._labelled.inputs
        count = len(next(iter(inputs.values())))
        self._samples: list[Sample] = [
            {name: array[i] for name, array in inputs.items()} for i in range(count)
        ]
        self._batch = 1 if self._labelled.n == count else next(iter(model.shapes.values()))[0]
        self._ports = original.model.inputs
        if self._labelled.by_reference:
            self._labelled = replace(self._labelled, labels=self._reference(original))

    def __len__(self) -> int:
        return len(self._samples)

    def inputs(self, index: int) -> dict[str, Array]:
        """Return a sample as the model takes it."""
        sample = self._samples[index]
        return {
            port_name(port, i): array_for(port, sample, i) for i, port in enumerate(self._ports)
        }

    def __call__(self, compiled: Any, indices: Iterable[int]) -> tuple[float, list[float]]:  # noqa: ANN401
        """Return the metric over the samples of these indices, and of each."""
        chosen = list(indices)
        request = OpenVinoRequest(compiled, [self._samples[index] for index in chosen])
        outputs = self._outputs(request, chosen)
        # A task scores all samples at once: the others get zeros, and their rows are dropped.
        blank = [np.zeros_like(array) for array in next(iter(outputs.values()))]
        columns = zip(*(outputs.get(i, blank) for i in range(len(self))), strict=True)
        rows = self._task.per_sample_scores(
            self._labelled, [np.concatenate(column) for column in columns]
        )
        each = [rows[i * self._batch : (i + 1) * self._batch] for i in outputs]
        aggregate = self._task.aggregate
        return float(aggregate(np.concatenate(each))), [float(aggregate(one)) for one in each]

    def _outputs(self, request: Request, indices: Sequence[int]) -> dict[int, list[Array]]:
        """Return the compacted outputs of a request's samples by their index in all samples."""
        outputs = {}
        for position, index in enumerate(indices):
            request.feed(position)
            request.infer()
            outputs[index] = self._task.compact([array[np.newaxis] for array in request.outputs()])
        return outputs

    def _reference(self, original: OpenVinoNetwork) -> list[Array]:
        """Return the compacted outputs of the model before quantization, at f32."""
        compiled = original.compile("CPU", "latency", "f32", None)
        outputs = self._outputs(compiled.request(self._samples), range(len(self)))
        return [np.concatenate(column) for column in zip(*outputs.values(), strict=True)]


def _files(data: ValidationData) -> Files:
    return Files(
        model=Path(data.file),
        files={role: Path(path) for role, path in data.files.items()},
        data={role: Path(path) for role, path in data.data.items()},
    )

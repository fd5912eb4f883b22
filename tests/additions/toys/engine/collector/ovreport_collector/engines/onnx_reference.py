"""ONNX's own reference evaluator, in plain numpy, as an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from onnx.reference import ReferenceEvaluator

from ovreport.record import Execution, LayerCount, Port, Precision, Settings
from ovreport_collector.engines.arrays import Array, Sample
from ovreport_collector.engines.base import NO_PROPERTIES, Mode
from ovreport_collector.engines.native import DEVICE, check_file, check_requested, check_shapes
from ovreport_collector.engines.types import Target


def create(target: Target) -> OnnxReference:
    """Return the reference evaluator, whatever the target."""
    check_file(target.engine, Path(target.model))
    return OnnxReference()


class OnnxReference:
    """ONNX's reference evaluator."""

    def read(self, path: Path, shapes: Mapping[str, Sequence[int]]) -> OnnxReferenceNetwork:
        """Read a model file."""
        return OnnxReferenceNetwork(ReferenceEvaluator(str(path)), shapes)


class OnnxReferenceNetwork:
    """A model file with static shapes."""

    parameters = 0
    """Not reported."""

    def __init__(self, evaluator: ReferenceEvaluator, shapes: Mapping[str, Sequence[int]]) -> None:
        check_shapes(evaluator.input_names, shapes)
        self.evaluator = evaluator
        self._shapes = shapes

    @property
    def inputs(self) -> list[Port]:
        """Inputs, with their static shapes."""
        return [Port(name=n, dtype="f32", shape=list(s)) for n, s in self._shapes.items()]

    @property
    def outputs(self) -> list[Port]:
        """Outputs, as they are after an inference on zeros."""
        zeros = {n: np.zeros(s, np.float32) for n, s in self._shapes.items()}
        found = zip(self.evaluator.output_names, self.evaluator.run(None, zeros), strict=True)
        return [Port(name=name, dtype="f32", shape=list(array.shape)) for name, array in found]

    def compile(
        self,
        device: str,
        mode: Mode,
        precision: Precision,
        cache_dir: Path | None,
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> OnnxReferenceCompiled:
        """Return it as it is: nothing is compiled."""
        check_requested(device, precision, cache_dir, properties)
        return OnnxReferenceCompiled(self.evaluator)


class OnnxReferenceCompiled:
    """A model that is evaluated node by node."""

    streams = 0
    loaded_from_cache = False
    optimal_requests = 1

    def __init__(self, evaluator: ReferenceEvaluator) -> None:
        self._evaluator = evaluator

    @property
    def settings(self) -> Settings:
        """It has none."""
        return Settings(requested={}, effective={})

    @property
    def execution(self) -> Execution:
        """All nodes compute in f32."""
        nodes = len(self._evaluator.nodes_)
        layer = LayerCount(device=DEVICE, precision="f32", compute=True, count=nodes)
        return Execution(devices=[DEVICE], precision="f32", layers=[layer])

    def request(self, samples: Sequence[Sample]) -> OnnxReferenceRequest:
        """Return a request that can be fed any of the samples."""
        return OnnxReferenceRequest(self._evaluator, samples)

    def queue(self, samples: Sequence[Sample], requests: int) -> None:
        """Return nothing: callers' threads drive the requests."""


class OnnxReferenceRequest:
    """Inputs, and the outputs of the last inference."""

    runtime_ms = 0.0
    """Not reported."""

    def __init__(self, evaluator: ReferenceEvaluator, samples: Sequence[Sample]) -> None:
        self._evaluator, self._samples = evaluator, samples
        self._outputs: list[Array] = []
        self.feed(0)

    def feed(self, index: int) -> None:
        """Make the sample of that index the next input."""
        self._inputs = dict(self._samples[index])

    def infer(self) -> None:
        """Run one inference."""
        self._outputs = [np.asarray(one) for one in self._evaluator.run(None, self._inputs)]

    def outputs(self) -> list[Array]:
        """Return copies of the last outputs."""
        return [output.copy() for output in self._outputs]

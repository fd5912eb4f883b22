"""OpenVINO as an engine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ovreport.record import Execution, NotMeasured, Port, Precision, Settings, Unsupported
from ovreport_collector.engines.arrays import Array, Sample
from ovreport_collector.engines.base import NO_PROPERTIES, Mode
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.engines.layers import main_precision
from ovreport_collector.engines.openvino.devices import device_memory
from ovreport_collector.engines.openvino.labels import first_line, readable_properties
from ovreport_collector.engines.openvino.layers import layers
from ovreport_collector.engines.openvino.pipeline import OpenVinoStagedRequest, preprocessed
from ovreport_collector.engines.openvino.ports import (
    array_of,
    described,
    port_shape,
    shapes_by_input,
    tensors,
)
from ovreport_collector.engines.openvino.weights import weights
from ovreport_collector.engines.runtime import openvino as ov
from ovreport_collector.engines.types import Target


def create(target: Target) -> OpenVino:
    """Return OpenVINO for a target."""
    return OpenVino(target.plugins, target.properties)


class OpenVino:
    """The OpenVINO runtime of this process."""

    def __init__(
        self, plugins: Mapping[str, str], properties: Mapping[str, str] = NO_PROPERTIES
    ) -> None:
        self.core = ov.Core()
        self._properties = properties
        for name, library in plugins.items():
            self.core.register_plugin(library, name)

    def read(self, path: Path, shapes: Mapping[str, Sequence[int]]) -> OpenVinoNetwork:
        """Read a model file and give its inputs static shapes."""
        model = self.core.read_model(path)
        wanted = shapes_by_input(model, shapes)
        if any(port_shape(port) != shape for port, shape in wanted.items()):
            model.reshape(wanted)
        return OpenVinoNetwork(self.core, model, self._properties)

    def map_weights(self, *, on: bool) -> None:
        """Map weights, as is the default, or read them into memory."""
        self.core.set_property({"ENABLE_MMAP": on})

    def device_memory(self, device: str) -> tuple[dict[str, int], dict[str, str]]:
        """Return the memory that GPU and NPU plugins count, in bytes, and what they do not."""
        return device_memory(self.core, device)


class OpenVinoNetwork:
    """A model that was read."""

    def __init__(
        self, core: Any, model: Any, properties: Mapping[str, str] = NO_PROPERTIES
    ) -> None:
        self._core, self._model, self._properties = core, model, properties
        self._inputs = [described(p, i) for i, p in enumerate(model.inputs)]
        self._outputs = [described(p, i) for i, p in enumerate(model.outputs)]

    @property
    def model(self) -> Any:
        """The `openvino.Model` itself, for what optimizes it."""
        return self._model

    @property
    def inputs(self) -> list[Port]:
        """Inputs, with their static shapes."""
        return self._inputs

    @property
    def outputs(self) -> list[Port]:
        """Outputs, in order; a shape that depends on the data is empty."""
        return self._outputs

    @cached_property
    def weights(self) -> dict[str, int]:
        """Type → number of weights that the file stores in it."""
        return weights(self._model)

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(self.weights.values())

    def compile(
        self,
        device: str,
        mode: Mode,
        precision: Precision,
        cache_dir: Path | None,
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> OpenVinoCompiled:
        """Compile for a device; with a folder, through the model cache in it."""
        requested = {"PERFORMANCE_HINT": mode.upper(), **self._properties, **properties}
        if precision != "default":
            requested["INFERENCE_PRECISION_HINT"] = precision
        config = {**requested, "CACHE_DIR": str(cache_dir)} if cache_dir else dict(requested)
        if cache_dir and device.startswith("NPU"):
            # The driver's own cache would make our cold start warm.
            config["NPU_BYPASS_UMD_CACHING"] = "YES"
        return OpenVinoCompiled(self._core.compile_model(self._model, device, config), requested)

    def with_preprocessing(self, pipeline: ImagePipeline, *, antialias: bool) -> OpenVinoNetwork:
        """Return the network with an image's own pixels as input."""
        made = preprocessed(self._model, pipeline, antialias=antialias)
        return OpenVinoNetwork(self._core, made, self._properties)


class OpenVinoCompiled:
    """A compiled model."""

    def __init__(self, compiled: Any, requested: dict[str, str]) -> None:
        self._compiled = compiled
        self._requested = requested

    @property
    def settings(self) -> Settings:
        """Requested and effective properties."""
        return Settings(requested=self._requested, effective=readable_properties(self._compiled))

    @property
    def optimal_requests(self) -> int:
        """How many concurrent requests the device calls optimal."""
        return max(1, int(self._get("OPTIMAL_NUMBER_OF_INFER_REQUESTS", 1)))

    @property
    def streams(self) -> int:
        """Effective number of streams; 0 where the device does not report it."""
        return max(0, int(self._get("NUM_STREAMS", 0)))

    @property
    def loaded_from_cache(self) -> bool:
        """Whether this came out of the model cache."""
        return bool(self._get("LOADED_FROM_CACHE", default=False))

    def _get(self, name: str, default: Any) -> Any:
        try:
            return self._compiled.get_property(name)
        except RuntimeError:  # a plugin need not have the property
            return default

    @property
    def execution(self) -> Execution | NotMeasured:
        """What really runs, layer by layer, from the runtime model."""
        devices = [str(d).strip("()") for d in self._get("EXECUTION_DEVICES", [])]
        try:
            found = layers(self._compiled.get_runtime_model(), devices)
        except RuntimeError as error:
            return Unsupported(reason=f"The device gives no runtime model: {first_line(error)}")
        return Execution(devices=devices, precision=main_precision(found), layers=found)

    def request(self, samples: Sequence[Sample]) -> OpenVinoRequest:
        """Return a request that can be fed any of the samples."""
        return OpenVinoRequest(self._compiled, samples)

    def queue(self, samples: Sequence[Sample], requests: int) -> OpenVinoQueue:
        """Return an AsyncInferQueue over the samples."""
        return OpenVinoQueue(self._compiled, samples, requests)

    def staged_request(self) -> OpenVinoStagedRequest:
        """Return a request for a pipeline."""
        return OpenVinoStagedRequest(self._compiled)


class OpenVinoRequest:
    """One infer request with the input tensors of every sample ready."""

    def __init__(self, compiled: Any, samples: Sequence[Sample]) -> None:
        self._request = compiled.create_infer_request()
        self._tensors = [tensors(compiled, sample) for sample in samples]
        self._states = list(self._request.query_state())
        self.feed(0)

    def feed(self, index: int) -> None:
        """Make the sample of that index the next input; nothing is copied.

        A model with a state forgets it: its answer is to the sample, not to those before.
        """
        for state in self._states:
            state.reset()
        for port, tensor in enumerate(self._tensors[index]):
            self._request.set_input_tensor(port, tensor)

    def infer(self) -> None:
        """Run one inference and block until it is done; the GIL is released meanwhile."""
        self._request.infer(None, share_inputs=True, share_outputs=True)

    def outputs(self) -> list[Array]:
        """Return copies of the last outputs, in the model's order."""
        return [array_of(tensor) for tensor in self._request.output_tensors]

    @property
    def runtime_ms(self) -> float:
        """The runtime's own duration of the last inference, in ms."""
        return float(self._request.latency)


class OpenVinoQueue:
    """An AsyncInferQueue whose requests keep their inputs; latencies come from the runtime."""

    def __init__(self, compiled: Any, samples: Sequence[Sample], requests: int) -> None:
        self._queue = ov.AsyncInferQueue(compiled, requests)
        for index, request in enumerate(self._queue):
            for port, tensor in enumerate(tensors(compiled, samples[index % len(samples)])):
                request.set_input_tensor(port, tensor)

    def run(self, stop_at: float) -> list[float]:
        """Submit until the clock reads `stop_at`, wait; return each latency in seconds."""
        queue, latencies = self._queue, []
        requests = list(queue)
        running: set[int] = set()
        while time.perf_counter() < stop_at:
            index = queue.get_idle_request_id()
            if index in running:
                latencies.append(requests[index].latency / 1000)
            running.add(index)
            queue.start_async()
        queue.wait_all()
        return latencies + [requests[index].latency / 1000 for index in running]

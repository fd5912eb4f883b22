"""OpenVINO as an engine."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ovreport.record import (
    Execution,
    LayerCount,
    NotMeasured,
    Port,
    Precision,
    Settings,
    Unsupported,
)
from ovreport_collector.engines.base import NO_PROPERTIES, Array, Mode, Sample
from ovreport_collector.engines.layers import computes, counted, main_precision
from ovreport_collector.engines.openvino_pipeline import OpenVinoStagedRequest, preprocessed
from ovreport_collector.engines.runtime import openvino as ov
from ovreport_collector.image_pipeline import ImagePipeline

_PRECISIONS = {"f64", "f32", "f16", "bf16", "i64", "i32", "i8", "u8", "i4", "u4"}
_NOT_LAYERS = ("const", "input", "output", "parameter", "result")


class OpenVino:
    """The OpenVINO runtime of this process."""

    def __init__(self, plugins: Mapping[str, str]) -> None:
        self.core = ov.Core()
        for name, library in plugins.items():
            self.core.register_plugin(library, name)

    def read(self, path: Path, shapes: Mapping[str, Sequence[int]]) -> OpenVinoNetwork:
        """Read a model file and give its inputs static shapes."""
        model = self.core.read_model(path)
        wanted = {name: list(shape) for name, shape in shapes.items()}
        _check_names(model, wanted)
        if wanted and any(port_shape(p) != wanted.get(port_name(p)) for p in model.inputs):
            model.reshape(wanted)
        dynamic = [port_name(p) for p in model.inputs if p.get_partial_shape().is_dynamic]
        if dynamic:
            raise ValueError(
                f"inputs without a static shape: {', '.join(dynamic)}; "
                "give each a shape in the suite, under `shapes`"
            )
        return OpenVinoNetwork(self.core, model)

    def map_weights(self, *, on: bool) -> None:
        """Map weights, as is the default, or read them into memory."""
        self.core.set_property({"ENABLE_MMAP": on})

    def device_memory(self, device: str) -> tuple[dict[str, int], dict[str, str]]:
        """Return the memory that GPU and NPU plugins count, in bytes, and what they do not."""
        from ovreport_collector.engines.openvino_memory import device_memory

        return device_memory(self.core, device)


class OpenVinoNetwork:
    """A model that was read."""

    def __init__(self, core: Any, model: Any) -> None:
        self._core, self._model = core, model
        self._inputs = [_port(p) for p in model.inputs]
        self._outputs = [_port(p) for p in model.outputs]

    @property
    def model(self) -> Any:
        """The `openvino.Model` itself, for what optimises it."""
        return self._model

    @property
    def inputs(self) -> list[Port]:
        """Inputs, with their static shapes."""
        return self._inputs

    @property
    def outputs(self) -> list[Port]:
        """Outputs, in order; a shape that depends on the data is empty."""
        return self._outputs

    @property
    def parameters(self) -> int:
        """Number of weights: the elements of all floating-point or quantised constants."""
        constants = (op for op in self._model.get_ops() if op.get_type_name() == "Constant")
        return sum(
            int(np.prod(op.get_output_shape(0)))
            for op in constants
            if op.get_output_element_type(0).to_string() not in {"i64", "i32", "boolean"}
        )

    def compile(
        self,
        device: str,
        mode: Mode,
        precision: Precision,
        cache_dir: Path | None,
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> OpenVinoCompiled:
        """Compile for a device; with a folder, through the model cache in it."""
        asked = {"PERFORMANCE_HINT": mode.upper(), **properties}
        if precision != "default":
            asked["INFERENCE_PRECISION_HINT"] = precision
        config = {**asked, "CACHE_DIR": str(cache_dir)} if cache_dir else dict(asked)
        if cache_dir and device.startswith("NPU"):
            # The driver's own cache would make our cold start warm.
            config["NPU_BYPASS_UMD_CACHING"] = "YES"
        return OpenVinoCompiled(self._core.compile_model(self._model, device, config), asked)

    def with_preprocessing(self, pipeline: ImagePipeline, *, antialias: bool) -> OpenVinoNetwork:
        """Return the network with an image's own pixels as input."""
        return OpenVinoNetwork(self._core, preprocessed(self._model, pipeline, antialias=antialias))


class OpenVinoCompiled:
    """A compiled model."""

    def __init__(self, compiled: Any, asked: dict[str, str]) -> None:
        self._compiled = compiled
        self._asked = asked

    @property
    def settings(self) -> Settings:
        """Properties asked for and in force."""
        return Settings(asked=self._asked, in_force=_readable_properties(self._compiled))

    @property
    def optimal_requests(self) -> int:
        """How many concurrent requests the device calls optimal."""
        return max(1, int(self._get("OPTIMAL_NUMBER_OF_INFER_REQUESTS", 1)))

    @property
    def streams(self) -> int:
        """Streams in force; 0 where the device does not tell."""
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
            layers = _layers(self._compiled.get_runtime_model(), devices)
        except RuntimeError as error:
            return Unsupported(reason=f"The device gives no runtime model: {first_line(error)}")
        return Execution(devices=devices, precision=main_precision(layers), layers=layers)

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
        self._tensors = [_tensors(compiled, sample) for sample in samples]
        self.feed(0)

    def feed(self, index: int) -> None:
        """Make the sample of that index the next input; nothing is copied."""
        for port, tensor in enumerate(self._tensors[index]):
            self._request.set_input_tensor(port, tensor)

    def infer(self) -> None:
        """Run one inference and block until it is done; the GIL is released meanwhile."""
        self._request.infer(None, share_inputs=True, share_outputs=True)

    def outputs(self) -> list[Array]:
        """Return copies of the last outputs, in the model's order."""
        return [np.array(tensor.data) for tensor in self._request.output_tensors]

    @property
    def runtime_ms(self) -> float:
        """The runtime's own duration of the last inference, in ms."""
        return float(self._request.latency)


class OpenVinoQueue:
    """An AsyncInferQueue whose requests keep their inputs; latencies come from the runtime."""

    def __init__(self, compiled: Any, samples: Sequence[Sample], requests: int) -> None:
        self._queue = ov.AsyncInferQueue(compiled, requests)
        for index, request in enumerate(self._queue):
            for port, tensor in enumerate(_tensors(compiled, samples[index % len(samples)])):
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


def _check_names(model: Any, wanted: Mapping[str, Sequence[int]]) -> None:
    known = [{port_name(port), *port.get_names()} for port in model.inputs]
    unknown = [name for name in wanted if not any(name in names for names in known)]
    unfed = [port_name(p) for p, names in zip(model.inputs, known, strict=True)
             if names.isdisjoint(wanted)]  # fmt: skip
    if wanted and (unknown or unfed):
        inputs = ", ".join(port_name(port) for port in model.inputs)
        wrong = f"no input {', '.join(unknown)}" if unknown else f"no shape for {', '.join(unfed)}"
        raise ValueError(
            f"{wrong}; the model's inputs are {inputs}: "
            "give each a shape in the suite, under `shapes`"
        )


def port_name(port: Any) -> str:
    """Return a name of a port; TFLite and IR may give several, or none."""
    return str(port.get_any_name()) if port.get_names() else f"#{port.get_index()}"


def port_shape(port: Any) -> list[int] | None:
    """Return the static shape, None while it is dynamic."""
    shape = port.get_partial_shape()
    return None if shape.is_dynamic else list(shape.to_shape())


def first_line(error: BaseException) -> str:
    """Return the last meaningful line of OpenVINO's layered messages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Exception from", "Check '"))]
    return (telling or lines or [type(error).__name__])[-1]


def _port(port: Any) -> Port:
    dtype = port.get_element_type().to_string()
    return Port(name=port_name(port), dtype=dtype, shape=port_shape(port) or [])


def array_for(port: Any, sample: Sample) -> Array:
    """Return a port's input among those of a sample, by any of its names, of its type."""
    name = next((n for n in port.get_names() if n in sample), port_name(port))
    array = np.ascontiguousarray(sample[name], dtype=port.get_element_type().to_dtype())
    if list(array.shape) != port_shape(port):
        raise ValueError(f"input {name}: shape {array.shape}, the model takes {port.shape}")
    return array


def _tensors(compiled: Any, sample: Sample) -> list[Any]:
    return [ov.Tensor(array_for(port, sample), shared_memory=True) for port in compiled.inputs]


def _readable_properties(compiled: Any) -> dict[str, str]:
    found = {}
    for name in compiled.get_property("SUPPORTED_PROPERTIES"):
        if name in {"SUPPORTED_PROPERTIES", "CACHE_DIR"}:  # a list of names, and a local path
            continue
        try:
            found[str(name)] = property_text(compiled.get_property(name))
        except (RuntimeError, TypeError):  # write-only, or of a type Python cannot hold
            continue
    return found


def property_text(value: Any) -> str:
    """Return a property's value in words: types by name, enums by member, lists by comma."""
    if isinstance(value, ov.Type):
        return str(value.to_string())
    if isinstance(value, (list, tuple, set, frozenset)):
        texts = [property_text(item) for item in value]
        return ", ".join(sorted(texts) if isinstance(value, (set, frozenset)) else texts)
    if isinstance(value, dict):
        return ", ".join(f"{k}={property_text(v)}" for k, v in value.items())
    is_enum = type(value).__module__.startswith("openvino")
    return str(value).rpartition(".")[2] if is_enum else str(value)


def _layers(runtime_model: Any, devices: Sequence[str]) -> list[LayerCount]:
    counts: Counter[tuple[str, str, bool]] = Counter()
    for op in runtime_model.get_ordered_ops():
        info = op.get_rt_info()
        kind = _info(info, "layerType").lower()
        if not kind or kind.startswith(_NOT_LAYERS):
            continue
        device = _info(info, "affinity") or (devices[0] if len(devices) == 1 else "unknown")
        precision = _layer_precision(info)
        counts[device, precision, computes(kind)] += 1
    return counted(counts)


def _info(info: Any, key: str) -> str:
    return str(info[key].astype(str)) if key in info else ""


def _layer_precision(info: Any) -> str:
    """Return the precision that a layer computes in.

    The kernel's name ends in it (`brgconv_avx512_f32`). The property runtimePrecision looks at the
    weights too: it says f16 of an f32 convolution whose weights are stored as f16.
    """
    suffix = _precision(_info(info, "primitiveType").rpartition("_")[2])
    return suffix if suffix in _PRECISIONS else _precision(_info(info, "runtimePrecision"))


def _precision(name: str) -> str:
    known = {"fp32": "f32", "fp16": "f16", "int8": "i8", "uint8": "u8", "undefined": "unknown"}
    return known.get(name.lower(), name.lower()) or "unknown"

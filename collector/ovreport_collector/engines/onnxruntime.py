"""ONNX Runtime's CPU execution provider as an engine.

Requested: as many threads as OpenVINO has, and the suite's static shapes in place of named
dimensions (their names are looked up before anything is timed, as a user knows them). In
throughput mode all callers share one session if each inference has one thread; else each has a
session of its own, so that their thread pools are apart. Inputs and outputs are bound
(IOBinding), so that nothing is copied, as in OpenVINO's requests.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from ovreport.record import Execution, NotMeasured, Port, Precision, Settings, Skipped, Unsupported
from ovreport_collector.engines.arrays import Array, Sample
from ovreport_collector.engines.base import NO_PROPERTIES, Mode
from ovreport_collector.engines.layers import main_precision
from ovreport_collector.engines.native import (
    THREADS,
    ThreadCount,
    check_file,
    check_requested,
    check_shapes,
    dtype_name,
    in_openvino_order,
    threads_of,
)
from ovreport_collector.engines.onnxruntime_profile import profiled_layers
from ovreport_collector.engines.types import Target, ThreadSettings

Shapes = Mapping[str, Sequence[int]]

_PROVIDERS = ["CPUExecutionProvider"]
_ERRORS_ONLY = 3
_DEFAULTS = {
    "session.intra_op.allow_spinning": "not set; default: on",
    "session.set_denormal_as_zero": "not set; default: off",
}
"""What matters to speed, and cannot be read back unless it was set."""


def create(target: Target) -> OnnxRuntime:
    """Return ONNX Runtime for a target."""
    return OnnxRuntime(target)


class OnnxRuntime:
    """ONNX Runtime, set up alongside OpenVINO."""

    def __init__(self, target: Target) -> None:
        path = Path(target.model)
        check_file("onnxruntime", path)
        self._thread_settings = target.thread_settings
        self._dimensions = _named_dimensions(path, target.shapes)

    def read(self, path: Path, shapes: Shapes) -> OnnxRuntimeNetwork:
        """Take a model file; ONNX Runtime reads it when it makes a session."""
        return OnnxRuntimeNetwork(path, shapes, self._dimensions, self._thread_settings)


class OnnxRuntimeNetwork:
    """A model file with static shapes."""

    parameters = 0
    """Not reported by ONNX Runtime."""

    def __init__(
        self,
        path: Path,
        shapes: Shapes,
        dimensions: Mapping[str, int],
        thread_settings: ThreadSettings | None,
    ) -> None:
        self.path, self.shapes = path, shapes
        self.dimensions, self.thread_settings = dimensions, thread_settings
        self._ports: tuple[list[Port], list[Port]] | None = None

    @property
    def inputs(self) -> list[Port]:
        """Inputs, with their static shapes."""
        return self._described[0]

    @property
    def outputs(self) -> list[Port]:
        """Outputs in OpenVINO's order; a shape that depends on the data is empty."""
        return self._described[1]

    @property
    def _described(self) -> tuple[list[Port], list[Port]]:
        if self._ports is None:
            self._ports = _ports(self.session(None), self.shapes, self.thread_settings)
        return self._ports

    def compile(
        self,
        device: str,
        mode: Mode,
        precision: Precision,
        cache_dir: Path | None,
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> OnnxRuntimeCompiled:
        """Make a session."""
        check_requested(device, precision, cache_dir, properties)
        return OnnxRuntimeCompiled(self, mode)

    def session(self, threads: int | None, profile: Path | None = None) -> Any:
        """Return a new session; with a path, one that notes there which kernels ran."""
        options = ort.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        if threads is not None:
            options.intra_op_num_threads = threads
        if profile is not None:
            options.enable_profiling = True
            options.profile_file_prefix = str(profile)
        for name, size in self.dimensions.items():
            options.add_free_dimension_override_by_name(name, size)
        return ort.InferenceSession(str(self.path), options, providers=_PROVIDERS)


class OnnxRuntimeCompiled:
    """A session, and more of them where requests must not share one."""

    streams = 0
    loaded_from_cache = False

    def __init__(self, network: OnnxRuntimeNetwork, mode: Mode) -> None:
        self._network, self._mode = network, mode
        self._threads = threads_of(mode, network.thread_settings)
        count = ThreadCount()
        with count.counting():
            self._session = network.session(self._threads)
        self._counted = count.text
        self._requests = 0
        self._samples: Sequence[Sample] = ()

    @property
    def settings(self) -> Settings:
        """Requested and effective options."""
        options = self._session.get_session_options()
        requested = {"providers": ", ".join(_PROVIDERS)}
        if self._threads is not None:
            requested["intra_op_num_threads"] = str(self._threads)
        if self._network.dimensions:
            sizes = sorted(self._network.dimensions.items())
            requested["free_dimension_overrides"] = ", ".join(f"{k}={v}" for k, v in sizes)
        effective = {
            "providers": ", ".join(self._session.get_providers()),
            "intra_op_num_threads": str(options.intra_op_num_threads),
            "inter_op_num_threads": str(options.inter_op_num_threads),
            "graph_optimization_level": options.graph_optimization_level.name,
            "execution_mode": options.execution_mode.name,
            THREADS: self._counted,
            "sessions": "one for all requests" if self._shares else "one for each request",
            **_DEFAULTS,
        }
        return Settings(requested=requested, effective=effective)

    @property
    def execution(self) -> Execution | NotMeasured:
        """Which kernels ran, from the profile of one inference in a session of its own."""
        if not self._samples:
            return Skipped(reason="nothing was inferred")
        with tempfile.TemporaryDirectory(prefix="ovreport-") as folder:
            session = self._network.session(self._threads, Path(folder, "profile"))
            OnnxRuntimeRequest(self._network, session, self._samples[:1]).infer()
            profile = json.loads(Path(session.end_profiling()).read_bytes())
        layers = profiled_layers(profile)
        if not layers:
            return Unsupported(reason="the profile names no kernel")
        devices = sorted({layer.device for layer in layers})
        return Execution(devices=devices, precision=main_precision(layers), layers=layers)

    @property
    def optimal_requests(self) -> int:
        """As many as OpenVINO has."""
        thread_settings = self._network.thread_settings
        return thread_settings.requests if thread_settings and self._mode == "throughput" else 1

    def request(self, samples: Sequence[Sample]) -> OnnxRuntimeRequest:
        """Return a request that can be fed any of the samples."""
        self._samples = samples
        own = self._session if self._shares or not self._requests else None
        self._requests += 1
        return OnnxRuntimeRequest(
            self._network, own or self._network.session(self._threads), samples
        )

    def queue(self, samples: Sequence[Sample], requests: int) -> None:
        """Return nothing: callers' threads drive the requests."""

    @property
    def _shares(self) -> bool:
        return self._threads == 1 or self._mode == "latency"


class OnnxRuntimeRequest:
    """A session with bound inputs and outputs."""

    runtime_ms = 0.0
    """Not reported by ONNX Runtime."""

    def __init__(
        self, network: OnnxRuntimeNetwork, session: Any, samples: Sequence[Sample]
    ) -> None:
        self._session, self._binding = session, session.io_binding()
        inputs, self._outputs = _ports(session, network.shapes, network.thread_settings)
        self._names = [port.name for port in inputs]
        self._values = [[_value(sample, p) for p in session.get_inputs()] for sample in samples]
        for port in self._outputs:
            self._binding.bind_output(port.name)
        self._sized_by_data = [port.name for port in self._outputs if not port.shape]
        self.feed(0)

    def feed(self, index: int) -> None:
        """Bind the sample of that index; nothing is copied.

        An output whose shape depends on the data is bound anew: it stays the size that it got.
        """
        for name in self._sized_by_data:
            self._binding.bind_output(name)
        for name, value in zip(self._names, self._values[index], strict=True):
            self._binding.bind_ortvalue_input(name, value)

    def infer(self) -> None:
        """Run one inference and block until it is done; the GIL is released meanwhile."""
        self._session.run_with_iobinding(self._binding)

    def outputs(self) -> list[Array]:
        """Return copies of the last outputs, in OpenVINO's order."""
        return [np.array(value) for value in self._binding.copy_outputs_to_cpu()]


def _named_dimensions(path: Path, shapes: Shapes) -> dict[str, int]:
    """Return the size of each named dimension; ValueError if the shapes do not fit the inputs.

    A name that would have two sizes (some exporters call every dimension `?`) stays free.
    """
    options = ort.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    inputs = ort.InferenceSession(str(path), options, providers=_PROVIDERS).get_inputs()
    check_shapes([p.name for p in inputs], shapes)
    sizes: dict[str, set[int]] = {}
    for port in inputs:
        wanted = list(shapes[port.name])
        if not _fits(port.shape, wanted):
            raise ValueError(f"input {port.name}: shape {wanted}, the model takes {port.shape}")
        for name, size in zip(port.shape, wanted, strict=True):
            if isinstance(name, str):
                sizes.setdefault(name, set()).add(size)
    return {name: found.pop() for name, found in sizes.items() if len(found) == 1}


def _fits(shape: Sequence[Any], wanted: Sequence[int]) -> bool:
    return len(shape) == len(wanted) and all(
        a == b or not isinstance(a, int) for a, b in zip(shape, wanted, strict=True)
    )


def _ports(
    session: Any, shapes: Shapes, thread_settings: ThreadSettings | None
) -> tuple[list[Port], list[Port]]:
    inputs = [_port(p, shapes[p.name]) for p in session.get_inputs()]
    outputs = [_port(p, p.shape) for p in session.get_outputs()]
    return inputs, [outputs[i] for i in in_openvino_order(outputs, thread_settings)]


def _port(port: Any, shape: Sequence[Any]) -> Port:
    static = all(isinstance(size, int) for size in shape)
    return Port(
        name=port.name,
        dtype=dtype_name(_dtype(port)),
        shape=list(shape) if static else [],
        # ONNX Runtime gives no sizes of a scalar, and none where not even their number is known.
        sized_by_data=not static if shape else None,
    )


def _dtype(port: Any) -> str:
    return str(port.type).removeprefix("tensor(").removesuffix(")")


def _value(sample: Sample, port: Any) -> Any:
    kind = {"float": "float32", "double": "float64"}.get(_dtype(port), _dtype(port))
    array = np.asarray(sample[port.name], dtype=kind, order="C")  # a scalar stays one
    if not _fits(port.shape, array.shape):
        raise ValueError(f"input {port.name}: shape {array.shape}, the model takes {port.shape}")
    return ort.OrtValue.ortvalue_from_numpy(array)

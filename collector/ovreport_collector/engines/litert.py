"""LiteRT (TensorFlow Lite) with its default XNNPACK delegate as an engine.

Requested: as many threads as OpenVINO has. An interpreter is not safe to be shared, so each
request has one of its own. An input is copied into the interpreter's own tensor when it is fed,
outside of what is timed: LiteRT's Python interface has no other way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ovreport.record import Execution, NotMeasured, Port, Precision, Settings, Unsupported
from ovreport_collector.engines.arrays import Array, Sample
from ovreport_collector.engines.base import NO_PROPERTIES, Mode
from ovreport_collector.engines.layers import computes, counted, main_precision
from ovreport_collector.engines.native import (
    THREADS,
    ThreadCount,
    array_for,
    check_file,
    check_requested,
    check_shapes,
    dtype_name,
    in_openvino_order,
    threads_of,
)
from ovreport_collector.engines.types import Target, ThreadSettings

_DELEGATE = "DELEGATE"
_UNCHANGED = frozenset({"DEQUANTIZE", "QUANTIZE", _DELEGATE})
"""Operations that convert what others compute with, or stand for them."""


def create(target: Target) -> LiteRt:
    """Return LiteRT for a target."""
    return LiteRt(target.thread_settings)


class LiteRt:
    """LiteRT, set up alongside OpenVINO."""

    def __init__(self, thread_settings: ThreadSettings | None) -> None:
        self._thread_settings = thread_settings

    def read(self, path: Path, shapes: Mapping[str, Sequence[int]]) -> LiteRtNetwork:
        """Read a model file, without preparing it to run."""
        check_file("litert", path)
        return LiteRtNetwork(path.read_bytes(), shapes, self._thread_settings)


class LiteRtNetwork:
    """A model file with static shapes."""

    parameters = 0
    """LiteRT does not report it."""

    def __init__(
        self,
        content: bytes,
        shapes: Mapping[str, Sequence[int]],
        thread_settings: ThreadSettings | None,
    ) -> None:
        self._content, self._shapes, self.thread_settings = content, shapes, thread_settings
        self._ports: tuple[list[Port], list[Port]] | None = None

    @property
    def inputs(self) -> list[Port]:
        """Inputs, with their static shapes."""
        return self._described[0]

    @property
    def outputs(self) -> list[Port]:
        """Outputs, in OpenVINO's order."""
        return self._described[1]

    @property
    def _described(self) -> tuple[list[Port], list[Port]]:
        if self._ports is None:
            self._ports = _ports(self.interpreter(None), self.thread_settings)
        return self._ports

    def compile(
        self,
        device: str,
        mode: Mode,
        precision: Precision,
        cache_dir: Path | None,
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> LiteRtCompiled:
        """Make an interpreter that is ready to run."""
        check_requested(device, precision, cache_dir, properties)
        return LiteRtCompiled(self, mode)

    def interpreter(self, threads: int | None) -> Any:
        """Return a new interpreter with its tensors allocated; ValueError for wrong shapes."""
        made = Interpreter(model_content=self._content, num_threads=threads)
        details = made.get_input_details()
        check_shapes([d["name"] for d in details], self._shapes)
        for detail in details:
            wanted = list(self._shapes[detail["name"]])
            if wanted != detail["shape"].tolist():
                made.resize_tensor_input(detail["index"], wanted, strict=True)
        made.allocate_tensors()
        return made


class LiteRtCompiled:
    """An interpreter, and more of them for further requests."""

    streams = 0
    loaded_from_cache = False

    def __init__(self, network: LiteRtNetwork, mode: Mode) -> None:
        self._network, self._mode = network, mode
        self._threads = threads_of(mode, network.thread_settings)
        count = ThreadCount()
        with count.counting():
            self._interpreter = network.interpreter(self._threads)
        self._counted = count.text
        self._requests = 0

    @property
    def settings(self) -> Settings:
        """Requested settings, and the effective ones that can be observed."""
        requested = {} if self._threads is None else {"num_threads": str(self._threads)}
        delegates = sum(op["op_name"] == _DELEGATE for op in _operations(self._interpreter))
        effective = {
            "experimental_op_resolver_type": "not set; default: AUTO, which applies XNNPACK",
            "partitions given to a delegate": str(delegates),
            THREADS: self._counted,
            "interpreters": "one for each request",
        }
        return Settings(requested=requested, effective=effective)

    @property
    def execution(self) -> Execution | NotMeasured:
        """The types that the operations compute with, from the interpreter's own list."""
        layers = counted(Counter(_layers(_operations(self._interpreter))))
        if not layers:
            return Unsupported(reason="this release of LiteRT does not list its operations")
        return Execution(devices=["CPU"], precision=main_precision(layers), layers=layers)

    @property
    def optimal_requests(self) -> int:
        """As many as OpenVINO has."""
        thread_settings = self._network.thread_settings
        return thread_settings.requests if thread_settings and self._mode == "throughput" else 1

    def request(self, samples: Sequence[Sample]) -> LiteRtRequest:
        """Return a request that can be fed any of the samples."""
        first = self._interpreter if not self._requests else None
        self._requests += 1
        return LiteRtRequest(
            first or self._network.interpreter(self._threads),
            samples,
            self._network.thread_settings,
        )

    def queue(self, samples: Sequence[Sample], requests: int) -> None:
        """Return nothing: callers' threads drive the requests."""


class LiteRtRequest:
    """An interpreter, and the inputs that it can be fed."""

    runtime_ms = 0.0
    """LiteRT does not report it."""

    def __init__(
        self, interpreter: Any, samples: Sequence[Sample], thread_settings: ThreadSettings | None
    ) -> None:
        self._interpreter = interpreter
        details = interpreter.get_input_details()
        self._inputs = [d["index"] for d in details]
        self._arrays = [
            [
                array_for(s, d["name"], np.dtype(d["dtype"]).name, d["shape"].tolist())
                for d in details
            ]
            for s in samples
        ]
        found = interpreter.get_output_details()
        order = in_openvino_order([_port(d) for d in found], thread_settings)
        self._outputs = [found[i]["index"] for i in order]
        self.feed(0)

    def feed(self, index: int) -> None:
        """Copy the sample of that index into the interpreter's input."""
        for tensor, array in zip(self._inputs, self._arrays[index], strict=True):
            self._interpreter.set_tensor(tensor, array)

    def infer(self) -> None:
        """Run one inference and block until it is done; the GIL is released meanwhile."""
        self._interpreter.invoke()

    def outputs(self) -> list[Array]:
        """Return copies of the last outputs, in OpenVINO's order."""
        return [self._interpreter.get_tensor(tensor) for tensor in self._outputs]


def _ports(
    interpreter: Any, thread_settings: ThreadSettings | None
) -> tuple[list[Port], list[Port]]:
    outputs = [_port(d) for d in interpreter.get_output_details()]
    order = in_openvino_order(outputs, thread_settings)
    return [_port(d) for d in interpreter.get_input_details()], [outputs[i] for i in order]


def _port(detail: Mapping[str, Any]) -> Port:
    dtype = dtype_name(np.dtype(detail["dtype"]).name)
    shape = detail["shape"].tolist()
    is_static = -1 not in detail["shape_signature"].tolist()[1:]
    return Port(
        name=detail["name"],
        dtype=dtype,
        shape=shape if is_static else [],
        sized_by_data=not is_static,
    )


def _operations(interpreter: Any) -> list[dict[str, Any]]:
    """Return the operations of the model and of its delegates; none where not reported."""
    details = getattr(interpreter, "_get_ops_details", None)  # not a promise of its interface
    return list(details()) if details else []


def _layers(operations: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, bool]]:
    """Yield device, precision and whether it computes, of each operation.

    Integer weights with floating-point inputs are computed in integers: LiteRT quantizes such
    inputs on the fly. Weights kept as f16 are converted once, and computed with in f32.
    """
    for op in operations:
        kind = op["op_name"]
        if kind in _UNCHANGED:
            continue
        types = [dtype_name(np.dtype(t).name) for t in op["operand_types"]]
        is_compute = computes(kind)
        integer = is_compute and any(t in {"i8", "u8"} for t in types[:2])
        yield "CPU", "i8" if integer else next(iter(types), "unknown"), is_compute

"""PyTorch as an engine: a TorchScript file (`.pt`) or an exported program (`.pt2`).

Requested: as many threads as OpenVINO has; one module serves all requests. PyTorch does not report
which kernels a saved program ran with, so its executed precision stays unverified.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ovreport.record import NotMeasured, Port, Precision, Settings, Unsupported
from ovreport_collector.engines.arrays import Array, Sample
from ovreport_collector.engines.base import NO_PROPERTIES, Mode
from ovreport_collector.engines.native import (
    check_file,
    check_requested,
    check_shapes,
    dtype_name,
    in_openvino_order,
    threads_of,
)
from ovreport_collector.engines.types import Target, ThreadSettings


def create(target: Target) -> PyTorch:
    """Return PyTorch for a target."""
    return PyTorch(target.thread_settings)


class PyTorch:
    """PyTorch, set up alongside OpenVINO."""

    def __init__(self, thread_settings: ThreadSettings | None) -> None:
        self._thread_settings = thread_settings

    def read(self, path: Path, shapes: Mapping[str, Sequence[int]]) -> PyTorchNetwork:
        """Read a saved program; ValueError if it does not take these inputs."""
        check_file("pytorch", path)
        module, names = _exported(path) if path.suffix.lower() == ".pt2" else _scripted(path)
        check_shapes(names, shapes)
        return PyTorchNetwork(module, {n: shapes[n] for n in names}, self._thread_settings)


class PyTorchNetwork:
    """A saved program with static shapes."""

    def __init__(
        self,
        module: Any,
        shapes: Mapping[str, Sequence[int]],
        thread_settings: ThreadSettings | None,
    ) -> None:
        self.module, self.shapes, self.thread_settings = module, shapes, thread_settings
        self.outputs: list[Port] = []
        """Outputs in OpenVINO's order; known after the first inference."""
        self.order: list[int] = []

    @property
    def inputs(self) -> list[Port]:
        """Inputs, with their static shapes; their types are those of the data."""
        return [Port(name=n, dtype="unknown", shape=list(s)) for n, s in self.shapes.items()]

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(p.numel() for p in self.module.parameters())

    def compile(
        self,
        device: str,
        mode: Mode,
        precision: Precision,
        cache_dir: Path | None,
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> PyTorchCompiled:
        """Set the number of threads; the program was made ready when it was read."""
        check_requested(device, precision, cache_dir, properties)
        return PyTorchCompiled(self, mode)

    def describe(self, found: Sequence[Array]) -> None:
        """Note what the outputs are."""
        own = [
            Port(name=f"#{i}", dtype=dtype_name(a.dtype.name), shape=list(a.shape))
            for i, a in enumerate(found)
        ]
        self.order = in_openvino_order(own, self.thread_settings)
        self.outputs = [own[i] for i in self.order]


class PyTorchCompiled:
    """A program with its threads."""

    streams = 0
    loaded_from_cache = False

    def __init__(self, network: PyTorchNetwork, mode: Mode) -> None:
        self._network, self._mode = network, mode
        self._threads = threads_of(mode, network.thread_settings)
        if self._threads is not None:
            torch.set_num_threads(self._threads)

    @property
    def settings(self) -> Settings:
        """Requested and effective threads, and what decides the arithmetic."""
        requested = {} if self._threads is None else {"num_threads": str(self._threads)}
        effective = {
            "num_threads": str(torch.get_num_threads()),
            "num_interop_threads": str(torch.get_num_interop_threads()),
            "float32_matmul_precision": torch.get_float32_matmul_precision(),
            "mkldnn": str(torch.backends.mkldnn.is_available()),
        }
        return Settings(requested=requested, effective=effective)

    @property
    def execution(self) -> NotMeasured:
        """Return that it is not reported."""
        return Unsupported(reason="PyTorch does not report which kernels a saved program ran with")

    @property
    def optimal_requests(self) -> int:
        """As many as OpenVINO has."""
        thread_settings = self._network.thread_settings
        return thread_settings.requests if thread_settings and self._mode == "throughput" else 1

    def request(self, samples: Sequence[Sample]) -> PyTorchRequest:
        """Return a request that can be fed any of the samples."""
        return PyTorchRequest(self._network, samples)

    def queue(self, samples: Sequence[Sample], requests: int) -> None:
        """Return nothing: callers' threads drive the requests."""


class PyTorchRequest:
    """The inputs that a program can be fed."""

    runtime_ms = 0.0
    """Not reported by PyTorch."""

    def __init__(self, network: PyTorchNetwork, samples: Sequence[Sample]) -> None:
        self._network = network
        self._tensors = [
            [_tensor(s, name, shape) for name, shape in network.shapes.items()] for s in samples
        ]
        self._last: Any = None
        self.feed(0)

    def feed(self, index: int) -> None:
        """Make the sample of that index the next input; nothing is copied."""
        self._next = self._tensors[index]

    def infer(self) -> None:
        """Run one inference and block until it is done."""
        with torch.inference_mode():
            self._last = self._network.module(*self._next)

    def outputs(self) -> list[Array]:
        """Return copies of the last outputs, in OpenVINO's order."""
        found = [np.array(t.detach().numpy()) for t in _flat(self._last)]
        if not self._network.outputs:
            self._network.describe(found)
        return [found[i] for i in self._network.order]


def _scripted(path: Path) -> tuple[Any, list[str]]:
    module = torch.jit.load(path, map_location="cpu").eval()
    return module, [a.name for a in module.forward.schema.arguments[1:]]


def _exported(path: Path) -> tuple[Any, list[str]]:
    program = torch.export.load(path)
    return program.module(), list(program.graph_signature.user_inputs)


def _tensor(sample: Sample, name: str, shape: Sequence[int]) -> Any:
    array = np.ascontiguousarray(sample[name])
    if list(array.shape) != list(shape):
        raise ValueError(f"input {name}: shape {array.shape}, the suite says {list(shape)}")
    return torch.from_numpy(array)


def _flat(value: Any) -> Iterator[Any]:
    """Yield the tensors of a program's result, however it nests them."""
    if isinstance(value, torch.Tensor):
        yield value
    else:
        for part in value.values() if isinstance(value, dict) else value:
            yield from _flat(part)

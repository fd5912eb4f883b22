"""What the engines of native frameworks share.

They are measured beside OpenVINO: the same file, shapes, inputs, threads and requests. All else
stays as the framework's users get it: its default optimizations, kernels and thread waiting.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ovreport.engines import ENGINES
from ovreport.record import Port, Precision
from ovreport_collector.engines.arrays import Array, Sample
from ovreport_collector.engines.base import Mode
from ovreport_collector.engines.types import ThreadSettings

DEVICE = "CPU"
"""Where native frameworks run: on the same device as OpenVINO's CPU plugin."""
THREADS = "threads counted"
"""Effective setting: the calling thread, and those that the framework started."""

_DTYPES = {
    "float64": "f64",
    "float32": "f32",
    "float16": "f16",
    "int64": "i64",
    "int32": "i32",
    "int16": "i16",
    "int8": "i8",
    "uint8": "u8",
    "bool": "boolean",
    "bfloat16": "bf16",
    "float": "f32",
    "double": "f64",
}


def check_file(engine: str, path: Path) -> None:
    """Raise ValueError if the framework does not read such files."""
    framework = ENGINES[engine]
    if path.suffix.lower() not in framework.suffixes:
        raise ValueError(
            f"not supported: {framework.title} reads {' and '.join(framework.suffixes)}, "
            f"this file is {path.suffix or 'without a suffix'}"
        )


def check_requested(
    device: str, precision: Precision, cache_dir: Path | None, properties: Mapping[str, str]
) -> None:
    """Raise ValueError if a native framework cannot do what is requested."""
    if device != DEVICE:
        raise ValueError(f"not supported: native frameworks are measured on the {DEVICE} only")
    if precision != "f32":
        raise ValueError(f"not supported: this framework cannot be asked for {precision}")
    if cache_dir is not None:
        raise ValueError("not supported: this framework has no model cache")
    if properties:
        raise ValueError(f"not supported: OpenVINO's own {', '.join(properties)}")


def check_shapes(inputs: Sequence[str], shapes: Mapping[str, Sequence[int]]) -> None:
    """Raise ValueError if not every input has its shape, by name."""
    unknown = [name for name in shapes if name not in inputs]
    unfed = [name for name in inputs if name not in shapes]
    if unknown or unfed:
        wrong = f"no input {', '.join(unknown)}" if unknown else f"no shape for {', '.join(unfed)}"
        raise ValueError(
            f"{wrong}; the model's inputs are {', '.join(inputs)}: "
            "give each a shape in the suite, under `shapes`"
        )


def array_for(sample: Sample, name: str, dtype: str, shape: Sequence[int]) -> Array:
    """Return an input as the framework takes it; ValueError if its shape is another."""
    array = np.asarray(sample[name], dtype=dtype, order="C")  # a scalar stays one
    if list(array.shape) != list(shape):
        raise ValueError(f"input {name}: shape {array.shape}, the model takes {list(shape)}")
    return array


def in_openvino_order(outputs: Sequence[Port], thread_settings: ThreadSettings | None) -> list[int]:
    """Return the indices of the outputs in OpenVINO's order.

    Frameworks name and order them differently: each of OpenVINO's is found by its name, else it
    is the first one left of its type and shape. The framework's own order if one cannot be found.
    """
    own = list(range(len(outputs)))
    wanted = thread_settings.outputs if thread_settings else []
    if len(wanted) != len(outputs):
        return own
    names = [port.name for port in outputs]
    left, found = list(own), dict[int, int]()
    for position, port in enumerate(wanted):
        if port.name in names:
            found[position] = names.index(port.name)
            left.remove(found[position])
    for position, port in enumerate(wanted):
        alike = [i for i in left if _alike(outputs[i], port)]
        if position not in found and alike:
            found[position] = alike[0]
            left.remove(alike[0])
    return [found[position] for position in own] if not left else own


def _alike(port: Port, other: Port) -> bool:
    return (port.dtype, port.shape) == (other.dtype, other.shape)


def dtype_name(dtype: str) -> str:
    """Return a numpy type in the record's spelling."""
    return _DTYPES.get(dtype, dtype)


def threads_of(mode: Mode, thread_settings: ThreadSettings | None) -> int | None:
    """Return the threads of one inference that OpenVINO has too; None: the framework's default."""
    if thread_settings is None:
        return None
    return thread_settings.latency_threads if mode == "latency" else thread_settings.request_threads


class ThreadCount:
    """Counts the threads that a framework starts: the effective number."""

    started = 0

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Count the threads of this process that are new at the end."""
        before = _threads()
        yield
        self.started = max(0, _threads() - before)

    @property
    def text(self) -> str:
        """The calling thread and those that were started."""
        return str(1 + self.started)


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 (a count of names)

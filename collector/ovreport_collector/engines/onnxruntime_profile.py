"""Which kernels ONNX Runtime ran, from the profile that it writes of an inference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ovreport.record import LayerCount
from ovreport_collector.engines.layers import computes, counted
from ovreport_collector.engines.native import dtype_name

_INTEGER_KERNELS = ("qlinear", "integer", "dynamicquantize", "qattention", "qgemm")
_PACKED_KERNELS = ("nbits",)
"""Kernels whose arithmetic does not follow from the types of their inputs."""


def profiled_layers(profile: Sequence[dict[str, Any]]) -> list[LayerCount]:
    """Return the kernels of a profile, counted by device, precision and whether they compute.

    `profile` is the list of events in the file; empty where it names no kernel.
    """
    return counted(Counter(_kernels(profile)))


def _kernels(profile: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str, bool]]:
    """Yield device, precision and whether it computes, of each kernel that ran."""
    for event in profile:
        args = event.get("args", {})
        if not event["name"].endswith("_kernel_time") or "op_name" not in args:
            continue
        kind = str(args["op_name"])
        device = str(args.get("provider", "")).removesuffix("ExecutionProvider") or "unknown"
        types = [next(iter(t), "") for t in args.get("input_type_shape", [])]
        yield device, _precision(kind, types), computes(kind)


def _precision(kind: str, types: Sequence[str]) -> str:
    """Return what a kernel computes in: integers if its name or its first input says so."""
    name = kind.lower()
    if any(part in name for part in _PACKED_KERNELS) or not types:
        return "unknown"
    return "i8" if any(part in name for part in _INTEGER_KERNELS) else dtype_name(types[0])

"""Inputs and outputs of OpenVINO's models: names, shapes, and what is fed to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ovreport.record import Port
from ovreport_collector.engines.arrays import Array, Sample
from ovreport_collector.engines.runtime import openvino as ov


def check_names(model: Any, wanted: Mapping[str, Sequence[int]]) -> None:
    """Raise ValueError unless the shapes are those of the model's inputs, if there are any."""
    known = [{port_name(port), *port.get_names()} for port in model.inputs]
    unknown = [name for name in wanted if not any(name in names for names in known)]
    unfed = [
        port_name(p)
        for p, names in zip(model.inputs, known, strict=True)
        if names.isdisjoint(wanted)
    ]
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


def described(port: Any) -> Port:
    """Return a port as records describe it."""
    dtype = port.get_element_type().to_string()
    return Port(name=port_name(port), dtype=dtype, shape=port_shape(port) or [])


def array_for(port: Any, sample: Sample) -> Array:
    """Return a port's input among those of a sample, by any of its names, of its type."""
    name = next((n for n in port.get_names() if n in sample), port_name(port))
    array = np.ascontiguousarray(sample[name], dtype=port.get_element_type().to_dtype())
    if list(array.shape) != port_shape(port):
        raise ValueError(f"input {name}: shape {array.shape}, the model takes {port.shape}")
    return array


def tensors(compiled: Any, sample: Sample) -> list[Any]:
    """Return the input tensors of a sample, in the model's order; they share its memory."""
    return [ov.Tensor(array_for(port, sample), shared_memory=True) for port in compiled.inputs]

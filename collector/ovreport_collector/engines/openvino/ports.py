"""Inputs and outputs of OpenVINO's models: names, shapes, and what is fed to them.

A port has the names of its tensor, that of its layer, and its position: `#0` is the first. Any of
them serves to address it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ovreport.record import Port
from ovreport_collector.engines.arrays import Array, Sample
from ovreport_collector.engines.runtime import openvino as ov

_BF16 = "bf16"
"""numpy has no such type: its values are the upper halves of f32."""


def names_of(port: Any, position: int) -> list[str]:
    """Return every name that a port can be addressed by, the one that records use first."""
    names, place = sorted(port.get_names()), f"#{position}"
    first = port.get_any_name() if names else place
    return list(dict.fromkeys([first, *names, port.get_node().get_friendly_name(), place]))


def port_name(port: Any, position: int = 0) -> str:
    """Return a name of a port; TFLite and IR may give several, or none: then its position."""
    return names_of(port, position)[0]


def shapes_by_input(model: Any, wanted: Mapping[str, Sequence[int]]) -> dict[Any, list[int]]:
    """Return input → its shape among those that are wanted by any of its names.

    ValueError if a name is of no input, or a dynamic input is given no shape.
    """
    known = [names_of(port, i) for i, port in enumerate(model.inputs)]
    unknown = [name for name in wanted if not any(name in names for names in known)]
    found: dict[Any, list[int]] = {}
    unfed = []
    for port, names in zip(model.inputs, known, strict=True):
        name = next((name for name in names if name in wanted), None)
        if name is not None:
            found[port] = list(wanted[name])
        elif port_shape(port) is None:
            unfed.append(names[0])
    if unknown or unfed:
        inputs = ", ".join(names[0] for names in known)
        wrong = f"no input {', '.join(unknown)}" if unknown else f"no shape for {', '.join(unfed)}"
        raise ValueError(
            f"{wrong}; the model's inputs are {inputs}: "
            "give each dynamic one a shape in the suite, under `shapes`"
        )
    return found


def port_shape(port: Any) -> list[int] | None:
    """Return the static shape, None while it is dynamic."""
    shape = port.get_partial_shape()
    return None if shape.is_dynamic else list(shape.to_shape())


def described(port: Any, position: int = 0) -> Port:
    """Return a port as records describe it."""
    shape = port_shape(port)
    return Port(
        name=port_name(port, position),
        dtype=port.get_element_type().to_string(),
        shape=shape or [],
        sized_by_data=shape is None,
    )


def array_for(port: Any, sample: Sample, position: int = 0) -> Array:
    """Return a port's input among those of a sample, by any of its names, of its type.

    Of a bf16 port it is f32, which `tensors` rounds.
    """
    name = next((n for n in names_of(port, position) if n in sample), port_name(port, position))
    kind = port.get_element_type()
    dtype = np.float32 if kind.to_string() == _BF16 else kind.to_dtype()
    array = np.asarray(sample[name], dtype=dtype, order="C")  # a scalar stays one
    if list(array.shape) != port_shape(port):
        raise ValueError(f"input {name}: shape {array.shape}, the model takes {port.shape}")
    return array


def tensors(compiled: Any, sample: Sample) -> list[Any]:
    """Return the input tensors of a sample, in the model's order; most share its memory."""
    return [
        _tensor(array_for(port, sample, i), port.get_element_type())
        for i, port in enumerate(compiled.inputs)
    ]


def _tensor(array: Array, kind: Any) -> Any:
    if kind.to_string() != _BF16:
        return ov.Tensor(array, shared_memory=True)
    tensor = ov.Tensor(kind, list(array.shape))
    bits = array.view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)  # to nearest, ties to even
    tensor.data.view(np.uint16)[...] = (rounded >> 16).astype(np.uint16)
    return tensor


def array_of(tensor: Any) -> Array:
    """Return a copy of what a tensor holds; of bf16 as f32."""
    if tensor.element_type.to_string() != _BF16:
        return np.array(tensor.data)
    return (np.array(tensor.data).view(np.uint16).astype(np.uint32) << 16).view(np.float32)

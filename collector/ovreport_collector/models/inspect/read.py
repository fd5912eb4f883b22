"""Reads a model file with OpenVINO, and describes what is in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ovreport_collector.engines.openvino.labels import first_line
from ovreport_collector.engines.openvino.ports import names_of, port_name, shapes_by_input
from ovreport_collector.engines.openvino.weights import weights
from ovreport_collector.engines.runtime import openvino as ov
from ovreport_collector.models.inspect.description import (
    ANY,
    Description,
    Dimension,
    Inspected,
    PortDescription,
    Unreadable,
)
from ovreport_collector.sources import onnx_file
from ovreport_collector.sources.model_files import files_of

_CHANNELS = (1, 3, 4)
_SAME_VALUES = frozenset({"Convert", "Reshape", "Unsqueeze", "Squeeze"})
"""Operations that hand on indices as they are."""
_UNBOUNDED = 2**31 - 1
"""Readers say it of dimensions that have no upper end."""
_NO_SUCH_OPERATION = "No conversion rule found for operations:"
"""What OpenVINO's readers say before the names of operations that it does not have."""
_FORMATS = {".tflite": "TFLite", ".pb": "TensorFlow"}
_VERSION = re.compile(rb'<net [^>]*\bversion="(\d+)"')


def inspected(path: Path, shapes: Mapping[str, Sequence[int]]) -> Inspected:
    """Return what a model file is; with shapes, also whether it can be given them."""
    try:
        model = ov.Core().read_model(path)
        described = _described(path, model)  # before it is reshaped: as the file has it
    except Exception as error:  # whatever a reader trips over
        return _unreadable(first_line(error))
    return described if not shapes else _tried(model, described, shapes)


def _unreadable(reason: str) -> Unreadable:
    """Return why a file cannot be read; operations that OpenVINO lacks are no fault of the file."""
    _, is_unknown, operations = reason.partition(_NO_SUCH_OPERATION)
    if not is_unknown:
        return Unreadable(reason=reason)
    named = f"OpenVINO does not know these operations: {operations.strip()}"
    return Unreadable(reason=named, unsupported=True)


def _described(path: Path, model: Any) -> Description:
    return Description(
        inputs=[_port(port, i, is_input=True) for i, port in enumerate(model.inputs)],
        outputs=[_port(port, i, is_input=False) for i, port in enumerate(model.outputs)],
        weights=weights(model),
        format=_format(path),
        opsets=onnx_file.opsets(path) if path.suffix == ".onnx" else {},
        size_bytes=sum(file.stat().st_size for file in files_of(path)),
    )


def _tried(model: Any, described: Description, shapes: Mapping[str, Sequence[int]]) -> Description:
    """Return the description with why the model cannot be given the shapes, if it cannot."""
    try:
        model.reshape(shapes_by_input(model, shapes))
    except ValueError:
        return described  # names: whoever asks sees them in the description
    except RuntimeError as error:
        return msgspec.structs.replace(described, misfit=first_line(error))
    return described


def _port(port: Any, position: int, *, is_input: bool) -> PortDescription:
    partial = port.get_partial_shape()
    shape = None if partial.rank.is_dynamic else [_dimension(one) for one in partial]
    dtype = port.get_element_type().to_string()
    return PortDescription(
        name=port_name(port, position),
        names=names_of(port, position),
        dtype=dtype,
        shape=shape,
        layout=_layout(port, shape) if is_input else "",
        rows=_rows(port) if is_input and dtype[0] in "iu" else 0,
    )


def _dimension(dimension: Any) -> Dimension:
    low, high = dimension.get_min_length(), dimension.get_max_length()
    return Dimension(low, high if 0 <= high < _UNBOUNDED else ANY)


def _layout(port: Any, shape: Sequence[Dimension] | None) -> str:
    """Return the layout that the file gives, else the one that channels of an image tell."""
    given = port.get_node().get_layout()
    if not given.empty:
        return str(given.to_string()).strip("[]").replace(",", "")
    if shape is None or len(shape) != 4:
        return ""
    first, last = (one.is_static and one.low in _CHANNELS for one in (shape[1], shape[3]))
    return {(True, False): "NCHW", (False, True): "NHWC"}.get((first, last), "")


def _rows(port: Any) -> int:
    """Return the rows of the smallest table that an input's values are looked up in; 0: none."""
    found, open_ports = [], [port]
    while open_ports:
        for target in open_ports.pop().get_target_inputs():
            node = target.get_node()
            if node.get_type_name() in _SAME_VALUES and target.get_index() == 0:
                open_ports.append(node.output(0))
            elif node.get_type_name() == "Gather" and target.get_index() == 1:
                found.append(_rows_of(node))
    return min((rows for rows in found if rows > 0), default=0)


def _rows_of(gather: Any) -> int:
    table = gather.input_value(0).get_partial_shape()
    axis = gather.input_value(2).get_node()
    if table.is_dynamic or axis.get_type_name() != "Constant":
        return 0
    return int(table.to_shape()[int(axis.get_data().ravel()[0])])


def _format(path: Path) -> str:
    if path.suffix == ".onnx":
        return "ONNX"
    if path.suffix in _FORMATS:
        return _FORMATS[path.suffix]
    with path.open("rb") as file:
        found = _VERSION.search(file.read(4096))
    return f"OpenVINO IR, version {found[1].decode()}" if found else "OpenVINO IR"

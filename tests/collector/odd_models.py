"""Small models with inputs as real ones have: scalars, without names, of several names, text."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import openvino as ov
from onnx import TensorProto, helper
from openvino import opset13 as ops

from tests.collector import models

ROWS = 50
"""Of the table in `embedding`."""


def scalar_onnx(path: Path, batch: int | str = 1) -> Path:
    """Write an ONNX network y[batch, 4] = x[batch, 4] · k, of a scalar k of type i64."""
    nodes = [
        helper.make_node("Cast", ["k"], ["factor"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["x", "factor"], ["y"]),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 4]),
        helper.make_tensor_value_info("k", TensorProto.INT64, []),
    ]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 4])
    graph = helper.make_graph(nodes, "scalar", inputs, [output])
    opset = helper.make_opsetid("", 13)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
    return path


def unknown_operation(path: Path) -> Path:
    """Write an ONNX network of an operation that nothing knows."""
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy"]
    node = helper.make_node("Mine", ["x"], ["y"], domain="my.domain")
    graph = helper.make_graph([node], "unknown", value[:1], value[1:])
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("my.domain", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def external_onnx(path: Path, features: int = 300) -> Path:
    """Write an ONNX network y = x · weights whose weights are in a file beside it."""
    weights = onnx.numpy_helper.from_array(np.ones((features, 4), np.float32), "weights")
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, features])]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])
    node = helper.make_node("MatMul", ["x", "weights"], ["y"])
    graph = helper.make_graph([node], "external", inputs, [output], [weights])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(made, path, save_as_external_data=True, location=f"{path.stem}.data")
    return path


def nameless(path: Path) -> Path:
    """Write an IR of two inputs without names, [1, 8] and [1, 16], and their joint output."""
    inputs = [ops.parameter([1, size], np.float32, name=n) for n, size in (("a", 8), ("b", 16))]
    models.save(ov.Model([ops.concat(inputs, 1)], inputs, "nameless"), path)
    path.write_text(re.sub(r' names="[^"]*"', "", path.read_text()))
    return path


def several_names(path: Path) -> Path:
    """Write an IR of one dynamic image input that has three names."""
    x = ops.parameter([-1, 3, -1, -1], np.float32, name="pixel_values")
    x.output(0).set_names({"87", "input.1", "pixel_values"})
    return models.save(ov.Model([ops.relu(x)], [x], "names"), path)


def of_type(path: Path, dtype: str) -> Path:
    """Write an IR x[1, 4] → x, of a type as OpenVINO calls it."""
    x = ops.parameter([1, 4], getattr(ov.Type, dtype), name="x")
    x.output(0).set_names({"x"})
    y = x if dtype == "string" else ops.concat([x, x], 1)
    return models.save(ov.Model([y], [x], "typed"), path)


def embedding(path: Path) -> Path:
    """Write an IR that looks up i64 `ids` [1, 6] in a table of `ROWS` rows."""
    ids = ops.parameter([1, 6], np.int64, name="ids")
    ids.output(0).set_names({"ids"})
    table = ops.constant(np.ones((ROWS, 8), np.float32))
    rows = ops.gather(table, ops.convert(ids, "i32"), ops.constant(np.int64(0)))
    return models.save(ov.Model([rows], [ids], "embedding"), path)

"""A zoo of small models, one of each kind that OpenVINO's `benchmark_app` may be given.

for one in ZOO:
    one.make(folder / one.file)
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import openvino as ov
from onnx import TensorProto, helper
from openvino import opset13 as ops

from tests.collector import models, odd_models

Outcome = Literal["measured", "unsupported"]
MANY = 96


@dataclass(frozen=True)
class Odd:
    """A model of the zoo."""

    file: str
    make: Callable[[Path], Path]
    what: str
    shapes: Mapping[str, list[int]] = field(default_factory=dict)
    """Of the inputs that the file leaves open."""
    ours: Outcome = "measured"

    @property
    def id(self) -> str:
        """The id that a collect of the file gives it."""
        return self.file.partition(".")[0]


def make_all(folder: Path) -> list[Path]:
    """Write every model of the zoo; return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [one.make(folder / one.file) for one in ZOO]


# ---------------------------------------------------------------- OpenVINO IR


def _named(shape: list[int], dtype: object = np.float32, name: str = "x") -> ov.Node:
    x = ops.parameter(shape, dtype, name=name)
    x.output(0).set_names({name})
    return x


def _save(path: Path, outputs: list[ov.Node], inputs: list[ov.Node]) -> Path:
    return models.save(ov.Model(outputs, inputs, path.stem), path)


def several_names(path: Path) -> Path:
    """Write a convolution of one static image whose input has three names."""
    x = ops.parameter([1, 3, 32, 32], np.float32, name="pixel_values")
    x.output(0).set_names({"87", "input.1", "pixel_values"})
    return _save(path, [_convolved(x)], [x])


def _convolved(image: ov.Node) -> ov.Node:
    kernel = ops.constant(np.ones((4, 3, 3, 3), np.float32) / 27)
    return ops.convolution(image, kernel, [1, 1], [0, 0], [0, 0], [1, 1])


def hits(path: Path) -> Path:
    """Write the places where x[1, 256] is above 0: as many rows as the data have."""
    x = _named([1, 256])
    above = ops.greater(x, ops.constant(np.float32(0)))
    return _save(path, [ops.non_zero(above, "i64")], [x])


def detections(path: Path) -> Path:
    """Write the boxes [1, 40, 4] that are left when those that overlap are gone."""
    boxes, scores = _named([1, 40, 4], name="boxes"), _named([1, 2, 40], name="scores")
    limits = [ops.constant(value) for value in (np.int64(10), np.float32(0.5), np.float32(0.1))]
    kept = ops.non_max_suppression(boxes, scores, *limits)
    return _save(path, [kept.output(0), kept.output(2)], [boxes, scores])


def masked(path: Path) -> Path:
    """Write log probabilities of x[1, 64] in which every third class is −inf."""
    x = _named([1, 64])
    mask = np.where(np.arange(64) % 3 == 0, -np.inf, 0).astype(np.float32)
    return _save(path, [ops.log_softmax(ops.add(x, ops.constant(mask[np.newaxis])), 1)], [x])


def not_numbers(path: Path) -> Path:
    """Write the square root of x[1, 64], which is not a number for half of them."""
    x = _named([1, 64])
    return _save(path, [ops.sqrt(x)], [x])


def image_bytes(path: Path) -> Path:
    """Write a convolution of an image of bytes, height × width × channels."""
    x = _named([1, 32, 32, 3], np.uint8)
    x.set_layout(ov.Layout("NHWC"))
    planes = ops.transpose(ops.convert(x, "f32"), ops.constant(np.array([0, 3, 1, 2])))
    return _save(path, [_convolved(planes)], [x])


def many_inputs(path: Path) -> Path:
    """Write the sum of 96 inputs [1, 4]."""
    inputs = [_named([1, 4], name=f"x{i}") for i in range(MANY)]
    total = inputs[0]
    for one in inputs[1:]:
        total = ops.add(total, one)
    return _save(path, [total], inputs)


def many_outputs(path: Path) -> Path:
    """Write 40 multiples of x[1, 4]."""
    x = _named([1, 4])
    multiples = [ops.multiply(x, ops.constant(np.float32(i + 1))) for i in range(40)]
    return _save(path, multiples, [x])


def open_rank(path: Path) -> Path:
    """Write y = relu(x) of an x of which not even the number of dimensions is known."""
    x = ops.parameter(ov.PartialShape.dynamic(), np.float32, name="anything")
    x.output(0).set_names({"anything"})
    return _save(path, [ops.relu(x)], [x])


def open_sizes(path: Path) -> Path:
    """Write a convolution of images of any number and size."""
    x = ops.parameter([-1, 3, -1, -1], np.float32, name="picture")
    x.output(0).set_names({"picture"})
    return _save(path, [_convolved(x)], [x])


def bounded_sizes(path: Path) -> Path:
    """Write y = relu(x) of rows of 1 to 8 numbers."""
    x = ops.parameter(ov.PartialShape([1, ov.Dimension(1, 8)]), np.float32, name="row")
    x.output(0).set_names({"row"})
    return _save(path, [ops.relu(x)], [x])


def no_inputs(path: Path) -> Path:
    """Write a model of no inputs: its output never changes."""
    one = ops.constant(np.ones((1, 4), np.float32))
    return _save(path, [ops.relu(one)], [])


def strange_name(path: Path) -> Path:
    """Write y = relu(x) of an input whose name holds all that options and shells stumble over."""
    x = _named([1, 4], name="a b:0/c=d,e[f]'\"ü")
    return _save(path, [ops.relu(x)], [x])


def state(path: Path) -> Path:
    """Write a sum over all inferences so far: y = state += x."""
    x = _named([1, 4])
    zero = ops.constant(np.zeros((1, 4), np.float32))
    before = ops.read_value(zero, "sum", np.float32, ov.PartialShape([1, 4]))
    total = ops.add(before, x)
    kept = ops.assign(total, "sum")
    return models.save(ov.Model([ops.result(total)], [kept], [x], path.stem), path)


def random_noise(path: Path) -> Path:
    """Write x[1, 64] with noise that is new every time, and without."""
    x = _named([1, 64])
    shape = ops.constant(np.array([1, 64]))
    low, high = ops.constant(np.float32(-1)), ops.constant(np.float32(1))
    noise = ops.random_uniform(shape, low, high, "f32")
    return _save(path, [ops.add(x, noise), ops.relu(x)], [x])


def of_shape(path: Path, shape: list[int]) -> Path:
    """Write y = relu(x) of a shape."""
    x = _named(shape)
    return _save(path, [ops.relu(x)], [x])


def passed_on(path: Path) -> Path:
    """Write a model whose output is its input."""
    x = _named([1, 4])
    return _save(path, [x], [x])


def of_half_weights(path: Path) -> Path:
    """Write a model as OpenVINO saves it by default: weights in f16."""
    ov.save_model(models.classifier(), path)
    return path


# ---------------------------------------------------------------- ONNX


def _onnx(path: Path, graph: onnx.GraphProto, opset: int = 13) -> Path:
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(made, path)
    return path


def _info(name: str, kind: int, shape: list[int | str] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def hits_onnx(path: Path) -> Path:
    """Write the values of x[1, 64] that are above 0."""
    zero = helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0])
    nodes = [
        helper.make_node("Greater", ["x", "zero"], ["above"]),
        helper.make_node("Compress", ["x", "above_flat"], ["y"]),
        helper.make_node("Reshape", ["above", "flat"], ["above_flat"]),
    ]
    nodes = [nodes[0], nodes[2], nodes[1]]
    flat = helper.make_tensor("flat", TensorProto.INT64, [1], [-1])
    x, y = _info("x", TensorProto.FLOAT, [1, 64]), _info("y", TensorProto.FLOAT, ["hits"])
    return _onnx(path, helper.make_graph(nodes, "hits", [x], [y], [zero, flat]))


def words_onnx(path: Path) -> Path:
    """Write an encoder's first layers: ids, types and a mask, each within its own bounds."""
    tables = [
        onnx.numpy_helper.from_array(np.ones((rows, 4), np.float32), name)
        for name, rows in (("words", 30), ("kinds", 2))
    ]
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["a"]),
        helper.make_node("Gather", ["kinds", "token_type_ids"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["c"]),
        helper.make_node("Cast", ["attention_mask"], ["m"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["m", "last"], ["column"]),
        helper.make_node("Mul", ["c", "column"], ["y"]),
    ]
    last = helper.make_tensor("last", TensorProto.INT64, [1], [-1])
    names = ("input_ids", "token_type_ids", "attention_mask")
    inputs = [_info(name, TensorProto.INT64, [1, 6]) for name in names]
    y = _info("y", TensorProto.FLOAT, [1, 6, 4])
    return _onnx(path, helper.make_graph(nodes, "words", inputs, [y], [*tables, last]))


def branches_onnx(path: Path) -> Path:
    """Write y = x or −x, as a bool input says."""
    y = _info("branch", TensorProto.FLOAT, [1, 4])
    same = helper.make_graph([helper.make_node("Identity", ["x"], ["branch"])], "same", [], [y])
    other = helper.make_graph([helper.make_node("Neg", ["x"], ["branch"])], "other", [], [y])
    node = helper.make_node("If", ["same"], ["y"], then_branch=same, else_branch=other)
    inputs = [_info("same", TensorProto.BOOL, []), _info("x", TensorProto.FLOAT, [1, 4])]
    return _onnx(
        path, helper.make_graph([node], "if", inputs, [_info("y", TensorProto.FLOAT, [1, 4])])
    )


def half_onnx(path: Path) -> Path:
    """Write y = x · weights in f16 throughout."""
    weights = onnx.numpy_helper.from_array(np.full((8, 4), 0.1, np.float16), "w")
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    x, y = _info("x", TensorProto.FLOAT16, [1, 8]), _info("y", TensorProto.FLOAT16, [1, 4])
    return _onnx(path, helper.make_graph([node], "half", [x], [y], [weights]))


def quantized_onnx(path: Path) -> Path:
    """Write a multiplication in eight bits, as quantizers leave it."""
    values = np.arange(32, dtype=np.int8).reshape(8, 4)
    constants = [
        onnx.numpy_helper.from_array(value, name)
        for name, value in (
            ("w8", values),
            ("scale", np.array(0.02, np.float32)),
            ("zero8", np.array(0, np.int8)),
        )
    ]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero8"], ["x8"]),
        helper.make_node("DequantizeLinear", ["x8", "scale", "zero8"], ["xd"]),
        helper.make_node("DequantizeLinear", ["w8", "scale", "zero8"], ["wd"]),
        helper.make_node("MatMul", ["xd", "wd"], ["y"]),
    ]
    x, y = _info("x", TensorProto.FLOAT, [1, 8]), _info("y", TensorProto.FLOAT, [1, 4])
    return _onnx(path, helper.make_graph(nodes, "quantized", [x], [y], constants))


# ---------------------------------------------------------------- TensorFlow


def frozen_graph(path: Path) -> Path:
    """Write a frozen TensorFlow graph y = relu(x), x[1, 4], in the wire format of its messages."""
    f32, shape = _field(6, 1), _field(7, _field(2, _field(1, 1)) + _field(2, _field(1, 4)))
    x = _node("x", "Placeholder", [], {"dtype": f32, "shape": shape})
    path.write_bytes(_field(1, x) + _field(1, _node("y", "Relu", ["x"], {"T": f32})))
    return path


def _node(name: str, op: str, inputs: list[str], attributes: dict[str, bytes]) -> bytes:
    parts = [_field(1, name.encode()), _field(2, op.encode())]
    parts += [_field(3, one.encode()) for one in inputs]
    parts += [
        _field(5, _field(1, key.encode()) + _field(2, value)) for key, value in attributes.items()
    ]
    return b"".join(parts)


def _field(number: int, value: int | bytes) -> bytes:
    """Return a field of a protocol buffer: a small whole number, or bytes."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


# ---------------------------------------------------------------- TFLite


def scalar_tflite(path: Path) -> Path:
    """Write y[1, 4] = x[1, 4] · k of a scalar k, with the schema that LiteRT brings along."""
    tfl = importlib.import_module("ai_edge_litert.schema_py_generated")
    operation, code = tfl.OperatorT(), tfl.OperatorCodeT()
    operation.inputs, operation.outputs = [0, 1], [2]
    operation.builtinOptionsType = tfl.BuiltinOptions.MulOptions
    operation.builtinOptions = tfl.MulOptionsT()
    code.builtinCode = code.deprecatedBuiltinCode = tfl.BuiltinOperator.MUL
    code.version = 1
    graph, model = tfl.SubGraphT(), tfl.ModelT()
    graph.tensors = [_tensor(tfl, *one) for one in (("x", [1, 4]), ("k", []), ("y", [1, 4]))]
    graph.inputs, graph.outputs, graph.operators = [0, 1], [2], [operation]
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [tfl.BufferT()]
    builder = importlib.import_module("flatbuffers").Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def _tensor(tfl: Any, name: str, shape: list[int]) -> Any:
    made = tfl.TensorT()
    made.name, made.shape, made.type = name, shape, tfl.TensorType.FLOAT32
    return made


# ---------------------------------------------------------------- all of them

_TYPES: dict[str, Outcome] = {
    "f16": "measured",
    "f64": "measured",
    "bf16": "measured",
    "boolean": "measured",
    "i8": "measured",
    "u8": "measured",
    "i16": "measured",
    "u16": "measured",
    "i32": "measured",
    "u32": "measured",
    "i64": "measured",
    "u64": "measured",
    "string": "unsupported",
}
"""Type of an input, as OpenVINO calls it → what comes of it."""

ZOO: tuple[Odd, ...] = (
    *(
        Odd(f"{t}.xml", partial(odd_models.of_type, dtype=t), f"an input of type {t}", ours=ours)
        for t, ours in _TYPES.items()
    ),
    Odd("scalar.onnx", odd_models.scalar_onnx, "a scalar input beside another"),
    Odd("nameless.xml", odd_models.nameless, "inputs without names"),
    Odd("names.xml", several_names, "an input of three names"),
    Odd("strange.xml", strange_name, "a name full of separators"),
    Odd("hits.xml", hits, "an output of a shape that depends on the data"),
    Odd("hits-onnx.onnx", hits_onnx, "the same, of ONNX"),
    Odd("detections.xml", detections, "boxes without those that overlap"),
    Odd("masked.xml", masked, "outputs of −inf, as they are meant"),
    Odd("nan.xml", not_numbers, "outputs that are not numbers"),
    Odd("embedding.xml", odd_models.embedding, "indices of a table"),
    Odd("words.onnx", words_onnx, "indices of two tables, and a mask"),
    Odd("image-bytes.xml", image_bytes, "an image of bytes"),
    Odd("many-inputs.xml", many_inputs, f"{MANY} inputs"),
    Odd("many-outputs.xml", many_outputs, "40 outputs"),
    Odd("no-inputs.xml", no_inputs, "no input"),
    Odd("open-rank.xml", open_rank, "an input of any rank", {"anything": [1, 4]}),
    Odd("open-sizes.xml", open_sizes, "images of any size", {"picture": [1, 3, 16, 16]}),
    Odd("bounded.xml", bounded_sizes, "a dimension within bounds", {"row": [1, 4]}),
    Odd("vector.xml", partial(of_shape, shape=[16]), "an input of one dimension"),
    Odd("video.xml", partial(of_shape, shape=[1, 3, 4, 8, 8]), "an input of five dimensions"),
    Odd("empty.xml", partial(of_shape, shape=[0, 4]), "an input without elements"),
    Odd("passed-on.xml", passed_on, "an output that is the input"),
    Odd("state.xml", state, "a state that is kept between inferences"),
    Odd("noise.xml", random_noise, "a random output"),
    Odd("half-weights.xml", of_half_weights, "weights in f16"),
    Odd("half.onnx", half_onnx, "f16 throughout"),
    Odd("quantized.onnx", quantized_onnx, "quantized to eight bits"),
    Odd("branches.onnx", branches_onnx, "a branch, and a bool scalar"),
    Odd("external.onnx", odd_models.external_onnx, "weights in a file of their own"),
    Odd("frozen.pb", frozen_graph, "a frozen TensorFlow graph"),
)
if importlib.util.find_spec("ai_edge_litert"):
    ZOO += (Odd("scalar-tflite.tflite", scalar_tflite, "a scalar input, of TFLite"),)

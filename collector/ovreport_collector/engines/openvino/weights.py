"""The weights of a model as its file has them: how many, and in what type they are stored.

Counted is what a computation, or an output, gets that depends on no input: constants, through
whatever is done to them first. So quantized weights count once, without their scales and zero
points, and weights that the graph fills in (ConstantOfShape of ONNX) count although the file has
one number for each.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_INDICES = frozenset({"i64", "u64", "i32", "u32", "boolean", "string"})
"""Constants of these types are shapes, axes and indices."""
_CHANGING = frozenset({"ReadValue", "RandomUniform", "Multinomial"})
"""Operations that may give something else each time, although their inputs are constants."""
_FILLING = frozenset({"Broadcast", "Tile"})


class _Weight(NamedTuple):
    """One tensor of weights."""

    name: str
    dtype: str
    size: int


_Weights = tuple[_Weight, ...]


def weights(model: Any) -> dict[str, int]:
    """Return type, as OpenVINO calls it → number of weights of a model that are stored in it."""
    counted: Counter[str] = Counter()
    for weight in dict.fromkeys(_used(model)):
        counted[weight.dtype] += weight.size
    return dict(counted)


def _used(model: Any) -> Iterator[_Weight]:
    """Yield the weights that reach an output, or what depends on an input, some several times."""
    constant: dict[str, _Weights] = {}  # node that depends on no input → weights in its value
    for node in model.get_ordered_ops():
        sources = _sources(node)
        if node.get_type_name() == "Constant":
            constant[node.get_name()] = _stored(node)
        elif node.get_type_name() != "Result" and _is_constant(node, sources, constant):
            constant[node.get_name()] = _through(node, sources, constant)
        else:
            for source in sources:
                yield from constant.get(source, ())
            for body in _bodies(node):
                yield from _used(body)


def _sources(node: Any) -> list[str]:
    """Return the nodes that give a node its inputs; of FakeQuantize without its ranges."""
    count = 1 if node.get_type_name() == "FakeQuantize" else node.get_input_size()
    return [node.input_value(i).get_node().get_name() for i in range(count)]


def _is_constant(node: Any, sources: Sequence[str], constant: Mapping[str, _Weights]) -> bool:
    changing = node.get_type_name() in _CHANGING or bool(list(_bodies(node)))
    return bool(sources) and not changing and all(source in constant for source in sources)


def _stored(node: Any) -> _Weights:
    dtype = node.get_output_element_type(0).to_string()
    if dtype in _INDICES:
        return ()
    size = math.prod(map(int, node.get_output_shape(0)))
    return (_Weight(node.get_name(), dtype, size),)


def _through(node: Any, sources: Sequence[str], constant: Mapping[str, _Weights]) -> _Weights:
    """Return the weights in the value of a node whose inputs are all constants."""
    inputs = [constant[source] for source in sources]
    if node.get_type_name() == "Concat":
        return tuple(dict.fromkeys(weight for one in inputs for weight in one))
    found = max(inputs, key=_size)  # the others are scales, zero points, new shapes
    shape = node.get_output_partial_shape(0)
    if node.get_type_name() in _FILLING and _size(found) == 1 and shape.is_static:
        size = math.prod(map(int, shape.to_shape()))
        return (_Weight(node.get_name(), found[0].dtype, size),)
    return found


def _size(found: _Weights) -> int:
    return sum(weight.size for weight in found)


def _bodies(node: Any) -> Iterator[Any]:
    """Yield the models inside a node: of a loop, or of the branches of a condition."""
    kind = node.get_type_name()
    if kind in ("Loop", "TensorIterator"):
        yield node.get_function()
    elif kind == "If":
        yield from (node.get_function(branch) for branch in range(2))

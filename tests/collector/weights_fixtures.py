"""Files of weights, written without the frameworks that write them."""

from __future__ import annotations

import json
import pickle
import sys
import types
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2}}


def write_safetensors(path: Path, tensors: Mapping[str, np.ndarray]) -> Path:
    """Write f32 tensors as safetensors."""
    table: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    numbers = b""
    for name, tensor in tensors.items():
        content = tensor.astype("<f4").tobytes()
        table[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [len(numbers), len(numbers) + len(content)],
        }
        numbers += content
    header = json.dumps(table).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + numbers)
    return path


@dataclass
class Stored:
    """A tensor in a storage of its own; pickled as torch does it."""

    key: str
    values: np.ndarray
    shape: tuple[int, ...] | None = None
    strides: tuple[int, ...] | None = None
    offset: int = 0
    numel: int | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Return a call of torch's function."""
        shape = self.shape or self.values.shape
        dense = tuple(int(np.prod(shape[i + 1 :])) for i in range(len(shape)))
        of = (_Reference(self), self.offset, shape, self.strides or dense, False, OrderedDict())
        return sys.modules["torch._utils"]._rebuild_tensor_v2, of


@dataclass
class _Reference:
    tensor: Stored


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: object) -> object:
        if not isinstance(value, _Reference):
            return None
        torch, tensor = sys.modules["torch"], value.tensor
        kind = torch.FloatStorage if tensor.values.dtype.kind == "f" else torch.LongStorage
        numel = tensor.values.size if tensor.numel is None else tensor.numel
        return ("storage", kind, tensor.key, "cpu", numel, None)


def write_torch(path: Path, state: Mapping[str, Any], *, system: Any = SYSTEM) -> Path:
    """Write a state dict as torch did before version 1.6; arrays, or `Stored` for odd ones."""
    whole = {
        name: Stored(str(i), v) if isinstance(v, np.ndarray) else v
        for i, (name, v) in enumerate(state.items())
    }
    tensors = [v for v in whole.values() if isinstance(v, Stored)]
    with path.open("wb") as stream, _as_if_torch_were_there():
        for about in (MAGIC, 1001, system):
            pickle.dump(about, stream, protocol=2)
        _Pickler(stream, protocol=2).dump(OrderedDict(whole))
        pickle.dump([tensor.key for tensor in tensors], stream, protocol=2)
        for tensor in tensors:
            stream.write(tensor.values.size.to_bytes(8, "little"))
            stream.write(tensor.values.astype(_stored(tensor.values)).tobytes())
    return path


def _stored(values: np.ndarray) -> str:
    return "<f4" if values.dtype.kind == "f" else "<i8"


class _as_if_torch_were_there:  # noqa: N801 - a context manager, used as a function
    """Pickling a name looks it up: modules with torch's names, and nothing in them."""

    NAMES = ("torch", "torch._utils")

    def __enter__(self) -> None:
        self.before = {name: sys.modules.get(name) for name in self.NAMES}
        torch, utils = (types.ModuleType(name) for name in self.NAMES)
        for kind in ("FloatStorage", "LongStorage"):
            setattr(torch, kind, type(kind, (), {"__module__": "torch"}))
        utils._rebuild_tensor_v2 = _named("_rebuild_tensor_v2", "torch._utils")
        sys.modules.update({"torch": torch, "torch._utils": utils})

    def __exit__(self, *_: object) -> None:
        for name, module in self.before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def _named(name: str, module: str) -> Any:
    def function() -> None:
        """Stand for a function of torch."""

    function.__name__ = function.__qualname__ = name
    function.__module__ = module
    return function


# ---------------------------------------------------------------- small networks

BERT = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "hidden_size": 8,
    "layer_norm_eps": 1e-12,
    "vocab_size": 20,
}


def bert_weights(width: int = 8, layers: int = 2, words: int = 20) -> dict[str, np.ndarray]:
    """Return random weights of a small encoder."""
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (words, width),
        "embeddings.position_embeddings.weight": (12, width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
    }
    for i in range(layers):
        of = f"encoder.layer.{i}"
        dense = {
            f"{of}.attention.self.{part}": (width, width) for part in ("query", "key", "value")
        } | {
            f"{of}.attention.output.dense": (width, width),
            f"{of}.intermediate.dense": (4 * width, width),
            f"{of}.output.dense": (width, 4 * width),
        }
        for name, shape in dense.items():
            shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
        for name in (f"{of}.attention.output.LayerNorm", f"{of}.output.LayerNorm"):
            shapes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    rng = np.random.default_rng(3)
    return {name: rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


LITE_BLOCKS = (  # kernel, expansion, channels out
    (3, 1, 4),
    (3, 2, 6),
    (3, 2, 6),
    (5, 2, 6),
    (5, 2, 6),
    (3, 2, 8),
    (3, 2, 8),
    (3, 2, 8),
    (5, 2, 8),
    (5, 2, 8),
    (5, 2, 8),
    (5, 2, 8),
    (5, 2, 8),
    (5, 2, 8),
    (5, 2, 8),
    (3, 2, 10),
)


def lite_weights(classes: int = 7) -> dict[str, np.ndarray]:
    """Return random weights of Lite0 with few channels."""
    rng = np.random.default_rng(4)
    found: dict[str, np.ndarray] = {}

    def convolution(name: str, norm: str, shape: tuple[int, ...]) -> None:
        fan_in = int(np.prod(shape[1:]))
        found[f"{name}.weight"] = rng.normal(0, fan_in**-0.5, shape).astype(np.float32)
        for part in ("weight", "running_var"):
            found[f"{norm}.{part}"] = rng.uniform(0.5, 2, shape[0]).astype(np.float32)
        for part in ("bias", "running_mean"):
            found[f"{norm}.{part}"] = rng.normal(0, 0.3, shape[0]).astype(np.float32)
        found[f"{norm}.num_batches_tracked"] = np.array(5)

    convolution("_conv_stem", "_bn0", (4, 3, 3, 3))
    before = 4
    for i, (kernel, expansion, after) in enumerate(LITE_BLOCKS):
        of, wide = f"_blocks.{i}", before * expansion
        if expansion > 1:
            convolution(f"{of}._expand_conv", f"{of}._bn0", (wide, before, 1, 1))
        convolution(f"{of}._depthwise_conv", f"{of}._bn1", (wide, 1, kernel, kernel))
        convolution(f"{of}._project_conv", f"{of}._bn2", (after, wide, 1, 1))
        before = after
    convolution("_conv_head", "_bn1", (12, before, 1, 1))
    found["_fc.weight"] = rng.normal(0, 0.5, (classes, 12)).astype(np.float32)
    found["_fc.bias"] = rng.normal(0, 0.5, classes).astype(np.float32)
    return found

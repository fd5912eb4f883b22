"""Reading a GGUF file: its hyperparameters and its weights; the only importer of `gguf`.

Blocks of quantized weights become f32 by the library of the format's own authors
(github.com/ggml-org/llama.cpp, `gguf-py`), which rounds nothing beyond f32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
"""Of f32 throughout; NumPy's stubs lose that in arithmetic."""

ARCHITECTURES: Mapping[str, bool] = {"llama": True, "qwen2": False, "qwen3": False}
"""Architecture → whether the two numbers that a rotary embedding turns are neighbours.

Where not, they are half a head apart. The weights of llama are reordered for it when a GGUF is
written (`LLAMA_ROPE_TYPE_NORM` and `NEOX` in llama.cpp's `llama_model_rope_type`).
"""

GLOBAL = ("token_embd.weight", "output_norm.weight", "output.weight", "rope_freqs.weight")
OF_LAYER = tuple(
    f"{name}.weight"
    for name in (
        *("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output"),
        *("ffn_norm", "ffn_gate", "ffn_up", "ffn_down"),
    )
)
IN_SOME_LAYERS = (
    *("attn_q_norm.weight", "attn_k_norm.weight"),
    *("attn_q.bias", "attn_k.bias", "attn_v.bias"),
)
"""With the others, every tensor that the network computes with; a file that has another one is of
another network."""


@dataclass(frozen=True)
class Hyperparameters:
    """The numbers of a decoder of the llama family."""

    layers: int
    heads: int
    kv_heads: int
    head_size: int
    epsilon: float
    """Of the root mean square norms."""
    rope_base: float
    """Base of the rotary embedding's frequencies."""
    neighbours: bool
    """See `ARCHITECTURES`."""


class GgufFile:
    """A GGUF file of an architecture that the network knows.

    NotImplementedError for another one: a number that is nearly right is worse than none.
    """

    def __init__(self, path: Path) -> None:
        self._reader = GGUFReader(path)
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}
        self.architecture = str(self._field("general.architecture"))
        self._check()
        self.hyperparameters = self._hyperparameters()

    def tensor(self, name: str) -> Array | None:
        """Return a tensor in f32, its rows first; None where the file has none of that name."""
        found = self._tensors.get(name)
        if found is None:
            return None
        return np.asarray(dequantize(found.data, found.tensor_type), dtype=np.float32)

    def needed(self, name: str) -> Array:
        """Return a tensor in f32; ValueError where the file has none of that name."""
        found = self.tensor(name)
        if found is None:
            raise ValueError(f"the GGUF file has no tensor {name}")
        return found

    def layer(self, index: int) -> dict[str, Array]:
        """Return the tensors of a layer, by their names in it; ValueError where one is missing."""
        needed = {name: self.needed(f"blk.{index}.{name}") for name in OF_LAYER}
        others = {name: self.tensor(f"blk.{index}.{name}") for name in IN_SOME_LAYERS}
        return needed | {name: tensor for name, tensor in others.items() if tensor is not None}

    @property
    def types(self) -> list[str]:
        """The types of its weights, the one of most numbers first."""
        count: dict[str, int] = {}
        for tensor in self._tensors.values():
            name = tensor.tensor_type.name
            count[name] = count.get(name, 0) + int(tensor.n_elements)
        return sorted(count, key=lambda name: -count[name])

    def _field(self, name: str) -> Any:
        field = self._reader.get_field(name)
        return None if field is None else field.contents()

    def _number(self, name: str, default: float | None = None) -> float:
        found = self._field(f"{self.architecture}.{name}")
        if found is None and default is None:
            raise ValueError(f"the GGUF file does not say its {self.architecture}.{name}")
        return float(default if found is None else found)  # type: ignore[arg-type]  # one is there

    def _hyperparameters(self) -> Hyperparameters:
        heads = int(self._number("attention.head_count"))
        width = int(self._number("embedding_length"))
        head_size = int(self._number("attention.key_length", width // heads))
        if self._number("rope.dimension_count", head_size) != head_size:
            raise NotImplementedError("not supported: a rotary embedding of a part of each head")
        return Hyperparameters(
            layers=int(self._number("block_count")),
            heads=heads,
            kv_heads=int(self._number("attention.head_count_kv", heads)),
            head_size=head_size,
            epsilon=self._number("attention.layer_norm_rms_epsilon"),
            rope_base=self._number("rope.freq_base", 10_000.0),
            neighbours=ARCHITECTURES[self.architecture],
        )

    def _check(self) -> None:
        """Refuse everything that the network would compute otherwise than was meant."""
        if self.architecture not in ARCHITECTURES:
            known = ", ".join(ARCHITECTURES)
            raise NotImplementedError(
                f"the architecture {self.architecture!r} is not supported; {known} are"
            )
        scaling = self._field(f"{self.architecture}.rope.scaling.type")
        if scaling not in {None, "none"}:
            raise NotImplementedError(f"not supported: rotary embeddings scaled by {scaling!r}")
        if (self._field("split.count") or 0) > 1:
            raise NotImplementedError("not supported: a model in several GGUF files")
        known_names = {*GLOBAL, *OF_LAYER, *IN_SOME_LAYERS}
        unknown = {
            name
            for name in self._tensors
            if (name.split(".", 2)[-1] if name.startswith("blk.") else name) not in known_names
        }
        if unknown:
            some = ", ".join(sorted(unknown)[:3])
            raise NotImplementedError(f"not supported: {len(unknown)} tensors, among them {some}")

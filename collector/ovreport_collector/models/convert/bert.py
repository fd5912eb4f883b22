"""BERT's encoder (Devlin et al., 2018) of safetensors, as Hugging Face's `BertModel` names them.

Input ids, mask and token types in, the last states [batch, tokens, width] out. The pooler, which
sentence embeddings do without, is left out. The batch is free, the tokens are the declared ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import openvino as ov
from openvino import opset13 as ops

from ovreport_collector.models.convert.weights import Tensor, read_safetensors

IDS, MASK, TYPES = "input_ids", "attention_mask", "token_type_ids"
FAR_BELOW = -65504.0
"""Added to the scores of tokens that are padding; the lowest number that f16 has too."""


class _Config(msgspec.Struct, frozen=True):
    """What of config.json decides the network."""

    model_type: str
    hidden_act: str
    num_hidden_layers: int
    num_attention_heads: int
    hidden_size: int
    layer_norm_eps: float
    position_embedding_type: str = "absolute"


def encoder(weights: Path, files: Mapping[str, Path], shapes: Mapping[str, list[int]]) -> ov.Model:
    """Return the encoder; ValueError where the files are not of one, or miss a tensor."""
    config = _config(files["config"])
    if set(shapes) != {IDS, MASK, TYPES} or len({tuple(s) for s in shapes.values()}) != 1:
        raise ValueError(f"a BERT encoder takes {IDS}, {MASK} and {TYPES}, of one shape")
    return _Encoder(config, read_safetensors(weights)).build(shapes)


def _config(path: Path) -> _Config:
    try:
        config = msgspec.json.decode(path.read_bytes(), type=_Config)
    except msgspec.MsgspecError as error:
        raise ValueError(f"config: {error}") from error
    kind = (config.model_type, config.hidden_act, config.position_embedding_type)
    if kind != ("bert", "gelu", "absolute"):
        raise ValueError(f"config: {', '.join(kind)} is not BERT with GELU and absolute positions")
    return config


class _Encoder:
    """Builds the graph, layer by layer, of tensors by their names."""

    def __init__(self, config: _Config, tensors: Mapping[str, Tensor]) -> None:
        self.config = config
        self.tensors = tensors

    def build(self, shapes: Mapping[str, list[int]]) -> ov.Model:
        inputs = {name: _input(name, shape) for name, shape in shapes.items()}
        states = self.embedded(inputs[IDS], inputs[TYPES], shapes[IDS][1])
        below = _below(inputs[MASK])
        for index in range(self.config.num_hidden_layers):
            states = self.layer(states, below, f"encoder.layer.{index}")
        states.output(0).set_names({"last_hidden_state"})
        return ov.Model([states], list(inputs.values()), "bert-encoder")

    def embedded(self, ids: ov.Node, types: ov.Node, tokens: int) -> ov.Node:
        """Return word, type and position embeddings, added and normalised."""
        of = "embeddings."
        words = self.rows(f"{of}word_embeddings.weight", ids)
        kinds = self.rows(f"{of}token_type_embeddings.weight", types)
        table = self.tensor(f"{of}position_embeddings.weight")
        if tokens > len(table):
            raise ValueError(f"{tokens} tokens, and the weights have {len(table)} positions")
        places = ops.constant(table[np.newaxis, :tokens])
        return self.normalised(ops.add(ops.add(words, kinds), places), f"{of}LayerNorm")

    def layer(self, states: ov.Node, below: ov.Node, name: str) -> ov.Node:
        """Return the states after attention and the feed-forward network, each added to them."""
        seen = self.linear(self.attended(states, below, name), f"{name}.attention.output.dense")
        states = self.normalised(ops.add(seen, states), f"{name}.attention.output.LayerNorm")
        wide = ops.gelu(self.linear(states, f"{name}.intermediate.dense"), "erf")
        narrow = self.linear(wide, f"{name}.output.dense")
        return self.normalised(ops.add(narrow, states), f"{name}.output.LayerNorm")

    def attended(self, states: ov.Node, below: ov.Node, name: str) -> ov.Node:
        """Return what every head attends to, side by side."""
        size = self.config.hidden_size // self.config.num_attention_heads
        query, key, value = (
            self.heads(self.linear(states, f"{name}.attention.self.{part}"), size)
            for part in ("query", "key", "value")
        )
        scores = ops.multiply(ops.matmul(query, key, False, True), _number(1 / math.sqrt(size)))
        shares = ops.softmax(ops.add(scores, below), 3)
        mixed = ops.transpose(ops.matmul(shares, value, False, False), _whole([0, 2, 1, 3]))
        return ops.reshape(mixed, _whole([0, 0, self.config.hidden_size]), True)

    def heads(self, states: ov.Node, size: int) -> ov.Node:
        """Return [batch, tokens, width] as [batch, heads, tokens, size]."""
        split = _whole([0, 0, self.config.num_attention_heads, size])
        return ops.transpose(ops.reshape(states, split, True), _whole([0, 2, 1, 3]))

    def linear(self, states: ov.Node, name: str) -> ov.Node:
        """Return states · weightᵀ + bias."""
        weight = ops.constant(self.tensor(f"{name}.weight"))
        bias = ops.constant(self.tensor(f"{name}.bias"))
        return ops.add(ops.matmul(states, weight, False, True), bias)

    def normalised(self, states: ov.Node, name: str) -> ov.Node:
        """Return layer normalisation: mean 0 and variance 1 over the width, then its own scale."""
        whitened = ops.mvn(states, _whole([-1]), True, self.config.layer_norm_eps, "INSIDE_SQRT")
        scaled = ops.multiply(whitened, ops.constant(self.tensor(f"{name}.weight")))
        return ops.add(scaled, ops.constant(self.tensor(f"{name}.bias")))

    def rows(self, name: str, index: ov.Node) -> ov.Node:
        """Return the rows of a table that an index names."""
        return ops.gather(ops.constant(self.tensor(name)), index, _whole(0))

    def tensor(self, name: str) -> Tensor:
        """Return a tensor by name, as f32; ValueError where there is none."""
        try:
            return self.tensors[name].astype(np.float32)
        except KeyError:
            raise ValueError(f"the weights have no tensor {name}") from None


def _input(name: str, shape: list[int]) -> ov.Node:
    made = ops.parameter([-1, shape[1]], np.int64, name=name)
    made.output(0).set_names({name})
    return made


def _below(mask: ov.Node) -> ov.Node:
    """Return what is added to scores [batch, heads, tokens, tokens]: nothing, or far below."""
    there = ops.unsqueeze(ops.convert(mask, "f32"), _whole([1, 2]))
    return ops.multiply(ops.subtract(_number(1.0), there), _number(FAR_BELOW))


def _number(value: float) -> ov.Node:
    return ops.constant(np.float32(value))


def _whole(value: int | list[int]) -> ov.Node:
    return ops.constant(np.array(value, np.int64))

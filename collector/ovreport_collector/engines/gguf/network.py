"""A decoder of the llama family in plain numpy: the loss of a text by a GGUF file's own weights.

    h = x + attention(norm(x))          norm: x / sqrt(mean(x²) + ε) × weight
    y = h + down(silu(gate(n)) × up(n)) n = norm(h)

Attention is causal, with rotary embeddings and keys and values that groups of heads share (Llama 2,
arXiv:2307.09288). Everything is computed in f32 and nothing is kept in fewer bits.

All windows go through a layer before the next one is read, so no more than one layer is in memory,
and each tensor is dequantized once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from ovreport.record import Window
from ovreport_collector.engines.gguf.file import Array, GgufFile, Hyperparameters
from ovreport_collector.engines.text_loss import Span, spans, token_losses

_HEAD_TOKENS = 64
"""Whose logits are in memory at once: each has as many as the vocabulary has tokens."""


class TooSlowError(Exception):
    """The first layer took so long that all would take longer than they may."""

    def __init__(self, expected_s: float) -> None:
        super().__init__(f"it would take about {expected_s:.0f} s")
        self.expected_s = expected_s


def losses(
    file: GgufFile, tokens: Sequence[int], *, window: int, stride: int, most: int, limit_s: float
) -> list[Window]:
    """Return the loss of a text, step by step of a sliding window, as `LogitsNetwork.windows`.

    TooSlowError after the first layer where all of them would take more than `limit_s`.
    """
    steps = list(spans(tokens, window=window, stride=stride, most=most))
    embedding = file.needed("token_embd.weight")
    states = [embedding[span.tokens] for span in steps]
    head = file.tensor("output.weight")
    turns = rotations(file.hyperparameters, window, file.tensor("rope_freqs.weight"))
    began = time.perf_counter()
    for index in range(file.hyperparameters.layers):
        weights = file.layer(index)
        states = [_layer(x, weights, file.hyperparameters, turns) for x in states]
        expected_s = (time.perf_counter() - began) * file.hyperparameters.layers
        if index == 0 and expected_s > limit_s:
            raise TooSlowError(expected_s)
    final = file.needed("output_norm.weight")
    normed = [norm(x, final, file.hyperparameters.epsilon) for x in states]
    output = embedding if head is None else head
    return [_window(x, output, span) for x, span in zip(normed, steps, strict=True)]


def _window(states: Array, output: Array, span: Span) -> Window:
    """Return the loss of a window's scored tokens, of the states after the last norm."""
    first = len(span.tokens) - span.scored
    loss = 0.0
    for start in range(first, len(span.tokens), _HEAD_TOKENS):
        targets = span.tokens[start : start + _HEAD_TOKENS]
        logits = states[start - 1 : start - 1 + len(targets)] @ output.T
        loss += float(token_losses(logits, targets).sum())
    return Window(loss=loss, tokens=span.scored)


def _layer(
    x: Array, weights: Mapping[str, Array], numbers: Hyperparameters, turns: tuple[Array, Array]
) -> Array:
    """Return the states [tokens, width] after a layer."""
    n = norm(x, weights["attn_norm.weight"], numbers.epsilon)
    h = x + _attention(n, weights, numbers, turns)
    n = norm(h, weights["ffn_norm.weight"], numbers.epsilon)
    gated = silu(n @ weights["ffn_gate.weight"].T) * (n @ weights["ffn_up.weight"].T)
    return h + gated @ weights["ffn_down.weight"].T


def _attention(
    x: Array, weights: Mapping[str, Array], numbers: Hyperparameters, turns: tuple[Array, Array]
) -> Array:
    def heads(name: str, count: int) -> Array:
        """Return one of queries, keys and values: [heads, tokens, head size]."""
        made: Array = x @ weights[f"attn_{name}.weight"].T
        if (bias := weights.get(f"attn_{name}.bias")) is not None:
            made = made + bias
        made = made.reshape(len(x), count, numbers.head_size)
        if (scale := weights.get(f"attn_{name}_norm.weight")) is not None:
            made = norm(made, scale, numbers.epsilon)
        return made.transpose(1, 0, 2)

    q = rotated(heads("q", numbers.heads), turns, neighbours=numbers.neighbours)
    k = rotated(heads("k", numbers.kv_heads), turns, neighbours=numbers.neighbours)
    shared = numbers.heads // numbers.kv_heads
    k, v = (np.repeat(one, shared, axis=0) for one in (k, heads("v", numbers.kv_heads)))
    scores = q @ k.transpose(0, 2, 1) / np.float32(np.sqrt(numbers.head_size))
    scores += np.triu(np.full(scores.shape[1:], -np.inf, np.float32), 1)
    mixed = softmax(scores) @ v
    joined = mixed.transpose(1, 0, 2).reshape(len(x), -1)
    return joined @ weights["attn_output.weight"].T


# ---------------------------------------------------------------- parts


def norm(x: Array, weight: Array, epsilon: float) -> Array:
    """Return x over its root mean square along the last axis, times a weight."""
    mean = np.mean(np.square(x), axis=-1, keepdims=True, dtype=np.float32)
    return np.asarray(x / np.sqrt(mean + np.float32(epsilon)) * weight, dtype=np.float32)


def silu(x: Array) -> Array:
    """Return x × sigmoid(x), by a tangent that does not overflow."""
    half = x * np.float32(0.5)
    return np.asarray(half * (np.tanh(half) + np.float32(1)), dtype=np.float32)


def softmax(x: Array) -> Array:
    """Return the exponentials along the last axis over their sum."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)


def rotations(
    numbers: Hyperparameters, tokens: int, factors: Array | None = None
) -> tuple[Array, Array]:
    """Return cosine and sine [tokens, half a head] of each position's angles.

    `factors` divide the frequencies, as Llama 3.1's `rope_freqs` do.
    """
    pairs = np.arange(0, numbers.head_size, 2, dtype=np.float64) / numbers.head_size
    frequencies = numbers.rope_base**-pairs
    if factors is not None:
        frequencies = frequencies / factors.astype(np.float64)
    angles = np.outer(np.arange(tokens), frequencies)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def rotated(x: Array, turns: tuple[Array, Array], *, neighbours: bool) -> Array:
    """Return x [heads, tokens, head size] with each pair of numbers turned by its angle."""
    cos, sin = turns
    half = x.shape[-1] // 2
    first = (..., slice(0, None, 2)) if neighbours else (..., slice(0, half))
    second = (..., slice(1, None, 2)) if neighbours else (..., slice(half, None))
    out = np.empty_like(x)
    out[first] = x[first] * cos - x[second] * sin
    out[second] = x[first] * sin + x[second] * cos
    return out

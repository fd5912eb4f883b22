"""A GGUF file's own network in numpy, against one written in another way, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

gguf = pytest.importorskip("gguf", reason="needs the extra genai")

from ovreport_collector.engines.gguf.file import GgufFile  # noqa: E402 (after the skip)
from ovreport_collector.engines.gguf.network import TooSlowError, losses  # noqa: E402
from ovreport_collector.measurements.generation.published import PublishedJob  # noqa: E402

WIDTH, HIDDEN, HEADS, KV_HEADS, LAYERS, VOCABULARY = 64, 96, 4, 2, 2, 128
HEAD = WIDTH // HEADS
BASE, EPSILON = 10_000.0, 1e-5
TOKENS = np.random.default_rng(5).integers(0, VOCABULARY, 64).tolist()
WINDOWS = {"window": 32, "stride": 16, "most": 3, "limit_s": 60.0}

Weights = dict[str, Any]


def weights(*, biases: bool = False, norms: bool = False, tied: bool = True) -> Weights:
    """Return random weights whose rotary pairs are half a head apart."""
    rng = np.random.default_rng(3)

    def made(*shape: int) -> Any:
        return rng.normal(0, 0.2, shape).astype(np.float32)

    found = {"token_embd.weight": made(VOCABULARY, WIDTH), "output_norm.weight": 1 + made(WIDTH)}
    if not tied:
        found["output.weight"] = made(VOCABULARY, WIDTH)
    for i in range(LAYERS):
        shapes = {
            "attn_q": (WIDTH, WIDTH),
            "attn_k": (KV_HEADS * HEAD, WIDTH),
            "attn_v": (KV_HEADS * HEAD, WIDTH),
            "attn_output": (WIDTH, WIDTH),
            "ffn_gate": (HIDDEN, WIDTH),
            "ffn_up": (HIDDEN, WIDTH),
            "ffn_down": (WIDTH, HIDDEN),
        }
        found |= {f"blk.{i}.{name}.weight": made(*shape) for name, shape in shapes.items()}
        scaled = {"attn_norm": WIDTH, "ffn_norm": WIDTH}
        if norms:
            scaled |= {"attn_q_norm": HEAD, "attn_k_norm": HEAD}
        found |= {f"blk.{i}.{name}.weight": 1 + made(n) for name, n in scaled.items()}
        if biases:
            for name in ("attn_q", "attn_k", "attn_v"):
                found[f"blk.{i}.{name}.bias"] = made(shapes[name][0])
    return found


def neighbouring(found: Weights) -> Weights:
    """Return the same network with its rotary pairs beside each other, as llama's are in a GGUF."""

    def moved(rows: Any) -> Any:
        return rows.reshape(-1, 2, HEAD // 2, WIDTH).swapaxes(1, 2).reshape(rows.shape)

    turned = {name for name in found if name.endswith(("attn_q.weight", "attn_k.weight"))}
    return {name: moved(w) if name in turned else w for name, w in found.items()}


def write(path: Path, architecture: str, found: Weights, kind: str = "F32", **more: Any) -> Path:
    """Write a GGUF file whose matrices are of a type."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_freq_base(BASE)
    for name, value in more.items():
        writer.add_string(f"{architecture}.{name.replace('__', '.')}", value)
    for name, tensor in found.items():
        if kind == "F32" or tensor.ndim < 2:
            writer.add_tensor(name, tensor)
        else:
            to = gguf.GGMLQuantizationType[kind]
            writer.add_tensor(name, gguf.quants.quantize(tensor, to), raw_dtype=to)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


# ---------------------------------------------------------------- the other way


def _normed(x: Any, weight: Any) -> Any:
    return x * weight / np.sqrt((x * x).mean() + EPSILON)


def _turned(x: Any, position: int) -> Any:
    """Return a head's numbers turned: pairs half a head apart, as complex numbers."""
    half = HEAD // 2
    angles = position * BASE ** (-2 * np.arange(half) / HEAD)
    z = (x[:half] + 1j * x[half:]) * np.exp(1j * angles)
    return np.concatenate([z.real, z.imag])


def loss_of_window(found: Weights, tokens: list[int]) -> Any:
    """Return the loss of each token but the first, in float64, token by token and head by head."""
    w = {name: np.asarray(tensor, np.float64) for name, tensor in found.items()}
    cache: list[list[tuple[Any, Any]]] = [[] for _ in range(LAYERS)]
    out = []
    layers = [
        {
            name.split(".", 2)[2]: tensor
            for name, tensor in w.items()
            if name.startswith(f"blk.{i}.")
        }
        for i in range(LAYERS)
    ]
    head = w.get("output.weight", w["token_embd.weight"])
    for position, token in enumerate(tokens):
        x = w["token_embd.weight"][token]
        for layer, known in zip(layers, cache, strict=True):
            x = _after_layer(x, position, layer, known)
        logits = head @ _normed(x, w["output_norm.weight"])
        out.append(logits)
    return np.array(
        [
            np.log(np.exp(logits - logits.max()).sum()) + logits.max() - logits[following]
            for logits, following in zip(out[:-1], tokens[1:], strict=True)
        ]
    )


def _after_layer(x: Any, position: int, w: Weights, cache: list[tuple[Any, Any]]) -> Any:
    n = _normed(x, w["attn_norm.weight"])
    q, k, v = (
        (w[f"attn_{c}.weight"] @ n + w.get(f"attn_{c}.bias", 0)).reshape(-1, HEAD) for c in "qkv"
    )
    if "attn_q_norm.weight" in w:
        q = np.array([_normed(head, w["attn_q_norm.weight"]) for head in q])
        k = np.array([_normed(head, w["attn_k_norm.weight"]) for head in k])
    cache.append((np.array([_turned(head, position) for head in k]), v))
    answers = []
    for h, head in enumerate(q):
        shared = h * KV_HEADS // HEADS
        scores = np.array([_turned(head, position) @ keys[shared] for keys, _ in cache])
        powers = np.exp(scores / np.sqrt(HEAD))
        answers.append(
            sum(p * values[shared] for p, (_, values) in zip(powers, cache, strict=True))
            / powers.sum()
        )
    x = x + w["attn_output.weight"] @ np.concatenate(answers)
    n = _normed(x, w["ffn_norm.weight"])
    gate = w["ffn_gate.weight"] @ n
    return x + w["ffn_down.weight"] @ (gate / (1 + np.exp(-gate)) * (w["ffn_up.weight"] @ n))


def expected(found: Weights) -> list[float]:
    """Return the loss of each window's scored tokens."""
    windows = [loss_of_window(found, TOKENS[start : start + 32]) for start in (0, 16, 32)]
    return [windows[0].sum(), windows[1][-16:].sum(), windows[2][-16:].sum()]


@pytest.mark.parametrize(
    ("architecture", "found"),
    [
        ("llama", weights()),
        ("llama", weights(tied=False)),
        ("qwen2", weights(biases=True)),
        ("qwen3", weights(norms=True)),
    ],
    ids=["llama", "untied", "qwen2", "qwen3"],
)
def test_losses_are_those_of_another_implementation(
    tmp_path: Path, architecture: str, found: Weights
) -> None:
    """Each family, its rotary pairs as its files have them."""
    stored = neighbouring(found) if architecture == "llama" else found
    measured = losses(GgufFile(write(tmp_path / "m.gguf", architecture, stored)), TOKENS, **WINDOWS)
    assert [window.tokens for window in measured] == [31, 16, 16]
    assert [window.loss for window in measured] == pytest.approx(expected(found), rel=1e-5)


@pytest.mark.parametrize("kind", ["F16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"])
def test_quantized_weights_are_what_their_blocks_say(tmp_path: Path, kind: str) -> None:
    """The loss is that of the numbers in the file, not of those that it was made of."""
    stored = neighbouring(weights())
    path = write(tmp_path / "m.gguf", "llama", stored, kind)
    to = gguf.GGMLQuantizationType[kind]
    rounded = {
        name: gguf.quants.dequantize(gguf.quants.quantize(tensor, to), to)
        if tensor.ndim == 2
        else tensor
        for name, tensor in stored.items()
    }
    exact = losses(GgufFile(write(tmp_path / "f.gguf", "llama", rounded)), TOKENS, **WINDOWS)
    file = GgufFile(path)
    assert losses(file, TOKENS, **WINDOWS) == exact
    assert file.types[0] == kind


@pytest.mark.parametrize(
    ("architecture", "extra", "more", "words"),
    [
        ("gemma2", {}, {}, "architecture 'gemma2' is not supported"),
        (
            "llama",
            {"blk.0.ffn_gate_inp.weight": np.ones((4, WIDTH), np.float32)},
            {},
            "ffn_gate_inp",
        ),
        ("llama", {}, {"rope__scaling__type": "yarn"}, "'yarn'"),
    ],
    ids=["architecture", "experts", "scaling"],
)
def test_what_would_be_computed_wrongly_is_refused(
    tmp_path: Path, architecture: str, extra: Weights, more: dict[str, str], words: str
) -> None:
    """Another network, tensors that it does not use, another embedding: no number at all."""
    path = write(tmp_path / "m.gguf", architecture, {**weights(), **extra}, **more)
    with pytest.raises(NotImplementedError, match=words):
        GgufFile(path)


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    """A damaged file gives no number."""
    found = weights()
    del found["blk.1.ffn_up.weight"]
    path = write(tmp_path / "m.gguf", "llama", found)
    with pytest.raises(ValueError, match=r"blk\.1\.ffn_up\.weight"):
        losses(GgufFile(path), TOKENS, **WINDOWS)


def test_a_slow_model_is_left_after_a_layer(tmp_path: Path) -> None:
    """The limit is of the whole; it says how long it would have taken."""
    path = write(tmp_path / "m.gguf", "llama", neighbouring(weights()))
    with pytest.raises(TooSlowError):
        losses(GgufFile(path), TOKENS, **{**WINDOWS, "limit_s": 0.0})
    job = PublishedJob(file=str(path), tokens=TOKENS, window=32, stride=16, windows=3, limit_s=0.0)
    assert "at this tier" in job.run().measured.reason


def test_a_job_has_the_losses_and_how_they_came_about(tmp_path: Path) -> None:
    """Value, method and software."""
    path = write(tmp_path / "m.gguf", "llama", neighbouring(weights()), "Q4_1")
    job = PublishedJob(file=str(path), tokens=TOKENS, window=32, stride=16, windows=3, limit_s=60.0)
    found = job.run().measured
    assert found.value > 1
    assert "Q4_1" in found.method
    assert set(found.software) == {"gguf", "numpy"}

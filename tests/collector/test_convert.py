"""Models made of published weights: the same numbers as the architecture's arithmetic gives."""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from ovreport import paths
from ovreport.record import Converted, Original
from ovreport_collector.models.cache import ModelFile
from ovreport_collector.models.convert import bert, efficientnet
from ovreport_collector.models.convert.build import converted
from ovreport_collector.models.convert.registry import CONVERTERS
from ovreport_collector.process import child
from ovreport_collector.process.job import JobFailed
from ovreport_collector.suite.model import File, Model
from ovreport_collector.tasks import Files
from tests.collector.weights_fixtures import (
    BERT,
    LITE_BLOCKS,
    bert_weights,
    lite_weights,
    write_safetensors,
    write_torch,
)

TEXT_SHAPES = {name: [2, 6] for name in ("input_ids", "attention_mask", "token_type_ids")}


def run(model: ov.Model, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Return a network's only output, in f32."""
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled(inputs)[0]


def a_config(path: Path, **changes: object) -> Path:
    """Write a config.json of a small encoder."""
    path.write_text(json.dumps({**BERT, **changes}))
    return path


# ---------------------------------------------------------------- BERT, in numpy


def numpy_bert(w: dict[str, np.ndarray], ids: np.ndarray, mask: np.ndarray, types: np.ndarray):
    """Return the last states, in f64, by the paper's formulas."""
    erf = np.vectorize(math.erf)

    def linear(x, name):
        return x @ w[f"{name}.weight"].T.astype(float) + w[f"{name}.bias"]

    def norm(x, name):
        white = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return white * w[f"{name}.weight"] + w[f"{name}.bias"]

    of = "embeddings"
    x = (
        w[f"{of}.word_embeddings.weight"][ids].astype(float)
        + w[f"{of}.token_type_embeddings.weight"][types]
        + w[f"{of}.position_embeddings.weight"][: ids.shape[1]]
    )
    x = norm(x, f"{of}.LayerNorm")
    for i in range(2):
        of = f"encoder.layer.{i}"
        q, k, v = (
            linear(x, f"{of}.attention.self.{part}").reshape(*ids.shape, 2, 4).swapaxes(1, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.swapaxes(2, 3) / 2 + np.where(mask, 0, -np.inf)[:, None, None]
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        seen = (shares / shares.sum(-1, keepdims=True)) @ v
        seen = seen.swapaxes(1, 2).reshape(*ids.shape, 8)
        x = norm(
            linear(seen, f"{of}.attention.output.dense") + x, f"{of}.attention.output.LayerNorm"
        )
        wide = linear(x, f"{of}.intermediate.dense")
        wide = wide * (1 + erf(wide / math.sqrt(2))) / 2
        x = norm(linear(wide, f"{of}.output.dense") + x, f"{of}.output.LayerNorm")
    return x


def test_the_encoder_computes_what_the_paper_says(tmp_path: Path):
    """Against numpy in double precision; padding changes nothing, another batch is free."""
    weights = bert_weights()
    path = write_safetensors(tmp_path / "m.safetensors", weights)
    model = bert.encoder(path, {"config": a_config(tmp_path / "c.json")}, TEXT_SHAPES)
    rng = np.random.default_rng(0)
    for batch in (2, 5):
        ids, types = rng.integers(0, 20, (batch, 6)), rng.integers(0, 2, (batch, 6))
        mask = np.arange(6) < rng.integers(1, 7, (batch, 1))
        given = {"input_ids": ids, "attention_mask": mask.astype(np.int64), "token_type_ids": types}
        expected = numpy_bert(weights, ids, mask, types)
        np.testing.assert_allclose(run(model, given)[mask], expected[mask], atol=2e-4)


@pytest.mark.parametrize(
    ("changes", "shapes", "reason"),
    [
        ({"hidden_act": "relu"}, TEXT_SHAPES, "relu"),
        ({"model_type": "roberta"}, TEXT_SHAPES, "roberta"),
        ({"hidden_size": "8"}, TEXT_SHAPES, "config"),
        ({"num_hidden_layers": 3}, TEXT_SHAPES, "no tensor encoder.layer.2"),
        ({}, {"x": [1, 6]}, "takes input_ids"),
        ({}, {name: [1, 13] for name in TEXT_SHAPES}, "12 positions"),
    ],
)
def test_another_network_than_bert_is_refused(changes, shapes, reason: str, tmp_path: Path):
    """Rather than built wrongly."""
    path = write_safetensors(tmp_path / "m.safetensors", bert_weights())
    with pytest.raises(ValueError, match=reason):
        bert.encoder(path, {"config": a_config(tmp_path / "c.json", **changes)}, shapes)


# ---------------------------------------------------------------- EfficientNet-Lite0, in numpy


def numpy_lite(w: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return the scores, in f64: convolutions by their definition, TensorFlow's SAME padding."""

    def convolved(x, name, norm, stride=1, deep=False):
        weight = w[f"{name}.weight"].astype(float)
        size = weight.shape[2]
        out = [-(-side // stride) for side in x.shape[2:]]
        total = [max(0, (o - 1) * stride + size - s) for o, s in zip(out, x.shape[2:], strict=True)]
        x = np.pad(x, [(0, 0), (0, 0), *((t // 2, t - t // 2) for t in total)])
        made = 0.0
        for i in range(size):
            for j in range(size):
                part = x[:, :, i : i + stride * out[0] : stride, j : j + stride * out[1] : stride]
                tap = weight[:, :, i, j]
                made = made + (
                    part * tap.T[..., None, None] if deep else np.einsum("oc,nchw->nohw", tap, part)
                )
        scale = w[f"{norm}.weight"] / np.sqrt(w[f"{norm}.running_var"].astype(float) + 1e-3)
        shift = w[f"{norm}.bias"] - w[f"{norm}.running_mean"] * scale
        return made * scale[:, None, None] + shift[:, None, None]

    def relu6(x):
        return np.clip(x, 0, 6)

    x = relu6(convolved(x, "_conv_stem", "_bn0", 2))
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]
    for i, stride in enumerate(strides):
        of, before = f"_blocks.{i}", x
        if LITE_BLOCKS[i][1] > 1:
            x = relu6(convolved(x, f"{of}._expand_conv", f"{of}._bn0"))
        x = relu6(convolved(x, f"{of}._depthwise_conv", f"{of}._bn1", stride, deep=True))
        x = convolved(x, f"{of}._project_conv", f"{of}._bn2")
        if stride == 1 and x.shape == before.shape:
            x = x + before
    x = relu6(convolved(x, "_conv_head", "_bn1"))
    return x.mean((2, 3)) @ w["_fc.weight"].T + w["_fc.bias"]


def test_lite0_computes_what_its_layers_say(tmp_path: Path):
    """Against numpy in double precision, odd sides too, where padding is not the same all round."""
    weights = lite_weights()
    path = write_torch(tmp_path / "m.pth", weights)
    for height, width in ((64, 64), (45, 70)):
        model = efficientnet.lite0(path, {}, {"image": [1, 3, height, width]})
        image = np.random.default_rng(1).normal(0, 1, (3, 3, height, width)).astype(np.float32)
        expected = numpy_lite(weights, image.astype(float))
        np.testing.assert_allclose(run(model, {"image": image}), expected, atol=2e-3)
        assert np.ptp(expected) > 0.5


@pytest.mark.parametrize(
    ("change", "shapes", "reason"),
    [
        ({"_blocks.16._bn1.weight": np.ones(2)}, {"x": [1, 3, 32, 32]}, "17 blocks"),
        ({"_fc.bias": None}, {"x": [1, 3, 32, 32]}, "no tensor _fc.bias"),
        ({}, {"x": [1, 32, 32, 3]}, "images"),
        ({}, {"x": [1, 3, 32, 32], "y": [1]}, "one input"),
    ],
)
def test_another_network_than_lite0_is_refused(change, shapes, reason: str, tmp_path: Path):
    """Rather than built wrongly."""
    weights = {k: v for k, v in {**lite_weights(), **change}.items() if v is not None}
    with pytest.raises(ValueError, match=reason):
        efficientnet.lite0(write_torch(tmp_path / "m.pth", weights), {}, shapes)


# ---------------------------------------------------------------- the way of a suite's model


@pytest.fixture
def model_and_files(tmp_path: Path, own_folders: Path) -> tuple[Model, Files]:
    """Return a suite's entry with a converter, and its files."""
    model = Model(
        id="tiny-lite",
        title="Tiny",
        task="image-classification",
        converter="efficientnet-lite0",
        file=File(uri="file:m.pth"),
        shapes={"image": [1, 3, 32, 32]},
    )
    return model, Files(model=write_torch(tmp_path / "m.pth", lite_weights()), files={}, data={})


def test_weights_are_converted_once_and_the_record_can_say_how(
    model_and_files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """In a process of its own; the second time from the cache, with what the first one took."""
    first = converted(*model_and_files, tmp_path)
    assert isinstance(first, ModelFile)
    assert isinstance(first.origin, Converted)
    assert first.origin.converter == "efficientnet-lite0"
    assert first.origin.seconds > 0
    assert first.origin.peak_bytes > 10_000_000
    assert set(first.origin.software) == {"openvino", "numpy"}
    assert first.file.is_relative_to(paths.cache())
    output = run(ov.Core().read_model(first.file), {"image": np.ones((1, 3, 32, 32), np.float32)})
    assert output.shape == (1, 7)

    monkeypatch.setattr(child, "run", lambda *_, **__: pytest.fail("converted again"))
    assert converted(*model_and_files, tmp_path) == first


def test_other_weights_are_another_model(model_and_files, tmp_path: Path):
    """The recipe holds their checksum."""
    model, files = model_and_files
    first = converted(model, files, tmp_path)
    weights = {**lite_weights(), "_fc.bias": np.zeros(7, np.float32)}
    write_torch(files.model, weights)
    other = converted(model, files, tmp_path)
    assert isinstance(first, ModelFile)
    assert isinstance(other, ModelFile)
    assert first.file != other.file


def test_weights_that_cannot_be_converted_fail_the_model_with_the_reason(
    model_and_files, tmp_path: Path
):
    """The run goes on; nothing is kept, and no path of this machine is reported."""
    model, files = model_and_files
    files.model.write_bytes(b"no weights at all")
    failed = converted(model, files, tmp_path)
    assert isinstance(failed, JobFailed)
    assert "could not be converted (efficientnet-lite0)" in failed.reason
    assert str(tmp_path) not in failed.reason
    assert not list((paths.cache() / "made").glob("*"))


def test_a_model_that_engines_read_is_run_as_it_is(tmp_path: Path):
    """Without a converter there is nothing to make."""
    model = Model(
        id="m", title="M", task="generic", file=File(uri="file:m.onnx"), shapes={"x": [1]}
    )
    file = tmp_path / "m.onnx"
    assert converted(model, Files(model=file, files={}, data={}), tmp_path) == ModelFile(
        file, Original()
    )


@pytest.mark.parametrize("name", CONVERTERS)
def test_every_converter_of_the_table_is_there(name: str) -> None:
    """Its function is found, and it says which files of weights it reads."""
    module, _, function = CONVERTERS[name].function.partition(":")
    found = importlib.import_module(f"ovreport_collector.models.convert.{module}")
    assert callable(getattr(found, function))
    assert all(suffix.startswith(".") for suffix in CONVERTERS[name].suffixes)

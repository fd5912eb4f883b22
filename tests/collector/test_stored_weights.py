"""How many weights a file has, and in what type: whatever is done to them before they are used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from ovreport.variants import stored_as
from ovreport_collector.engines.openvino.weights import weights
from ovreport_collector.models.inspect.description import Description
from ovreport_collector.models.inspect.job import Wanted, inspect
from ovreport_collector.models.variants import possible
from ovreport_collector.plan.model_inputs import faults_of
from ovreport_collector.suite.model import File, Model
from tests.collector import models

F, H, C = models.FEATURES, models.HIDDEN, models.CLASSES
IN_ALL = F * H + H * H + H * C


def dense(weight: ov.Node, features: int = 8) -> ov.Model:
    """Return a network x[1, features] · weight."""
    x = ops.parameter([1, features], np.float32, name="x")
    return ov.Model([ops.matmul(x, weight, False, False)], [x], "dense")


@pytest.mark.parametrize(("is_compressed", "stored"), [(True, "f16"), (False, "f32")])
def test_weights_are_what_the_file_stores(tmp_path: Path, is_compressed: bool, stored: str) -> None:
    """OpenVINO compresses to fp16 unless told otherwise; it decompresses when it runs."""
    path = tmp_path / "net.xml"
    ov.save_model(models.classifier(), path, compress_to_fp16=is_compressed)
    assert weights(ov.Core().read_model(path)) == {stored: IN_ALL}


def test_quantized_weights_count_once() -> None:
    """Neither scales nor zero points are weights."""
    stored = ops.constant(np.ones((8, 4), np.int8))
    centred = ops.subtract(ops.convert(stored, "f32"), ops.constant(np.ones((1, 4), np.float32)))
    scaled = ops.multiply(centred, ops.constant(np.ones((1, 4), np.float32)))
    assert weights(dense(scaled)) == {"i8": 32}


def test_weights_that_the_graph_fills_in_count() -> None:
    """As those of models whose weights are constants: ConstantOfShape in ONNX."""
    filled = ops.broadcast(ops.constant(np.float32(0.5)), ops.constant(np.array([8, 4])))
    assert weights(dense(filled)) == {"f32": 32}


def test_weights_that_are_shared_count_once() -> None:
    """Whatever is done to them on the way, as where embeddings are an output layer too."""
    table = ops.constant(np.ones((8, 8), np.float32))
    turned = ops.transpose(table, ops.constant(np.array([1, 0])))
    x = ops.parameter([1, 8], np.float32, name="x")
    first = ops.matmul(x, table, False, False)
    model = ov.Model([ops.matmul(first, turned, False, False)], [x], "tied")
    assert weights(model) == {"f32": 64}


def test_weights_that_are_put_together_count_all() -> None:
    parts = [ops.constant(np.ones((8, n), np.float32)) for n in (1, 3)]
    assert weights(dense(ops.concat(parts, 1))) == {"f32": 32}


def test_weights_that_are_an_output_count() -> None:
    """Of a model without inputs nothing depends on any, and its file is full of numbers."""
    stored = ops.constant(np.ones((3, 4), np.float32))
    assert weights(ov.Model([stored], [])) == {"f32": 12}
    assert weights(ov.Model([ops.relu(stored)], [])) == {"f32": 12}


def test_shapes_and_ranges_are_no_weights() -> None:
    """Neither new shapes nor the ranges of a quantization of activations."""
    x = ops.parameter([1, 8], np.float32, name="x")
    low, high = ops.constant(np.float32(0)), ops.constant(np.float32(1))
    quantized = ops.fake_quantize(x, low, high, low, high, 256)
    model = ov.Model([ops.reshape(quantized, ops.constant(np.array([2, 4])), False)], [x], "none")
    assert weights(model) == {}


def test_what_most_weights_are_names_the_variant() -> None:
    assert stored_as({"f16": 90, "f32": 10}) == "fp16"
    assert stored_as({"bf16": 1}) == "bf16"
    assert stored_as({"nf4": 1}) == "other"
    assert stored_as({}) == "none"


def test_a_suite_that_says_otherwise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.xml"
    ov.save_model(models.classifier(), path, compress_to_fp16=True)
    found = inspect({"it": Wanted(file=str(path))})["it"]
    assert isinstance(found, Description)
    model = Model(id="net", title="Net", task="generic", file=File(uri="file:net.xml"))
    (fault,) = faults_of("$.models[0]", model, found, str)
    assert fault.path == "$.models[0].variant"
    assert "fp16" in fault.remedy


def test_a_model_without_weights_is_of_no_precision(tmp_path: Path) -> None:
    """Whatever its suite calls it; nothing can be made of its weights either."""
    x = ops.parameter([1, 4], np.float32, name="x")
    path = models.save(ov.Model([ops.relu(x)], [x], "net"), tmp_path / "net.xml")
    found = inspect({"it": Wanted(file=str(path))})["it"]
    assert isinstance(found, Description)
    assert found.variant == "none"
    file = File(uri="file:net.xml")
    claimed = Model(id="net", title="Net", task="generic", file=file, variant="int8")
    (fault,) = faults_of("$.models[0]", claimed, found, str)
    assert fault.path == "$.models[0].variant"
    honest = Model(id="net", title="Net", task="generic", file=file, variant="none")
    assert not list(faults_of("$.models[0]", honest, found, str))
    assert possible(honest) == ()

"""Tiny real networks, built on the spot with OpenVINO's own operations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from ovreport_collector.engines.arrays import save_arrays
from ovreport_collector.engines.types import Target

CPU_PLUGIN = Path(ov.__file__).parent / "libs" / "libopenvino_intel_cpu_plugin.so"
"""Registered under another name it is a second device, on any machine with x86 Linux wheels."""

FEATURES, HIDDEN, CLASSES = 64, 256, 10
ROWS, WIDTH = 64, 512


def classifier(batch: int = 1) -> ov.Model:
    """Return a network x[batch, 64] → scores[batch, 10] whose weights are random but fixed.

    A negative batch is a dimension that is not known.
    """
    rng = np.random.default_rng(7)
    x = ops.parameter([batch, FEATURES], np.float32, name="x")
    hidden = ops.relu(ops.matmul(x, _weights(rng, FEATURES, HIDDEN), False, False))
    hidden = ops.relu(ops.matmul(hidden, _weights(rng, HIDDEN, HIDDEN), False, False))
    scores = ops.softmax(ops.matmul(hidden, _weights(rng, HIDDEN, CLASSES), False, False), 1)
    scores.output(0).set_names({"scores"})
    x.output(0).set_names({"x"})
    return ov.Model([scores], [x], "classifier")


def chain(depth: int) -> ov.Model:
    """Return a network x[64, 512] → y[64, 512] of equal layers: its time goes with its depth."""
    rng = np.random.default_rng(7)
    x = ops.parameter([ROWS, WIDTH], np.float32, name="x")
    node = x
    for _ in range(depth):
        node = ops.relu(ops.matmul(node, _weights(rng, WIDTH, WIDTH), False, False))
    node.output(0).set_names({"y"})
    x.output(0).set_names({"x"})
    return ov.Model([node], [x], "chain")


def image_classifier(height: int = 32, width: int = 48) -> ov.Model:
    """Return a network x[1, 3, height, width] → scores[1, 10] that sees where colours are."""
    rng = np.random.default_rng(8)
    x = ops.parameter([1, 3, height, width], np.float32, name="x")
    kernel = ops.constant(rng.standard_normal((8, 3, 3, 3)).astype(np.float32) / 5)
    edges = ops.relu(ops.convolution(x, kernel, [4, 4], [0, 0], [0, 0], [1, 1]))
    flat = ops.reshape(edges, ops.constant(np.array([1, -1])), False)
    features = int(np.prod(edges.get_output_shape(0)))
    scores = ops.softmax(ops.matmul(flat, _weights(rng, features, CLASSES), False, False), 1)
    scores.output(0).set_names({"scores"})
    x.output(0).set_names({"x"})
    return ov.Model([scores], [x], "image-classifier")


def save(model: ov.Model, path: Path) -> Path:
    """Write an OpenVINO IR in full precision: an .xml with its .bin beside it."""
    ov.save_model(model, path, compress_to_fp16=False)
    return path


def _weights(rng: np.random.Generator, rows: int, columns: int) -> ov.Node:
    values = rng.standard_normal((rows, columns)) / np.sqrt(rows)
    return ops.constant(values.astype(np.float32))


def a_target(folder: Path, batch: int = 1) -> tuple[Target, Path]:
    """Save the classifier; return how it is run by OpenVINO on the CPU, and samples for it."""
    file = save(classifier(batch), folder / "classifier.xml")
    rows = np.random.default_rng(0).standard_normal((4, 1, FEATURES)).astype(np.float32)
    samples = folder / "classifier-samples.npz"
    save_arrays(samples, {"x": rows})
    target = Target(
        engine="openvino",
        model=str(file),
        shapes={"x": [1, FEATURES]},
        device="CPU",
        precision="f32",
    )
    return target, samples

"""EfficientNet-Lite0 of a state dict, as lukemelas' PyTorch code and its kin name the tensors.

Tan & Le, "EfficientNet", 2019; Lite is Google's version without squeeze-and-excitation, with
ReLU6 for swish (github.com/tensorflow/tpu, models/official/efficientnet/lite). Widths and kernels
are those of the weights; padding is TensorFlow's SAME, as the weights were trained with.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from ovreport_collector.models.convert.weights import Tensor, read_torch

STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))
"""Blocks of a stage, and the stride of its first one: what the weights do not tell."""
STRIDES = [stride if i == 0 else 1 for blocks, stride in STAGES for i in range(blocks)]
EPSILON = 1e-3
"""Of every batch normalisation."""


def lite0(weights: Path, files: Mapping[str, Path], shapes: Mapping[str, list[int]]) -> ov.Model:
    """Return the network; ValueError where the weights are not its, or the input no image.

    One input [batch, 3, height, width], one output of scores [batch, classes], before softmax.
    """
    if len(shapes) != 1:
        raise ValueError("EfficientNet takes one input")
    name, shape = next(iter(shapes.items()))
    if len(shape) != 4 or shape[1] != 3:
        raise ValueError(f"EfficientNet takes images [batch, 3, height, width], not {shape}")
    image = ops.parameter([-1, *shape[1:]], np.float32, name=name)
    image.output(0).set_names({name})
    scores = _Lite(read_torch(weights)).scores(image)
    scores.output(0).set_names({"scores"})
    return ov.Model([scores], [image], "efficientnet-lite0")


class _Lite:
    """Builds the graph of tensors by their names."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.tensors = tensors
        blocks = {name.split(".")[1] for name in tensors if name.startswith("_blocks.")}
        if len(blocks) != len(STRIDES):
            raise ValueError(f"{len(blocks)} blocks, and Lite0 has {len(STRIDES)}")

    def scores(self, image: ov.Node) -> ov.Node:
        """Return stem, blocks, head and classifier, one after the other."""
        x = _relu6(self.convolved(image, "_conv_stem", "_bn0", stride=2))
        for index, stride in enumerate(STRIDES):
            x = self.block(x, f"_blocks.{index}", stride)
        x = _relu6(self.convolved(x, "_conv_head", "_bn1"))
        pooled = ops.reduce_mean(x, ops.constant(np.array([2, 3])), False)
        weight, bias = (ops.constant(self.tensor(f"_fc.{part}")) for part in ("weight", "bias"))
        return ops.add(ops.matmul(pooled, weight, False, True), bias)

    def block(self, x: ov.Node, name: str, stride: int) -> ov.Node:
        """Return an inverted bottleneck: wider, depthwise, narrower, and added where it fits."""
        before = x
        if f"{name}._expand_conv.weight" in self.tensors:
            x = _relu6(self.convolved(x, f"{name}._expand_conv", f"{name}._bn0"))
        x = _relu6(self.convolved(x, f"{name}._depthwise_conv", f"{name}._bn1", stride, deep=True))
        x = self.convolved(x, f"{name}._project_conv", f"{name}._bn2")
        fits = stride == 1 and x.get_output_partial_shape(0) == before.get_output_partial_shape(0)
        return ops.add(x, before) if fits else x

    def convolved(
        self, x: ov.Node, name: str, norm: str, stride: int = 1, *, deep: bool = False
    ) -> ov.Node:
        """Return a convolution without bias, normalised; `deep`: each channel by itself."""
        weight = self.tensor(f"{name}.weight")
        if deep:
            weight = weight[:, np.newaxis]  # [channels, 1, 1, height, width]: a group a channel
        convolution = ops.group_convolution if deep else ops.convolution
        made = convolution(
            x, ops.constant(weight), [stride] * 2, [0, 0], [0, 0], [1, 1], "same_upper"
        )
        gamma, beta, mean, variance = (
            ops.constant(self.tensor(f"{norm}.{part}"))
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        return ops.batch_norm_inference(made, gamma, beta, mean, variance, EPSILON)

    def tensor(self, name: str) -> Tensor:
        """Return a tensor by name, as f32; ValueError where there is none."""
        try:
            return self.tensors[name].astype(np.float32)
        except KeyError:
            raise ValueError(f"the weights have no tensor {name}") from None


def _relu6(x: ov.Node) -> ov.Node:
    return ops.clamp(x, 0.0, 6.0)

"""Image classification: photographs for networks whose weights are constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from ovreport.errors import SuiteError
from ovreport_collector.tasks.common import Unlabelled, generator, images, only_input, pack, pick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ovreport_collector.suite import Model
    from ovreport_collector.tasks.base import Files, Inputs

_MEAN = (123.675, 116.28, 103.53)
_SCALE = (58.395, 57.12, 57.375)
"""Mean and standard deviation of ImageNet's red, green, blue, of 0 to 255 (as torchvision)."""


class ImageClassification(Unlabelled):
    """Image classification: one input with 3 channels, f32.

    Data files: photographs under any role, or a wheel that holds some. Options: `layout`
    ("NCHW", the default, or "NHWC"), `mean` and `scale` (three numbers each, of 0 to 255,
    in the order of the channels: (pixel − mean) / scale; ImageNet's by default), `channels`
    ("RGB", the default, or "BGR").
    """

    name = "image-classification"
    why_no_metric = "constant weights: accuracy does not exist"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return squares out of photographs, moved, scaled and mirrored by `seed`."""
        name, shape = only_input(model)
        planar = _choice(model, "layout", ("NCHW", "NHWC")) == "NCHW"
        reverse = _choice(model, "channels", ("RGB", "BGR")) == "BGR"
        height, width = shape[2:4] if planar else shape[1:3]
        mean, scale = _three(model, "mean", _MEAN), _three(model, "scale", _SCALE)
        rng = generator(seed, self.name)
        photographs = [image for _, image in images(files.data)]
        if not photographs:
            raise SuiteError(
                "no photographs in the dataset",
                where=model.id,
                remedy="name a dataset with image files, or a wheel that holds some",
            )
        units = []
        for i in pick(rng, len(photographs), count * shape[0]):
            square = np.asarray(_square(photographs[i], height, width, rng), dtype=np.float32)
            pixels = ((square[..., ::-1] if reverse else square) - mean) / scale
            units.append(pixels.transpose(2, 0, 1) if planar else pixels)
        return {name: pack(np.stack(units), shape)}


def _square(image: Image.Image, height: int, width: int, rng: np.random.Generator) -> Image.Image:
    """Return a part of the image: between two thirds and all of its shorter side."""
    side = min(image.size) * rng.uniform(2 / 3, 1)
    left, top = rng.uniform(0, 1, size=2) * (image.width - side, image.height - side)
    part = image.resize(
        (width, height),
        Image.Resampling.BICUBIC,
        box=(left, top, left + side, top + side),
        reducing_gap=3.0,
    )
    return ImageOps.mirror(part) if rng.random() < 0.5 else part


def _choice(model: Model, key: str, known: Sequence[str]) -> str:
    """Return an option that must be one of a few words; the first is the default."""
    value = str(model.options.get(key, known[0]))
    if value not in known:
        raise SuiteError(
            f'{key} is "{value}"', where=f"{model.id}.options", remedy=f"use {' or '.join(known)}"
        )
    return value


def _three(model: Model, key: str, default: Sequence[float]) -> NDArray[np.float32]:
    """Return an option that must be three numbers, one a channel."""
    value = np.atleast_1d(np.asarray(model.options.get(key, list(default)), dtype=np.float32))
    if value.shape != (3,):
        raise SuiteError(
            f"{key} must be three numbers", where=f"{model.id}.options", remedy="one a channel"
        )
    return value

"""Image classification: photographs for networks whose weights are constants."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ovreport.errors import SuiteError
from ovreport_collector.tasks.base import Calibration
from ovreport_collector.tasks.common import (
    Unlabelled,
    camera,
    generator,
    image_size,
    images,
    one_image,
    only_input,
    pack,
    part,
    photographs,
    pick,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL import Image

    from ovreport.record import Unsupported
    from ovreport_collector.image_pipeline import Channels, ImagePipeline, Layout
    from ovreport_collector.suite import Model
    from ovreport_collector.tasks.base import Array, Files, Inputs

Word = TypeVar("Word", bound=str)

_CALIBRATION = 1 << 32
"""What the seed of calibration inputs is off by: seeds that users name are smaller."""
_LAYOUTS: tuple[Layout, ...] = ("NCHW", "NHWC")
_CHANNELS: tuple[Channels, ...] = ("RGB", "BGR")
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
    pictured = "photographs of the dataset, cut to the input's proportions"
    why_no_metric = "constant weights: accuracy does not exist"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return squares out of photographs, moved, scaled and mirrored by `seed`."""
        name, shape = only_input(model)
        planar = _choice(model, "layout", _LAYOUTS) == "NCHW"
        reverse = _choice(model, "channels", _CHANNELS) == "BGR"
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
            square = np.asarray(part(photographs[i], (width, height), rng), dtype=np.float32)
            pixels = ((square[..., ::-1] if reverse else square) - mean) / scale
            units.append(pixels.transpose(2, 0, 1) if planar else pixels)
        return {name: pack(np.stack(units), shape)}

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return other parts of the photographs than `samples` does of any usual seed."""
        inputs = self.samples(model, files, seed=seed + _CALIBRATION, count=count)
        return Calibration(inputs, "parts of the dataset's photographs, moved, scaled, mirrored")

    def pipeline(self, model: Model) -> ImagePipeline | Unsupported:
        """Return how a photograph of the input's proportions becomes an input."""
        layout = _choice(model, "layout", _LAYOUTS)
        return one_image(
            model, camera(image_size(only_input(model)[1], layout)), layout=layout,
            channels=_choice(model, "channels", _CHANNELS),
            mean=_three(model, "mean", _MEAN),
            scale=_three(model, "scale", _SCALE),
        )  # fmt: skip

    def pictures(
        self, model: Model, files: Files, *, size: tuple[int, int], seed: int, count: int
    ) -> list[Image.Image]:
        """Return photographs, cut to the input's proportions."""
        return photographs(files.data, size, generator(seed, self.name, "pictures"), count)

    def answer(self, outputs: Sequence[Array]) -> list[tuple[int, float]]:
        """Return the five likeliest classes and their probabilities (softmax)."""
        scores = outputs[0].reshape(-1).astype(np.float64)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = np.argsort(shares)[::-1][:5]
        return [(int(i), float(shares[i])) for i in best]


def _choice(model: Model, key: str, known: Sequence[Word]) -> Word:
    """Return an option that must be one of a few words; the first is the default."""
    value = model.options.get(key, known[0])
    found = next((word for word in known if word == value), None)
    if found is None:
        raise SuiteError(
            f'{key} is "{value}"', where=f"{model.id}.options", remedy=f"use {' or '.join(known)}"
        )
    return found


def _three(model: Model, key: str, default: Sequence[float]) -> NDArray[np.float32]:
    """Return an option that must be three numbers, one a channel."""
    value = np.atleast_1d(np.asarray(model.options.get(key, list(default)), dtype=np.float32))
    if value.shape != (3,):
        raise SuiteError(
            f"{key} must be three numbers", where=f"{model.id}.options", remedy="one a channel"
        )
    return value

"""How a picture becomes a network's input, as its makers did it when they measured its accuracy.

    how = preprocessing(model)      what the suite says of it, checked
    input = how.input_of(image)     resize, crop, channels, mean and scale, layout

What a suite can say, in a model's `options`, each with its default:

    layout = "NCHW"     or "NHWC"
    channels = "RGB"    or "BGR": the order in which the network takes them
    mean, scale         (pixel − mean) / scale, pixels from 0 to 255; three numbers each, in the
                        order of the channels; ImageNet's by default
    resize = "bilinear" or "bicubic": the filter, as wide as the reduction (Pillow's, antialiased)
    crop = "centre"     the shorter side to `resize_to` pixels, then the middle of it
           "none"       the whole picture squeezed into the input, proportions lost
           "letterbox"  the whole picture in the middle, proportions kept, the rest grey (114)
    resize_to           pixels; by default the input's longer side / 0.875, as is usual (224: 256)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ovreport.errors import SuiteError
from ovreport_collector.engines.image_pipeline import Channels, Layout, Resize
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import integer
from ovreport_collector.tasks.common import image_size, only_input

Crop = Literal["centre", "none", "letterbox"]
Word = TypeVar("Word", bound=str)

MEAN = (123.675, 116.28, 103.53)
SCALE = (58.395, 57.12, 57.375)
"""Mean and standard deviation of ImageNet's red, green, blue, of 0 to 255 (as torchvision)."""
USUAL_CROP = 0.875
"""Share of the shorter side that a crop usually keeps (224 of 256)."""
MAX_SIDE = 1 << 14
GREY = 114
"""Of what a letterbox fills up: Ultralytics' and, before it, Darknet's."""
_FILTERS: dict[Resize, Image.Resampling] = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


@dataclass(frozen=True)
class Preprocessing:
    """The steps from a picture to one input."""

    width: int
    """Of the input, in pixels."""
    height: int
    layout: Layout
    channels: Channels
    mean: NDArray[np.float32]
    """(pixel − mean) / scale, a number a channel, in the order of `channels`."""
    scale: NDArray[np.float32]
    resize: Resize
    resize_to: int
    """Length of the shorter side before the crop, in pixels; unused without one."""
    crop: Crop

    def input_of(self, image: Image.Image) -> NDArray[np.float32]:
        """Return an RGB picture as an input without its batch: [3, H, W] or [H, W, 3]."""
        return self.normalised(self.fitted(image))

    def fitted(self, image: Image.Image) -> Image.Image:
        """Return a picture resized and cropped to the input's size."""
        size, kind = (self.width, self.height), _FILTERS[self.resize]
        if self.crop == "none":
            return image.resize(size, kind)
        if self.crop == "letterbox":
            return self._letterboxed(image)
        by = self.resize_to / min(image.size)
        wide, high = (max(self.resize_to, int(side * by)) for side in image.size)
        left, top = round((wide - self.width) / 2), round((high - self.height) / 2)
        resized = image.resize((wide, high), kind)
        return resized.crop((left, top, left + self.width, top + self.height))

    def placed(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Return where `fitted` puts a picture of that size: scale across, scale down, left, top.

        A point x, y of the picture is at x · across + left, y · down + top of the input.
        """
        if self.crop == "none":
            return self.width / width, self.height / height, 0.0, 0.0
        if self.crop == "letterbox":
            wide, high = self._inside(width, height)
            left, top = (self.width - wide) // 2, (self.height - high) // 2
            return wide / width, high / height, float(left), float(top)
        raise ValueError("a crop cuts parts off: use none or letterbox")

    def _inside(self, width: int, height: int) -> tuple[int, int]:
        """Return the largest size with a picture's proportions that fits into the input."""
        by = min(self.width / width, self.height / height)
        return max(1, round(width * by)), max(1, round(height * by))

    def _letterboxed(self, image: Image.Image) -> Image.Image:
        wide, high = self._inside(*image.size)
        canvas = Image.new("RGB", (self.width, self.height), (GREY, GREY, GREY))
        corner = ((self.width - wide) // 2, (self.height - high) // 2)
        canvas.paste(image.resize((wide, high), _FILTERS[self.resize]), corner)
        return canvas

    def normalised(self, image: Image.Image) -> NDArray[np.float32]:
        """Return a picture of the input's size as numbers: [3, H, W] or [H, W, 3]."""
        pixels = np.asarray(image, dtype=np.float32)
        ordered = pixels[..., ::-1] if self.channels == "BGR" else pixels
        made = (ordered - self.mean) / self.scale
        return np.ascontiguousarray(made.transpose(2, 0, 1) if self.layout == "NCHW" else made)


def preprocessing(model: Model) -> Preprocessing:
    """Return the steps that a model's options say; SuiteError where they make no sense."""
    _, shape = only_input(model)
    layout = choice(model, "layout", get_args(Layout))
    width, height = image_size(shape, layout)
    if not width or shape[1 if layout == "NCHW" else 3] != 3:
        raise SuiteError(
            f"the input {shape} is not images of three channels in {layout}",
            where=f"{model.id}.options",
            remedy="set the option layout to NCHW or NHWC, as the network has it",
        )
    longer = max(width, height)
    crop = choice(model, "crop", get_args(Crop))
    usual = min(MAX_SIDE, max(longer, round(longer / USUAL_CROP)))
    return Preprocessing(
        width=width,
        height=height,
        layout=layout,
        channels=choice(model, "channels", get_args(Channels)),
        mean=three(model, "mean", MEAN),
        scale=_not_zero(model, three(model, "scale", SCALE)),
        resize=choice(model, "resize", get_args(Resize)),
        resize_to=integer(model, "resize_to", usual, low=longer, high=max(longer, MAX_SIDE)),
        crop=crop,
    )


def choice(model: Model, key: str, known: Sequence[Word]) -> Word:
    """Return an option that must be one of a few words; the first is the default."""
    value = model.options.get(key, known[0])
    found = next((word for word in known if word == value), None)
    if found is None:
        raise SuiteError(
            f'{key} is "{value}"', where=f"{model.id}.options", remedy=f"use {' or '.join(known)}"
        )
    return found


def three(model: Model, key: str, default: Sequence[float]) -> NDArray[np.float32]:
    """Return an option that must be three numbers, one a channel."""
    value = np.atleast_1d(np.asarray(model.options.get(key, list(default)), dtype=np.float32))
    if value.shape != (3,) or not np.isfinite(value).all():
        raise SuiteError(
            f"{key} must be three numbers", where=f"{model.id}.options", remedy="one a channel"
        )
    return value


def _not_zero(model: Model, scale: NDArray[np.float32]) -> NDArray[np.float32]:
    if not scale.all():
        raise SuiteError(
            "scale holds a zero", where=f"{model.id}.options", remedy="pixels are divided by it"
        )
    return scale

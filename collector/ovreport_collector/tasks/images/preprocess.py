"""How an image becomes a network's input, as its authors did it when they measured its accuracy.

    how = preprocessing(model)      what the suite says of it, checked
    input = how.input_of(image)     resize, crop, channels, mean and scale, layout

What a suite can say, in a model's `options`, is in `OPTIONS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ovreport.record import Unsupported
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.image_pipeline import Channels, ImagePipeline, Layout, Resize
from ovreport_collector.engines.images import FILTERS
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option, OptionError, integer
from ovreport_collector.tasks.samples import only_input

Crop = Literal["centre", "none", "letterbox"]
Word = TypeVar("Word", bound=str)

MEAN = (123.675, 116.28, 103.53)
SCALE = (58.395, 57.12, 57.375)
"""Mean and standard deviation of ImageNet's red, green, blue, of 0 to 255 (as torchvision)."""
USUAL_CROP = 0.875
"""Share of the shorter side that a crop usually keeps (224 of 256)."""
MAX_SIDE = 1 << 14
_IMAGENETS = "ImageNet's"
OPTIONS = (
    Option("layout", "NCHW, NHWC", "NCHW", "the order of the input's axes"),
    Option("channels", "RGB, BGR", "RGB", "the order in which the network takes them"),
    Option(
        "mean",
        "three numbers, in the order of the channels",
        f"{_IMAGENETS}: {list(MEAN)}",
        "inputs are (pixel - mean) / scale, of pixels from 0 to 255",
    ),
    Option("scale", "three numbers, none of them 0", f"{_IMAGENETS}: {list(SCALE)}", "see mean"),
    Option(
        "resize",
        "bilinear, bicubic",
        "bilinear",
        "the filter, as wide as the reduction (Pillow's, antialiased)",
    ),
    Option(
        "crop",
        "centre, none, letterbox",
        "centre",
        "centre: the shorter side to resize_to pixels, then the middle of it; none: the whole "
        "image squeezed into the input, proportions lost; letterbox: the whole image in the "
        "middle, proportions kept, the rest grey (114)",
    ),
    Option(
        "resize_to",
        "pixels, at least the input's longer side",
        "the input's longer side / 0.875 (224: 256)",
        "length of the shorter side before the crop",
    ),
)
GREY = 114
"""Of what a letterbox fills up: Ultralytics' and, before it, Darknet's."""


@dataclass(frozen=True)
class Preprocessing:
    """The steps from an image to one input."""

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
        """Return an RGB image as an input without its batch: [3, H, W] or [H, W, 3]."""
        return self.normalised(self.fitted(image))

    def fitted(self, image: Image.Image) -> Image.Image:
        """Return an image resized and cropped to the input's size."""
        size, kind = (self.width, self.height), FILTERS[self.resize]
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
        """Return where `fitted` puts an image of that size: scale across, scale down, left, top.

        A point x, y of the image is at x · across + left, y · down + top of the input.
        """
        if self.crop == "none":
            return self.width / width, self.height / height, 0.0, 0.0
        if self.crop == "letterbox":
            wide, high = self._inside(width, height)
            left, top = (self.width - wide) // 2, (self.height - high) // 2
            return wide / width, high / height, float(left), float(top)
        raise ValueError("a crop cuts parts off: use none or letterbox")

    def _inside(self, width: int, height: int) -> tuple[int, int]:
        """Return the largest size with an image's proportions that fits into the input."""
        by = min(self.width / width, self.height / height)
        return max(1, round(width * by)), max(1, round(height * by))

    def _letterboxed(self, image: Image.Image) -> Image.Image:
        wide, high = self._inside(*image.size)
        canvas = Image.new("RGB", (self.width, self.height), (GREY, GREY, GREY))
        corner = ((self.width - wide) // 2, (self.height - high) // 2)
        canvas.paste(image.resize((wide, high), FILTERS[self.resize]), corner)
        return canvas

    def normalised(self, image: Image.Image) -> NDArray[np.float32]:
        """Return an image of the input's size as numbers: [3, H, W] or [H, W, 3]."""
        pixels = np.asarray(image, dtype=np.float32)
        ordered = pixels[..., ::-1] if self.channels == "BGR" else pixels
        made = (ordered - self.mean) / self.scale
        return np.ascontiguousarray(made.transpose(2, 0, 1) if self.layout == "NCHW" else made)


def preprocessing(model: Model) -> Preprocessing:
    """Return the steps that a model's options say; SuiteError where they are not valid."""
    _, shape = only_input(model)
    layout = choice(model, "layout", get_args(Layout))
    width, height = image_size(shape, layout)
    if not width or shape[1 if layout == "NCHW" else 3] != 3:
        raise OptionError(
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
        mean=per_channel(model, "mean", MEAN),
        scale=_not_zero(model, per_channel(model, "scale", SCALE)),
        resize=choice(model, "resize", get_args(Resize)),
        resize_to=integer(model, "resize_to", usual, low=longer, high=max(longer, MAX_SIDE)),
        crop=crop,
    )


def choice(model: Model, key: str, known: Sequence[Word]) -> Word:
    """Return an option that must be one of a few words; the first is the default."""
    value = model.options.get(key, known[0])
    found = next((word for word in known if word == value), None)
    if found is None:
        raise OptionError(
            f'{key} is "{value}"', where=f"{model.id}.options", remedy=f"use {' or '.join(known)}"
        )
    return found


def per_channel(model: Model, key: str, default: Sequence[float]) -> NDArray[np.float32]:
    """Return an option that must be three numbers, one a channel."""
    value = np.atleast_1d(np.asarray(model.options.get(key, list(default)), dtype=np.float32))
    if value.shape != (3,) or not np.isfinite(value).all():
        raise OptionError(
            f"{key} must be three numbers", where=f"{model.id}.options", remedy="one a channel"
        )
    return value


def _not_zero(model: Model, scale: NDArray[np.float32]) -> NDArray[np.float32]:
    if not scale.all():
        raise OptionError(
            "scale holds a zero", where=f"{model.id}.options", remedy="pixels are divided by it"
        )
    return scale


def single_image_pipeline(
    model: Model,
    source: tuple[int, int],
    *,
    layout: Layout,
    mean: Sequence[float] | Array,
    scale: Sequence[float] | Array,
    channels: Channels = "RGB",
    resize: Resize = "bilinear",
) -> ImagePipeline | Unsupported:
    """Return the pipeline of one input of one image with three channels, or why there is none.

    `source` is the encoded images' width and height; mean and scale have a number a channel.
    """
    _, shape = only_input(model)
    if len(shape) != 4 or shape[1 if layout == "NCHW" else 3] != 3:
        return Unsupported(reason=f"the input {shape} is not an image of three channels")
    if shape[0] != 1:
        return Unsupported(reason=f"the model takes {shape[0]} images at once, and one is timed")
    width, height = image_size(shape, layout)
    return ImagePipeline(
        source_height=source[1],
        source_width=source[0],
        height=height,
        width=width,
        layout=layout,
        channels=channels,
        mean=_numbers(mean),
        scale=_numbers(scale),
        resize=resize,
    )


def _numbers(numbers: Sequence[float] | Array) -> tuple[float, float, float]:
    red, green, blue = map(float, numbers)
    return red, green, blue


def image_size(shape: Sequence[int], layout: str) -> tuple[int, int]:
    """Return width and height of the images in an input; 0 where it holds none."""
    if len(shape) != 4:
        return 0, 0
    return (shape[3], shape[2]) if layout == "NCHW" else (shape[2], shape[1])

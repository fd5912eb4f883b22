"""From an encoded image to a model's input: the steps as data, and doing them on the host."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image

Numbers = tuple[float, float, float]
"""One a channel, in the order in which the model takes them."""
Resize = Literal["bilinear", "bicubic"]
Layout = Literal["NCHW", "NHWC"]
Channels = Literal["RGB", "BGR"]

JPEG_QUALITY = 90

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


class ImagePipeline(Struct, frozen=True, kw_only=True):
    """How an image becomes the model's only input: all that an engine needs to do it too."""

    source_height: int
    """Of every encoded image, in pixels; RGB."""
    source_width: int
    height: int
    """Of the model's input."""
    width: int
    layout: Layout
    mean: Numbers
    """(pixel − mean) / scale, of pixels from 0 to 255."""
    scale: Numbers
    channels: Channels = "RGB"
    resize: Resize = "bilinear"
    """As Pillow does it: with a filter as wide as the reduction, so that nothing aliases."""

    @property
    def steps(self) -> str:
        """The steps in words."""
        mean, scale = _in_words(self.mean), _in_words(self.scale)
        return (
            f"Resize {self.source_width}×{self.source_height} to {self.width}×{self.height} "
            f"({self.resize}, antialiased), f32, {self.channels}, (x − {mean}) / {scale}, "
            f"{self.layout}"
        )


def _in_words(numbers: Numbers) -> str:
    """Return one number where all channels share it, else all of them."""
    told = [f"{v:g}" for v in numbers]
    return told[0] if len(set(told)) == 1 else f"({', '.join(told)})"


def encoded(image: Image.Image) -> bytes:
    """Return an image as JPEG."""
    written = io.BytesIO()
    image.convert("RGB").save(written, "JPEG", quality=JPEG_QUALITY)
    return written.getvalue()


def decoded(data: bytes) -> Image.Image:
    """Return the pixels of an encoded image, in RGB."""
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    """Return an image as it is, [1, height, width, 3]."""
    return np.asarray(image)[np.newaxis]


def on_host(pipeline: ImagePipeline) -> Callable[[Image.Image], NDArray[np.float32]]:
    """Return the preprocessing with Pillow and numpy: image → the model's input, batch 1."""
    size, resampling = (pipeline.width, pipeline.height), _FILTERS[pipeline.resize]
    # Pixels are scaled and shifted in place: a copy for each step would cost as much again.
    factor = (1 / np.array(pipeline.scale)).astype(np.float32)
    shift = (np.array(pipeline.mean) / np.array(pipeline.scale)).astype(np.float32)
    planar, reverse = pipeline.layout == "NCHW", pipeline.channels == "BGR"

    def preprocess(image: Image.Image) -> NDArray[np.float32]:
        found = np.asarray(image.resize(size, resampling))
        made: NDArray[np.float32] = (found[..., ::-1] if reverse else found).astype(np.float32)
        made *= factor
        made -= shift
        return (made.transpose(2, 0, 1) if planar else made)[np.newaxis]

    return preprocess

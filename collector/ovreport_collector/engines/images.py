"""Images on the host, with Pillow and numpy: encode, decode, and an `ImagePipeline`'s steps."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ovreport_collector.engines.image_pipeline import ImagePipeline, Resize

JPEG_QUALITY = 90
FILTERS: dict[Resize, Image.Resampling] = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


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
    size, resampling = (pipeline.width, pipeline.height), FILTERS[pipeline.resize]
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

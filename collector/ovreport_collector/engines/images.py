"""Images on the host, with Pillow and numpy: encode, decode, and an `ImagePipeline`'s steps."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ovreport_collector.engines.image_pipeline import ImagePipeline, Resize

JPEG_QUALITY = 90
_KEPT_BLOCKS = 4
"""Blocks of memory that Pillow keeps: two images at a time, decoded and resized."""
FILTERS: dict[Resize, Image.Resampling] = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


def keep_memory() -> None:
    """Have Pillow use the memory of images that were let go again, as PILLOW_BLOCKS_MAX says.

    Its documentation, "Block allocator": otherwise each image is of pages that are new.
    """
    Image.core.set_blocks_max(_KEPT_BLOCKS)  # type: ignore[attr-defined]  # as Pillow itself does


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
    """Return the preprocessing with Pillow and numpy: image → the model's input, batch 1.

    The array that it returns is the same each time: the next image overwrites it.
    """
    size, resampling = (pipeline.width, pipeline.height), FILTERS[pipeline.resize]
    made = np.empty((1, *pipeline.input_shape), np.float32)
    steps = list(_steps(pipeline, made[0]))

    def preprocess(image: Image.Image) -> NDArray[np.float32]:
        found = np.asarray(image.resize(size, resampling))
        for channels, out, factor, shift in steps:
            np.multiply(found[..., channels], factor, out=out)
            if shift:
                np.subtract(out, shift, out=out)
        return made

    return preprocess


def _steps(
    pipeline: ImagePipeline, made: NDArray[np.float32]
) -> Iterator[tuple[int | slice, NDArray[np.float32], np.float32, np.float32]]:
    """Yield channels of the image, where they go, and x · factor − shift of them.

    All channels at once where they share the numbers and lie together: numpy takes one number for
    many times as fast as three that alternate.
    """
    numbers = [
        (np.float32(1 / scale), np.float32(mean / scale))
        for mean, scale in zip(pipeline.mean, pipeline.scale, strict=True)
    ]
    order = slice(None, None, -1 if pipeline.channels == "BGR" else 1)
    if pipeline.layout == "NHWC" and len(set(numbers)) == 1:
        yield order, made, *numbers[0]
        return
    channels = range(len(numbers))[order]
    for place, (channel, both) in enumerate(zip(channels, numbers, strict=True)):
        yield channel, made[place] if pipeline.layout == "NCHW" else made[..., place], *both

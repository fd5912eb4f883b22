"""Image files of a dataset: read as RGB, cropped and scaled."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ovreport.errors import SuiteError
from ovreport_collector.tasks.samples import extension, shuffled_indices

_IMAGES = frozenset({".png", ".jpg", ".jpeg", ".bmp"})


def image_files(data: Mapping[str, Path]) -> Iterator[tuple[str, Image.Image]]:
    """Yield name and RGB image of every PNG, JPEG and BMP file, those in wheels included."""
    for role in sorted(data):
        path = data[role]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as wheel:
                for name in sorted(wheel.namelist()):
                    if extension(name) in _IMAGES:
                        yield name, open_image(io.BytesIO(wheel.read(name)), name)
        elif extension(path.name) in _IMAGES:
            yield role, open_image(path, path.name)


def fitted_photographs(
    data: Mapping[str, Path], size: tuple[int, int], rng: np.random.Generator, count: int
) -> list[Image.Image]:
    """Return photographs cut and scaled to a width and height, in random order."""
    found = [image for _, image in image_files(data)]
    return (
        [ImageOps.fit(found[i], size) for i in shuffled_indices(rng, len(found), count)]
        if found
        else []
    )


def random_square(
    image: Image.Image, size: tuple[int, int], rng: np.random.Generator, *, least: float = 2 / 3
) -> Image.Image:
    """Return a square of the image, of `least` to all of its shorter side, scaled to a size.

    Width and height; moved and mirrored by `rng`.
    """
    side = min(image.size) * rng.uniform(least, 1)
    left, top = rng.uniform(0, 1, size=2) * (image.width - side, image.height - side)
    square = image.resize(
        size, Image.Resampling.BICUBIC, box=(left, top, left + side, top + side), reducing_gap=3.0
    )
    return ImageOps.mirror(square) if rng.random() < 0.5 else square


def camera_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height of a photograph with the proportions of a model's input.

    Its longer side is that of VGA, 640, or one and a half times the input's, if that is more.
    """
    longer = max(*size, 1)
    by = max(640, longer * 3 // 2) / longer
    return round(size[0] * by), round(size[1] * by)


def open_image(source: Path | io.BytesIO, name: str) -> Image.Image:
    """Return an image file as RGB; SuiteError when it is none."""
    try:
        with Image.open(source) as image:
            return image.convert("RGB")
    except (OSError, ValueError) as error:
        raise SuiteError(
            f"not an image that can be read ({error})", where=name, remedy="give PNG or JPEG files"
        ) from error

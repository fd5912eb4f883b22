"""What tasks share: seeding, packing units into samples, reading wheels and images."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ovreport.errors import SuiteError
from ovreport.record import Unsupported
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.image_pipeline import Channels, ImagePipeline, Layout, Resize
from ovreport_collector.sources.files import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks.base import Labelled

_IMAGES = frozenset({".png", ".jpg", ".jpeg", ".bmp"})


class Kept:
    """A task that needs the whole outputs."""

    def keep(self, outputs: Sequence[Array]) -> list[Array]:
        """Return the outputs as they are."""
        return list(outputs)


class Unlabelled(Kept):
    """A task that gives inputs only: nothing with known answers is at hand."""

    metric: str | None = None

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return None: nothing labelled."""
        return None

    def contributions(self, labelled: Labelled, outputs: Sequence[Array]) -> NDArray[np.float64]:
        """Refuse: there is nothing to judge by."""
        raise NotImplementedError("the task has no metric")

    def reduce(self, contributions: NDArray[np.float64]) -> float:
        """Refuse: there is nothing to judge by."""
        raise NotImplementedError("the task has no metric")


class Proportion(Kept):
    """A task whose metric is a share of right answers: rows are [0] or [1]."""

    why_no_metric: ClassVar[str] = ""

    def reduce(self, contributions: NDArray[np.float64]) -> float:
        """Return the share of right answers, 0 to 1."""
        return float(contributions[:, 0].mean())


class AgainstReference(Kept):
    """A task without known answers, whose metric tells how near outputs are to the reference's.

    It speaks of what precision and device do to the answers, not of how good the model is.
    """

    why_no_metric: ClassVar[str] = ""

    def reduce(self, contributions: NDArray[np.float64]) -> float:
        """Return the mean over units, 0 to 1."""
        return float(contributions.mean())


def only_input(model: Model) -> tuple[str, list[int]]:
    """Return name and static shape of the model's only input."""
    if len(model.shapes) != 1:
        raise SuiteError(
            f'task "{model.task}" feeds one input, and the model declares {len(model.shapes)}',
            where=model.id,
            remedy="declare one input in shapes, or use another task",
        )
    return next(iter(model.shapes.items()))


def one_image(
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
        mean=_three(mean),
        scale=_three(scale),
        resize=resize,
    )


def _three(numbers: Sequence[float] | Array) -> tuple[float, float, float]:
    red, green, blue = map(float, numbers)
    return red, green, blue


def image_size(shape: Sequence[int], layout: str) -> tuple[int, int]:
    """Return width and height of the images in an input; 0 where it holds none."""
    if len(shape) != 4:
        return 0, 0
    return (shape[3], shape[2]) if layout == "NCHW" else (shape[2], shape[1])


def need(files: Mapping[str, Path], role: str, *, model: Model, of: str) -> Path:
    """Return the file of a role; SuiteError when the suite does not name it."""
    try:
        return files[role]
    except KeyError:
        raise SuiteError(
            f'task "{model.task}" needs the {of} file "{role}"',
            where=model.id,
            remedy=f'add the role "{role}" to the {of} files in the suite',
        ) from None


def pack(units: Array, shape: Sequence[int]) -> Array:
    """Return units [k, …] as samples [n, *shape]; the last one is filled up from the start."""
    batch, rest = shape[0], tuple(shape[1:])
    samples = -(-len(units) // batch)
    index = np.arange(samples * batch) % len(units)
    return units[index].reshape(samples, batch, *rest)


def unpack(output: Array, units: int) -> Array:
    """Return outputs [n, batch, …] as [units, …], without what `pack` filled up."""
    return output.reshape(-1, *output.shape[2:])[:units]


def rows(values: Array) -> NDArray[np.float64]:
    """Return values [units] as contributions of one column [units, 1]."""
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


def pick(rng: np.random.Generator, size: int, count: int) -> NDArray[np.int64]:
    """Return `count` indices below `size` in random order, each used as evenly as can be."""
    rounds = [rng.permutation(size) for _ in range(-(-count // size))]
    return np.concatenate(rounds)[:count]


def tail(path: str) -> str:
    """Return the last extension of a path, lower case, with its dot."""
    return PurePosixPath(path).suffix.lower()


def images(data: Mapping[str, Path]) -> Iterator[tuple[str, Image.Image]]:
    """Yield name and RGB image of every PNG, JPEG and BMP file, those in wheels included."""
    for role in sorted(data):
        path = data[role]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as wheel:
                for name in sorted(wheel.namelist()):
                    if tail(name) in _IMAGES:
                        yield name, picture(io.BytesIO(wheel.read(name)), name)
        elif tail(path.name) in _IMAGES:
            yield role, picture(path, path.name)


def photographs(
    data: Mapping[str, Path], size: tuple[int, int], rng: np.random.Generator, count: int
) -> list[Image.Image]:
    """Return photographs cut and scaled to a width and height, in random order."""
    found = [image for _, image in images(data)]
    return [ImageOps.fit(found[i], size) for i in pick(rng, len(found), count)] if found else []


def part(
    image: Image.Image, size: tuple[int, int], rng: np.random.Generator, *, least: float = 2 / 3
) -> Image.Image:
    """Return a square of the image, of `least` to all of its shorter side, scaled to a size.

    Width and height; moved and mirrored by `rng`.
    """
    side = min(image.size) * rng.uniform(least, 1)
    left, top = rng.uniform(0, 1, size=2) * (image.width - side, image.height - side)
    square = image.resize(
        size,
        Image.Resampling.BICUBIC,
        box=(left, top, left + side, top + side),
        reducing_gap=3.0,
    )
    return ImageOps.mirror(square) if rng.random() < 0.5 else square


def camera(size: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height of a photograph with the proportions of a model's input.

    Its longer side is that of VGA, 640, or one and a half times the input's, if that is more.
    """
    longer = max(*size, 1)
    by = max(640, longer * 3 // 2) / longer
    return round(size[0] * by), round(size[1] * by)


def picture(source: Path | io.BytesIO, name: str) -> Image.Image:
    """Return an image file as RGB; SuiteError when it is none."""
    try:
        with Image.open(source) as image:
            return image.convert("RGB")
    except (OSError, ValueError) as error:
        raise SuiteError(
            f"not an image that can be read ({error})", where=name, remedy="give PNG or JPEG files"
        ) from error

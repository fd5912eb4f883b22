"""Images for a model whose dataset users provide: theirs, or noise where none was given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ovreport.errors import SuiteError
from ovreport_collector import datasets
from ovreport_collector.datasets import imagenet, selection
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option, generator, integer
from ovreport_collector.tasks.base import Calibration, Inputs, Labelled
from ovreport_collector.tasks.images.photographs import open_image
from ovreport_collector.tasks.images.preprocess import Preprocessing, preprocessing
from ovreport_collector.tasks.samples import only_input, pack, required_file, shuffled_indices

LAYOUT = "imagenet"
LABEL_OFFSET = Option(
    "label_offset",
    "0, 1",
    "0",
    "what the network adds to the number of a class: 1 where its first output is the background",
)


def applies(model: Model, files: Files) -> bool:
    """Return whether a model's data are a user's dataset, whether it was given or not."""
    return LAYOUT in files.data or datasets.why_absent(model, files) is not None


def samples(model: Model, files: Files, *, seed: int, count: int) -> Inputs:
    """Return `count` inputs of the user's images, or of noise, chosen by `seed`."""
    _, shape = only_input(model)
    rng, units = generator(seed, model.task, "samples"), count * shape[0]
    if not files.data:
        return inputs_from(model, preprocessing(model), noise_images(rng, units), units)
    found = imagenet.read(files.data[LAYOUT]).images
    paths = [found[i].path for i in shuffled_indices(rng, len(found), units)]
    return inputs_from(model, preprocessing(model), map(open_file, paths), units)


def labelled(model: Model, files: Files, *, seed: int) -> Labelled | None:
    """Return the user's images, labelled with the network's number of their class."""
    if LAYOUT not in files.data:
        return None
    contents = imagenet.read(files.data[LAYOUT])
    how = preprocessing(model)
    rng = generator(seed, model.task, "labelled")
    indices = selection.evaluated(contents.n, model, rng, 12 * how.width * how.height)
    used = [contents.images[i] for i in indices]
    offset = integer(model, "label_offset", 0, low=0, high=1)
    return Labelled(
        inputs=inputs_from(model, how, (open_file(image.path) for image in used), len(used)),
        labels=np.array([image.label for image in used]) + offset,
        n=len(used),
        unit="images",
        source=f"the user's own copy of {model.data}: "
        + selection.evaluated_source(len(used), contents.n, "images", model),
    )


def calibration(model: Model, files: Files, *, count: int) -> Calibration:
    """Return the user's images that are held out of the evaluation."""
    contents = imagenet.read(required_file(files.data, LAYOUT, model=model, of="data"))
    indices = selection.calibration(contents.n, model, count * only_input(model)[1][0])
    images = (open_file(contents.images[i].path) for i in indices)
    inputs = inputs_from(model, preprocessing(model), images, len(indices))
    return Calibration(inputs, selection.calibration_source(model, "images"))


def source_images(
    model: Model, files: Files, *, size: tuple[int, int], seed: int, count: int
) -> list[Image.Image]:
    """Return the user's images, or noise, cut to a width and height."""
    rng = generator(seed, model.task, "pictures")
    if not files.data:
        return [image.resize(size) for image in noise_images(rng, count)]
    found = imagenet.read(files.data[LAYOUT]).images
    return [
        ImageOps.fit(open_file(found[i].path), size)
        for i in shuffled_indices(rng, len(found), count)
    ]


def open_file(path: Path) -> Image.Image:
    """Return an image file as RGB; SuiteError when it is none."""
    return open_image(path, path.name)


def noise_images(rng: np.random.Generator, count: int) -> Iterable[Image.Image]:
    """Yield images of random pixels: enough to time, and without labels."""
    for _ in range(count):
        yield Image.fromarray(rng.integers(0, 256, (375, 500, 3), dtype=np.uint8))


def inputs_from(
    model: Model, how: Preprocessing, images: Iterable[Image.Image], count: int
) -> Inputs:
    """Return `count` images as the model's only input; one of them is open at a time."""
    name, shape = only_input(model)
    units = np.empty((count, *shape[1:]), dtype=np.float32)
    for unit, image in zip(units, images, strict=True):
        unit[...] = how.input_of(image)
    # Thousands of images are not copied where nothing needs filling up.
    made = units.reshape(-1, *shape) if count % shape[0] == 0 else pack(units, shape)
    return {name: made}


def require_single_image(model: Model, shape: Sequence[int]) -> None:
    """Raise SuiteError where an input holds several images, and a task takes one."""
    if shape[0] != 1:
        raise SuiteError(
            f'task "{model.task}" feeds one image at a time, and the input takes {shape[0]}',
            where=f"{model.id}.shapes",
            remedy="declare the first dimension as 1",
        )

"""Faces: whether there is one, from small crops of faces and of other things."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ovreport.errors import SuiteError
from ovreport.record import Unsupported
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option, generator
from ovreport_collector.tasks.base import Calibration, Inputs, Labelled
from ovreport_collector.tasks.evaluators import Proportion
from ovreport_collector.tasks.images.photographs import (
    camera_size,
    image_files,
    open_image,
    random_square,
)
from ovreport_collector.tasks.images.preprocess import image_size, single_image_pipeline
from ovreport_collector.tasks.samples import (
    column,
    only_input,
    pack,
    required_file,
    shuffled_indices,
    unpack,
)

PORTRAIT = "portrait"
FACE = (223 / 512, 122 / 512)
"""Centre of the face in the portrait, as shares of its width; measured by eye."""
FACE_SIDE = 96 / 512
"""Side of the square that the face fills."""


class FaceDetection(Proportion):
    """Is there a face? One input [batch, height, width, 3] f32 in [-1, 1].

    One output is a score a possible place (last axis 1, a logit), another its box and key
    points: they differ in shape. A face is there where the highest logit is above 0,
    that is, its probability above one half.

    Data file `faces`: the LFW subset of scikit-image, 100 crops of faces, then 100 of other
    things, 25×25 grey values from 0 to 1. Photographs to calibrate with under other roles, one of
    them `portrait`, astronaut.png of scikit-image.
    """

    name = "face-detection"
    options: Sequence[Option] = ()
    metric: str | None = "presence_accuracy"
    images_are = "small grey crops of faces and of other things (LFW subset), each on a canvas"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return canvases with crops, half of them with a face, chosen by `seed`."""
        name, shape = only_input(model)
        crops = lfw_crops(required_file(files.data, "faces", model=model, of="data"))
        chosen = shuffled_indices(generator(seed, self.name), len(crops), count * shape[0])
        return {name: pack(_canvases(crops[chosen], shape), shape)}

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return all the crops, whatever the seed: few as they are, none is left out."""
        name, shape = only_input(model)
        crops = lfw_crops(required_file(files.data, "faces", model=model, of="data"))
        return Labelled(
            inputs={name: pack(_canvases(crops, shape), shape)},
            labels=np.arange(len(crops)) < len(crops) // 2,
            n=len(crops),
            unit="image crops",
            source=(
                "100 crops of faces and 100 of other things from the LFW subset of "
                "scikit-image, each enlarged to half of a canvas in its mean grey"
            ),
        )

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return parts of photographs: all the crops are evaluated.

        Every other one shows the face of the portrait, every third is grey as the crops are.
        """
        name, shape = only_input(model)
        rng = generator(seed, self.name, "calibration")
        size = image_size(shape, "NHWC")
        found = [image for _, image in image_files(files.data)]
        if not found:
            raise SuiteError(
                "no photographs to calibrate with: all the crops are evaluated",
                where=model.id,
                remedy="name photographs beside the role faces in the dataset",
            )
        chosen = shuffled_indices(rng, len(found), count * shape[0])
        units = [random_square(found[i], size, rng, least=1 / 3) for i in chosen]
        if PORTRAIT in files.data:
            portrait = open_image(files.data[PORTRAIT], PORTRAIT)
            units[::2] = [_with_face(portrait, size, rng) for _ in units[::2]]
        units[::3] = [image.convert("L").convert("RGB") for image in units[::3]]
        pixels = np.stack([np.asarray(image, dtype=np.float32) / 127.5 - 1 for image in units])
        return Calibration(
            {name: pack(pixels, shape)},
            "parts of photographs, none of them one of the crops that are evaluated, moved, scaled "
            "and mirrored" + (", every other one with a face" if PORTRAIT in files.data else ""),
        )

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each crop: 1 where presence or absence was recognised."""
        scores = [output for output in outputs if output.shape[-1] == 1]
        if not scores:
            raise ValueError("no output has one score a place: is this a face detector?")
        logits = unpack(scores[0], labelled.n).reshape(labelled.n, -1)
        return column((logits.max(axis=1) > 0) == labelled.labels)

    def pipeline(self, model: Model) -> ImagePipeline | Unsupported:
        """Return how a camera's photograph becomes an input."""
        size = image_size(only_input(model)[1], "NHWC")
        middle = (127.5, 127.5, 127.5)
        return single_image_pipeline(
            model, camera_size(size), layout="NHWC", mean=middle, scale=middle
        )

    def source_images(
        self, model: Model, files: Files, *, size: tuple[int, int], seed: int, count: int
    ) -> list[Image.Image]:
        """Return canvases with crops, as `samples` feeds them, in a camera's size."""
        crops = lfw_crops(required_file(files.data, "faces", model=model, of="data"))
        chosen = shuffled_indices(generator(seed, self.name, "pictures"), len(crops), count)
        canvases = np.rint((_canvases(crops[chosen], [1, size[1], size[0], 3]) + 1) * 127.5)
        return [Image.fromarray(c) for c in np.clip(canvases, 0, 255).astype(np.uint8)]

    def postprocess(self, outputs: Sequence[Array]) -> tuple[float, NDArray[np.float32]]:
        """Return the probability of the likeliest place, and its raw box and key points."""
        scores, boxes = sorted(outputs, key=lambda output: int(output.shape[-1]))[:2]
        logits = scores.reshape(-1)
        best = int(logits.argmax())
        probability = 1 / (1 + np.exp(-float(logits[best])))
        return probability, boxes.reshape(len(logits), -1)[best].astype(np.float32)


def lfw_crops(path: Path) -> NDArray[np.float64]:
    """Return the crops [200, 25, 25] of the LFW subset, faces first, grey from 0 to 1."""
    crops: NDArray[np.float64] = np.load(path, allow_pickle=False)
    if crops.ndim != 3 or len(crops) % 2:
        raise SuiteError(
            f"expected crops [faces and others, height, width], found {list(crops.shape)}",
            where=path.name,
            remedy="name skimage/data/lfw_subset.npy under the role faces",
        )
    return crops


def _with_face(
    portrait: Image.Image, size: tuple[int, int], rng: np.random.Generator
) -> Image.Image:
    """Return a square of the portrait with the whole face in it, scaled to a width and height."""
    face = np.array(FACE) * portrait.width
    side = rng.uniform(2 * FACE_SIDE, 0.9) * portrait.width
    room = side - FACE_SIDE * portrait.width
    corner = face - FACE_SIDE * portrait.width / 2 - rng.uniform(0, 1, size=2) * room
    left, top = np.clip(corner, 0, portrait.width - side)
    square = portrait.resize(
        size, Image.Resampling.BICUBIC, box=(left, top, left + side, top + side), reducing_gap=3.0
    )
    return ImageOps.mirror(square) if rng.random() < 0.5 else square


def _canvases(crops: NDArray[np.float64], shape: Sequence[int]) -> NDArray[np.float32]:
    """Return [crops, height, width, 3] in [-1, 1]: each crop over the middle half."""
    height, width = shape[1], shape[2]
    canvases = np.empty((len(crops), height, width, 3), dtype=np.float32)
    for canvas, crop in zip(canvases, crops, strict=True):
        large = Image.fromarray(crop.astype(np.float32)).resize(
            (width // 2, height // 2), Image.Resampling.BILINEAR
        )
        top, left = height // 4, width // 4
        canvas[...] = crop.mean() * 2 - 1
        canvas[top : top + height // 2, left : left + width // 2] = (
            np.asarray(large)[..., None] * 2 - 1
        )
    return canvases

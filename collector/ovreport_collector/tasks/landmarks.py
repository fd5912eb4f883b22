"""Face and iris landmarks: unlabelled faces and eyes, so the f32 reference stands for labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ovreport.record import Unsupported
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option, generator
from ovreport_collector.tasks.base import Calibration, Inputs, Labelled
from ovreport_collector.tasks.evaluators import AgainstReference
from ovreport_collector.tasks.faces import lfw_crops
from ovreport_collector.tasks.images.photographs import open_image
from ovreport_collector.tasks.images.preprocess import image_size, single_image_pipeline
from ovreport_collector.tasks.samples import (
    column,
    only_input,
    pack,
    required_file,
    shuffled_indices,
    unpack,
)


class Spot(NamedTuple):
    """A square to look at: centre and half its side, as shares of an image's width."""

    x: float
    y: float
    half: float


SQUARES = 60
"""Squares on which landmarks are compared."""
VALIDATED = 30
"""Squares on which accuracy is watched while a model is quantized."""
WITHIN_PX = 1.0


class _Landmarks(AgainstReference):
    """Squares around known spots of a portrait, and of small grey crops where these serve.

    Outputs with three numbers a landmark (x, y in pixels of the input, and a depth) are compared;
    others (a score) are not.
    """

    name: str
    metric: str | None = "landmarks_within_1px"
    images_are = "squares around the face or the eyes of a portrait (NASA, public domain)"
    portrait: ClassVar[tuple[Spot, ...]]
    crop: ClassVar[tuple[Spot, ...]] = ()

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return squares, moved, turned and mirrored by `seed`; every third from a crop."""
        return self._squares(model, files, generator(seed, self.name), count)

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return other squares; the reference's landmarks in them are the right ones."""
        return self._by_reference(model, files, generator(seed, self.name, "labelled"), SQUARES)

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return other squares around the same faces or eyes."""
        inputs = self._squares(model, files, generator(seed, self.name, "calibration"), count)
        return Calibration(
            inputs,
            "other squares around the same faces or eyes, of the same photographs as those that "
            "are evaluated, moved, scaled, turned and mirrored otherwise",
        )

    def validation(self, model: Model, files: Files, *, seed: int) -> Labelled:
        """Return yet other squares; the original's landmarks are the right ones."""
        rng = generator(seed, self.name, "validation")
        return self._by_reference(model, files, rng, VALIDATED)

    def _by_reference(
        self, model: Model, files: Files, rng: np.random.Generator, n: int
    ) -> Labelled:
        _, shape = only_input(model)
        return Labelled(
            inputs=self._squares(model, files, rng, -(-n // shape[0])),
            labels=None,
            n=n,
            unit="squares",
            source=(
                "squares around faces or eyes of a portrait and of LFW crops, moved, scaled, "
                "turned and mirrored; the f32 reference's landmarks count as right"
            ),
            by_reference=True,
        )

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each square: the share of its landmarks within a pixel."""
        found = _points(outputs, labelled.n)
        expected = _points(labelled.labels, labelled.n)
        if found.shape != expected.shape:
            raise ValueError(f"landmarks {found.shape}, the reference has {expected.shape}")
        distance = np.linalg.norm(found - expected, axis=2)
        return column((distance <= WITHIN_PX).mean(axis=1))

    def _squares(self, model: Model, files: Files, rng: np.random.Generator, count: int) -> Inputs:
        name, shape = only_input(model)
        squares = self._drawn(model, files, shape, rng, count * shape[0])
        return {name: pack(np.stack(squares), shape)}

    def pipeline(self, model: Model) -> ImagePipeline | Unsupported:
        """Return how a square around a face or an eye becomes an input."""
        width, height = image_size(only_input(model)[1], "NHWC")
        return single_image_pipeline(
            model,
            (2 * width, 2 * height),
            layout="NHWC",
            mean=(0.0, 0.0, 0.0),
            scale=(255.0, 255.0, 255.0),
        )

    def source_images(
        self, model: Model, files: Files, *, size: tuple[int, int], seed: int, count: int
    ) -> list[Image.Image]:
        """Return squares as `samples` feeds them, of twice the model's size."""
        rng = generator(seed, self.name, "pictures")
        squares = self._drawn(model, files, [1, size[1], size[0], 3], rng, count)
        return [Image.fromarray(np.rint(square * 255).astype(np.uint8)) for square in squares]

    def postprocess(self, outputs: Sequence[Array]) -> NDArray[np.float32]:
        """Return the points [n, 3] of the largest output, x, y and z in the input's pixels."""
        largest = max(outputs, key=lambda output: output.size).reshape(-1)
        return largest[: len(largest) // 3 * 3].reshape(-1, 3).astype(np.float32)

    def _drawn(
        self, model: Model, files: Files, shape: Sequence[int], rng: np.random.Generator, units: int
    ) -> list[NDArray[np.float32]]:
        path = required_file(files.data, "portrait", model=model, of="data")
        portrait = open_image(path, path.name)
        crops: list[Image.Image] = []
        if self.crop:
            faces = lfw_crops(required_file(files.data, "faces", model=model, of="data"))
            chosen = shuffled_indices(rng, len(faces) // 2, -(-units // 3))
            crops = [_grey(face) for face in faces[chosen]]
        squares = []
        for i in range(units):
            small = bool(crops) and i % 3 == 2
            source, spots = (crops[i // 3], self.crop) if small else (portrait, self.portrait)
            squares.append(_square(source, spots[int(rng.integers(len(spots)))], shape, rng))
        return squares


class FaceLandmarks(_Landmarks):
    """Landmarks of a face: one input [batch, height, width, 3] f32 in [0, 1].

    Data files: `portrait`, the photograph astronaut.png of scikit-image (512×512, the place of
    the face in it is known here), and `faces`, its LFW subset.
    """

    name = "face-landmarks"
    options: Sequence[Option] = ()
    # Measured by eye; half of the side is 1.5 times that of the face, as MediaPipe crops it.
    portrait = (Spot(223 / 512, 122 / 512, 72 / 512),)
    crop = (Spot(0.5, 0.5, 0.62),)


class IrisLandmarks(_Landmarks):
    """Landmarks of an eye: one input [batch, height, width, 3] f32 in [0, 1].

    Data file `portrait` as of face-landmarks; an eye of the LFW subset has five pixels, which
    is no input worth timing.
    """

    name = "iris-landmarks"
    options: Sequence[Option] = ()
    # Measured by eye; the side is 2.3 times an eye's width, as MediaPipe crops it.
    portrait = (Spot(203 / 512, 101 / 512, 25 / 512), Spot(247 / 512, 104 / 512, 25 / 512))


def _points(outputs: Sequence[Array], squares: int) -> NDArray[np.float64]:
    """Return x and y of all landmarks [squares, landmarks, 2], in pixels of the input."""
    flat = [unpack(output, squares).reshape(squares, -1) for output in outputs]
    landmarks = [f.reshape(squares, -1, 3)[:, :, :2] for f in flat if f.shape[1] % 3 == 0]
    if not landmarks:
        raise ValueError("no output has three numbers a landmark: is this a landmark model?")
    return np.concatenate(landmarks, axis=1).astype(np.float64)


def _grey(crop: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray((crop * 255).astype(np.uint8)).convert("RGB")


def _square(
    image: Image.Image, spot: Spot, shape: Sequence[int], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the square around a spot, moved, scaled and turned a little, [h, w, 3] in [0, 1]."""
    height, width = shape[1], shape[2]
    half = spot.half * image.width * rng.uniform(0.9, 1.15)
    x, y = np.array([spot.x, spot.y]) * image.width + rng.uniform(-0.1, 0.1, size=2) * half
    turn = np.deg2rad(rng.uniform(-10, 10))
    mirror = rng.choice([-1.0, 1.0])
    # Output pixel → image pixel, the six numbers of an affine map.
    a, b = np.cos(turn) * 2 * half / width * mirror, -np.sin(turn) * 2 * half / height
    d, e = np.sin(turn) * 2 * half / width * mirror, np.cos(turn) * 2 * half / height
    c, f = x - a * width / 2 - b * height / 2, y - d * width / 2 - e * height / 2
    square = image.transform(
        (width, height),
        Image.Transform.AFFINE,
        (a, b, c, d, e, f),
        resample=Image.Resampling.BILINEAR,
    )
    brightness = rng.uniform(0.8, 1.1)
    return np.clip(np.asarray(square, dtype=np.float32) / 255 * np.float32(brightness), 0, 1)

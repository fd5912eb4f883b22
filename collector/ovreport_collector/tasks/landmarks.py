"""Face and iris landmarks: real faces and eyes as inputs; nobody has labelled them here."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from PIL import Image

from ovreport_collector.tasks.common import (
    Unlabelled,
    generator,
    need,
    only_input,
    pack,
    pick,
    picture,
)
from ovreport_collector.tasks.faces import lfw_crops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ovreport_collector.suite import Model
    from ovreport_collector.tasks.base import Files, Inputs


class Spot(NamedTuple):
    """A square to look at: centre and half its side, as shares of an image's width."""

    x: float
    y: float
    half: float


class _Landmarks(Unlabelled):
    """Squares around known spots of a portrait, and of small grey crops where these serve."""

    name: str
    why_no_metric = (
        "no labelled landmarks in the package index; agreement with the f32 reference is shown "
        "instead"
    )
    portrait: ClassVar[tuple[Spot, ...]]
    crop: ClassVar[tuple[Spot, ...]] = ()

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return squares, moved, turned and mirrored by `seed`; every third from a crop."""
        name, shape = only_input(model)
        rng = generator(seed, self.name)
        path = need(files.data, "portrait", model=model, of="data")
        portrait = picture(path, path.name)
        crops: list[Image.Image] = []
        if self.crop:
            faces = lfw_crops(need(files.data, "faces", model=model, of="data"))
            chosen = pick(rng, len(faces) // 2, -(-count * shape[0] // 3))
            crops = [_grey(face) for face in faces[chosen]]
        squares = []
        for i in range(count * shape[0]):
            small = bool(crops) and i % 3 == 2
            source, spots = (crops[i // 3], self.crop) if small else (portrait, self.portrait)
            squares.append(_square(source, spots[int(rng.integers(len(spots)))], shape, rng))
        return {name: pack(np.stack(squares), shape)}


class FaceLandmarks(_Landmarks):
    """Landmarks of a face: one input [batch, height, width, 3] f32 in [0, 1].

    Data files: `portrait`, the photograph astronaut.png of scikit-image (512×512, the place of
    the face in it is known here), and `faces`, its LFW subset. No options.
    """

    name = "face-landmarks"
    # Measured by eye; half of the side is 1.5 times that of the face, as MediaPipe crops it.
    portrait = (Spot(223 / 512, 122 / 512, 72 / 512),)
    crop = (Spot(0.5, 0.5, 0.62),)


class IrisLandmarks(_Landmarks):
    """Landmarks of an eye: one input [batch, height, width, 3] f32 in [0, 1].

    Data file `portrait` as in `FaceLandmarks`; an eye of the LFW subset has five pixels, which
    is no input worth timing. No options.
    """

    name = "iris-landmarks"
    # Measured by eye; the side is 2.3 times an eye's width, as MediaPipe crops it.
    portrait = (Spot(203 / 512, 101 / 512, 25 / 512), Spot(247 / 512, 104 / 512, 25 / 512))


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

"""Text detection: pages and photographs; unlabelled, so the f32 reference stands for labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ovreport.record import Unsupported
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option, generator
from ovreport_collector.tasks.base import Calibration, Inputs, Labelled, Scores
from ovreport_collector.tasks.evaluators import AgainstReference
from ovreport_collector.tasks.images.photographs import (
    camera_size,
    fitted_photographs,
    image_files,
    random_square,
)
from ovreport_collector.tasks.images.preprocess import image_size, single_image_pipeline
from ovreport_collector.tasks.samples import only_input, pack, shuffled_indices, unpack
from ovreport_collector.tasks.text import rendering

PICTURES = 24
"""Images on which the text maps are compared."""
VALIDATED = 8
"""Images on which accuracy is watched while a model is quantized."""
IS_TEXT = 0.3
"""A pixel is text where its probability is above this: PaddleOCR's default."""


class TextDetection(AgainstReference):
    """Text detection: one input [batch, 3, height, width] f32 in [-1, 1], BGR.

    Output [batch, 1, height, width]: the probability of each pixel to be text.

    Data files: photographs under any role, or a wheel that holds some; without any, all pages
    are rendered.
    """

    name = "text-detection"
    options: Sequence[Option] = ()
    metric: str | None = "map_iou"
    images_are = "photographs of the dataset, cut to the input's proportions, and rendered pages"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return rendered pages and photographs in turn, chosen by `seed`."""
        return self._pictures(model, files, generator(seed, self.name), count)

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return other images; the reference's text maps are the right ones."""
        _, shape = only_input(model)
        rng = generator(seed, self.name, "labelled")
        inputs = self._pictures(model, files, rng, -(-PICTURES // shape[0]))
        return _by_reference(inputs, PICTURES)

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return other pages, and parts of the photographs."""
        inputs = self._pictures(
            model, files, generator(seed, self.name, "calibration"), count, parts=True
        )
        return Calibration(
            inputs,
            "other rendered pages, and parts of the photographs that are evaluated whole, in turn",
        )

    def validation(self, model: Model, files: Files, *, seed: int) -> Labelled:
        """Return yet other pages and parts; the original's text maps are the right ones."""
        _, shape = only_input(model)
        rng = generator(seed, self.name, "validation")
        inputs = self._pictures(model, files, rng, -(-VALIDATED // shape[0]), parts=True)
        return _by_reference(inputs, VALIDATED)

    def compact(self, outputs: Sequence[Array]) -> list[Array]:
        """Return where text is, as true and false: a quarter of the bytes."""
        return [output if output.dtype == bool else output > IS_TEXT for output in outputs]

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each image: pixels that both call text, and that either does."""
        found, expected = (
            unpack(self.compact(maps)[0], labelled.n).reshape(labelled.n, -1)
            for maps in (outputs, labelled.labels)
        )
        both, either = (found & expected).sum(axis=1), (found | expected).sum(axis=1)
        return np.stack([both, either], axis=1).astype(np.float64)

    def aggregate(self, scores: Scores) -> float:
        """Return the intersection over union, over all pixels of all images."""
        both, either = scores.sum(axis=0)
        return float(both / either) if either else 1.0

    def _pictures(
        self,
        model: Model,
        files: Files,
        rng: np.random.Generator,
        count: int,
        *,
        parts: bool = False,
    ) -> Inputs:
        """Return pages and photographs in turn; of these `parts` of random place and size."""
        name, shape = only_input(model)
        found = [image for _, image in image_files(files.data)]
        units = count * shape[0]
        chosen = iter(shuffled_indices(rng, len(found), units)) if found else iter(())
        pictures = []
        for i in range(units):
            photograph = found[next(chosen)] if found and i % 2 else None
            if photograph and parts:
                photograph = random_square(photograph, (shape[3], shape[2]), rng)
            pictures.append(photograph or rendering.page(shape[3], shape[2], rng))
        pixels = [_whole(picture, shape[2], shape[3]) for picture in pictures]
        return {name: pack(np.stack(pixels), shape)}

    def pipeline(self, model: Model) -> ImagePipeline | Unsupported:
        """Return how an image of the input's proportions becomes an input."""
        size = image_size(only_input(model)[1], "NCHW")
        return single_image_pipeline(model, camera_size(size), **rendering.PADDLE)

    def source_images(
        self, model: Model, files: Files, *, size: tuple[int, int], seed: int, count: int
    ) -> list[Image.Image]:
        """Return photographs and rendered pages in turn."""
        rng = generator(seed, self.name, "pictures")
        taken = fitted_photographs(files.data, size, rng, count // 2)
        pages = [rendering.page(*size, rng) for _ in range(count - len(taken))]
        return [*taken, *pages]

    def postprocess(self, outputs: Sequence[Array]) -> list[tuple[int, int]]:
        """Return first and last row of each band of text: the map, cut at a threshold."""
        is_text = (outputs[0].reshape(outputs[0].shape[-2:]) > IS_TEXT).any(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], is_text.astype(np.int8), [0]])))
        return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]


def _by_reference(inputs: Inputs, n: int) -> Labelled:
    return Labelled(
        inputs=inputs,
        labels=None,
        n=n,
        unit="pictures",
        source=(
            "rendered pages and photographs in turn; the f32 reference's text maps count as right"
        ),
        by_reference=True,
    )


def _whole(image: Image.Image, height: int, width: int) -> NDArray[np.float32]:
    """Return the whole image [3, height, width] in [-1, 1], its proportions kept, 0 around."""
    scale = min(height / image.height, width / image.width)
    high, wide = round(image.height * scale), round(image.width * scale)
    fitted = np.zeros((3, height, width), dtype=np.float32)
    scaled = image.resize((wide, high), Image.Resampling.BILINEAR)
    fitted[:, :high, :wide] = rendering.bgr(scaled) / 127.5 - 1
    return fitted

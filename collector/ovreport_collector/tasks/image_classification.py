"""Image classification: photographs, and the right class among the first ones where it is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ovreport.errors import SuiteError
from ovreport.record import Unsupported
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.image_pipeline import Channels, ImagePipeline, Layout, Resize
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import SAMPLES, Option, generator
from ovreport_collector.tasks.base import Calibration, Evaluator, Inputs, Labelled
from ovreport_collector.tasks.evaluators import Proportion
from ovreport_collector.tasks.images import imagenet_samples, user_dataset
from ovreport_collector.tasks.images.photographs import (
    camera_size,
    fitted_photographs,
    image_files,
    random_square,
)
from ovreport_collector.tasks.images.preprocess import (
    MEAN,
    OPTIONS,
    SCALE,
    choice,
    image_size,
    per_channel,
    preprocessing,
    single_image_pipeline,
)
from ovreport_collector.tasks.samples import column, only_input, pack, shuffled_indices, unpack

BEST = 5
"""Classes kept of each image, best first."""
_CALIBRATION = 1 << 32
"""What the seed of calibration inputs is off by: seeds that users name are smaller."""


class _FirstAnswers(Proportion):
    """Share of images whose class is among the highest scores."""

    metric: str | None
    among: int

    def compact(self, outputs: Sequence[Array]) -> list[Array]:
        """Return the best classes of the first output [samples, batch, BEST], best first."""
        scores = outputs[0]
        if scores.dtype.kind == "i":
            return [scores]  # kept already
        flat = scores.reshape(*scores.shape[:2], -1)
        return [np.argsort(-flat, axis=-1, kind="stable")[..., :BEST].astype(np.int64)]

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each image: 1 where its class is among the highest scores."""
        best = unpack(self.compact(outputs)[0], labelled.n)[:, : self.among]
        return column((best == labelled.labels[:, None]).any(axis=1))


class _Top5(_FirstAnswers):
    """Share of images whose class is among the five highest scores."""

    metric: str | None = "top5"
    among = 5


_ADDITIONAL: Mapping[str, Evaluator] = {"top5": _Top5()}


class ImageClassification(_FirstAnswers):
    """Image classification: one input with 3 channels, f32; its first output a score a class.

    Data files: photographs under any role, or a wheel that holds some; those named
    `imagenet_NN_CLASS.jpg` are labelled by their name, and give top-1 and top-5. Or a dataset
    of the layout `imagenet`, which users provide.
    """

    name = "image-classification"
    options: Sequence[Option] = (*OPTIONS, user_dataset.LABEL_OFFSET, SAMPLES)
    metric: str | None = "top1"
    among = 1
    images_are = "photographs of the dataset, cut to the input's proportions"
    why_no_metric = "no photograph of the dataset has a known class"
    additional_metrics = _ADDITIONAL

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return squares out of photographs, moved, scaled and mirrored by `seed`."""
        if user_dataset.applies(model, files):
            return user_dataset.samples(model, files, seed=seed, count=count)
        name, shape = only_input(model)
        how, rng = preprocessing(model), generator(seed, self.name)
        photographs = [image for _, image in image_files(files.data)]
        if not photographs:
            raise SuiteError(
                "no photographs in the dataset",
                where=model.id,
                remedy="name a dataset with image files, or a wheel that holds some",
            )
        chosen = shuffled_indices(rng, len(photographs), count * shape[0])
        squares = (random_square(photographs[i], (how.width, how.height), rng) for i in chosen)
        return {name: pack(np.stack([how.normalised(square) for square in squares]), shape)}

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return all photographs whose class is known; None where there is none."""
        if model.architecture_only:
            return None
        if user_dataset.applies(model, files):
            return user_dataset.labelled(model, files, seed=seed)
        return imagenet_samples.labelled(model, files)

    def additional_labelled(
        self, model: Model, files: Files, labelled: Labelled, *, seed: int
    ) -> Mapping[str, Labelled]:
        """Return the same photographs for the other metric."""
        return dict.fromkeys(self.additional_metrics, labelled)

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return parts of the photographs that are not evaluated, as no usual seed gives them."""
        if user_dataset.applies(model, files):
            return user_dataset.calibration(model, files, count=count)
        others = imagenet_samples.without_labelled(files)
        inputs = self.samples(model, others, seed=seed + _CALIBRATION, count=count)
        return Calibration(inputs, "parts of other photographs, moved, scaled and mirrored")

    def pipeline(self, model: Model) -> ImagePipeline | Unsupported:
        """Return how a photograph of the input's proportions becomes an input."""
        layout = choice(model, "layout", get_args(Layout))
        return single_image_pipeline(
            model,
            camera_size(image_size(only_input(model)[1], layout)),
            layout=layout,
            channels=choice(model, "channels", get_args(Channels)),
            mean=per_channel(model, "mean", MEAN),
            scale=per_channel(model, "scale", SCALE),
            resize=choice(model, "resize", get_args(Resize)),
        )

    def source_images(
        self, model: Model, files: Files, *, size: tuple[int, int], seed: int, count: int
    ) -> list[Image.Image]:
        """Return photographs, cut to the input's proportions."""
        if user_dataset.applies(model, files):
            return user_dataset.source_images(model, files, size=size, seed=seed, count=count)
        return fitted_photographs(files.data, size, generator(seed, self.name, "pictures"), count)

    def postprocess(self, outputs: Sequence[Array]) -> list[tuple[int, float]]:
        """Return the five likeliest classes and their probabilities (softmax)."""
        scores = outputs[0].reshape(-1).astype(np.float64)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = np.argsort(shares)[::-1][:5]
        return [(int(i), float(shares[i])) for i in best]

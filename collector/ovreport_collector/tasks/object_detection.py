"""Object detection: COCO's average precision on images that users provide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ovreport.record import Unsupported
from ovreport_collector.datasets import coco, selection
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import SAMPLES, Option, OptionError, generator, integer
from ovreport_collector.tasks.base import Calibration, Evaluator, Inputs, Labelled, Scores
from ovreport_collector.tasks.images import coco_map, detections
from ovreport_collector.tasks.images.photographs import camera_size
from ovreport_collector.tasks.images.preprocess import (
    OPTIONS,
    Preprocessing,
    choice,
    image_size,
    preprocessing,
    single_image_pipeline,
)
from ovreport_collector.tasks.images.user_dataset import (
    inputs_from,
    noise_images,
    open_file,
    require_single_image,
)
from ovreport_collector.tasks.samples import only_input, required_file, shuffled_indices

LAYOUT = "coco"
Numbering = Literal["index", "id"]


@dataclass(frozen=True)
class _Truth:
    """Labels: the images and their objects, and how to read a box."""

    images: tuple[coco.ImageEntry, ...]
    boxes: tuple[coco.Box, ...]
    categories: tuple[int, ...]
    how: Preprocessing
    reading: _Reading


@dataclass(frozen=True)
class _Reading:
    """How a network's output is read, as the suite says."""

    form: detections.Format
    numbering: Numbering
    offset: int
    confidence: float
    overlap: float


_OPTIONS = (
    *(option for option in OPTIONS if option.name not in ("crop", "resize_to")),
    Option(
        "crop",
        "none, letterbox",
        "none",
        "none: the whole image squeezed into the input; letterbox: proportions kept, the rest grey",
    ),
    Option(
        "output",
        ", ".join(get_args(detections.Format)),
        "ssd",
        "ssd: [1, 1, N, 7], suppressed already (Open Model Zoo); yolov8: [1, 4 + classes, N], "
        "suppressed here (Ultralytics v8 and later)",
    ),
    Option(
        "classes",
        "id, index",
        "id of ssd, index of yolov8",
        "whether the network's numbers are COCO's ids of categories, or places among the sorted "
        "ids",
    ),
    Option("label_offset", "0, 1", "0", "what the network adds to the number of a class"),
    Option("confidence", "a number from 0 to 1", "0.001", "the least that counts"),
    Option("overlap", "a number from 0 to 1", "0.7", "suppression of yolov8, each class by itself"),
    SAMPLES,
)


class _ByOverlap:
    """Average precision over some of the ten overlaps."""

    overlaps: slice

    def compact(self, outputs: Sequence[Array]) -> list[Array]:
        """Return the first output; of a YOLO's only the most confident places."""
        return [detections.kept(outputs[0])]

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each image: see `coco_map`."""
        truth: _Truth = labelled.labels
        found = [
            one
            for image, output in zip(truth.images, self.compact(outputs)[0], strict=True)
            for one in _on_image(output, image, truth)
        ]
        ids = [image.id for image in truth.images]
        return coco_map.rows(ids, truth.categories, truth.boxes, found)

    def aggregate(self, scores: Scores) -> float:
        """Return the average precision of some images, 0 to 1."""
        return coco_map.average_precision(scores, self.overlaps)


class _AtHalf(_ByOverlap):
    """Average precision where boxes need to overlap by half only."""

    metric: str | None = "map_50"
    overlaps = slice(0, 1)


_ADDITIONAL: Mapping[str, Evaluator] = {"map-50": _AtHalf()}


class ObjectDetection(_ByOverlap):
    """Object detection: one input of one image with 3 channels, f32; the first output is read.

    Data: a dataset of the layout `coco`, which users provide; the package `pycocotools`, of the
    extra coco, computes the metric.
    """

    name = "object-detection"
    options: Sequence[Option] = _OPTIONS
    metric: str | None = "map_50_95"
    images_are = "images of the dataset, cut to the input's proportions"
    why_no_metric = "no dataset of the layout coco was named"
    overlaps = slice(None)
    additional_metrics: ClassVar[Mapping[str, Evaluator]] = _ADDITIONAL

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return the user's images, or noise where there are none, chosen by `seed`."""
        _reading(model)  # a wrong option is reported before anything is measured
        rng = generator(seed, self.name, "samples")
        images = (
            noise_images(rng, count) if LAYOUT not in files.data else _opened(files, rng, count)
        )
        return inputs_from(model, _how(model), images, count)

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return the user's images and their objects; None where there are none."""
        if LAYOUT not in files.data:
            return None
        contents, how = coco.read(files.data[LAYOUT]), _how(model)
        rng = generator(seed, self.name, "labelled")
        indices = selection.evaluated(contents.n, model, rng, 12 * how.width * how.height)
        images = tuple(contents.images[i] for i in indices)
        ids = {image.id for image in images}
        return Labelled(
            inputs=inputs_from(
                model,
                how,
                (open_file(contents.folder / image.file_name) for image in images),
                len(images),
            ),
            labels=_Truth(
                images=images,
                boxes=tuple(box for box in contents.boxes if box.image_id in ids),
                categories=contents.categories,
                how=how,
                reading=_reading(model),
            ),
            n=len(images),
            unit="images",
            source=f"the user's own copy of {model.data}: "
            + selection.evaluated_source(len(images), contents.n, "images", model)
            + "; intervals resample images",
        )

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return the user's images that are held out of the evaluation."""
        contents = coco.read(required_file(files.data, LAYOUT, model=model, of="data"))
        indices = selection.calibration(contents.n, model, count)
        images = (open_file(contents.folder / contents.images[i].file_name) for i in indices)
        inputs = inputs_from(model, _how(model), images, len(indices))
        return Calibration(inputs, selection.calibration_source(model, "images"))

    def additional_labelled(
        self, model: Model, files: Files, labelled: Labelled, *, seed: int
    ) -> Mapping[str, Labelled]:
        """Return the same images for the other metric."""
        return dict.fromkeys(self.additional_metrics, labelled)

    def pipeline(self, model: Model) -> ImagePipeline | Unsupported:
        """Return how an image of the input's proportions becomes an input."""
        how = _how(model)
        return single_image_pipeline(
            model,
            camera_size(image_size(only_input(model)[1], how.layout)),
            layout=how.layout,
            channels=how.channels,
            mean=how.mean,
            scale=how.scale,
            resize=how.resize,
        )

    def source_images(
        self, model: Model, files: Files, *, size: tuple[int, int], seed: int, count: int
    ) -> list[Image.Image]:
        """Return the user's images, or noise, cut to the input's proportions."""
        from PIL import ImageOps

        rng = generator(seed, self.name, "pictures")
        images = (
            noise_images(rng, count) if LAYOUT not in files.data else _opened(files, rng, count)
        )
        return [ImageOps.fit(image, size) for image in images]

    def postprocess(self, outputs: Sequence[Array]) -> detections.Found:
        """Return the boxes of one image, in the usual confidence of a program, 0.25."""
        output = outputs[0]
        form: detections.Format = "ssd" if output.shape[-1] == 7 else "yolov8"
        return detections.read(output, form, (1, 1), confidence=0.25, overlap=0.7)


def _opened(files: Files, rng: np.random.Generator, count: int) -> list[Image.Image]:
    contents = coco.read(files.data[LAYOUT])
    picked = shuffled_indices(rng, contents.n, count)
    return [open_file(contents.folder / contents.images[i].file_name) for i in picked]


def _how(model: Model) -> Preprocessing:
    _, shape = only_input(model)
    require_single_image(model, shape)
    how = preprocessing(msgspec.structs.replace(model, options={"crop": "none", **model.options}))
    if how.crop == "centre":
        raise OptionError(
            "a crop would cut objects off",
            where=f"{model.id}.options",
            remedy="use none, letterbox",
        )
    return how


def _reading(model: Model) -> _Reading:
    form = choice(model, "output", get_args(detections.Format))
    usual: tuple[Numbering, ...] = ("id", "index") if form == "ssd" else ("index", "id")
    return _Reading(
        form=form,
        numbering=choice(model, "classes", usual),
        offset=integer(model, "label_offset", 0, low=0, high=1),
        confidence=_share(model, "confidence", 0.001),
        overlap=_share(model, "overlap", 0.7),
    )


def _share(model: Model, key: str, default: float) -> float:
    value = model.options.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise OptionError(
            f"{key} is {value}", where=f"{model.id}.options", remedy="give a number from 0 to 1"
        )
    return float(value)


def _on_image(output: Array, image: coco.ImageEntry, truth: _Truth) -> list[coco_map.Detection]:
    """Return one image's detections in its own pixels, cut at its borders."""
    how, reading = truth.how, truth.reading
    found = detections.read(
        output,
        reading.form,
        (how.width, how.height),
        confidence=reading.confidence,
        overlap=reading.overlap,
    )
    across, down, left, top = how.placed(image.width, image.height)
    boxes = (found.boxes - [left, top, left, top]) / [across, down, across, down]
    boxes = np.clip(boxes, 0, [image.width, image.height] * 2)
    kept = []
    for box, score, number in zip(boxes, found.scores, found.classes, strict=True):
        category = _category(int(number) - reading.offset, reading, truth.categories)
        if category is not None:
            x, y, right, bottom = map(float, box)
            sides = (x, y, max(0.0, right - x), max(0.0, bottom - y))
            kept.append(coco_map.Detection(image.id, category, float(score), sides))
    return kept


def _category(number: int, reading: _Reading, categories: tuple[int, ...]) -> int | None:
    """Return a category's id; None for a class that the dataset does not have."""
    if reading.numbering == "id":
        return number if number in categories else None
    return categories[number] if 0 <= number < len(categories) else None

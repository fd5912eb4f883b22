"""COCO's average precision, as rows that can be resampled by image.

Detections are matched to objects by the makers' own code, `pycocotools`; a match never depends
on another image. So each image becomes one row, and the average precision of any choice of
images, with repeats, is what COCO's accumulation gives for their matches: nothing is approximated.

    row = categories K | objects of each category [K] | D × (category, rank, matched, ignored)

`matched` and `ignored` hold a bit for each of the ten overlaps .50 to .95; an unused place has
the category -1. `rank` is the place among all detections, by category, then by confidence.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovreport_collector.datasets.coco import Box

OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
"""Both as COCOeval has them: precision is read at 101 recalls, and averaged over ten overlaps."""
MOST = 100
"""Detections of a category that count in an image, the most confident ones."""
_EACH = 4
"""Numbers that tell of one detection."""
_EVERY_SIZE = [[0.0, 1e10]]


@dataclass(frozen=True)
class Detection:
    """One box that a network found, in pixels of the image."""

    image: int
    """Id of the image."""
    category: int
    """Id of the category."""
    score: float
    box: tuple[float, float, float, float]
    """Left, top, width, height."""


def rows(
    images: Sequence[int],
    categories: Sequence[int],
    truth: Sequence[Box],
    found: Sequence[Detection],
) -> NDArray[np.float64]:
    """Return a row for each image, in the order of `images`, which must be sorted ids."""
    evaluated = _evaluated(images, categories, truth, found)
    objects = np.zeros((len(images), len(categories)))
    detections: list[list[tuple[float, ...]]] = [[] for _ in images]
    for number, one in enumerate(evaluated):
        if one is None:  # neither an object nor a detection
            continue
        category, image = divmod(number, len(images))
        objects[image, category] = np.count_nonzero(np.asarray(one["gtIgnore"]) == 0)
        matched = _bits(np.asarray(one["dtMatches"]) > 0)
        ignored = _bits(np.asarray(one["dtIgnore"]).astype(bool))
        detections[image] += zip(
            [category] * len(matched), one["dtScores"], matched, ignored, strict=True
        )
    return _packed(objects, detections)


def _packed(
    objects: NDArray[np.float64], detections: Sequence[Sequence[tuple[float, ...]]]
) -> NDArray[np.float64]:
    images, categories = objects.shape
    places = np.full((images, max(map(len, detections), default=0), _EACH), -1.0)
    for place, of_image in zip(places, detections, strict=True):
        if of_image:
            place[: len(of_image)] = of_image
    used = places[..., 0] >= 0
    places[used, 1] = _ranks(places[used])
    head = np.full((images, 1), float(categories))
    return np.hstack([head, objects, places.reshape(images, -1)])


def _ranks(places: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the place of each detection among all: by category, the most confident first.

    Of equals the one of an earlier image comes first, as COCO has it. So scores need no
    comparing when rows are resampled, and no two detections are equal.
    """
    order = np.lexsort((-places[:, 1], places[:, 0]))
    ranks = np.empty(len(order), dtype=np.intp)
    ranks[order] = np.arange(len(order))
    return ranks


def _bits(flags: NDArray[np.bool_]) -> list[int]:
    """Return flags [overlaps, detections] as a number for each detection."""
    weights = 1 << np.arange(len(OVERLAPS))
    return [int(value) for value in weights @ flags.reshape(len(OVERLAPS), -1)]


def average_precision(rows: NDArray[np.float64], overlaps: slice = slice(None)) -> float:
    """Return the mean over overlaps and over categories that have objects, 0 to 1; 0 without any.

    As `COCOeval.accumulate` does it (COCO, "Detection Evaluation"), for all sizes of objects. It
    is called thousands of times: only hits are looked at one by one, all categories at once.
    """
    categories = int(rows[0, 0])
    objects = rows[:, 1 : categories + 1].sum(axis=0).astype(np.intp)
    there = np.flatnonzero(objects)
    if not len(there):
        return 0.0
    places = rows[:, categories + 1 :].reshape(-1, _EACH)
    places = places[places[:, 0] >= 0]
    places = places[np.argsort(places[:, 1])]
    starts = np.searchsorted(places[:, 0], np.arange(categories + 1))
    needed = np.stack([_needed(int(n)) for n in objects[there]])
    matched, ignored = (places[:, i].astype(np.int64) for i in (2, 3))
    read = [
        _read(matched >> bit & 1 == 1, ignored >> bit & 1 == 0, starts, there, needed)
        for bit in range(len(OVERLAPS))[overlaps]
    ]
    return float(np.mean(read))


@lru_cache(maxsize=4096)
def _needed(objects: int) -> NDArray[np.intp]:
    """Return how many hits come before the one that reaches each of RECALLS."""
    return np.searchsorted(np.arange(1, objects + 1) / objects, RECALLS, side="left")


def _read(
    matched: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    starts: NDArray[np.intp],
    there: NDArray[np.intp],
    needed: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return the precision of categories at RECALLS, [len(there), 101], at one overlap.

    Flags are of all detections, sorted by category and confidence; a category's are those
    from its start to the next one's.
    """
    hits = np.flatnonzero(matched & counted)
    bounds = np.searchsorted(hits, starts)
    category = np.repeat(np.arange(len(starts) - 1), np.diff(bounds))
    before = np.concatenate([[0], counted.cumsum()])
    found = np.arange(len(hits)) - bounds[category] + 1
    precision = found / (before[hits + 1] - before[starts[category]] + np.spacing(1))
    # The best precision at this recall or a higher one of the same category: from the back, where
    # each category is lifted above the one before it.
    lift = 2.0 * (len(starts) - category)
    best = np.maximum.accumulate((precision + lift)[::-1])[::-1] - lift
    index = bounds[there][:, None] + needed
    reached = index < bounds[there + 1][:, None]
    return np.where(reached, np.append(best, 0.0)[np.where(reached, index, len(hits))], 0.0)


def _evaluated(
    images: Sequence[int],
    categories: Sequence[int],
    truth: Sequence[Box],
    found: Sequence[Detection],
) -> list[dict[str, Any] | None]:
    """Return COCOeval's matches: for each category, for each image."""
    from pycocotools.cocoeval import COCOeval

    objects = [
        {
            "image_id": box.image_id,
            "category_id": box.category_id,
            "bbox": list(box.bbox),
            "area": box.area,
            "iscrowd": box.iscrowd,
        }
        for box in truth
    ]
    boxes = [
        {
            "image_id": one.image,
            "category_id": one.category,
            "bbox": list(one.box),
            "score": one.score,
            "area": one.box[2] * one.box[3],
            "iscrowd": 0,
        }
        for one in found
    ]
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its progress
        evaluation = COCOeval(
            _indexed(images, categories, objects), _indexed(images, categories, boxes), "bbox"
        )
        evaluation.params.imgIds, evaluation.params.catIds = list(images), list(categories)
        evaluation.params.areaRng, evaluation.params.areaRngLbl = _EVERY_SIZE, ["all"]
        evaluation.params.maxDets = [MOST]
        evaluation.evaluate()
    evaluated: list[dict[str, Any] | None] = evaluation.evalImgs
    return evaluated


def _indexed(
    images: Sequence[int], categories: Sequence[int], objects: Sequence[dict[str, Any]]
) -> Any:  # noqa: ANN401 (pycocotools has no types)
    """Return objects as COCO's own index; ids start at 1, since it takes 0 for "no match"."""
    from pycocotools.coco import COCO

    index = COCO()
    index.dataset = {
        "images": [{"id": image} for image in images],
        "categories": [{"id": category} for category in categories],
        "annotations": [{**one, "id": number} for number, one in enumerate(objects, 1)],
    }
    index.createIndex()
    return index

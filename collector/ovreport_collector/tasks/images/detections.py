"""From a detector's outputs to boxes: the formats that exported detectors have.

ssd      [1, 1, N, 7]     image, class, confidence, left, top, right, bottom; sides from 0 to 1
of the input; suppressed already, the list ends at an image below 0 (Open Model Zoo)
yolov8   [1, 4 + C, N]    centre x, centre y, width, height in pixels of the input, then a
confidence a class; suppressed here, each class by itself (Ultralytics v8 and later)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ovreport_collector.engines.arrays import Array

Format = Literal["ssd", "yolov8"]

MOST = 300
"""Boxes of an image, the most confident ones: COCO counts 100 of each category."""
CANDIDATES = 1_000
"""Places of a YOLO output that are kept, by their best class: the rest could only be suppressed."""


@dataclass(frozen=True)
class Found:
    """The boxes of one image, most confident first."""

    boxes: NDArray[np.float64]
    """[boxes, 4]: left, top, right, bottom in pixels of the input."""
    scores: NDArray[np.float64]
    classes: NDArray[np.int64]
    """As the network numbers them."""


def kept(output: Array) -> Array:
    """Return what is needed of an output [samples, *its shape]; calling it twice changes nothing.

    Of a YOLO output [samples, 1, 4 + C, N] the CANDIDATES places with the highest confidence.
    """
    if output.ndim != 4 or output.shape[-1] <= CANDIDATES:
        return output
    best = output[:, 0, 4:].max(axis=1)
    order = np.argsort(-best, axis=-1, kind="stable")[:, :CANDIDATES]
    return np.take_along_axis(output, np.sort(order, axis=-1)[:, None, None, :], axis=-1)


def read(
    output: Array, form: Format, size: tuple[int, int], *, confidence: float, overlap: float
) -> Found:
    """Return the boxes in one image's output; ValueError where its shape is of another format.

    `size`: the input's width and height. `confidence`: the least that is kept. `overlap`: of two
    boxes of a class with a higher IoU the less confident one is suppressed (yolov8 only).
    """
    if form == "ssd":
        return _ssd(output, size, confidence)
    return _yolov8(output, confidence, overlap)


def _ssd(output: Array, size: tuple[int, int], confidence: float) -> Found:
    if output.ndim != 4 or output.shape[:2] != (1, 1) or output.shape[3] != 7:
        raise ValueError(f"the output {list(output.shape)} is not [1, 1, N, 7] of an SSD")
    rows = output[0, 0].astype(np.float64)
    ends = np.flatnonzero(rows[:, 0] < 0)
    rows = rows[: ends[0]] if len(ends) else rows
    rows = rows[rows[:, 2] >= confidence]
    boxes = rows[:, 3:] * np.array([*size, *size], dtype=np.float64)
    return _best(boxes, rows[:, 2], rows[:, 1].astype(np.int64))


def _yolov8(output: Array, confidence: float, overlap: float) -> Found:
    if output.ndim != 3 or output.shape[0] != 1 or output.shape[1] <= 4:
        raise ValueError(f"the output {list(output.shape)} is not [1, 4 + classes, N] of a YOLO")
    columns = output[0].astype(np.float64)
    middle, half = columns[:2].T, columns[2:4].T / 2
    corners = np.hstack([middle - half, middle + half])
    classes, places = np.nonzero(columns[4:] >= confidence)
    scores = columns[4:][classes, places]
    boxes = corners[places]
    keep = suppressed(boxes, scores, classes, overlap)
    return _best(boxes[keep], scores[keep], classes[keep])


def suppressed(
    boxes: NDArray[np.float64],
    scores: NDArray[np.float64],
    classes: NDArray[np.int64],
    overlap: float,
) -> NDArray[np.intp]:
    """Return the boxes that greedy suppression within each class keeps, most confident first.

    Girshick et al., "Rich feature hierarchies", CVPR 2014, section 2.3. Ends after MOST boxes.
    """
    left = np.argsort(-scores, kind="stable")
    keep: list[np.intp] = []
    while len(left) and len(keep) < MOST:
        first, left = left[0], left[1:]
        keep.append(first)
        rival = (classes[left] == classes[first]) & (iou(boxes[first], boxes[left]) > overlap)
        left = left[~rival]
    return np.array(keep, dtype=np.intp)


def iou(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intersection over union of a box [4] with others [n, 4]; 0 where both are empty."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    areas = np.clip(others[:, 2:] - others[:, :2], 0, None).prod(axis=1)
    union = float(np.clip(box[2:] - box[:2], 0, None).prod()) + areas - common
    share: NDArray[np.float64] = np.divide(
        common, union, out=np.zeros_like(common), where=union > 0
    )
    return share


def _best(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], classes: NDArray[np.int64]
) -> Found:
    order = np.argsort(-scores, kind="stable")[:MOST]
    return Found(boxes[order], scores[order], classes[order])

"""Boxes: reading detectors' outputs, suppression, and COCO's average precision as rows."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from PIL import Image

from ovreport.errors import SuiteError
from ovreport_collector import tasks
from ovreport_collector.datasets.coco import Box
from ovreport_collector.sources import Files
from ovreport_collector.tasks.images import coco_map, detections
from ovreport_collector.tasks.images.preprocess import preprocessing
from tests.collector import dataset_fixtures as made
from tests.collector.task_fixtures import a_model

THRESHOLDS = {"confidence": 0.1, "overlap": 0.5}


def yolo(*rows: tuple[float, ...]) -> np.ndarray:
    """Return an output [1, 4 + C, N] of these places."""
    return np.array(rows, dtype=np.float32).T[None]


# ---------------------------------------------------------------- reading outputs


def test_an_ssd_says_sides_as_shares_of_the_input_and_ends_early():
    """What comes after the end, or is unsure, is left out."""
    rows = [
        [0, 2, 0.9, 0.1, 0.2, 0.5, 0.6],
        [0, 1, 0.05, 0, 0, 1, 1],
        [-1, 0, 0, 0, 0, 0, 0],
        [0, 3, 0.8, 0, 0, 1, 1],
    ]
    found = detections.read(np.array([[rows]], np.float32), "ssd", (200, 100), **THRESHOLDS)
    assert_allclose(found.boxes, [[20, 20, 100, 60]], rtol=1e-6)
    assert found.classes.tolist() == [2]
    assert_allclose(found.scores, [0.9], rtol=1e-6)


def test_a_yolo_says_centres_and_a_confidence_a_class():
    """One place can be two things; the less confident of two that overlap goes, in its class."""
    output = yolo(
        (50, 40, 20, 10, 0.9, 0.0), (51, 40, 20, 10, 0.8, 0.3), (150, 40, 20, 10, 0.0, 0.2)
    )
    found = detections.read(output, "yolov8", (200, 100), **THRESHOLDS)
    assert found.classes.tolist() == [0, 1, 1]
    assert_allclose(found.boxes[0], [40, 35, 60, 45])
    assert_allclose(found.boxes[1], [41, 35, 61, 45])
    assert_allclose(found.scores, [0.9, 0.3, 0.2], rtol=1e-6)


@pytest.mark.parametrize(
    ("form", "shape"),
    [
        ("ssd", (1, 84, 8400)),
        ("ssd", (1, 1, 5, 6)),
        ("yolov8", (1, 1, 9, 7)),
        ("yolov8", (1, 4, 9)),
    ],
)
def test_an_output_of_another_format_is_refused(form, shape):
    """The shape is reported."""
    with pytest.raises(ValueError, match="is not"):
        detections.read(np.zeros(shape, np.float32), form, (9, 9), **THRESHOLDS)


def test_what_is_kept_of_a_yolo_is_its_surest_places_and_keeping_twice_changes_nothing():
    """Megabytes an image become few, and the boxes are the same."""
    rng = np.random.default_rng(0)
    output = rng.uniform(0, 100, (2, 1, 6, 3_000)).astype(np.float32)
    output[:, :, 4:] = rng.uniform(0, 0.05, (2, 1, 2, 3_000))
    output[:, :, 4:, ::10] += 0.5
    kept = detections.kept(output)
    assert kept.shape == (2, 1, 6, detections.CANDIDATES)
    assert detections.kept(kept) is kept
    for whole, part in zip(output, kept, strict=True):
        all_of, some = (detections.read(o, "yolov8", (99, 99), **THRESHOLDS) for o in (whole, part))
        assert_allclose(all_of.boxes, some.boxes)
    ssd = np.zeros((2, 1, 1, 5, 7), np.float32)
    assert detections.kept(ssd) is ssd


corner = st.floats(0, 50, allow_nan=False)
side = st.floats(1, 30, allow_nan=False)
some_boxes = st.lists(
    st.tuples(corner, corner, side, side, st.floats(0.01, 1), st.integers(0, 2)), max_size=25
)


@given(some_boxes, st.floats(0.1, 0.9))
def test_suppression_keeps_no_two_that_overlap_and_drops_none_that_stand_alone(told, overlap):
    """By its definition, within each class."""
    sides = np.array([t[:4] for t in told], dtype=np.float64).reshape(-1, 4)
    boxes = np.hstack([sides[:, :2], sides[:, :2] + sides[:, 2:]])
    scores, classes = np.array([t[4] for t in told]), np.array([t[5] for t in told], dtype=np.int64)
    keep = detections.suppressed(boxes, scores, classes, overlap)
    assert list(scores[keep]) == sorted(scores[keep], reverse=True)
    for i in range(len(told)):
        surer = [
            k
            for k in keep
            if classes[k] == classes[i]
            and k != i
            and scores[k] >= scores[i]
            and detections.iou(boxes[k], boxes[i][None])[0] > overlap
        ]
        assert (i in keep) != bool(surer)


# ---------------------------------------------------------------- from the input to the image


@pytest.mark.parametrize("crop", ["none", "letterbox"])
@pytest.mark.parametrize("size", [(80, 40), (40, 80), (33, 57), (640, 640)])
def test_a_point_of_the_picture_is_where_placed_says(crop: str, size: tuple[int, int]):
    """A white picture of any proportions fills what `placed` says, and the rest is grey."""
    model = a_model("object-detection", {"x": [1, 3, 48, 64]}, options={"crop": crop})
    how = preprocessing(model)
    across, down, left, top = how.placed(*size)
    pixels = np.asarray(how.fitted(Image.new("RGB", size, (255, 255, 255))))
    white = np.argwhere((pixels == 255).all(axis=-1))
    rows, columns = zip(white.min(axis=0), white.max(axis=0) + 1, strict=True)
    assert_allclose((columns[0], rows[0]), (left, top))
    assert_allclose((columns[1], rows[1]), (left + size[0] * across, top + size[1] * down))
    assert (pixels[(pixels != 255).any(axis=-1)] == 114).all()


# ---------------------------------------------------------------- COCO's average precision


def coco_eval(images, categories, truth, found) -> tuple[float, float]:
    """Return AP and AP50 as pycocotools itself gives them, images repeated under new ids."""
    from pycocotools.cocoeval import COCOeval

    boxes, detected = [], []
    for number, image in enumerate(images):
        boxes += [
            {
                "image_id": number,
                "category_id": b.category_id,
                "bbox": list(b.bbox),
                "area": b.area,
                "iscrowd": b.iscrowd,
            }
            for b in truth
            if b.image_id == image
        ]
        detected += [
            {
                "image_id": number,
                "category_id": d.category,
                "bbox": list(d.box),
                "score": d.score,
                "area": d.box[2] * d.box[3],
                "iscrowd": 0,
            }
            for d in found
            if d.image == image
        ]
    ids = range(len(images))
    with contextlib.redirect_stdout(io.StringIO()):
        gt, dt = (coco_map._indexed(ids, categories, part) for part in (boxes, detected))
        told = COCOeval(gt, dt, "bbox")
        told.evaluate()
        told.accumulate()
        told.summarize()
    return tuple(max(0.0, float(value)) for value in told.stats[:2])


def a_scene(seed: int, *, digits: int = 9) -> tuple[list[int], list[Box], list[coco_map.Detection]]:
    """Return images, objects (some of them crowds) and detections, near them or not."""
    rng = np.random.default_rng(seed)
    images, truth, found = [3, 8, 9, 20, 21], [], []
    for image in images:
        for _ in range(rng.integers(0, 5)):
            box = (*rng.uniform(0, 60, 2), *rng.uniform(4, 90, 2))
            category = int(rng.choice(made.CATEGORIES))
            crowd = int(rng.uniform() < 0.15)
            truth.append(
                Box(0, image, category, tuple(map(float, box)), float(box[2] * box[3]), crowd)
            )
            for _ in range(rng.integers(0, 3)):
                near = tuple(float(v) for v in np.add(box, rng.normal(0, 3, 4)).clip(0.5))
                told = category if rng.uniform() < 0.8 else made.CATEGORIES[0]
                found.append(
                    coco_map.Detection(image, told, round(float(rng.uniform(0.05)), digits), near)
                )
    return images, truth, found


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_rows_reduce_to_what_coco_gives(seed: int):
    """On all images, and on any choice of them with repeats: nothing is approximated."""
    images, truth, found = a_scene(seed)
    rows = coco_map.rows(images, made.CATEGORIES, truth, found)
    assert rows.shape[0] == len(images)
    rng = np.random.default_rng(seed)
    for pick in (np.arange(len(images)), rng.integers(0, len(images), 7)):
        chosen = [images[i] for i in pick]
        expected = coco_eval(chosen, made.CATEGORIES, truth, found)
        assert coco_map.average_precision(rows[pick]) == pytest.approx(expected[0], abs=1e-9)
        half = coco_map.average_precision(rows[pick], slice(0, 1))
        assert half == pytest.approx(expected[1], abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_equal_confidences_are_taken_in_the_order_of_images(seed: int):
    """As COCO takes them: quantized networks have many."""
    images, truth, found = a_scene(seed, digits=1)
    rows = coco_map.rows(images, made.CATEGORIES, truth, found)
    expected, _ = coco_eval(images, made.CATEGORIES, truth, found)
    assert coco_map.average_precision(rows) == pytest.approx(expected, abs=1e-9)


def test_nothing_found_and_nothing_there_are_nought():
    """No division by nothing."""
    truth = [Box(0, 1, 3, (0.0, 0.0, 5.0, 5.0), 25.0)]
    for objects in (truth, []):
        rows = coco_map.rows([1, 2], made.CATEGORIES, objects, [])
        assert coco_map.average_precision(rows) == 0


# ---------------------------------------------------------------- the task


def outputs_of(labelled, *, wrong: int = 0, offset: int = 0) -> np.ndarray:
    """Return SSD outputs with the right box in each image, another category in the first ones."""
    rows = []
    for i in range(labelled.n):
        left, top, width, height = made.BOX
        category = made.CATEGORIES[(i + (i < wrong)) % 2] + offset
        rows.append(
            [0, category, 0.9, left / 80, top / 40, (left + width) / 80, (top + height) / 40]
        )
    return np.array(rows, np.float32)[:, None, None, None]


def test_right_boxes_give_one_and_wrong_categories_less(tmp_path: Path):
    """By the ids of categories, which are not consecutive; with an offset too."""
    task = tasks.get("object-detection")
    files = Files(model=Path("m.xml"), files={}, data={"coco": made.coco(tmp_path)})
    for offset in (0, 1):
        model = a_model(
            "object-detection",
            {"x": [1, 3, 32, 64]},
            data="mine",
            options={"label_offset": offset, "samples": 100},
        )
        labelled = task.labelled(model, files, seed=0)
        assert (labelled.n, labelled.unit) == (4, "images")
        assert "all 4 images" in labelled.source
        assert next(iter(labelled.inputs.values())).shape == (4, 1, 3, 32, 64)

        def score(outputs: np.ndarray) -> float:
            return task.aggregate(task.per_sample_scores(labelled, [outputs]))  # noqa: B023

        assert score(outputs_of(labelled, offset=offset)) == pytest.approx(1)
        assert score(outputs_of(labelled, offset=offset, wrong=4)) == 0
        assert 0 < score(outputs_of(labelled, offset=offset, wrong=1)) < 1
        half = task.additional_metrics["map-50"]
        rows = half.per_sample_scores(labelled, [outputs_of(labelled, offset=offset)])
        assert half.aggregate(rows) == pytest.approx(1)


def test_a_letterboxed_yolo_is_scaled_back(tmp_path: Path):
    """Boxes in pixels of a square input land on the objects of a wide image."""
    model = a_model(
        "object-detection",
        {"x": [1, 3, 160, 160]},
        data="mine",
        options={"crop": "letterbox", "output": "yolov8", "mean": [0, 0, 0], "scale": [255] * 3},
    )
    files = Files(model=Path("m.xml"), files={}, data={"coco": made.coco(tmp_path)})
    task = tasks.get("object-detection")
    labelled = task.labelled(model, files, seed=0)
    (inputs,) = labelled.inputs.values()
    assert inputs.min() >= 0
    assert inputs.max() <= 1
    left, top, width, height = made.BOX
    centre = (left + width / 2) * 2, (top + height / 2) * 2 + 40
    # Classes are places among the sorted ids.
    rows = [yolo((*centre, width * 2, height * 2, *np.eye(2)[i % 2])) for i in range(4)]
    assert task.aggregate(task.per_sample_scores(labelled, [np.stack(rows)])) == pytest.approx(1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"crop": "centre"}, "cut objects off"),
        ({"output": "detr"}, "use ssd or yolov8"),
        ({"classes": "names"}, "use id or index"),
        ({"confidence": 2.0}, "from 0 to 1"),
        ({"samples": 0}, "samples is 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, options, told: str):
    """With the words that are known."""
    model = a_model("object-detection", {"x": [1, 3, 8, 8]}, data="mine", options=options)
    files = Files(model=Path("m.xml"), files={}, data={"coco": made.coco(tmp_path)})
    with pytest.raises(SuiteError, match=told):
        tasks.get("object-detection").labelled(model, files, seed=0)


def test_an_input_of_several_images_is_refused():
    """One image at a time."""
    model = a_model("object-detection", {"x": [2, 3, 8, 8]}, data="mine")
    with pytest.raises(SuiteError, match="first dimension as 1"):
        tasks.get("object-detection").samples(model, Files(Path("m"), {}, {}), seed=0, count=1)

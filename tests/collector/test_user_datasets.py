"""Models that a suite file binds to users' data, without Python: by the real `ovreport collect`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from msgspec import Struct
from numpy.testing import assert_allclose
from openvino import opset13 as ops

from ovreport import paths, store
from ovreport.cli import run
from ovreport.record import Accuracy, Completed, Record, Unsupported
from ovreport_collector import tasks
from ovreport_collector.engines.arrays import load_samples, save_arrays
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.models import variants
from ovreport_collector.models.optimize.job import OptimizeJob
from ovreport_collector.models.optimize.leakage import check_disjoint
from ovreport_collector.plan import tiers
from ovreport_collector.process.job import Job
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from tests.collector import commands, conftest, models
from tests.collector import dataset_fixtures as made
from tests.collector.conftest import TINY, FakeChild
from tests.collector.task_fixtures import a_model, a_tokenizer

SUITE = """
format = 1
id = "mine"
title = "My models"

[datasets.imagenet]
title = "ImageNet-1k validation"
layout = "imagenet"

[datasets.coco]
title = "COCO 2017 validation"
layout = "coco"

[datasets.sst2]
title = "SST-2, development set"
layout = "glue-tsv"

[[models]]
id = "colours"
title = "A classifier"
task = "image-classification"
file = { uri = "file:colours.xml" }
variant = "none"
shapes = { image = [1, 24, 32, 3] }
data = "imagenet"

[models.options]
layout = "NHWC"
channels = "BGR"
mean = [0, 0, 0]
scale = [255, 255, 255]
resize_to = 36

[[models]]
id = "boxes"
title = "A detector"
task = "object-detection"
file = { uri = "file:boxes.xml" }
shapes = { images = [1, 3, 64, 64] }
data = "coco"

[models.options]
crop = "letterbox"
mean = [0, 0, 0]
scale = [255, 255, 255]
output = "yolov8"

[[models]]
id = "moods"
title = "A classifier of sentences"
task = "text-classification"
file = { uri = "file:moods.xml" }
shapes = { input_ids = [1, 8], attention_mask = [1, 8] }
data = "sst2"

[models.files]
tokenizer = { uri = "file:tokenizer.json" }
"""
WORDS = ["good", "bad", "film"]
SENTENCES = [("good film", 1), ("bad film", 0), ("good good", 1), ("bad bad film", 1)]


def colours() -> ov.Model:
    """Return image[1, 24, 32, 3] → scores[1, 3]: the mean of each channel."""
    image = ops.parameter([1, 24, 32, 3], np.float32, name="image")
    scores = ops.reduce_mean(image, ops.constant(np.array([1, 2])), False)
    image.output(0).set_names({"image"})
    scores.output(0).set_names({"scores"})
    return ov.Model([scores], [image], "colours")


def boxes() -> ov.Model:
    """Return images[1, 3, 64, 64] → output[1, 6, 2]: a box where `made.BOX` is, if it is bright.

    The first place is class 0 at the confidence of the box's middle pixel, the second class 1 at
    a half of it: of images with the one and with the other thing.
    """
    images = ops.parameter([1, 3, 64, 64], np.float32, name="images")
    left, top, width, height = (0.8 * v for v in made.BOX)
    middle = [left + width / 2, top + height / 2 + 16]
    place = np.array([*middle, width, height], np.float32)[None, :, None]
    pixel = [0, 0, round(middle[1]), round(middle[0])]
    confidence = ops.strided_slice(
        images, pixel, [1, 1, pixel[2] + 1, pixel[3] + 1], [1, 1, 1, 1], [0] * 4, [0] * 4
    )
    confidence = ops.reshape(confidence, ops.constant(np.array([1, 1, 1])), False)
    classes = ops.multiply(confidence, np.array([[[0.9, 0.0], [0.0, 0.45]]], np.float32))
    output = ops.concat([ops.constant(np.tile(place, 2)), classes], 1)
    images.output(0).set_names({"images"})
    output.output(0).set_names({"output"})
    return ov.Model([output], [images], "boxes")


def moods() -> ov.Model:
    """Return input_ids, attention_mask [1, 8] → logits[1, 2]: "good" against "bad"."""
    ids = ops.parameter([1, 8], np.int64, name="input_ids")
    mask = ops.parameter([1, 8], np.int64, name="attention_mask")
    vocabulary = len(WORDS) + 2
    table = np.zeros((vocabulary, 2), np.float32)
    table[2], table[3] = (0, 1), (1, 0)
    logits = ops.gather(ops.constant(table), ids, ops.constant(0))
    weight = ops.unsqueeze(ops.convert(mask, "f32"), ops.constant(2))
    total = ops.reduce_sum(ops.multiply(logits, weight), ops.constant(1), False)
    for node, name in ((ids, "input_ids"), (mask, "attention_mask"), (total, "logits")):
        node.output(0).set_names({name})
    return ov.Model([total], [ids, mask], "moods")


class Place:
    """A user's folder: a suite, three models, three datasets."""

    def __init__(self, root: Path) -> None:
        self.root, self.out = root, root / "records"
        for name, model in (("colours", colours()), ("boxes", boxes()), ("moods", moods())):
            models.save(model, root / f"{name}.xml")
        a_tokenizer(root / "tokenizer.json", WORDS)
        (root / "my.toml").write_text(SUITE)
        # One image in four looks like another class: top-1 is three quarters.
        data = made.foldered(root / "data" / "imagenet", {"blue": 3, "green": 2, "red": 2})
        made.an_image(data / "val" / "blue" / "odd.JPEG", made.COLOURS["red"])
        made.coco(root / "data" / "coco", elsewhere=1)
        made.glue(root / "data" / "sst2", SENTENCES)

    def collect(self, *options: str) -> int:
        """Run `ovreport collect` on the suite."""
        suite = self.root / "my.toml"
        return run(
            commands.collect(suite, self.out, "--device", "CPU", *options, without=commands.ALL)
        )

    @property
    def user_datasets(self) -> list[str]:
        """Options that name all datasets."""
        names = ("imagenet", "coco", "sst2")
        return [o for n in names for o in ("--dataset", f"{n}={self.root / 'data' / n}")]

    @property
    def records(self) -> dict[str, Record]:
        """Model → its record."""
        loaded = store.read_all([self.out])
        assert not loaded.faults
        return {record.case.model: record for record in loaded.records}


def _place(root: Path, patch: pytest.MonkeyPatch) -> Place:
    patch.setenv(paths.STATE, str(root / "state"))
    patch.setenv(paths.CACHE, str(root / "cache"))
    patch.setitem(tiers.TIERS, "quick", TINY)
    return Place(root)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Return a user's folder, used by one test."""
    return _place(tmp_path, monkeypatch)


# ---------------------------------------------------------------- for real


@pytest.mark.slow
def test_models_of_the_users_own_are_judged_on_data_of_their_own(place: Place, capsys):
    """Three models, three datasets, one command: real inference, known answers, known accuracy."""
    assert place.collect("--precision", "f32", *place.user_datasets) == 0, capsys.readouterr()
    found = place.records
    assert all(isinstance(record.outcome, Completed) for record in found.values())

    top1 = found["colours"].accuracy
    assert (top1.metric, top1.n, top1.unit, top1.interval) == ("top1", 8, "images", "wilson")
    assert top1.value == pytest.approx(7 / 8)
    (top5,) = found["colours"].additional_accuracy
    assert (top5.metric, top5.value) == ("top5", 1)

    ap = found["boxes"].accuracy
    assert (ap.metric, ap.n, ap.interval) == ("map_50_95", 4, "bootstrap")
    # Each class is claimed in all images, the brightest first. The first one is right, wrong,
    # right, wrong: precision 1 up to half of its objects, 2/3 up to all. The other one is wrong,
    # right, wrong, wrong: 1/2 up to half of its objects, and no more. At 101 recalls:
    expected = ((51 + 50 * 2 / 3) / 101 + 51 / 2 / 101) / 2
    assert ap.value == pytest.approx(expected, abs=1e-6)
    (half,) = found["boxes"].additional_accuracy
    assert (half.metric, half.value) == ("map_50", pytest.approx(expected, abs=1e-6))
    assert ap.low <= ap.value <= ap.high

    mood = found["moods"].accuracy
    assert (mood.metric, mood.value, mood.n) == ("top1", 3 / 4, 4)

    for name, dataset, layout, n in (
        ("colours", "imagenet", "imagenet", 8),
        ("boxes", "coco", "coco", 4),
        ("moods", "sst2", "glue-tsv", 4),
    ):
        (data,) = found[name].inputs.user_datasets
        assert (data.name, data.layout, data.n) == (dataset, layout, n)
        assert f"--dataset {dataset}=PATH" in found[name].repeat.ovreport
    text = "\n".join(path.read_text() for path in store.record_files(place.out))
    assert str(place.root) not in text


# ---------------------------------------------------------------- quickly


def test_without_their_data_models_run_for_speed(place: Place, fake_child: FakeChild):
    """Accuracy says which option brings it; inputs say that they were made."""
    assert place.collect("--precision", "f32") == 0
    for name, dataset in (("colours", "imagenet"), ("boxes", "coco"), ("moods", "sst2")):
        record = place.records[name]
        assert isinstance(record.outcome, Completed)
        assert isinstance(record.accuracy, Unsupported)
        assert f"--dataset {dataset}=" in record.accuracy.remedy
        assert "for speed alone" in record.inputs.description
        assert record.inputs.user_datasets == []
        assert "--dataset" not in record.repeat.ovreport


def test_the_samples_are_limited_and_reported(place: Place, fake_child: FakeChild):
    """How many of how many; and the command that repeats it says so too."""

    def two(job: Job) -> Struct | None:
        if not isinstance(job, OutputsJob):
            return None
        told = conftest._outputs(job)
        save_arrays(Path(job.outputs["labelled"]), {"000": np.ones((2, 1, 2), np.float32)})
        return told

    fake_child.answers = [two]
    options = ["--samples", "2", "--model", "moods", *place.user_datasets]
    assert place.collect("--precision", "f32", *options) == 0
    record = place.records["moods"]
    assert isinstance(record.accuracy, Accuracy)
    assert record.accuracy.n == 2
    assert "2 of 4 sentences" in record.accuracy.data
    assert record.inputs.user_datasets[0].n == 4
    assert "--samples" in shlex.split(record.repeat.ovreport)


def test_another_copy_of_the_data_is_the_same_plan_and_other_data_another(
    place: Place, fake_child: FakeChild, capsys: pytest.CaptureFixture[str]
):
    """Rounds of another dataset never mix with these; where it lies does not matter."""

    def key(folder: Path) -> Any:
        data = ["--dataset", f"sst2={folder}", "--dry-run", "--json"]
        assert place.collect("--model", "moods", *data) == 0
        return json.loads(capsys.readouterr().out)["key"]

    first = key(place.root / "data" / "sst2")
    assert key(made.glue(place.root / "copy", SENTENCES)) == first
    assert key(made.glue(place.root / "other", SENTENCES[:3])) != first


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--dataset", "imagenet"], "NAME=PATH"),
        (["--dataset", "imagenet=/no/such/place"], "there is no"),
        (["--dataset", "voc=."], "imagenet, coco, sst2"),
        (["--dataset", "coco=."], "which annotations"),
        (["--dataset", "coco=.", "--dataset", "coco=.."], "twice"),
        (["--samples", "5"], "--dataset NAME=PATH"),
        (["--samples", "0"], "--samples"),
    ],
)
def test_bad_data_are_refused_before_anything_is_measured(
    place: Place, fake_child: FakeChild, capsys: pytest.CaptureFixture[str], options, told: str
):
    """Exit code 2, what, where and the remedy; no folder of records."""
    assert place.collect(*options) == 2
    assert told in capsys.readouterr().err
    assert fake_child.jobs == []
    assert not place.out.exists()


def test_an_image_that_cannot_be_read_fails_its_model_alone(place: Place, fake_child: FakeChild):
    """A broken file among thousands: the record names it, without the user's folder."""
    broken = place.root / "data" / "imagenet" / "val" / "red" / "red_0.JPEG"
    broken.write_bytes(broken.read_bytes()[:30])
    assert place.collect("--precision", "f32", *place.user_datasets) == 1
    record = place.records["colours"]
    assert "red_0.JPEG" in record.outcome.reason
    assert str(place.root) not in record.outcome.reason
    assert isinstance(place.records["moods"].outcome, Completed)


# ---------------------------------------------------------------- inputs


def test_preprocessing_of_a_suite_reaches_the_inputs(tmp_path: Path):
    """Layout, channels, mean, scale: a blue image, as the network wants it."""
    folder = made.foldered(tmp_path, {"blue": 1})
    model = a_model(
        "image-classification",
        {"image": [1, 4, 4, 3]},
        data="mine",
        options={"layout": "NHWC", "channels": "BGR", "mean": [50, 0, 0], "scale": [100, 1, 1]},
    )
    files = Files(model=Path("m.xml"), files={}, data={"imagenet": folder})
    labelled = tasks.get("image-classification").labelled(model, files, seed=0)
    assert labelled.inputs["image"].shape == (1, 1, 4, 4, 3)
    # JPEG rounds the colour a little.
    assert_allclose(labelled.inputs["image"][0, 0, 2, 2], [2, 0, 0], atol=0.06)


def test_a_background_class_shifts_the_labels(tmp_path: Path):
    """As networks out of TensorFlow have it."""
    model = a_model(
        "image-classification", {"x": [1, 3, 4, 4]}, data="mine", options={"label_offset": 1}
    )
    files = Files(model=Path("m.xml"), files={}, data={"imagenet": made.foldered(tmp_path)})
    labelled = tasks.get("image-classification").labelled(model, files, seed=0)
    assert labelled.labels.tolist() == [1, 1, 2, 2, 3, 3]


def test_a_dataset_of_more_classes_than_the_model_is_refused(tmp_path: Path):
    """Not scored as if it were wrong answers."""
    words = a_tokenizer(tmp_path / "t.json", WORDS)
    files = Files(
        model=Path("m.xml"),
        files={"tokenizer": words},
        data={"glue-tsv": made.glue(tmp_path / "g", [("good", 0), ("bad", 4)])},
    )
    model = a_model(
        "text-classification", {"input_ids": [1, 4], "attention_mask": [1, 4]}, data="mine"
    )
    task = tasks.get("text-classification")
    labelled = task.labelled(model, files, seed=0)
    with pytest.raises(ValueError, match="no score for class 4"):
        task.per_sample_scores(labelled, [np.zeros((2, 1, 2))])


# ---------------------------------------------------------------- calibration


def a_bound_model(task: str, root: Path) -> tuple[Model, Files]:
    """Return a model of a task and ten samples of the user's, two of them held out."""
    options: dict[str, Any] = {"held_out": 2}
    if task == "text-classification":
        shapes = {"input_ids": [1, 4], "attention_mask": [1, 4]}
        rows = [(" ".join(WORDS[: 1 + i % 3]) + " good" * (i // 3), i % 2) for i in range(10)]
        layout, folder = "glue-tsv", made.glue(root / "g", rows)
    elif task == "object-detection":
        shapes = {"x": [1, 3, 8, 8]}
        layout, folder = "coco", made.coco(root / "c", count=10)
    else:
        shapes = {"x": [1, 3, 8, 8]}
        layout, folder = "imagenet", root / "i"
        for i in range(10):
            made.an_image(folder / "val" / f"c{i % 2}" / f"{i}.JPEG", (20 * i, 0, 200))
    words = a_tokenizer(root / "t.json", WORDS)
    files = Files(model=Path("m.xml"), files={"tokenizer": words}, data={layout: folder})
    return a_model(task, shapes, data="mine", options=options), files


@pytest.mark.parametrize(
    "task", ["image-classification", "object-detection", "text-classification"]
)
def test_a_part_of_the_users_data_calibrates_and_is_not_judged(task: str, tmp_path: Path):
    """Apart by their bytes; both say how many, and whose they are."""
    model, files = a_bound_model(task, tmp_path)
    one = tasks.get(task)
    assert isinstance(one, tasks.Calibrates)
    found = one.calibration(model, files, seed=20, count=100)
    judged = one.labelled(model, files, seed=7)
    assert judged is not None
    assert (len(next(iter(found.inputs.values()))), judged.n) == (2, 8)
    check_disjoint(found.inputs, judged.inputs, "calibration")
    assert "8 of 10" in judged.source
    assert "2 others calibrate" in judged.source
    assert "the user's own copy of mine, held out" in found.description


def test_all_variants_are_judged_by_what_no_variant_was_made_of(
    place: Place, fake_child: FakeChild, pretend_installed: Callable[..., None]
):
    """Where one is calibrated; without it all samples are judged."""
    pretend_installed()
    rows = [(" ".join(WORDS[: 1 + i % 3]) + " good" * (i // 3), i % 2) for i in range(10)]
    made.glue(place.root / "data" / "sst2", rows)
    options = ["--model", "moods", "--precision", "f32", *place.user_datasets]

    sizes: list[int] = []

    def note(job: Job) -> Struct | None:
        if isinstance(job, OutputsJob):
            sizes.append(len(load_samples(Path(job.inputs["labelled"]))))
        return None

    fake_child.answers = [note]
    place.collect(*options)
    assert set(sizes) == {10}
    assert "--variant" not in place.records["moods"].repeat.ovreport
    sizes.clear()
    place.collect(*options, "--variant", "published", "--variant", "int8")
    assert set(sizes) == {8}
    # Repeated alone, the published file must be judged by the same samples.
    again = {stored.record.repeat.ovreport for stored in store.read_all([place.out]).stored}
    assert any("--variant fp32 --variant int8" in command for command in again)
    (made_,) = [job for job in fake_child.jobs if isinstance(job, OptimizeJob)]
    assert made_.settings["model_type"] == "transformer"


@pytest.mark.slow
@pytest.mark.skipif(not variants.has_nncf(), reason="nncf is not installed")
def test_a_classifier_of_the_users_own_is_quantized_by_data_of_their_own(place: Place, capsys):
    """One command: a part calibrates, the rest judges both, and the record says so."""
    data = place.root / "data" / "imagenet"
    for i in range(9):
        made.an_image(data / "val" / "green" / f"more_{i}.JPEG", (0, 30 + 25 * i, 3 * i))
    models.save(models.image_classifier(), place.root / "colours.xml")
    text = (place.root / "my.toml").read_text()
    text = text.replace("image = [1, 24, 32, 3]", "x = [1, 3, 32, 48]").replace("36", "64")
    text = text.replace('variant = "none"', 'variant = "fp32"')
    (place.root / "my.toml").write_text(text.replace('layout = "NHWC"', 'layout = "NCHW"', 1))
    requested = ["--precision", "f32", "--model", "colours", *place.user_datasets]
    assert place.collect(*requested, "--variant", "int8") == 0, capsys.readouterr()
    record = place.records["colours"]
    assert record.model.origin.calibration_samples <= 3  # what is judged as well is left out
    assert "held out of the evaluation" in record.model.origin.calibration
    assert record.accuracy.n == 14
    assert "3 others calibrate" in record.accuracy.data

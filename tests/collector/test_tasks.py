"""What all tasks have in common, and the registry that finds them."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from ovreport.errors import SuiteError
from ovreport.metrics import registry
from ovreport_collector import tasks
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import generator
from ovreport_collector.tasks import Files, samples
from ovreport_collector.tasks.images.photographs import open_image
from tests.collector.dataset_fixtures import coco, glue
from tests.collector.task_fixtures import (
    a_labels_file,
    a_model,
    a_photograph,
    a_tokenizer,
    a_wheel,
    an_onnx_file,
    some_crops,
    some_files,
)

NAMES = {
    "file-type",
    "face-detection",
    "face-landmarks",
    "iris-landmarks",
    "text-detection",
    "text-recognition",
    "text-orientation",
    "voice-activity",
    "music-transcription",
    "sentence-similarity",
    "image-classification",
    "object-detection",
    "text-classification",
    "generic",
}
LANGUAGE = {"text-generation"}
"""A pipeline of its own makes inputs and judges answers: tested in `test_generation`."""


def feed(task: str, folder: Path) -> tuple[Model, Files]:  # noqa: PLR0911 - a case a task
    """Return a small model of the task and the files it needs."""
    match task:
        case "file-type":
            members = {f"p/{i}.py": f"value = {i}\n".encode() * 20 for i in range(5)}
            labels = a_labels_file(folder / "labels.json", ["python", "png"])
            wheel = a_wheel(folder / "a.whl", members)
            return a_model(task, {"bytes": [2, 64]}), some_files(files={"labels": labels}, a=wheel)
        case "face-detection":
            faces = some_crops(folder / "faces.npy")
            return a_model(task, {"in": [2, 64, 48, 3]}), some_files(faces=faces)
        case "face-landmarks" | "iris-landmarks":
            faces = some_crops(folder / "faces.npy")
            portrait = a_photograph(folder / "portrait.png")
            files = some_files(faces=faces, portrait=portrait)
            return a_model(task, {"in": [1, 32, 40, 3]}), files
        case "text-detection":
            photograph = a_photograph(folder / "page.png")
            return a_model(task, {"x": [1, 3, 160, 128]}), some_files(page=photograph)
        case "text-recognition":
            onnx = an_onnx_file(folder / "m.onnx", {"character": "a\nb"})
            return a_model(task, {"x": [1, 3, 24, 120]}), some_files(model=onnx)
        case "text-orientation":
            return a_model(task, {"x": [4, 3, 24, 96]}), some_files()
        case "voice-activity":
            return a_model(task, {"input": [1, 576], "state": [2, 1, 128]}), some_files()
        case "music-transcription":
            return a_model(task, {"audio": [1, 22050, 1]}), some_files()
        case "sentence-similarity":
            tokenizer = a_tokenizer(folder / "tokenizer.json", ["sun", "moon", "sea"])
            (folder / "d.cor").write_text("sun moon\nmoon\nsea caf\xe9\n", encoding="latin-1")
            (folder / "s.txt").write_text("1 .5 .1\n.5 1 .2\n.1 .2 1\n", encoding="latin-1")
            files = some_files(
                files={"tokenizer": tokenizer},
                documents=folder / "d.cor",
                similarities=folder / "s.txt",
            )
            names = ("input_ids", "attention_mask", "token_type_ids")
            return a_model(task, {key: [2, 6] for key in names}), files
        case "image-classification":
            wheel = a_wheel(
                folder / "p.whl",
                {"p/b.png": a_photograph(folder / "b.png").read_bytes(), "p/c.py": b"x"},
            )
            known = a_photograph(folder / "imagenet_00_3.jpg")
            return a_model(task, {"data": [2, 3, 32, 32]}), some_files(p=wheel, known=known)
        case "object-detection":
            return a_model(task, {"x": [1, 3, 32, 48]}), some_files(coco=coco(folder / "coco"))
        case "text-classification":
            sentences = glue(folder / "glue", [("sun", 1), ("sea moon", 0), ("moon sea sun", 1)])
            tokenizer = a_tokenizer(folder / "tokenizer.json", ["sun", "moon", "sea"])
            files = some_files(files={"tokenizer": tokenizer}, **{"glue-tsv": sentences})
            return a_model(task, {"input_ids": [2, 6], "attention_mask": [2, 6]}), files
    return a_model(task, {"a": [2, 3], "b": [1]}), some_files()


def test_the_names_are_those_that_suites_use():
    assert set(tasks.names()) == set(tasks.TASKS) == NAMES | LANGUAGE
    assert len(tasks.TASKS) == len(NAMES | LANGUAGE)


def test_listing_the_names_imports_no_task():
    code = (
        "import sys; from ovreport_collector import tasks; tasks.names();"
        "print([m for m in sys.modules if m.startswith(('PIL', 'tokenizers', 'openvino'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_paths()
    )
    assert done.stdout.strip() == "[]"


def _paths() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(SuiteError, match="file-type") as refused:
        tasks.get("file-tpye")
    assert "file-tpye" in str(refused.value)


@pytest.mark.parametrize("name", sorted(NAMES))
class TestEveryTask:
    """Holds for every task."""

    def test_it_has_its_name_and_a_metric_or_a_reason(self, name: str):
        """It has its name, and a metric or a reason; both where some models have no labels."""
        task = tasks.get(name)
        assert task.name == name
        assert task.metric or task.why_no_metric

    def test_its_metric_is_in_the_table(self, name: str):
        metric = tasks.get(name).metric
        assert metric is None or metric in registry.METRICS

    def test_samples_have_the_declared_shapes_and_are_finite(self, name: str, tmp_path: Path):
        model, files = feed(name, tmp_path)
        samples = tasks.get(name).samples(model, files, seed=1, count=5)
        assert set(samples) == set(model.shapes)
        for input_name, array in samples.items():
            assert array.shape == (5, *model.shapes[input_name])
            assert np.isfinite(array).all()

    def test_samples_vary_and_follow_from_the_seed(self, name: str, tmp_path: Path):
        model, files = feed(name, tmp_path)
        take = tasks.get(name).samples
        once, again = (take(model, files, seed=1, count=5) for _ in range(2))
        other = take(model, files, seed=2, count=5)
        for input_name in model.shapes:
            assert_array_equal(once[input_name], again[input_name])
        assert any((once[i] != other[i]).any() for i in model.shapes)
        assert any((once[i][0] != once[i][1]).any() for i in model.shapes)

    def test_labelled_inputs_are_there_exactly_when_there_is_a_metric(
        self, name: str, tmp_path: Path
    ):
        model, files = feed(name, tmp_path)
        task = tasks.get(name)
        labelled = task.labelled(model, files, seed=1)
        assert (labelled is None) == (task.metric is None)
        if labelled is None:
            return
        assert labelled.n > 0
        assert labelled.unit
        assert labelled.source
        samples = task.samples(model, files, seed=1, count=1)
        for input_name, array in labelled.inputs.items():
            assert array.shape[1:] == tuple(model.shapes[input_name])
            assert len(array) * array.shape[1] >= labelled.n
            assert array.dtype == samples[input_name].dtype


@given(units=st.integers(1, 20), batch=st.integers(1, 6))
def test_what_is_packed_into_batches_comes_back(units: int, batch: int):
    values = np.arange(units * 3).reshape(units, 3)
    packed = samples.pack(values, [batch, 3])
    assert packed.shape[1:] == (batch, 3)
    assert_array_equal(samples.unpack(packed, units), values)


@given(size=st.integers(1, 9), count=st.integers(1, 40), seed=st.integers(0, 99))
def test_picking_uses_everything_as_evenly_as_can_be(size: int, count: int, seed: int):
    picked = samples.shuffled_indices(np.random.default_rng(seed), size, count)
    used = np.bincount(picked, minlength=size)
    assert len(picked) == count
    assert used.max() - used.min() <= 1


def test_the_generator_is_the_same_on_every_machine_and_run():
    drawn = generator(7, "file-type").integers(1_000_000, size=3)
    assert drawn.tolist() == [348253, 10917, 16110]


def test_an_image_that_is_none_is_refused_by_name():
    with pytest.raises(SuiteError, match=r"broken\.png"):
        open_image(io.BytesIO(b"nothing"), "broken.png")


def test_a_missing_role_is_refused_with_its_name():
    with pytest.raises(SuiteError, match='"faces"'):
        tasks.get("face-detection").samples(
            a_model("face-detection", {"in": [1, 8, 8, 3]}), some_files(), seed=0, count=1
        )


def test_a_task_of_one_input_refuses_two():
    with pytest.raises(SuiteError, match="declares 2"):
        tasks.get("text-orientation").samples(
            a_model("text-orientation", {"a": [1], "b": [1]}), some_files(), seed=0, count=1
        )


class TestGeneric:
    """Random inputs for any model."""

    def test_types_and_bounds_come_from_options(self):
        model = a_model(
            "generic",
            {"ids": [1, 50], "mask": [1, 50], "image": [1, 50], "flag": [1], "x": [1, 50]},
            options={
                "dtype.ids": "i64",
                "high.ids": 30_000,
                "dtype.mask": "i32",
                "dtype.image": "u8",
                "dtype.flag": "bool",
            },
        )
        drawn = tasks.get("generic").samples(model, some_files(), seed=0, count=20)
        assert {name: str(array.dtype) for name, array in drawn.items()} == {
            "ids": "int64",
            "mask": "int32",
            "image": "uint8",
            "flag": "bool",
            "x": "float32",
        }
        assert 1_000 < drawn["ids"].max() < 30_000
        assert set(np.unique(drawn["mask"])) == {0, 1}
        assert drawn["image"].max() > 200
        assert abs(drawn["x"].mean()) < 0.2

    @pytest.mark.parametrize(
        "options",
        [
            {"dtype.a": "float"},
            {"dtype.a": [1.0]},
            {"dtype.a": "u8", "high": 257},
            {"dtype.a": "i64", "high": 0},
            {"dtype.a": "i64", "high": "many"},
        ],
    )
    def test_options_that_make_no_sense_are_refused(self, options):
        model = a_model("generic", {"a": [1]}, options=options)
        with pytest.raises(SuiteError, match=r"a-model-of-generic\.options"):
            tasks.get("generic").samples(model, some_files(), seed=0, count=1)


class TestImageClassification:
    """Photographs, preprocessed by options."""

    def test_mean_scale_layout_and_channels_do_what_they_say(self, tmp_path: Path):
        from PIL import Image

        Image.new("RGB", (40, 30), (10, 20, 30)).save(tmp_path / "a.png")
        files = some_files(a=tmp_path / "a.png")
        options = {
            "layout": "NHWC",
            "channels": "BGR",
            "mean": [30.0, 20.0, 0.0],
            "scale": [1.0, 1.0, 5.0],
        }
        model = a_model("image-classification", {"x": [1, 8, 6, 3]}, options=options)
        drawn = tasks.get("image-classification").samples(model, files, seed=0, count=1)["x"]
        assert drawn.dtype == np.float32
        assert_array_equal(np.unique(drawn.reshape(-1, 3), axis=0), [[0, 0, 2]])

    @pytest.mark.parametrize("options", [{"layout": "CHW"}, {"mean": 1.0}, {"channels": "rgb"}])
    def test_options_that_make_no_sense_are_refused(self, options, tmp_path: Path):
        model = a_model("image-classification", {"x": [1, 3, 8, 8]}, options=options)
        files = some_files(a=a_photograph(tmp_path / "a.png"))
        with pytest.raises(SuiteError, match=r"\.options"):
            tasks.get("image-classification").samples(model, files, seed=0, count=1)

    def test_no_photographs_is_refused(self):
        model = a_model("image-classification", {"x": [1, 3, 8, 8]})
        with pytest.raises(SuiteError, match="no photographs"):
            tasks.get("image-classification").samples(model, some_files(), seed=0, count=1)

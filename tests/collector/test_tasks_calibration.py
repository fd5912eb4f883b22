"""Data to optimize with: real inputs of the task, apart from those that accuracy is judged by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from ovreport.errors import SuiteError
from ovreport_collector import sources, tasks
from ovreport_collector.models import variants
from ovreport_collector.models.optimize.leakage import check_disjoint, checksum, without
from ovreport_collector.plan import load_suite
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks import Calibrates, Files, Validates, file_type, text_lines
from tests.collector.task_fixtures import a_photograph, a_wheel, some_crops
from tests.collector.test_tasks import NAMES, feed

CALIBRATED = sorted(NAMES - {"generic", "object-detection", "text-classification"})
VALIDATED = sorted(
    set(CALIBRATED) - {"face-detection", "sentence-similarity", "image-classification"}
)
STANDARD = load_suite.load("standard")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few files be evaluated, so that a small wheel has others; and few lines be drawn."""
    monkeypatch.setattr(file_type, "CAP", 3)
    monkeypatch.setattr(file_type, "EACH", 2)
    monkeypatch.setattr(text_lines, "LINES", 20)
    monkeypatch.setattr(text_lines, "VALIDATED", 10)


def fed(task: str, folder: Path) -> tuple[Model, Files]:
    """Return a small model of a task, and its files with those that calibrate."""
    model, files = feed(task, folder)
    more: dict[str, Path] = {}
    if task == "file-type":
        members = {f"q/{i}.py": f"other = {i}\n".encode() * 20 for i in range(9)}
        members |= {f"q/{i}.txt": f"some text {i}\n".encode() * 20 for i in range(4)}
        more["b"] = a_wheel(folder / "b.whl", members)
    elif task == "face-detection":
        more["portrait"] = a_photograph(folder / "portrait.png", size=(128, 128))
    elif task == "sentence-similarity":
        more["background"] = folder / "background.cor"
        more["background"].write_text("quick dog\nlazy fox jumps\n", encoding="latin-1")
    return model, replace(files, data={**files.data, **more})


@pytest.mark.parametrize("task", CALIBRATED)
def test_a_task_calibrates_with_inputs_of_its_model(task: str, tmp_path: Path) -> None:
    """Every input has its static shape and type, and what they are is said in words."""
    model, files = fed(task, tmp_path)
    one = tasks.get(task)
    assert isinstance(one, Calibrates)
    found = one.calibration(model, files, seed=3, count=4)
    timed = one.samples(model, files, seed=3, count=1)
    assert found.description
    for name, shape in model.shapes.items():
        assert found.inputs[name].shape[1:] == tuple(shape)
        assert 1 <= len(found.inputs[name]) <= 4
        assert found.inputs[name].dtype == timed[name].dtype


@pytest.mark.parametrize("task", CALIBRATED)
@pytest.mark.parametrize("seed", [20, 7])
def test_calibration_is_apart_from_what_is_evaluated(task: str, seed: int, tmp_path: Path) -> None:
    """No calibration input is a labelled one, whichever seed the run has."""
    model, files = fed(task, tmp_path)
    one = tasks.get(task)
    found = one.calibration(model, files, seed=20, count=8)  # type: ignore[attr-defined]
    labelled = one.labelled(model, files, seed=seed)
    if labelled is not None:
        check_disjoint(found.inputs, labelled.inputs, "calibration")


@pytest.mark.parametrize("task", CALIBRATED)
def test_calibration_is_the_same_each_time(task: str, tmp_path: Path) -> None:
    """The same seed gives the same bytes, and the same checksum: what was made is found again."""
    model, files = fed(task, tmp_path)
    one = tasks.get(task)
    again = [one.calibration(model, files, seed=20, count=3).inputs for _ in range(2)]  # type: ignore[attr-defined]
    assert checksum(again[0]) == checksum(again[1])


@pytest.mark.parametrize("task", VALIDATED)
def test_accuracy_is_watched_on_inputs_of_their_own(task: str, tmp_path: Path) -> None:
    """Apart from what is evaluated, and from the calibration; the task can judge them."""
    model, files = fed(task, tmp_path)
    one = tasks.get(task)
    assert isinstance(one, Validates)
    watched = one.validation(model, files, seed=20)
    labelled = one.labelled(model, files, seed=20)
    assert labelled is not None
    check_disjoint(watched.inputs, labelled.inputs, "validation")
    calibration = one.calibration(model, files, seed=20, count=8)  # type: ignore[attr-defined]
    check_disjoint(watched.inputs, calibration.inputs, "validation")
    assert watched.by_reference == labelled.by_reference
    assert watched.n > 0


@pytest.mark.parametrize("task", sorted(set(CALIBRATED) - set(VALIDATED)))
def test_a_task_without_further_labels_does_not_pretend(task: str) -> None:
    """It does not validate: all that is labelled is evaluated."""
    assert not isinstance(tasks.get(task), Validates)
    assert not isinstance(tasks.get("generic"), Calibrates)


def test_faces_need_photographs_to_calibrate_with(tmp_path: Path) -> None:
    """All crops are evaluated, so without photographs there is nothing."""
    model, files = feed("face-detection", tmp_path)
    only_crops = replace(files, data={"faces": some_crops(tmp_path / "faces.npy")})
    with pytest.raises(SuiteError, match="all the crops are evaluated"):
        tasks.get("face-detection").calibration(model, only_crops, seed=1, count=2)  # type: ignore[attr-defined]


def test_files_that_start_and_end_like_an_evaluated_one_are_left_out(tmp_path: Path) -> None:
    """Their tokens would be the same; where no other file is left, that is said."""
    model, files = feed("file-type", tmp_path)
    long = b"value = 0\n" * 20
    members = {"q/b.txt": long + b"another middle" * 900 + long, "q/c.txt": b"something else" * 9}
    same = a_wheel(
        tmp_path / "b.whl", {f"p/{i}.py": f"value = {i}\n".encode() * 20 for i in range(3)}
    )
    with pytest.raises(SuiteError, match="no file is left"):
        tasks.get("file-type").calibration(  # type: ignore[attr-defined]
            model, replace(files, data={"a": same}), seed=1, count=2
        )
    other = a_wheel(tmp_path / "c.whl", members)
    data = {"a": same, "b": other}
    found = tasks.get("file-type").calibration(model, replace(files, data=data), seed=1, count=2)  # type: ignore[attr-defined]
    expected = file_type.tokenize(members["q/c.txt"], 64)
    assert_array_equal(found.inputs["bytes"], np.broadcast_to(expected, (1, 2, 64)))


# ---------------------------------------------------------------- the check itself


@given(st.integers(0, 5), st.integers(1, 3), st.data())
def test_one_shared_unit_is_found_wherever_it_stands(seed: int, batch: int, data) -> None:
    """Whichever batch and place it is in, on either side."""
    rng = np.random.default_rng(seed)
    own, evaluated = rng.random((2, 4, batch, 5))
    check_disjoint({"x": own}, {"x": evaluated}, "calibration")
    places = st.tuples(st.integers(0, 3), st.integers(0, batch - 1))
    own[data.draw(places)] = evaluated[data.draw(places)]
    with pytest.raises(SuiteError, match=r"1 calibration inputs .*among"):
        check_disjoint({"x": own}, {"x": evaluated}, "calibration")


def test_what_is_judged_as_well_does_not_calibrate() -> None:
    """Data hold some things twice: those inputs are left out; none left is an error.

    A sample of a batch goes as a whole.
    """
    own = np.arange(24.0).reshape(4, 2, 3)
    assert without({"x": own}, {"x": own + 100})["x"] is own
    judged = np.stack([own[1], own[3]])[:, ::-1]
    assert_array_equal(without({"x": own}, {"x": judged})["x"], own[[0, 2]])
    assert_array_equal(without({"x": own}, {"x": own[2:3, :1]})["x"], own[[0, 1, 3]])
    with pytest.raises(SuiteError, match="all calibration inputs"):
        without({"x": own}, {"x": own})


def test_inputs_without_a_common_batch_are_compared_whole() -> None:
    """A state that is always zero makes no two samples the same."""
    state = np.zeros((3, 2, 1, 8))
    sounds = np.random.default_rng(0).random((2, 3, 1, 6))
    own, evaluated = ({"input": sound, "state": state} for sound in sounds)
    check_disjoint(own, evaluated, "calibration")
    with pytest.raises(SuiteError, match="3 calibration"):
        check_disjoint(own, own, "calibration")


def test_a_checksum_tells_names_types_and_shapes_apart() -> None:
    """The same bytes under another name, type or shape are other inputs."""
    values = np.zeros((2, 4), np.float32)
    others = [{"y": values}, {"x": values.view(np.int32)}, {"x": values.reshape(4, 2)}]
    assert len({checksum(inputs) for inputs in ({"x": values}, *others)}) == 4
    assert checksum({"x": values.T.copy().T}) == checksum({"x": values})
    assert_array_equal(values, 0)


# ---------------------------------------------------------------- the standard suite


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("model", STANDARD.models, ids=lambda model: model.id)
def test_every_task_of_the_standard_suite_calibrates(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On its real data, and apart from what it is evaluated on; so do validations."""
    monkeypatch.undo()
    files, task = sources.resolve(STANDARD, model), tasks.get(model.task)
    assert isinstance(task, Calibrates)
    calibration = task.calibration(model, files, seed=variants.SEED, count=16)
    labelled = task.labelled(model, files, seed=20)
    assert len(next(iter(calibration.inputs.values()))) == 16
    if labelled is not None:
        check_disjoint(calibration.inputs, labelled.inputs, "calibration")
        if isinstance(task, Validates):
            watched = task.validation(model, files, seed=variants.SEED)
            check_disjoint(watched.inputs, labelled.inputs, "validation")

"""Images of every image task: made ready as files, and what an extra measurement makes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from rich.console import Console

from ovreport.record import EndToEnd, Failed, Skipped, Tier, Unsupported
from ovreport_collector import tasks
from ovreport_collector.engines.images import decoded, on_host
from ovreport_collector.measurements.end_to_end.measurement import EndToEndMeasurement
from ovreport_collector.measurements.end_to_end.run import EndToEndJob, EndToEndResult
from ovreport_collector.plan.request import make_plan
from ovreport_collector.prepare.images import COUNT, EncodedImages, encode_images
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session import collect
from ovreport_collector.tasks.images.base import image_task
from tests.collector.conftest import FakeChild, a_request, an_end_to_end_result, model_table
from tests.collector.suite_fixtures import document, write_suite
from tests.collector.task_fixtures import a_model, a_photograph, some_crops, some_files

SHAPES = {
    "face-detection": {"in": [1, 64, 48, 3]},
    "face-landmarks": {"in": [1, 32, 40, 3]},
    "iris-landmarks": {"in": [1, 32, 32, 3]},
    "text-detection": {"x": [1, 3, 160, 128]},
    "text-recognition": {"x": [1, 3, 24, 120]},
    "text-orientation": {"x": [1, 3, 24, 96]},
    "image-classification": {"x": [1, 3, 32, 32]},
    "object-detection": {"x": [1, 3, 32, 48]},
}
OUTPUTS = {
    "face-detection": [np.ones((1, 9, 16)), np.arange(9.0).reshape(1, 9, 1)],
    "face-landmarks": [np.ones((1, 1)), np.arange(1404.0).reshape(1, 1, 1404)],
    "iris-landmarks": [np.ones((1, 15)), np.arange(213.0).reshape(1, 213)],
    "text-detection": [np.repeat([0.0, 1.0, 1.0, 0.0, 1.0], 4).reshape(1, 1, 5, 4)],
    "text-recognition": [np.eye(5)[[0, 2, 2, 0, 2, 4]].reshape(1, 6, 5)],
    "text-orientation": [np.array([[0.2, 0.8]])],
    "image-classification": [np.arange(10.0).reshape(1, 10)],
    "object-detection": [np.array([[[[0, 2, 0.9, 0, 0, 1, 1], [0, 3, 0.2, 0, 0, 1, 1]]]])],
}


def made(task: str, folder: Path, seed: int = 7, **changes: object) -> EncodedImages | object:
    """Make the images of a task ready."""
    files = some_files(
        faces=some_crops(folder / "faces.npy"),
        portrait=a_photograph(folder / "portrait.png", size=(120, 120)),
    )
    model = msgspec.structs.replace(a_model(task, SHAPES[task]), **changes)
    return encode_images(model, tasks.get(task), files, folder / f"images-{seed}", seed=seed)


@pytest.mark.parametrize("task", sorted(SHAPES))
def test_every_image_task_encodes_pictures_that_become_its_input(task: str, tmp_path: Path) -> None:
    """Decoded and preprocessed, each has the model's shape, type and about its range."""
    found = made(task, tmp_path)
    assert isinstance(found, EncodedImages)
    assert len(found.files) == COUNT
    assert f"{COUNT} JPEG images" in found.about
    (shape,) = SHAPES[task].values()
    for path in found.files:
        image = decoded(path.read_bytes())
        assert image.size == (found.pipeline.source_width, found.pipeline.source_height)
        array = on_host(found.pipeline)(image)
        assert list(array.shape) == shape
        assert array.dtype == np.float32
        assert np.abs(array).max() < 3


@pytest.mark.parametrize("task", sorted(SHAPES))
def test_pictures_look_like_the_samples_that_are_timed_elsewhere(task: str, tmp_path: Path) -> None:
    """The pipeline's inputs lie where `samples` has its own: one normalisation, one scale."""
    found = made(task, tmp_path)
    assert isinstance(found, EncodedImages)
    (samples,) = (
        tasks.get(task)
        .samples(
            a_model(task, SHAPES[task]),
            some_files(faces=tmp_path / "faces.npy", portrait=tmp_path / "portrait.png"),
            seed=7,
            count=64,
        )
        .values()
    )
    ours = np.stack([on_host(found.pipeline)(decoded(p.read_bytes())) for p in found.files])
    assert abs(ours.mean() - samples.mean()) < 0.4
    assert ours.min() >= samples.min() - 0.3
    assert ours.max() <= samples.max() + 0.3


def test_pictures_depend_on_the_seed_and_on_nothing_else(tmp_path: Path) -> None:
    """The same seed gives the same bytes on any day; another seed gives others."""
    first, again, other = (made("text-orientation", tmp_path, seed) for seed in (1, 1, 2))
    bytes_of = [[path.read_bytes() for path in p.files] for p in (first, again, other)]
    assert bytes_of[0] == bytes_of[1] != bytes_of[2]


@pytest.mark.parametrize("task", sorted(OUTPUTS))
def test_every_image_task_has_an_answer(task: str) -> None:
    """The postprocessing of one image's outputs gives what a program would go on with."""
    answer = image_task(task).postprocess(OUTPUTS[task])
    match task:
        case "face-detection":
            assert answer[0] == pytest.approx(1 / (1 + np.exp(-8)))
        case "face-landmarks" | "iris-landmarks":
            assert answer.shape == (OUTPUTS[task][1].size // 3, 3)
        case "text-detection":
            assert answer == [(1, 2), (4, 4)]
        case "text-recognition":
            assert answer.tolist() == [2, 2, 4]
        case "text-orientation":
            assert answer is True
        case "image-classification":
            assert [index for index, _ in answer] == [9, 8, 7, 6, 5]
        case "object-detection":
            assert answer.classes.tolist() == [2]


# ---------------------------------------------------------------- what is no image


@pytest.mark.parametrize("task", sorted(set(tasks.names()) - set(SHAPES)))
def test_other_tasks_are_unsupported_with_a_reason(task: str, tmp_path: Path) -> None:
    """There is nothing to decode in a sound or a text, and the record says so."""
    found = encode_images(
        a_model(task, {"x": [1]}), tasks.get(task), some_files(), tmp_path, seed=1
    )
    assert isinstance(found, Unsupported)
    assert task in found.reason
    with pytest.raises(Exception, match="no images"):
        image_task(task)


@pytest.mark.parametrize(
    ("shape", "words"),
    [([4, 3, 24, 96], "takes 4 images"), ([1, 1, 24, 96], "three channels"), ([1, 9], "three ch")],
)
def test_inputs_that_are_not_one_image_are_unsupported(
    shape: list[int], words: str, tmp_path: Path
) -> None:
    """A batch, a grey image, a vector: the reason names the shape."""
    found = made("text-orientation", tmp_path, shapes={"x": shape})
    assert isinstance(found, Unsupported)
    assert words in found.reason


def test_images_that_cannot_be_made_do_not_stop_the_model(tmp_path: Path) -> None:
    """A task that trips over its data fails this measurement only."""
    task = tasks.get("face-landmarks")
    found = encode_images(
        a_model("face-landmarks", SHAPES["face-landmarks"]), task, some_files(), tmp_path, seed=1
    )
    assert isinstance(found, Failed)
    assert "portrait" in found.reason


# ---------------------------------------------------------------- rounds become a measurement


def a_job(index: int) -> EndToEndJob:
    """Return the job of a round, of which only the index matters."""
    return msgspec.convert(
        {
            "type": "end-to-end",
            "target": {
                "engine": "openvino",
                "model": "m",
                "shapes": {},
                "device": "CPU",
                "precision": "f32",
            },
            "round": index,
            "seconds": 1.0,
            "images": [],
            "about": "8 JPEG images",
            "task": "text-orientation",
            "seed": 1,
            "pipeline": {
                "source_height": 2,
                "source_width": 2,
                "height": 1,
                "width": 1,
                "layout": "NCHW",
                "mean": [0, 0, 0],
                "scale": [1, 1, 1],
            },
        },
        EndToEndJob,
    )


def results(count: int) -> list[EndToEndResult]:
    """Return what so many rounds measured."""
    return [an_end_to_end_result(a_job(i)) for i in range(count)]


def test_rounds_become_a_measurement_with_both_ways() -> None:
    """Every round is in it, and of the agreement the worst."""
    rounds = results(3)
    worse = msgspec.structs.replace(rounds[1].agreement[0], relative_rmse=0.3)
    rounds[1] = msgspec.structs.replace(rounds[1], agreement=[worse])
    measurement = EndToEndMeasurement().part(rounds)
    assert isinstance(measurement, EndToEnd)
    assert [(p.way, len(p.rounds)) for p in measurement.pipelines] == [("host", 3), ("graph", 3)]
    assert measurement.agreement[0].relative_rmse == 0.3


def test_one_failed_round_is_borne_and_more_are_not() -> None:
    """Three rounds that were measured are enough; fewer beside a failure are a failure."""
    crash = JobFailed(reason="died", cause="crash", stderr_tail="Bus error")
    end_to_end = EndToEndMeasurement()
    assert isinstance(end_to_end.part([crash, *results(3)]), EndToEnd)
    assert end_to_end.part([crash, *results(2)]) == Failed(
        reason="died", cause="crash", stderr_tail="Bus error"
    )
    lacking = JobFailed(reason="no such resize", cause="error", unsupported=True)
    assert end_to_end.part([lacking]) == Unsupported(reason="no such resize")


def test_a_collect_measures_it_for_image_tasks_only(
    fake_child: FakeChild, own_folders: Path, console: Console, tier: Callable[..., Tier]
) -> None:
    """An image model gets its three rounds in records; a generic one the reason."""
    tier(processes=5, max_processes=5)
    for name in ("lines", "other"):
        (own_folders / f"{name}.onnx").write_bytes(name.encode())
    lines = model_table("lines", "lines.onnx", task="text-orientation", shapes={"x": [1, 3, 8, 32]})
    suite = write_suite(
        own_folders / "my.toml", document(models=[lines, model_table("other", "other.onnx")])
    )

    def collected(**requested: object) -> dict[str, object]:
        request = a_request(suite, precisions=("f32",), **requested)
        plan, out = make_plan(request), own_folders / "records"
        records = collect.measure(plan, out, console, timeout_s=None, fresh=False).records
        return {r.case.model: r.end_to_end for r in records}

    found = collected()
    assert isinstance(found["lines"], EndToEnd)
    assert [len(p.rounds) for p in found["lines"].pipelines] == [1, 1]  # as planned at quick
    assert "rendered lines" in found["lines"].images
    assert found["other"] == Unsupported(
        reason="generic is no image task: there is nothing to decode"
    )
    fake_child.jobs.clear()
    assert isinstance(collected(skip=("end_to_end",))["lines"], Skipped)
    assert not [job for job in fake_child.jobs if isinstance(job, EndToEndJob)]

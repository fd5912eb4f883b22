"""From an encoded image to the answer, with real OpenVINO on a small network of images."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops
from PIL import Image, ImageFilter

from ovreport.record import STAGES
from ovreport_collector.engines.base import WrongOutputError
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.engines.images import decoded, encoded, on_host, pixels
from ovreport_collector.engines.openvino.engine import OpenVinoNetwork
from ovreport_collector.engines.types import Target
from ovreport_collector.measurements.end_to_end import run
from ovreport_collector.measurements.end_to_end.run import EndToEndJob, EndToEndResult, Route
from ovreport_collector.process.job import JobFailed
from tests.collector import models
from tests.collector.jobs import done

SOURCE = (120, 80)
"""Width and height of the encoded images."""
PIPELINE = ImagePipeline(
    source_height=80,
    source_width=120,
    height=32,
    width=48,
    layout="NCHW",
    channels="BGR",
    mean=(120.0, 115.0, 100.0),
    scale=(58.0, 57.0, 56.0),
)


def a_picture(seed: int, size: tuple[int, int] = SOURCE) -> Image.Image:
    """Return a picture with soft edges, as photographs have them."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 18, 3)).astype(np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))


@pytest.fixture
def images(tmp_path: Path) -> list[str]:
    """Return the paths of four encoded images."""
    paths = [tmp_path / f"{i}.jpg" for i in range(4)]
    for i, path in enumerate(paths):
        path.write_bytes(encoded(a_picture(i)))
    return [str(path) for path in paths]


@pytest.fixture
def job(tmp_path: Path, images: list[str]) -> EndToEndJob:
    """Return a short job on the small network."""
    model = models.save(models.image_classifier(), tmp_path / "model.xml")
    target = Target(
        engine="openvino",
        model=str(model),
        shapes={"x": [1, 3, 32, 48]},
        device="CPU",
        precision="f32",
    )
    return EndToEndJob(
        target=target,
        round=0,
        seconds=0.2,
        pipeline=PIPELINE,
        images=images,
        about="4 JPEG images",
        task="image-classification",
        seed=1,
    )


def measured(job: EndToEndJob) -> EndToEndResult:
    """Return the result of a job that must not fail."""
    result = done(job)
    assert isinstance(result, EndToEndResult), result
    return result


# ---------------------------------------------------------------- both ways


def test_both_ways_give_the_same_outputs(job: EndToEndJob) -> None:
    """What is left between Pillow's resize and the graph's is rounding."""
    (scores,) = measured(job).agreement
    assert scores.name == "scores"
    assert scores.relative_rmse < 0.02
    assert scores.cosine > 0.999


def test_stages_make_up_the_whole(job: EndToEndJob) -> None:
    """Each way has its stages, their medians add up to about the whole, and rates fit it."""
    result = measured(job)
    assert result.missing == {}
    assert tuple(result.rounds["host"].stages_ms) == STAGES
    assert tuple(result.rounds["graph"].stages_ms) == tuple(s for s in STAGES if s != "preprocess")
    for made in result.rounds.values():
        assert made.n >= 2 * run.AT_LEAST
        assert 0.5 < sum(made.stages_ms.values()) / made.median_ms < 1.5
        assert made.sync_ips > 0
        assert made.async_ips > 0


def test_what_was_done_is_reported(job: EndToEndJob) -> None:
    """Images and steps are in the result, in words."""
    result = measured(job)
    assert result.images == "4 JPEG images"
    assert result.preprocessing == (
        "Resize 120×80 to 48×32 (bilinear, antialiased), f32, BGR, "
        "(x − (120, 115, 100)) / (58, 57, 56), NCHW"
    )


@pytest.mark.parametrize(
    ("layout", "channels"), list(itertools.product(["NCHW", "NHWC"], ["RGB", "BGR"]))
)
def test_the_graph_makes_the_input_that_the_host_makes(layout: Any, channels: Any) -> None:
    """Whatever the pipeline's data say, both are below one pixel value apart."""
    pipeline = ImagePipeline(
        source_height=80,
        source_width=120,
        height=32,
        width=48,
        layout=layout,
        channels=channels,
        mean=(1.0, 20.0, 90.0),
        scale=(2.0, 3.0, 5.0),
    )
    shape = [1, 3, 32, 48] if layout == "NCHW" else [1, 32, 48, 3]
    x = ops.parameter(shape, np.float32, name="x")
    same = ov.Model([ops.multiply(x, ops.constant(np.float32(1)))], [x], "identity")
    network = OpenVinoNetwork(ov.Core(), same).with_preprocessing(pipeline, antialias=True)
    request = network.compile("CPU", "latency", "f32", None).staged_request()
    request.put(pixels(a_picture(3)))
    request.infer()
    expected = on_host(pipeline)(a_picture(3))
    assert expected.shape == tuple(shape)
    assert np.abs(request.outputs()[0] - expected).max() < 1 / 2.0


def test_the_network_itself_stays_as_it_was() -> None:
    """Preprocessing goes into a copy: the network still takes finished inputs."""
    network = OpenVinoNetwork(ov.Core(), models.image_classifier())
    network.with_preprocessing(PIPELINE, antialias=True)
    request = network.compile("CPU", "latency", "f32", None).staged_request()
    request.put(on_host(PIPELINE)(a_picture(0)))
    request.infer()
    assert request.outputs()[0].shape == (1, models.CLASSES)


# ---------------------------------------------------------------- devices that cannot


def test_without_pillows_resize_the_graph_interpolates_plainly(
    job: EndToEndJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin that refuses the antialiased resize gets another, and the record says so."""
    real = OpenVinoNetwork.with_preprocessing

    def picky(self: Any, pipeline: ImagePipeline, *, antialias: bool) -> Any:
        if antialias:
            raise RuntimeError("Interpolate of this kind is not supported")
        return real(self, pipeline, antialias=False)

    monkeypatch.setattr(OpenVinoNetwork, "with_preprocessing", picky)
    result = measured(job)
    assert "in the graph without antialiasing" in result.preprocessing
    assert set(result.rounds) == {"host", "graph"}


def test_a_device_that_cannot_preprocess_keeps_the_host_way(
    job: EndToEndJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One way is measured, of the other the reason is reported."""

    def refuse(*_: object, **__: object) -> Any:
        raise RuntimeError("no u8 inputs here")

    monkeypatch.setattr(OpenVinoNetwork, "with_preprocessing", refuse)
    result = measured(job)
    assert set(result.rounds) == {"host"}
    assert "no u8 inputs here" in result.missing["graph"]
    assert result.agreement == []


def test_an_image_that_is_none_fails_the_job(job: EndToEndJob) -> None:
    """The reason is reported; nothing is timed on it."""
    Path(job.images[2]).write_bytes(b"no image")
    result = done(job)
    assert isinstance(result, JobFailed)
    assert "image" in result.reason


# ---------------------------------------------------------------- the pipeline of two requests


class SlowRequest:
    """A device that takes its time: answers when waited for, with what it was given."""

    log: list[str]

    def __init__(self, log: list[str], answer: Callable[[float], float] = lambda x: x) -> None:
        self.log, self._answer = log, answer

    def put(self, array: np.ndarray) -> None:
        """Keep the input."""
        self._value = float(array.mean())
        self.log.append("put")

    def start(self) -> None:
        """Begin."""
        self.log.append("start")

    def wait(self) -> None:
        """End."""
        time.sleep(0.001)
        self.log.append("wait")

    def infer(self) -> None:
        """Begin and end."""
        self.start()
        self.wait()

    def outputs(self) -> list[np.ndarray]:
        """Answer."""
        return [np.array([self._answer(self._value)], np.float32)]


def a_route(answers: Sequence[Callable[[float], float]] = (lambda x: x, lambda x: x)) -> Route:
    """Return a route over two slow requests whose answer is the brightness of the image."""
    log: list[str] = []
    requests = [SlowRequest(log, answer) for answer in answers]
    return Route(requests[0], requests, None, lambda outputs: float(outputs[0][0]))


def greys(count: int) -> list[bytes]:
    """Return images that are each a little brighter than the one before."""
    return [encoded(Image.new("RGB", (8, 8), (i * 9,) * 3)) for i in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_answers_come_in_order_and_none_is_lost(count: int) -> None:
    """As many answers as images, each its own image's, however many requests there are."""
    images = greys(count)
    route = a_route()
    assert list(route.stream(images)) == [route.walk(data) for data in images]


def test_the_next_image_is_prepared_while_one_infers() -> None:
    """The second image is started before the first is waited for: that is the pipeline."""
    route = a_route()
    list(route.stream(greys(3)))
    assert route.requests[0].log == [
        "put",
        "start",
        "put",
        "start",
        "wait",
        "put",
        "start",
        "wait",
        "wait",
    ]


def test_a_request_that_answers_wrongly_is_noticed() -> None:
    """Both requests are checked: a fast wrong answer is a failure."""
    route = a_route([lambda x: x, lambda x: x * 2 + 30])
    with pytest.raises(WrongOutputError, match="of the same image alone"):
        run._checked(route, greys(4))


def test_a_slow_model_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once patience is at its end, a loop stops after the fewest images that can be used."""
    now = itertools.count(step=10.0)
    monkeypatch.setattr(run, "clock", lambda: next(now))
    assert len(list(run._supply(greys(2), 1.0))) == run.FEWEST


def test_decoding_gives_back_what_was_encoded() -> None:
    """JPEG at this quality keeps a picture within a few levels."""
    picture = a_picture(5)
    difference = np.asarray(picture, float) - np.asarray(decoded(encoded(picture)), float)
    assert np.sqrt((difference**2).mean()) < 4

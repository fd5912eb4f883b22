"""Timing the way from an encoded image to the answer, stage by stage, in a measuring process.

    host way    decode → preprocess → transfer → infer → postprocess
    graph way   decode            → transfer → infer → postprocess    (the model preprocesses)

Each way runs in two loops: one image after the other, every stage timed apart; and a pipeline
in which the host works on the next image while the device infers. Both ways take turns in one
process (host, graph, graph, host, or the other way round): a drift touches them alike, so their
ratio holds where the times do not.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ovreport.metrics.end_to_end import TOLERANCE
from ovreport.record import OutputAgreement, PipelineRound, Stage, Way
from ovreport_collector import engines
from ovreport_collector.engines.arrays import Array, output_agreement, relative_rmse
from ovreport_collector.engines.base import (
    Compiled,
    Network,
    Preprocesses,
    StagedRequest,
    Stages,
    WrongOutputError,
)
from ovreport_collector.engines.images import decoded, on_host, pixels
from ovreport_collector.jobs import EndToEndJob, EndToEndResult
from ovreport_collector.process.timing import spending
from ovreport_collector.tasks.images.base import image_task

BLOCKS = 2
"""Turns that each way has in a process."""
AT_LEAST = 8
"""Images in each loop of a turn, so 16 a round."""
FEWEST, PATIENCE = 5, 10
"""A slow model's loop ends after so many images once it took so many times its seconds."""

clock = time.perf_counter


@dataclass
class Route:
    """One way from an encoded image to the answer, and what was timed on it."""

    requests: Sequence[StagedRequest]
    """Two: one infers while the other's image is prepared."""
    prepare: Callable[[Any], Array] | None
    """Decoded image → the model's input; None: the model takes the pixels."""
    answer: Callable[[Sequence[Array]], object]
    """The task's postprocessing."""
    stages_s: dict[Stage, list[float]] = field(default_factory=dict)
    whole_s: list[float] = field(default_factory=list)
    streamed: int = 0
    streaming_s: float = 0.0

    def walk(self, data: bytes) -> object:
        """Take one image all the way, every stage timed; return the answer."""
        value: Any = data
        start = before = clock()
        for name, stage in self._stages(self.requests[0]):
            value = stage(value)
            now = clock()
            self.stages_s.setdefault(name, []).append(now - before)
            before = now
        self.whole_s.append(before - start)
        return value

    def stream(
        self, images: Iterable[bytes], answer: Callable[[Sequence[Array]], Any] | None = None
    ) -> Iterator[Any]:
        """Yield answers in the order of the images; the next is prepared while one infers."""
        answer = answer or self.answer
        idle, busy = deque(self.requests), deque[StagedRequest]()
        for data in images:
            if not idle:
                busy[0].wait()
                yield answer(busy[0].outputs())
                idle.append(busy.popleft())
            request = idle.popleft()
            value: Any = data
            for name, stage in self._stages(request):
                if name == "infer":
                    break
                value = stage(value)
            request.start()
            busy.append(request)
        for request in busy:
            request.wait()
            yield answer(request.outputs())

    def outputs(self, data: bytes) -> list[Array]:
        """Return copies of the outputs for one image, untimed."""
        return next(self.stream([data], _copies))

    def round(self, index: int) -> PipelineRound:
        """Return what was timed."""
        return PipelineRound(
            round=index,
            n=len(self.whole_s),
            stages_ms={name: _median_ms(times) for name, times in self.stages_s.items()},
            median_ms=_median_ms(self.whole_s),
            sync_ips=len(self.whole_s) / sum(self.whole_s),
            async_ips=self.streamed / self.streaming_s,
        )

    def _stages(self, request: StagedRequest) -> Iterator[tuple[Stage, Callable[[Any], Any]]]:
        yield "decode", decoded
        if self.prepare is None:
            yield "transfer", lambda image: request.put(pixels(image))
        else:
            yield "preprocess", self.prepare
            yield "transfer", request.put
        yield "infer", lambda _: request.infer()
        yield "postprocess", lambda _: self.answer(request.outputs())


def measure(job: EndToEndJob) -> EndToEndResult:
    """Measure both ways once; one that the device cannot go is told, and left out."""
    images = _in_order(job)
    engine = engines.create(job.target)
    network = engine.read(Path(job.target.model), job.target.shapes)
    routes: dict[Way, Route] = {"host": _host_route(job, network)}
    missing: dict[Way, str] = {}
    resized = job.pipeline.steps
    try:
        routes["graph"], is_alike = _graph_route(job, network)
        if not is_alike:
            resized += "; in the graph without antialiasing, which this device cannot do"
    except (RuntimeError, NotImplementedError) as error:
        missing["graph"] = f"preprocessing in the graph: {error}"[:2000]
    outputs = {way: _checked(route, images) for way, route in routes.items()}
    _take_turns(routes, images, job)
    for way, route in routes.items():
        _check_still(route, images[-1], outputs[way][-1])
    return EndToEndResult(
        rounds={way: route.round(job.round) for way, route in routes.items()},
        missing=missing,
        images=job.about,
        preprocessing=resized,
        agreement=_agreement(network, outputs),
    )


# ---------------------------------------------------------------- ways


def _host_route(job: EndToEndJob, network: Network) -> Route:
    return _route(job, network, on_host(job.pipeline))


def _graph_route(job: EndToEndJob, network: Network) -> tuple[Route, bool]:
    """Return the way with the model's own preprocessing, and whether it resizes as Pillow does."""
    if not isinstance(network, Preprocesses):
        raise NotImplementedError(f"not supported by the engine {job.target.engine}")
    try:
        changed = network.with_preprocessing(job.pipeline, antialias=True)
        return _route(job, changed, None), True
    except RuntimeError:  # a plugin need not have Pillow's resize
        changed = network.with_preprocessing(job.pipeline, antialias=False)
        return _route(job, changed, None), False


def _route(job: EndToEndJob, network: Network, prepare: Callable[[Any], Array] | None) -> Route:
    compiled: Compiled = network.compile(job.target.device, "latency", job.target.precision, None)
    if not isinstance(compiled, Stages):
        raise NotImplementedError(f"not supported by the engine {job.target.engine}")
    requests = [compiled.staged_request() for _ in range(2)]
    return Route(requests, prepare, image_task(job.task).postprocess)


# ---------------------------------------------------------------- loops


@spending("timed-loops")
def _take_turns(routes: dict[Way, Route], images: Sequence[bytes], job: EndToEndJob) -> None:
    order = list(routes.values())
    if job.round % 2:
        order.reverse()
    for turn in range(BLOCKS):
        for route in order if turn % 2 == 0 else reversed(order):
            seconds = job.seconds / BLOCKS / 2  # half of a turn for each loop
            for data in _supply(images, seconds):
                route.walk(data)
            _time_stream(route, images, seconds)


def _time_stream(route: Route, images: Sequence[bytes], seconds: float) -> None:
    """Add a stretch of the pipeline in its steady state: neither its filling nor its draining."""
    feeding = True

    def supply() -> Iterator[bytes]:
        nonlocal feeding
        yield from _supply(images, seconds, extra=3)
        feeding = False

    finished = [clock() for _ in route.stream(supply()) if feeding]
    route.streamed += len(finished) - 1
    route.streaming_s += finished[-1] - finished[0]


def _supply(images: Sequence[bytes], seconds: float, *, extra: int = 0) -> Iterator[bytes]:
    """Yield images again and again until time and count are met, or patience is at its end."""
    start = clock()
    for n, data in enumerate(itertools.cycle(images)):
        took = clock() - start
        met = took >= seconds and n >= AT_LEAST + extra
        if met or (n >= FEWEST and took >= seconds * PATIENCE):
            return
        yield data


# ---------------------------------------------------------------- outputs


def _checked(route: Route, images: Sequence[bytes]) -> list[list[Array]]:
    """Return the outputs for every image; the pipeline must give the same ones, in order.

    It warms the way up, too.
    """
    expected = [route.outputs(data) for data in images]
    for found, known in zip(route.stream(images, _copies), expected, strict=True):
        _check_same(found, known)
    return expected


def _check_still(route: Route, data: bytes, expected: Sequence[Array]) -> None:
    """Check that what was timed still gives right answers."""
    for found in route.stream([data] * 2, _copies):
        _check_same(found, expected)


def _check_same(found: Sequence[Array], expected: Sequence[Array]) -> None:
    for index, (now, before) in enumerate(zip(found, expected, strict=True)):
        if not np.isfinite(now).all():
            raise WrongOutputError(f"output {index} holds values that are not finite")
        difference = relative_rmse(now, before)
        if not difference <= TOLERANCE:
            raise WrongOutputError(
                f"output {index} of the pipeline differs by {difference:.2g} (relative RMSE) "
                "from that of the same image alone"
            )


def _agreement(network: Network, outputs: dict[Way, list[list[Array]]]) -> list[OutputAgreement]:
    """Compare the graph's outputs over all images with the host's."""
    if "graph" not in outputs:
        return []
    columns = {way: list(zip(*found, strict=True)) for way, found in outputs.items()}
    return [
        output_agreement(port.name, np.stack(graph), np.stack(host))
        for port, graph, host in zip(
            network.outputs, columns["graph"], columns["host"], strict=True
        )
    ]


def _copies(outputs: Sequence[Array]) -> list[Array]:
    return [np.array(output) for output in outputs]


def _in_order(job: EndToEndJob) -> list[bytes]:
    """Return the encoded images, in an order that depends on the round."""
    order = np.random.default_rng(job.seed + job.round).permutation(len(job.images))
    return [Path(job.images[i]).read_bytes() for i in order]


def _median_ms(seconds: Sequence[float]) -> float:
    return float(np.median(seconds)) * 1000

"""Timing the way from an encoded image to the answer, stage by stage, in a measuring process.

    host way    decode → preprocess → transfer → infer → postprocess
    graph way   decode            → transfer → infer → postprocess    (the model preprocesses)

Each way runs in two loops: one image after the other, every stage timed apart, by a model
compiled for latency; and a pipeline in which one thread of the host works on the next image while
the device infers others, by a model compiled for throughput with as many requests as the device
calls optimal, and one to fill. Buffers are made once and used again.

Both ways take turns in one process (host, graph, graph, host, or the other way round): a drift
touches them alike, so their ratio holds where the times do not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from ovreport.metrics.end_to_end import TOLERANCE
from ovreport.record import OutputAgreement, PipelineRound, Way
from ovreport_collector import engines
from ovreport_collector.engines.arrays import Array, as_column, output_agreement, relative_rmse
from ovreport_collector.engines.base import (
    Compiled,
    Mode,
    Network,
    Preprocesses,
    StagedRequest,
    Stages,
    WrongOutputError,
)
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.engines.images import keep_memory, on_host
from ovreport_collector.engines.types import Target
from ovreport_collector.measurements.end_to_end.route import Route, clock, copies
from ovreport_collector.process.job import Job
from ovreport_collector.process.timing import measuring
from ovreport_collector.tasks.images.base import image_task

BLOCKS = 2
"""Turns that each way has in a process."""
AT_LEAST = 8
"""Images in each loop of a turn, so 16 a round."""
FEWEST, PATIENCE = 5, 10
"""A slow model's loop ends after so many images once it took so many times its seconds."""


class EndToEndResult(Struct, frozen=True, kw_only=True, tag="end-to-end"):
    """One round of each way through the pipeline."""

    rounds: dict[Way, PipelineRound]
    requests: dict[Way, int]
    """Of each way's pipeline."""
    missing: dict[Way, str]
    """Why a way was not measured."""
    images: str
    preprocessing: str
    """The steps, and what the device does otherwise."""
    agreement: list[OutputAgreement]
    """The graph's outputs against the host's; empty without the graph."""


class EndToEndJob(Job[EndToEndResult], frozen=True, kw_only=True):
    """Take encoded images all the way to answers, preprocessed on the host and in the graph."""

    target: Target
    round: int
    seconds: float
    """Of each way, both loops together."""
    pipeline: ImagePipeline
    images: list[str]
    """Paths of the encoded images."""
    about: str
    """What they are."""
    task: str
    """Says how outputs become an answer."""
    seed: int

    def run(self) -> EndToEndResult:
        """Measure both ways."""
        return measure(self)


def measure(job: EndToEndJob) -> EndToEndResult:
    """Measure both ways once; one that the device cannot run is left out, with the reason."""
    keep_memory()
    images = _in_order(job)
    engine = engines.create(job.target)
    network = engine.read(Path(job.target.model), job.target.shapes)
    routes: dict[Way, Route] = {"host": _route(job, network, on_host(job.pipeline))}
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
        requests={way: len(route.requests) for way, route in routes.items()},
        missing=missing,
        images=job.about,
        preprocessing=resized,
        agreement=_agreement(network, outputs),
    )


# ---------------------------------------------------------------- ways


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
    (single,) = _requests(job, network, "latency", lambda _: 1)
    pipelined = _requests(job, network, "throughput", lambda optimal: optimal + 1)
    return Route(single, pipelined, prepare, image_task(job.task).postprocess)


def _requests(
    job: EndToEndJob, network: Network, mode: Mode, count: Callable[[int], int]
) -> list[StagedRequest]:
    """Return requests of a model compiled for a mode; their number from the optimal one."""
    target = job.target
    compiled: Compiled = network.compile(target.device, mode, target.precision, None)
    if not isinstance(compiled, Stages):
        raise NotImplementedError(f"not supported by the engine {target.engine}")
    return [compiled.staged_request() for _ in range(count(compiled.optimal_requests))]


# ---------------------------------------------------------------- loops


@measuring()
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
        yield from _supply(images, seconds, extra=len(route.requests) + 1)
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
    for found, known in zip(route.stream(images, copies), expected, strict=True):
        _check_same(found, known)
    return expected


def _check_still(route: Route, data: bytes, expected: Sequence[Array]) -> None:
    """Check that what was timed still gives right answers."""
    for found in route.stream([data] * 2, copies):
        _check_same(found, expected)


def _check_same(found: Sequence[Array], expected: Sequence[Array]) -> None:
    for index, (now, before) in enumerate(zip(found, expected, strict=True)):
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
        output_agreement(port.name, _column(graph), _column(host))
        for port, graph, host in zip(
            network.outputs, columns["graph"], columns["host"], strict=True
        )
    ]


def _column(outputs: Sequence[Array]) -> Array:
    return as_column([array[np.newaxis] for array in outputs])


def _in_order(job: EndToEndJob) -> list[bytes]:
    """Return the encoded images, in an order that depends on the round."""
    order = np.random.default_rng(job.seed + job.round).permutation(len(job.images))
    return [Path(job.images[i]).read_bytes() for i in order]

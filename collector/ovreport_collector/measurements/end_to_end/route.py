"""One way from an encoded image to the answer: its stages, one by one and as a pipeline."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ovreport.record import PipelineRound, Stage
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.base import StagedRequest
from ovreport_collector.engines.images import decoded, pixels

clock = time.perf_counter


@dataclass
class Route:
    """One way from an encoded image to the answer, and what was timed on it."""

    request: StagedRequest
    """For one image at a time."""
    requests: Sequence[StagedRequest]
    """For the pipeline: while some infer, the image of another is prepared."""
    prepare: Callable[[Any], Array] | None
    """Decoded image → the model's input; None: the model takes the pixels."""
    answer: Callable[[Sequence[Array]], object]
    """The task's postprocessing."""
    stages_s: dict[Stage, list[float]] = field(default_factory=dict)
    whole_s: list[float] = field(default_factory=list)
    streamed: int = 0
    streaming_s: float = 0.0

    def walk(self, data: bytes) -> object:
        """Take one image all the way, every stage timed; return the answer.

        What a stage made is kept until the answer is there, so that no other stage frees it.
        """
        stages = dict(self._stages(self.request))
        taken: dict[Stage, float] = {}
        made: list[Any] = [data]
        start = before = clock()
        for name, stage in stages.items():
            made.append(stage(made[-1]))
            now = clock()
            taken[name] = now - before
            before = now
        answer = made.pop()
        # Letting go of a decoded image takes a while too, which is of the stage that made it.
        for name in reversed(list(stages)[:-1]):
            made.pop()
            now = clock()
            taken[name] += now - before
            before = now
        self.whole_s.append(before - start)
        for name, seconds in taken.items():
            self.stages_s.setdefault(name, []).append(seconds)
        return answer

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
        return next(self.stream([data], copies))

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
        if self.prepare is None:
            yield "decode", lambda data: pixels(decoded(data))
        else:
            yield "decode", decoded
            yield "preprocess", self.prepare
        yield "transfer", request.put
        yield "infer", lambda _: request.infer()
        yield "postprocess", lambda _: self.answer(request.outputs())


def copies(outputs: Sequence[Array]) -> list[Array]:
    """Return copies of arrays that the next inference overwrites."""
    return [np.array(output) for output in outputs]


def _median_ms(seconds: Sequence[float]) -> float:
    return float(np.median(seconds)) * 1000

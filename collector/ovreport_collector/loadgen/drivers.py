"""Load generators: how to keep a device's requests busy, and what that gave."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np

from ovreport.stats.intervals import Floats
from ovreport_collector.engines.arrays import Sample
from ovreport_collector.engines.base import Compiled, Request
from ovreport_collector.process.timing import measuring

Driver = Literal["threads", "async-queue"]
"""How requests are kept busy: a thread for each, or the engine's own queue."""

LONGEST_S = 3.0
"""Bound of a run that cannot reach its count, unless it is given another."""
FEED_EVERY_S = 0.01
"""Under load a request gets its next input about this often: feeding costs microseconds, which is
a per cent of a model that takes half a millisecond."""

clock = time.perf_counter


def _nothing() -> None:
    """Do nothing."""


def in_threads(work: Sequence[Callable[[], None]], ended: Callable[[], None] = _nothing) -> None:
    """Do all work at once, a thread each; when all is done, raise the first error.

    `ended` is called once all work is done, while its threads are still there to be looked at.
    """
    errors: list[BaseException] = []
    done, leave = threading.Semaphore(0), threading.Event()

    def guarded(do: Callable[[], None]) -> None:
        try:
            do()
        except BaseException as error:  # raised again in the caller's thread
            errors.append(error)
        finally:
            done.release()
            leave.wait()

    threads = [threading.Thread(target=guarded, args=(do,), daemon=True) for do in work]
    for thread in threads:
        thread.start()
    try:
        for _ in threads:
            done.acquire()
        ended()
    finally:
        leave.set()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@dataclass(frozen=True)
class LoadResult:
    """What one run under load gave."""

    latencies: Floats
    """Seconds, in order of completion within each request."""
    finished_s: Floats
    """When each ended, since the start; empty where the engine does not report it."""
    seconds: float

    @property
    def rate(self) -> float:
        """Inferences per second."""
        return len(self.latencies) / self.seconds

    def idle_share(self, requests: int) -> float:
        """Share of the requests' time in which they were not inferring."""
        return float(np.clip(1 - self.latencies.sum() / (requests * self.seconds), 0, 1))

    def third_rate(self, *, first: bool) -> float:
        """Inferences per second in the first or last third of the run."""
        third = self.seconds / 3
        if not len(self.finished_s):
            return self.rate
        inside = self.finished_s < third if first else self.finished_s >= self.seconds - third
        return float(inside.sum() / third)


class Load:
    """A way to keep all requests busy."""

    def run(
        self,
        seconds: float,
        at_least: int,
        *,
        longest: float = LONGEST_S,
        ended: Callable[[], None] = _nothing,
    ) -> LoadResult:
        """Keep all requests busy for so long, and until the count is met or `longest` is over.

        `ended` is called when they are done, before anything is made of it.
        """
        raise NotImplementedError


@dataclass
class QueueLoad(Load):
    """The engine's own queue."""

    queue_run: Callable[[float], list[float]]

    @measuring()
    def run(
        self,
        seconds: float,
        at_least: int,
        *,
        longest: float = LONGEST_S,
        ended: Callable[[], None] = _nothing,
    ) -> LoadResult:
        """Keep all requests busy for so long."""
        began = clock()
        latencies = self.queue_run(began + seconds)
        taken_s = clock() - began
        ended()
        return LoadResult(np.asarray(latencies), np.empty(0), taken_s)


@dataclass
class ThreadLoad(Load):
    """A thread for each request that calls the blocking `infer`.

    Finished requests are resubmitted side by side. One loop that does it for all of them, as a
    queue needs, is the bottleneck of models that take a tenth of a millisecond.
    """

    requests: Sequence[Request]
    samples: int
    feed_every: int = field(default=1, init=False)

    @measuring()
    def run(
        self,
        seconds: float,
        at_least: int,
        *,
        longest: float = LONGEST_S,
        ended: Callable[[], None] = _nothing,
    ) -> LoadResult:
        """Keep all requests busy for so long."""
        times = [array("d") for _ in self.requests]
        began = [0.0] * len(self.requests)
        start_line = threading.Barrier(len(self.requests))
        each = -(-at_least // len(self.requests))

        def drive(slot: int) -> None:
            request, mine = self.requests[slot], times[slot]
            start_line.wait()
            now = began[slot] = clock()
            self._drive(
                request, mine, slot, stop=now + seconds, at_least=each, hard_stop=now + longest
            )

        in_threads([partial(drive, slot) for slot in range(len(self.requests))], ended)
        return self._collect(times, began)

    def _drive(
        self,
        request: Request,
        times: array[float],
        slot: int,
        *,
        stop: float,
        at_least: int,
        hard_stop: float,
    ) -> None:
        infer, feed, every, samples = request.infer, request.feed, self.feed_every, self.samples
        start = end = clock()
        n = 0
        # The hard stop bounds a slow device that cannot reach the count.
        while end < stop or (n < at_least and end < hard_stop):
            if n % every == 0:
                feed((slot + n // every) % samples)
            start = clock()
            infer()
            end = clock()
            times.append(start)
            times.append(end)
            n += 1

    def _collect(self, times: Sequence[array[float]], began: Sequence[float]) -> LoadResult:
        # The threads' own starts: the one that waits for them may be late to read a clock.
        # Each request's own rate, added up: waiting for the last one would count the others'
        # idle end against the device.
        rate = sum(
            len(mine) / 2 / (mine[-1] - start) for mine, start in zip(times, began, strict=True)
        )
        spans = np.concatenate([np.asarray(mine).reshape(-1, 2) for mine in times])
        spans = spans[np.argsort(spans[:, 1], kind="stable")]
        latencies = spans[:, 1] - spans[:, 0]
        self.feed_every = max(1, round(FEED_EVERY_S / float(np.median(latencies))))
        return LoadResult(latencies, spans[:, 1] - min(began), len(latencies) / rate)


def load_of(
    compiled: Compiled,
    samples: Sequence[Sample],
    requests: Sequence[Request],
    driver: Driver,
    *,
    count: int = 0,
) -> Load:
    """Return a load in that driver's way; the requests are those of the threads.

    `count`: how many requests the engine's queue gets; 0: as many as the device calls optimal.
    """
    if driver == "threads":
        return ThreadLoad(requests, len(samples))
    queue = compiled.queue(samples, count or compiled.optimal_requests)
    if queue is None:
        raise ValueError("this engine has no asynchronous queue")
    return QueueLoad(queue.run)

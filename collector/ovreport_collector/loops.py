"""The timed loops: warm-up, latency, throughput. They know requests, not engines.

Only `infer` is between two readings of the clock; feeding the next input, reading the runtime's
own duration and keeping samples are outside.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ovreport.record import Histogram, LatencyRound, ThroughputRound, Tier
from ovreport.statistics import autocorrelation, log_buckets
from ovreport_collector.engines.base import Compiled, Request, Sample
from ovreport_collector.jobs import Driver

LATENCY_BUCKETS, THROUGHPUT_BUCKETS = 120, 60
"""Keeps a record of 11 rounds below 20 kB of samples."""
WARMUP_AGREEMENT = 0.05
WARMUP_WINDOW_S = 0.1
WARMUP_CAP_S = 3.0
PILOTS, PILOT_S = 3, 0.15
QUEUE_MUST_GAIN = 1.1
FEED_EVERY_S = 0.01
"""Under load a request gets its next input about this often: feeding costs microseconds, which is
a per cent of a model that takes half a millisecond."""

Floats = NDArray[np.float64]
clock = time.perf_counter


@dataclass(frozen=True)
class WarmUp:
    """How the warm-up went."""

    n: int
    seconds: float
    stable: bool


def measure_latency(request: Request, samples: int, tier: Tier, *, index: int) -> LatencyRound:
    """Time synchronous inferences, one at a time, inputs rotated."""
    warm = warm_up(_one_by_one(request, samples))
    wall_s: list[float] = []
    runtime_ms: list[float] = []
    began = clock()
    while not _enough(len(wall_s), clock() - began, tier):
        request.feed(len(wall_s) % samples)
        start = clock()
        request.infer()
        wall_s.append(clock() - start)
        runtime_ms.append(request.runtime_ms)
    duration_s = clock() - began
    ms = np.asarray(wall_s) * 1000
    third = max(1, len(ms) // 3)
    return LatencyRound(
        round=index,
        n=len(ms),
        duration_s=duration_s,
        median_ms=float(np.median(ms)),
        mean_ms=float(ms.mean()),
        min_ms=float(ms.min()),
        max_ms=float(ms.max()),
        runtime_median_ms=float(np.median(runtime_ms)),
        first_third_median_ms=float(np.median(ms[:third])),
        last_third_median_ms=float(np.median(ms[-third:])),
        autocorrelation=autocorrelation(ms),
        warmup_n=warm.n,
        warmup_s=warm.seconds,
        warmup_stable=warm.stable,
        histogram=_histogram(ms, LATENCY_BUCKETS),
    )


def measure_throughput(
    compiled: Compiled, samples: Sequence[Sample], tier: Tier, *, driver: Driver, index: int
) -> tuple[ThroughputRound, list[Request]]:
    """Time concurrent inferences; return the round, and requests on which to check outputs."""
    count = compiled.optimal_requests
    requests = [compiled.request(samples) for _ in range(count if driver == "threads" else 1)]
    load = _load(compiled, samples, requests, driver)
    warm = warm_up(_batches(load))
    # Count and time must both be met: the rate of a short pilot tells how long the count takes.
    seconds = max(tier.min_seconds, tier.min_inferences / _pilot(load))
    loaded = load.run(min(seconds, tier.max_seconds), tier.min_inferences, longest=tier.max_seconds)
    ms = loaded.latencies * 1000
    return ThroughputRound(
        round=index,
        n=len(ms),
        duration_s=loaded.seconds,
        requests=count,
        streams=compiled.streams,
        median_ms=float(np.median(ms)),
        driver=driver,
        idle_share=loaded.idle_share(count),
        first_third_ips=loaded.third_rate(first=True),
        last_third_ips=loaded.third_rate(first=False),
        autocorrelation=autocorrelation(ms),
        warmup_n=warm.n,
        warmup_s=warm.seconds,
        warmup_stable=warm.stable,
        histogram=_histogram(ms, THROUGHPUT_BUCKETS),
    ), requests


def faster_driver(compiled: Compiled, samples: Sequence[Sample]) -> Driver:
    """Return the driver that gets more out of the device.

    Pilots alternate, so that a passing disturbance meets both; the queue, whose one loop is
    sooner the bottleneck, must win clearly.
    """
    requests = [compiled.request(samples) for _ in range(compiled.optimal_requests)]
    queue = compiled.queue(samples, len(requests))
    if queue is None:
        return "threads"
    drivers: dict[Driver, _Load] = {
        "threads": _ThreadLoad(requests, len(samples)),
        "async-queue": _QueueLoad(queue.run),
    }
    for load in drivers.values():
        warm_up(_batches(load))
    pilots = [{name: _pilot(load) for name, load in drivers.items()} for _ in range(PILOTS)]
    rates = {name: float(np.median([p[name] for p in pilots])) for name in drivers}
    return "async-queue" if rates["async-queue"] > rates["threads"] * QUEUE_MUST_GAIN else "threads"


def _load(
    compiled: Compiled, samples: Sequence[Sample], requests: Sequence[Request], driver: Driver
) -> _Load:
    if driver == "threads":
        return _ThreadLoad(requests, len(samples))
    queue = compiled.queue(samples, compiled.optimal_requests)
    if queue is None:
        raise ValueError("this engine has no asynchronous queue")
    return _QueueLoad(queue.run)


def _pilot(load: _Load) -> float:
    return load.run(PILOT_S, 0).rate


def warm_up(window: Callable[[float], tuple[int, float]]) -> WarmUp:
    """Run windows until three in a row agree within 5 % in median, or the cap is reached.

    `window(seconds)` runs for at least that long and returns (inferences, median in s).
    """
    began, total = clock(), 0
    medians: list[float] = []
    while clock() - began < WARMUP_CAP_S or len(medians) < 3:
        n, median = window(WARMUP_WINDOW_S)
        total += n
        medians.append(median)
        recent = medians[-3:]
        if len(recent) == 3 and max(recent) <= min(recent) * (1 + WARMUP_AGREEMENT):
            return WarmUp(total, clock() - began, stable=True)
    return WarmUp(total, clock() - began, stable=False)


def _enough(n: int, seconds: float, tier: Tier) -> bool:
    done = n >= tier.min_inferences and seconds >= tier.min_seconds
    return n > 0 and (done or seconds >= tier.max_seconds)


def _one_by_one(request: Request, samples: int) -> Callable[[float], tuple[int, float]]:
    def window(seconds: float) -> tuple[int, float]:
        times: list[float] = []
        began = clock()
        while clock() - began < seconds or len(times) < 3:
            request.feed(len(times) % samples)
            start = clock()
            request.infer()
            times.append(clock() - start)
        return len(times), float(np.median(times))

    return window


def _batches(load: _Load) -> Callable[[float], tuple[int, float]]:
    def window(seconds: float) -> tuple[int, float]:
        loaded = load.run(seconds, 3)
        return len(loaded.latencies), float(np.median(loaded.latencies))

    return window


def _histogram(ms: Floats, limit: int) -> Histogram:
    growth, buckets = log_buckets(ms, limit)
    return Histogram(growth=growth, buckets=buckets)


# ---------------------------------------------------------------- load generators


@dataclass(frozen=True)
class _Loaded:
    """What one run under load gave."""

    latencies: Floats
    """Seconds, in order of completion within each request."""
    finished_s: Floats
    """When each ended, since the start; empty where the engine does not tell."""
    seconds: float

    @property
    def rate(self) -> float:
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


class _Load:
    def run(self, seconds: float, at_least: int, *, longest: float = WARMUP_CAP_S) -> _Loaded:
        """Keep all requests busy for so long, and until the count is met or `longest` is over."""
        raise NotImplementedError


@dataclass
class _QueueLoad(_Load):
    """The engine's own queue."""

    queue_run: Callable[[float], list[float]]

    def run(self, seconds: float, at_least: int, *, longest: float = WARMUP_CAP_S) -> _Loaded:
        began = clock()
        latencies = self.queue_run(began + seconds)
        return _Loaded(np.asarray(latencies), np.empty(0), clock() - began)


@dataclass
class _ThreadLoad(_Load):
    """A thread for each request that calls the blocking `infer`.

    Finished requests are resubmitted side by side. One loop that does it for all of them, as a
    queue needs, is the bottleneck of models that take a tenth of a millisecond.
    """

    requests: Sequence[Request]
    samples: int
    feed_every: int = field(default=1, init=False)

    def run(self, seconds: float, at_least: int, *, longest: float = WARMUP_CAP_S) -> _Loaded:
        times: list[list[tuple[float, float]]] = [[] for _ in self.requests]
        began = [0.0] * len(self.requests)
        errors: list[BaseException] = []
        start_line = threading.Barrier(len(self.requests) + 1)
        each = -(-at_least // len(self.requests))

        def drive(slot: int) -> None:
            request, mine = self.requests[slot], times[slot]
            try:
                start_line.wait()
                now = began[slot] = clock()
                self._drive(
                    request, mine, slot, stop=now + seconds, at_least=each, hard_stop=now + longest
                )
            except BaseException as error:  # raised again in the caller's thread
                errors.append(error)

        threads = [
            threading.Thread(target=drive, args=(slot,), daemon=True)
            for slot in range(len(self.requests))
        ]
        for thread in threads:
            thread.start()
        start_line.wait()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return self._collect(times, began)

    def _drive(
        self,
        request: Request,
        times: list[tuple[float, float]],
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
            times.append((start, end))
            n += 1

    def _collect(
        self, times: Sequence[Sequence[tuple[float, float]]], began: Sequence[float]
    ) -> _Loaded:
        # The threads' own starts: the one that waits for them may be late to read a clock.
        # Each request's own rate, added up: waiting for the last one would count the others'
        # idle end against the device.
        rate = sum(
            len(mine) / (mine[-1][1] - start) for mine, start in zip(times, began, strict=True)
        )
        spans = np.array(sorted((s for mine in times for s in mine), key=lambda s: s[1]))
        latencies = spans[:, 1] - spans[:, 0]
        self.feed_every = max(1, round(FEED_EVERY_S / float(np.median(latencies))))
        return _Loaded(latencies, spans[:, 1] - min(began), len(latencies) / rate)

"""The timed loops: warm-up, latency, throughput. They know requests, not engines.

    loop = LatencyLoop(request, 4, tier, process=0)   warms up
    loop.round(0, watch), …, loop.round(1, watch)     a timed loop each, some time apart

A round begins with a few inferences that are not timed, since others ran in between. Only `infer`
is between two readings of the clock; feeding the next input, reading the runtime's own duration and
keeping samples are outside.
"""

from __future__ import annotations

import contextlib
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ovreport.record import Histogram, LatencyRound, ThroughputRound, Tier
from ovreport.stats.intervals import Floats
from ovreport.stats.samples import autocorrelation, log_buckets
from ovreport_collector.engines.arrays import Sample
from ovreport_collector.engines.base import Compiled, Request
from ovreport_collector.engines.mapped import feeding
from ovreport_collector.loadgen.drivers import Driver, Load, QueueLoad, ThreadLoad, clock, load_of
from ovreport_collector.process.timing import measuring

LATENCY_BUCKETS, THROUGHPUT_BUCKETS = 1320, 660
"""Of all rounds of a case together: keeps a record below 20 kB of samples."""
MOST_BUCKETS, FEWEST_BUCKETS = 120, 16
"""Of one round."""
LEAD_IN_S = 0.05
"""Of the inferences before a round that are not timed: caches and clocks get warm again."""
WARMUP_AGREEMENT = 0.05
WARMUP_WINDOW_S = 0.1
WARMUP_CAP_S = 3.0
TRIALS, TRIAL_S = 3, 0.15
QUEUE_MUST_GAIN = 1.1
SLOW_S = 0.5
"""From such an inference on, no driver's own work counts."""
NO_METER: AbstractContextManager[object] = contextlib.nullcontext()
processor_clock = time.process_time
"""Seconds of processor time that this process took, user and system, all threads."""

Window = Callable[[float], tuple[int, float]]
"""Infers for at least so many seconds; returns the number of inferences and their median in s."""


@dataclass(frozen=True)
class WarmUp:
    """How the warm-up went."""

    n: int
    seconds: float
    stable: bool

    def followed_by(self, window: Window) -> WarmUp:
        """Return this warm-up of a process with the inferences before one of its rounds."""
        began = clock()
        n, _ = window(LEAD_IN_S)
        return WarmUp(self.n + n, self.seconds + clock() - began, self.stable)


class Observer(Protocol):
    """Notes what else goes on during a timed loop."""

    def begin(self) -> None:
        """Note that the loop begins."""

    def end(self) -> None:
        """Note that it ended; the threads that drove it are still there."""

    @property
    def readings(self) -> Mapping[str, float]:
        """What was seen between the two: keys of `ovreport.metrics.evidence.READINGS`."""
        ...


class LatencyLoop:
    """Synchronous inferences of one request, one at a time, inputs rotated; warmed up."""

    def __init__(self, request: Request, samples: int, tier: Tier, *, process: int) -> None:
        self._request, self._samples = request, samples
        self._tier, self._process = tier, process
        self._window = _one_by_one(request, samples)
        self._warm = warm_up(self._window)

    def round(self, index: int, observer: Observer) -> LatencyRound:
        """Time one loop, which is the round of this number."""
        with measuring():
            warm = self._warm.followed_by(self._window)
            timed = self._timed(observer)
        ms = np.asarray(timed.wall_s) * 1000
        third = max(1, len(ms) // 3)
        return LatencyRound(
            round=index,
            process=self._process,
            n=len(ms),
            duration_s=timed.duration_s,
            median_ms=float(np.median(ms)),
            mean_ms=float(ms.mean()),
            min_ms=float(ms.min()),
            max_ms=float(ms.max()),
            runtime_median_ms=float(np.median(timed.runtime_ms)),
            first_third_median_ms=float(np.median(ms[:third])),
            last_third_median_ms=float(np.median(ms[-third:])),
            autocorrelation=autocorrelation(ms),
            warmup_n=warm.n,
            warmup_s=warm.seconds,
            warmup_stable=warm.stable,
            histogram=_histogram(ms, LATENCY_BUCKETS, self._tier),
            cpu_s=timed.cpu_s,
            readings=dict(timed.readings),
        )

    def _timed(self, observer: Observer) -> _Timed:
        request, samples, tier = self._request, self._samples, self._tier
        wall_s, runtime_ms = array("d"), array("d")  # a list takes four times the memory
        observer.begin()
        cpu_s = processor_clock()
        began = end = clock()
        while not _enough(len(wall_s), end - began, tier):
            request.feed(len(wall_s) % samples)
            start = clock()
            request.infer()
            end = clock()
            wall_s.append(end - start)
            runtime_ms.append(request.runtime_ms)
        cpu_s = processor_clock() - cpu_s
        observer.end()
        return _Timed(wall_s, runtime_ms, end - began, cpu_s, observer.readings)


@dataclass(frozen=True)
class _Timed:
    """One timed loop of synchronous inferences."""

    wall_s: array[float]
    runtime_ms: array[float]
    duration_s: float
    cpu_s: float
    readings: Mapping[str, float]


class ThroughputLoop:
    """Concurrent inferences of as many requests as the device calls optimal; warmed up."""

    def __init__(
        self,
        compiled: Compiled,
        samples: Sequence[Sample],
        tier: Tier,
        driver: Driver,
        *,
        process: int,
    ) -> None:
        self._tier, self.driver, self._process = tier, driver, process
        self._count, self._streams = compiled.optimal_requests, compiled.streams
        count = self._count if driver == "threads" else 1
        self.requests: list[Request] = [feeding(compiled, samples) for _ in range(count)]
        """Requests on which outputs can be checked."""
        self._load = load_of(compiled, samples, self.requests, driver)
        self._warm = warm_up(_batches(self._load))
        # Count and time must both be met: the rate of a short trial says how long the count takes.
        with measuring(counts=False):
            seconds = max(tier.min_seconds, tier.min_inferences / _trial(self._load))
        self._seconds = min(seconds, tier.max_seconds)

    def round(
        self, index: int, observer: Observer, around: AbstractContextManager[object] = NO_METER
    ) -> ThroughputRound:
        """Time one loop, which is the round of this number.

        `around` is entered for the timed loop alone: a meter of energy.
        """
        tier = self._tier
        cpu_s = [0.0, 0.0]

        def ended() -> None:
            cpu_s[1] = processor_clock()
            observer.end()

        with measuring():
            warm = self._warm.followed_by(_batches(self._load))
        with around:
            observer.begin()
            cpu_s[0] = processor_clock()
            loaded = self._load.run(
                self._seconds, tier.min_inferences, longest=tier.max_seconds, ended=ended
            )
        ms = loaded.latencies * 1000
        return ThroughputRound(
            round=index,
            process=self._process,
            n=len(ms),
            duration_s=loaded.seconds,
            requests=self._count,
            streams=self._streams,
            median_ms=float(np.median(ms)),
            driver=self.driver,
            idle_share=loaded.idle_share(self._count),
            first_third_ips=loaded.third_rate(first=True),
            last_third_ips=loaded.third_rate(first=False),
            autocorrelation=autocorrelation(ms),
            warmup_n=warm.n,
            warmup_s=warm.seconds,
            warmup_stable=warm.stable,
            histogram=_histogram(ms, THROUGHPUT_BUCKETS, tier),
            cpu_s=cpu_s[1] - cpu_s[0],
            readings=dict(observer.readings),
        )


@measuring(counts=False)
def faster_driver(compiled: Compiled, samples: Sequence[Sample]) -> Driver:
    """Return the driver that gets more out of the device.

    Trials alternate, so that a passing disturbance meets both; the queue, whose one loop is
    sooner the bottleneck, must win clearly. Of a slow model nothing is tried.
    """
    requests = [feeding(compiled, samples) for _ in range(compiled.optimal_requests)]
    queue = compiled.queue(samples, len(requests))
    threads = ThreadLoad(requests, len(samples))
    if queue is None or threads.run(0, 2 * len(requests)).latencies.min() > SLOW_S:
        return "threads"
    drivers: dict[Driver, Load] = {"threads": threads, "async-queue": QueueLoad(queue.run)}
    for load in drivers.values():
        warm_up(_batches(load))
    trials = [{name: _trial(load) for name, load in drivers.items()} for _ in range(TRIALS)]
    rates = {name: float(np.median([p[name] for p in trials])) for name in drivers}
    return "async-queue" if rates["async-queue"] > rates["threads"] * QUEUE_MUST_GAIN else "threads"


def _trial(load: Load) -> float:
    return load.run(TRIAL_S, 0).rate


@measuring()
def warm_up(window: Window) -> WarmUp:
    """Run windows until three in a row agree within 5 % in median, or the cap is reached."""
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


def _one_by_one(request: Request, samples: int) -> Window:
    def window(seconds: float) -> tuple[int, float]:
        times: list[float] = []
        began = clock()
        while (spent := clock() - began) < seconds or (len(times) < 3 and spent < WARMUP_CAP_S):
            request.feed(len(times) % samples)
            start = clock()
            request.infer()
            times.append(clock() - start)
        return len(times), float(np.median(times))

    return window


def _batches(load: Load) -> Window:
    def window(seconds: float) -> tuple[int, float]:
        loaded = load.run(seconds, 3)
        return len(loaded.latencies), float(np.median(loaded.latencies))

    return window


def _histogram(ms: Floats, of_all_rounds: int, tier: Tier) -> Histogram:
    """Return the samples of one round in its share of the buckets of all rounds of a case."""
    share = of_all_rounds // (tier.max_processes * tier.rounds_per_process)
    growth, buckets = log_buckets(ms, max(FEWEST_BUCKETS, min(MOST_BUCKETS, share)))
    return Histogram(growth=growth, buckets=buckets)

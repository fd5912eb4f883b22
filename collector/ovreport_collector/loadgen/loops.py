"""The timed loops: warm-up, latency, throughput. They know requests, not engines.

Only `infer` is between two readings of the clock; feeding the next input, reading the runtime's
own duration and keeping samples are outside.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np

from ovreport.record import Histogram, LatencyRound, ThroughputRound, Tier
from ovreport.stats.intervals import Floats, autocorrelation, log_buckets
from ovreport_collector.engines.arrays import Sample
from ovreport_collector.engines.base import Compiled, Request
from ovreport_collector.loadgen.drivers import Driver, Load, QueueLoad, ThreadLoad, clock, load_of
from ovreport_collector.process.timing import measuring

LATENCY_BUCKETS, THROUGHPUT_BUCKETS = 120, 60
"""Keeps a record of 11 rounds below 20 kB of samples."""
WARMUP_AGREEMENT = 0.05
WARMUP_WINDOW_S = 0.1
WARMUP_CAP_S = 3.0
TRIALS, TRIAL_S = 3, 0.15
QUEUE_MUST_GAIN = 1.1
NO_METER: AbstractContextManager[object] = contextlib.nullcontext()


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
    with measuring():
        began = end = clock()
        while not _enough(len(wall_s), end - began, tier):
            request.feed(len(wall_s) % samples)
            start = clock()
            request.infer()
            end = clock()
            wall_s.append(end - start)
            runtime_ms.append(request.runtime_ms)
        duration_s = end - began
    ms = np.asarray(wall_s) * 1000
    third = max(1, len(ms) // 3)
    return LatencyRound(
        round=index,
        process=index,
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
    compiled: Compiled,
    samples: Sequence[Sample],
    tier: Tier,
    *,
    driver: Driver,
    index: int,
    around: AbstractContextManager[object] = NO_METER,
) -> tuple[ThroughputRound, list[Request]]:
    """Time concurrent inferences; return the round, and requests on which to check outputs.

    `around` is entered for the timed run alone: a meter of energy.
    """
    count = compiled.optimal_requests
    requests = [compiled.request(samples) for _ in range(count if driver == "threads" else 1)]
    load = load_of(compiled, samples, requests, driver)
    warm = warm_up(_batches(load))
    # Count and time must both be met: the rate of a short trial run says how long the count takes.
    with measuring(counts=False):
        seconds = max(tier.min_seconds, tier.min_inferences / _trial(load))
    with around:
        loaded = load.run(
            min(seconds, tier.max_seconds), tier.min_inferences, longest=tier.max_seconds
        )
    ms = loaded.latencies * 1000
    return ThroughputRound(
        round=index,
        process=index,
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


@measuring(counts=False)
def faster_driver(compiled: Compiled, samples: Sequence[Sample]) -> Driver:
    """Return the driver that gets more out of the device.

    Trials alternate, so that a passing disturbance meets both; the queue, whose one loop is
    sooner the bottleneck, must win clearly.
    """
    requests = [compiled.request(samples) for _ in range(compiled.optimal_requests)]
    queue = compiled.queue(samples, len(requests))
    if queue is None:
        return "threads"
    drivers: dict[Driver, Load] = {
        "threads": ThreadLoad(requests, len(samples)),
        "async-queue": QueueLoad(queue.run),
    }
    for load in drivers.values():
        warm_up(_batches(load))
    trials = [{name: _trial(load) for name, load in drivers.items()} for _ in range(TRIALS)]
    rates = {name: float(np.median([p[name] for p in trials])) for name in drivers}
    return "async-queue" if rates["async-queue"] > rates["threads"] * QUEUE_MUST_GAIN else "threads"


def _trial(load: Load) -> float:
    return load.run(TRIAL_S, 0).rate


@measuring()
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


def _batches(load: Load) -> Callable[[float], tuple[int, float]]:
    def window(seconds: float) -> tuple[int, float]:
        loaded = load.run(seconds, 3)
        return len(loaded.latencies), float(np.median(loaded.latencies))

    return window


def _histogram(ms: Floats, limit: int) -> Histogram:
    growth, buckets = log_buckets(ms, limit)
    return Histogram(growth=growth, buckets=buckets)

"""Open loop: requests arrive at random, whether the earlier ones are done or not.

    search(closed_ips, step, rates)   bisects the rate, a step each
    Arrivals.step(rate)               one step: a Poisson process, a pool of requests, first come,
                                      first served

The times of arrival are drawn before the step begins, and latency counts from them: a slow
inference delays no arrival, so none is left out ("coordinated omission", G. Tene). MLPerf's Server
scenario does likewise (Reddi et al., "MLPerf Inference Benchmark", ISCA 2020, section 3).
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from msgspec import Struct

from ovreport.metrics.percentiles import TOO_FEW
from ovreport.record import ArrivalRound, ArrivalStep, OpenLoop
from ovreport.stats.intervals import Floats
from ovreport.stats.percentile_bounds import least_n_effective, pooled_rank
from ovreport.stats.samples import autocorrelation
from ovreport.stats.spread import effective_n
from ovreport_collector import engines
from ovreport_collector.engines.arrays import load_samples
from ovreport_collector.engines.base import Engine, Request
from ovreport_collector.loadgen.checks import check_same, infer_checked
from ovreport_collector.loadgen.drivers import ThreadLoad, clock, in_threads
from ovreport_collector.measurements.results import ProcessJob, rounded
from ovreport_collector.process.job import JobFailed
from ovreport_collector.process.timing import measuring

LONGEST = 3.0
"""A step lasts at most so many times its least length, to have enough arrivals."""
LATE = 0.1
"""Share of the limit by which a free request may take up an arrival late."""
_HEAD_START_S = 0.01
_WARM_UP_S = 0.2
_PR_SET_TIMERSLACK = 29
"""Of Linux, prctl(2); the slack is in nanoseconds."""
FEW = 64
"""Arrivals that a step at half the throughput has to have: as many as MLPerf asks for of p90. They
follow each other, so that fewer are hardly worth the independent ones of `least_n_effective`."""


class ArrivalsResult(Struct, frozen=True, kw_only=True, tag="arrivals"):
    """One search for the highest arrival rate."""

    open_loop: OpenLoop


class ArrivalsJob(ProcessJob[ArrivalsResult], frozen=True, kw_only=True):
    """Find the highest rate of random arrivals whose tail latency stays within a limit."""

    closed_ips: float
    """Throughput of the closed loop: the search begins at half of it."""
    limit_ms: float
    limit_rule: str
    percentile: float
    seconds: float
    """Least length of one step."""
    least: int
    """Arrivals that a step must have, within three times its least length."""
    rates: int
    """Rates to try: each halves what is left between too low and too high."""

    def run(self) -> ArrivalsResult | JobFailed:
        """Search for the highest rate."""
        return measure(self, engines.create(self.target))


def measure(job: ArrivalsJob, engine: Engine) -> ArrivalsResult | JobFailed:
    """Search for the highest rate on the model as the THROUGHPUT hint compiles it."""
    if job.limit_ms <= 0 or job.closed_ips <= 0:
        return JobFailed(
            reason="the first process has no latency or throughput to take the limit from",
            cause="error",
        )
    expected = job.closed_ips / 2 * LONGEST * job.seconds
    if expected < FEW:
        return JobFailed(
            reason=f"{TOO_FEW}: at half the throughput {expected:.0f} requests arrive in "
            f"{LONGEST * job.seconds:g} s, p90 needs {FEW}; a higher tier measures longer",
            cause="error",
            unsupported=True,
        )
    target = job.target
    samples = load_samples(Path(job.inputs))
    network = engine.read(Path(target.model), target.shapes)
    compiled = network.compile(target.device, "throughput", target.precision, None)
    pool = [compiled.request(samples) for _ in range(compiled.optimal_requests)]
    known = infer_checked(pool[0], 0, network, target.traits)
    with measuring():
        ThreadLoad(pool, len(samples)).run(_WARM_UP_S, len(pool))
    arrivals = Arrivals(pool, len(samples), job)
    steps = search(job.closed_ips, arrivals.step, rates=job.rates)
    for request in pool:
        request.feed(0)
        request.infer()
        check_same(request.outputs(), known, "the open loop", target.traits)
    found = ArrivalRound(round=job.round, steps=steps, highest_ips=highest(steps))
    return ArrivalsResult(
        open_loop=OpenLoop(
            limit_ms=job.limit_ms,
            limit_rule=job.limit_rule,
            percentile=job.percentile,
            seconds=job.seconds,
            requests=len(pool),
            streams=compiled.streams,
            rounds=[found],
        )
    )


def search(
    closed_ips: float, step: Callable[[float], ArrivalStep], *, rates: int
) -> list[ArrivalStep]:
    """Bisect between nothing and the closed loop's throughput: six rates end 1.6 % of it apart.

    A rate that missed is tried once more, with the same gaps: what disturbed the machine for a
    moment would else halve the result. Missed steps end early, so that costs little.
    """
    low, high = 0.0, closed_ips
    steps = []
    for _ in range(rates):
        rate = rounded((low + high) / 2)
        steps.append(step(rate))
        if not steps[-1].met:
            steps.append(step(rate))
        if steps[-1].met:
            low = rate
        else:
            high = rate
    return steps


def highest(steps: Sequence[ArrivalStep]) -> float:
    """Return the highest rate that met the limit; 0: none did."""
    return max((step.rate_ips for step in steps if step.met), default=0.0)


def bound(latencies: Floats, percentile: float) -> tuple[float, int]:
    """Return a bound of the percentile, and how many independent samples the latencies are worth.

    The t-th largest, t from the effective n (`statistics.pooled_rank`). Where they are too few
    for that, the largest; where they are fewer than `least_n_effective`, no rate counts as met.
    """
    n = len(latencies)
    n_effective = effective_n(n, autocorrelation(latencies))
    rank = pooled_rank(n, n_effective, percentile)
    return float(np.sort(latencies)[-max(1, rank)]), n_effective


# ---------------------------------------------------------------- one step


@dataclass
class _Seen:
    """What happened to the arrivals of one step."""

    latencies: Floats
    """Seconds from arrival to output, in order of arrival; 0: not served."""
    late: Floats
    """Seconds by which a request that was free took an arrival up late."""
    misses: int = 0
    stop: bool = False


@dataclass
class Arrivals:
    """A pool of requests, and arrivals for it."""

    pool: Sequence[Request]
    samples: int
    job: ArrivalsJob

    def step(self, rate: float) -> ArrivalStep:
        """Let requests arrive at a mean rate, in arrivals a second, and serve them."""
        job = self.job
        seconds = min(max(job.seconds, job.least / rate), LONGEST * job.seconds)
        count = max(8, math.ceil(rate * seconds))
        due = self._due(rate, count)
        seen = _Seen(np.zeros(count), np.zeros(count))
        began = clock() + _HEAD_START_S
        self._serve(began + due, seen, allowed=(1 - job.percentile) * count)
        served = seen.latencies > 0
        latencies = seen.latencies[served] * 1000
        value, n_effective = bound(latencies, job.percentile)
        late = seen.late[served] * 1000 > LATE * job.limit_ms
        return ArrivalStep(
            rate_ips=rate,
            n=len(latencies),
            duration_s=rounded(float((due + seen.latencies)[served].max())),
            median_ms=rounded(float(np.median(latencies))),
            bound_ms=rounded(value),
            met=bool(value <= job.limit_ms) and n_effective >= least_n_effective(job.percentile),
            n_effective=n_effective,
            late_share=round(float(late.mean()), 4),
        )

    def _due(self, rate: float, count: int) -> Floats:
        """Return the times of arrival: the round's own random gaps, scaled to the rate.

        The same gaps at every rate, so that none of them has better luck than another.
        """
        gaps = np.random.default_rng(self.job.seed + self.job.round).exponential(size=count)
        return np.cumsum(gaps) / rate

    @measuring()
    def _serve(self, due: Floats, seen: _Seen, allowed: float) -> None:
        """Serve every arrival; give up once so many missed the limit that no bound can meet it.

        Each thread drives one request and takes the next arrival when it is free, or waits for
        it: that is one queue, first come, first served, without a dispatcher that could be late.
        """
        tickets, times = itertools.count(), due.tolist()
        limit_s = self.job.limit_ms / 1000

        def drive(request: Request) -> None:
            wake_promptly()
            while not seen.stop and (i := next(tickets)) < len(times):
                self._serve_one(request, i, times[i], seen)
                if seen.latencies[i] > limit_s:
                    seen.misses += 1
                    seen.stop = seen.misses > allowed

        in_threads([partial(drive, request) for request in self.pool])

    def _serve_one(self, request: Request, i: int, due: float, seen: _Seen) -> None:
        request.feed(i % self.samples)
        free = clock()
        if free < due:
            time.sleep(due - free)
        start = clock()
        request.infer()
        seen.latencies[i] = clock() - due
        seen.late[i] = start - max(due, free)


def wake_promptly() -> None:
    """Let sleeps of this thread end when they should: Linux adds 50 µs to save power.

    Where that cannot be set, `late_share` shows what it costs.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)

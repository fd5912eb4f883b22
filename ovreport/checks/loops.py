"""Timed loops of latency and throughput: times, counts and samples of one loop are of one loop."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ovreport.checks import samples
from ovreport.checks.fault import Fault, number
from ovreport.record import (
    Latency,
    LatencyRound,
    MeasuringTime,
    Record,
    Throughput,
    ThroughputRound,
)

FEEDING, FEEDING_S = 10.0, 1.0
"""A loop lasts at most so many times its inferences, and so much longer: between two inferences
inputs are copied, which of a small model with large inputs takes longer than the inference."""
RUNTIME, RUNTIME_MS = 1.05, 0.05
"""The runtime reads another clock, whose steps may be microseconds."""
LEAST_MS = 1e-6
"""A nanosecond: no call is shorter."""
WARMING = 0.01
"""Inferences of a warm-up take at least this share of the shortest one that was timed."""
LONGEST_WARM_UP_S = 24 * 3600
LOST = 10.0
"""What collecting took may lack processes that were killed, whose finished rounds are kept; but
loops are never so many times the whole."""
UNEVEN = 1.5
"""Requests that end at different times make the sum of their rates a little more than the whole.
The last inference of each is besides: on a busy machine it may last long past the loop's time."""
BATCHED, BATCH_TIMEOUTS_MS = 30.0, 2000.0
"""The same where requests are batched, by BATCH or by a GPU's plugin: at the end those that are
left wait for a batch to fill until a timeout, which is a second."""
IDLE_ROUNDING = 0.05
FASTER = 100.0
"""A request under load has fewer threads than one alone, and is slower. Where a model is so small
that threads are in each other's way it is faster, but never by so much."""
_FLOATS = 1e-9
TICKS_S = 0.1
"""Processor time is counted in ticks of the kernel."""


def latency(record: Record) -> Iterator[Fault]:
    """Yield what a round of latency contradicts itself in."""
    if isinstance(record.latency, Latency):
        for index, r in enumerate(record.latency.rounds):
            for field, what in _latency(r):
                yield Fault(f"$.latency.rounds[{index}].{field}", what)


def _latency(r: LatencyRound) -> Iterator[tuple[str, str]]:
    inferences_s = r.n * r.mean_ms / 1000
    if not inferences_s * 0.999 <= r.duration_s <= inferences_s * FEEDING + FEEDING_S:
        yield (
            "duration_s",
            f"{number(r.duration_s)} s, where {r.n} inferences of {number(r.mean_ms)} ms take "
            f"{number(inferences_s)} s",
        )
    least, most = samples.total_ms(r.histogram)
    if not least * (1 - samples.SLACK) <= r.n * r.mean_ms <= most * (1 + samples.SLACK):
        yield (
            "mean_ms",
            f"{number(r.mean_ms)} ms, where the histogram says {number(least / r.n)} to "
            f"{number(most / r.n)} ms",
        )
    for name, value, place in (("min_ms", r.min_ms, 0), ("max_ms", r.max_ms, -1)):
        if not samples.in_bucket(value, r.histogram, place):
            yield name, f"{number(value)} ms lies outside the histogram's outermost bucket"
    if r.runtime_median_ms > r.median_ms * RUNTIME + RUNTIME_MS:
        yield (
            "runtime_median_ms",
            f"{number(r.runtime_median_ms)} ms inside the runtime, {number(r.median_ms)} ms for "
            "its caller",
        )
    if 0 < r.runtime_median_ms < LEAST_MS:
        yield "runtime_median_ms", f"{number(r.runtime_median_ms)} ms is less than a nanosecond"
    yield from _thirds(r)


def _thirds(r: LatencyRound) -> Iterator[tuple[str, str]]:
    """Half of a third's samples lie on either side of its median."""
    half = max(1, r.n // 3) // 2
    for name in ("first_third_median_ms", "last_third_median_ms"):
        value: float = getattr(r, name)
        if min(samples.at_most(value, r.histogram), samples.at_least(value, r.histogram)) < half:
            yield name, f"{number(value)} ms is the median of no third of these samples"
    low, high = sorted((r.first_third_median_ms, r.last_third_median_ms))
    if (
        samples.at_least(low, r.histogram) < 2 * half
        or samples.at_most(high, r.histogram) < 2 * half
    ):
        yield "first_third_median_ms", "two thirds cannot both be so far from the whole's median"


def throughput(record: Record) -> Iterator[Fault]:
    """Yield what a round of throughput contradicts itself in."""
    if isinstance(record.throughput, Throughput):
        if record.throughput.batch != 1:
            what = "an inference counts once, whatever the batch in the model's shape"
            yield Fault("$.throughput.batch", what)
        for index, r in enumerate(record.throughput.rounds):
            for field, what in _throughput(r, record.case.device):
                yield Fault(f"$.throughput.rounds[{index}].{field}", what)


def _throughput(r: ThroughputRound, device: str) -> Iterator[tuple[str, str]]:
    if r.requests == 0:
        yield "requests", "no request, but inferences"
        return
    busy_ms = r.requests * r.duration_s * (1 - r.idle_share) * 1000
    least, most = samples.total_ms(r.histogram)
    above = busy_ms * (1 + IDLE_ROUNDING)
    if r.idle_share == 0:
        above = busy_ms * UNEVEN + samples.longest_ms(r.histogram, r.requests)
    if r.idle_share == 0 and device != "CPU":
        above = min(busy_ms * BATCHED, busy_ms + r.requests * BATCH_TIMEOUTS_MS)
    if busy_ms > most * (1 + IDLE_ROUNDING) or least > above:
        yield (
            "duration_s",
            f"{r.requests} requests were busy for {number(busy_ms / 1000)} s, their latencies add "
            f"up to {number(least / 1000)} to {number(most / 1000)} s",
        )
    third_s = r.duration_s / 3
    finished = (r.first_third_ips + r.last_third_ips) * third_s
    # A third's bounds cut inferences in two, of each request at most one a bound.
    allowed = 2 * r.n if r.driver == "async-queue" else r.n
    if finished > allowed * 1.02 + 2 * r.requests:
        yield (
            "first_third_ips",
            f"two thirds of the loop finished {number(finished)} inferences, all of it {r.n}",
        )


def under_load(record: Record) -> Iterator[Fault]:
    """Yield requests under load that are far faster than one alone."""
    if not (isinstance(record.latency, Latency) and isinstance(record.throughput, Throughput)):
        return
    if record.case.device.startswith("BATCH"):
        return  # one alone waits for a batch to fill, until a timeout
    alone = min(r.min_ms for r in record.latency.rounds)
    for index, r in enumerate(record.throughput.rounds):
        if r.median_ms * FASTER < alone:
            yield Fault(
                f"$.throughput.rounds[{index}].median_ms",
                f"{number(r.median_ms)} ms under load, at least {number(alone)} ms alone",
            )


def timed_loops(record: Record) -> Iterator[tuple[str, LatencyRound | ThroughputRound]]:
    """Yield every timed loop of inferences with its path."""
    if isinstance(record.latency, Latency):
        for index, one in enumerate(record.latency.rounds):
            yield f"$.latency.rounds[{index}]", one
    if isinstance(record.throughput, Throughput):
        for index, r in enumerate(record.throughput.rounds):
            yield f"$.throughput.rounds[{index}]", r


def possible(autocorrelation: float, n: int) -> bool:
    """Return whether a series of n samples can have this lag-1 autocorrelation.

    |r₁| ≤ cos(π / (n + 1)): the largest eigenvalue of the matrix of the lag-1 quadratic form. With
    fewer than three samples it is not defined, and recorded as 0.
    """
    bound = math.cos(math.pi / (n + 1)) if n >= 3 else 0.0
    return abs(autocorrelation) <= bound + _FLOATS and abs(autocorrelation) < 1


def correlations(record: Record) -> Iterator[Fault]:
    """Yield correlations that no series of so many samples can have."""
    for path, r in timed_loops(record):
        if not possible(r.autocorrelation, r.n):
            yield Fault(
                f"{path}.autocorrelation", f"{r.autocorrelation!r} cannot be of {r.n} samples"
            )


def inputs(record: Record) -> Iterator[Fault]:
    """Yield loops that were fed nothing."""
    if record.inputs.distinct == 0 and any(timed_loops(record)):
        yield Fault("$.inputs.distinct", "no input, but inferences")


def warm_ups(record: Record) -> Iterator[Fault]:
    """Yield warm-ups that did not take place, or took no time that so many inferences take."""
    can_be_alone = not record.case.device.startswith("BATCH")  # one alone waits for a timeout
    for path, r in timed_loops(record):
        if (r.warmup_n > 0) != (r.warmup_s > 0):
            yield Fault(
                f"{path}.warmup_s", f"{r.warmup_n} inferences in {number(r.warmup_s)} s of warm-up"
            )
        elif r.warmup_stable and r.warmup_n == 0:
            yield Fault(f"{path}.warmup_stable", "a warm-up of nothing cannot be stable")
        elif r.warmup_s > LONGEST_WARM_UP_S:
            yield Fault(f"{path}.warmup_s", f"{number(r.warmup_s)} s of warm-up")
        elif can_be_alone and r.warmup_s < WARMING * _least_s(r, r.warmup_n):
            yield Fault(
                f"{path}.warmup_s", f"{number(r.warmup_s)} s, where {r.warmup_n} inferences ran"
            )


def _least_s(r: LatencyRound | ThroughputRound, n: int) -> float:
    """Return what so many inferences take at the least, as fast as the fastest that was timed."""
    requests = max(1, r.requests) if isinstance(r, ThroughputRound) else 1
    return n * samples.lower(r.histogram, r.histogram.buckets[0][0]) / 1000 / requests


def measuring_time(record: Record) -> Iterator[Fault]:
    """Yield a whole that is far shorter than the timed loops in it."""
    loops_s = sum(r.duration_s for _, r in timed_loops(record))
    whole = record.measuring_time
    if isinstance(whole, MeasuringTime) and loops_s > LOST * whole.wall_s:
        yield Fault(
            "$.measuring_time.wall_s",
            f"{number(whole.wall_s)} s, where its timed loops took {number(loops_s)} s",
        )


def processor_time(record: Record) -> Iterator[Fault]:
    """Yield processor times that so many processors cannot have given."""
    cores = max(record.machine.cores_logical, record.machine.cores_available)
    for path, r in timed_loops(record):
        if r.cpu_s > 1.1 * r.duration_s * cores + TICKS_S:
            yield Fault(
                f"{path}.cpu_s",
                f"{number(r.cpu_s)} s of processor time in {number(r.duration_s)} s on {cores} "
                "processors",
            )

"""A device under load: the curve and random arrivals."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ovreport.checks import samples
from ovreport.checks.fault import Fault, number
from ovreport.checks.loops import UNEVEN
from ovreport.record import ArrivalStep, Curve, Histogram, OpenLoop, Record, Throughput
from ovreport.stats.percentile_bounds import least_n_effective

BUSY = 0.02
"""Share of their time in which the requests of a point of the curve infer, at the very least."""
LUCK = 6.0
"""Standard deviations by which a count of random arrivals never misses its mean."""
ROUNDED = 1e-4
"""Of times that are kept to a few digits."""


def curve(record: Record) -> Iterator[Fault]:
    """Yield points of the curve whose samples and times contradict each other."""
    if not isinstance(record.curve, Curve):
        return
    for index, point in enumerate(record.curve.points):
        path = f"$.curve.points[{index}]"
        if point.requests == 0:
            yield Fault(f"{path}.requests", "no request, but inferences")
            continue
        seconds = sum(r.duration_s for r in point.rounds)
        least, most = samples.total_ms(point.histogram)
        available = point.requests * seconds * 1000
        last = samples.longest_ms(point.histogram, point.requests * len(point.rounds))
        if least > available * UNEVEN + last or most < available * BUSY:
            yield Fault(
                f"{path}.rounds",
                f"{point.requests} requests had {number(seconds)} s each, their latencies add up "
                f"to {number(least / 1000)} to {number(most / 1000)} s",
            )
        for k, r in enumerate(point.rounds):
            if not _in_range(r.median_ms, point.histogram):
                what = f"{number(r.median_ms)} ms lies outside the histogram"
                yield Fault(f"{path}.rounds[{k}].median_ms", what)
            # A request's latencies follow each other: half of them take at least the median.
            if r.n / 2 * r.median_ms > point.requests * r.duration_s * 1000 * UNEVEN + r.median_ms:
                yield Fault(
                    f"{path}.rounds[{k}].duration_s",
                    f"{r.n} inferences of {number(r.median_ms)} ms do not fit into "
                    f"{number(r.duration_s)} s of {point.requests} requests",
                )


def _in_range(value: float, histogram: Histogram) -> bool:
    return samples.in_range(value * (1 + ROUNDED), histogram) or samples.in_range(
        value * (1 - ROUNDED), histogram
    )


def arrivals(record: Record) -> Iterator[Fault]:
    """Yield steps of random arrivals that contradict themselves."""
    measured = record.open_loop
    if not isinstance(measured, OpenLoop):
        return
    if measured.limit_ms <= 0:
        yield Fault("$.open_loop.limit_ms", "no latency is within a limit of zero")
    if measured.requests == 0:
        yield Fault("$.open_loop.requests", "no request, but arrivals were served")
    for index, r in enumerate(measured.rounds):
        for k, step in enumerate(r.steps):
            for field, what in _step(step, measured):
                yield Fault(f"$.open_loop.rounds[{index}].steps[{k}].{field}", what)
    yield from _beyond_closed(record, measured)


def _step(step: ArrivalStep, measured: OpenLoop) -> Iterator[tuple[str, str]]:
    if step.n == 0 or step.duration_s <= 0 or step.rate_ips <= 0:
        yield "n", "a step has arrivals, takes time, and has a rate"
        return
    if step.met and step.n_effective < least_n_effective(measured.percentile):
        yield "n_effective", f"{step.n_effective} samples cannot bound p{measured.percentile:g}"
    if step.n_effective > step.n:
        yield "n_effective", f"{step.n_effective} independent samples of {step.n}"
    if step.median_ms > step.bound_ms * (1 + ROUNDED):
        yield "median_ms", f"{number(step.median_ms)} ms lies above the percentile's bound"
    if step.median_ms <= 0:
        yield "median_ms", "an inference takes time"
    if step.met and step.bound_ms > measured.limit_ms * (1 + ROUNDED):
        yield "met", f"{number(step.bound_ms)} ms is not within {number(measured.limit_ms)} ms"
    expected = step.rate_ips * step.duration_s
    luck = LUCK * math.sqrt(expected) + 10
    # Where the limit was missed, the step ended early: fewer were served than arrived.
    if step.n > 1.1 * expected + luck or (step.met and step.n < expected / 2 - luck):
        yield (
            "n",
            f"{step.n} arrivals in {number(step.duration_s)} s, at a mean rate of "
            f"{number(step.rate_ips)} a second",
        )


def _beyond_closed(record: Record, measured: OpenLoop) -> Iterator[Fault]:
    """Yield rates above the closed loop's, below which the search stays."""
    if not isinstance(record.throughput, Throughput):
        return
    closed = max(r.n / r.duration_s for r in record.throughput.rounds)
    for index, r in enumerate(measured.rounds):
        if r.highest_ips > closed * (1 + ROUNDED):
            yield Fault(
                f"$.open_loop.rounds[{index}].highest_ips",
                f"{number(r.highest_ips)} a second, where requests that never wait reach "
                f"{number(closed)}",
            )

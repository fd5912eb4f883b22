"""The latency–throughput curve: a grid of streams, requests and batch for each case."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ovreport.record import Curve, NotMeasured, Tier, pooled
from ovreport_collector.measurements.base import (
    NO_ROUND,
    Measurement,
    PlannedProcess,
    first_failure,
    grouped,
    measured,
)
from ovreport_collector.measurements.curve.run import CurveJob, CurveResult, Setting, setting_of
from ovreport_collector.measurements.results import InferenceResult
from ovreport_collector.process.job import JobFailed

MAX_POINTS = 16
BATCHES = (2, 4, 8)
COARSE_POINTS, COARSE_BATCH = 6, 4
"""Of the grid of a quick look."""
SECONDS = {"quick": 0.25, "standard": 1.5, "publish": 5.0}
_START_S = 0.8
_COMPILE_S = 0.15
"""Expected seconds of a point, without its loop."""
_INFERENCES = 12
"""Of a point, warm-up and checks included, where its requests take long."""


class CurveMeasurement(Measurement[CurveResult]):
    """The record's `curve`."""

    name = "curve"
    needs_streams = True

    def seconds(self, tier: Tier, inference_s: float = 0.0) -> float:
        """Return about how long it takes once: a point's loop, or a few inferences."""
        points = COARSE_POINTS if tier.name == "quick" else MAX_POINTS
        point_s = max(1.2 * SECONDS[tier.name], _INFERENCES * inference_s)
        return _START_S + points * (point_s + _COMPILE_S)

    def job(self, current: PlannedProcess, results: Sequence[InferenceResult]) -> CurveJob:
        """Return the job after a process: the same grid in all of them."""
        first = results[0]
        loaded = next(iter(first.throughput), None)
        hint, optimal = (loaded.streams, loaded.requests) if loaded else (0, 1)
        return CurveJob(
            target=current.target,
            round=current.index,
            inputs=str(current.prepared.samples),
            seed=current.seed,
            settings=coarse_grid(hint, optimal)
            if current.tier.name == "quick"
            else grid(hint, optimal, current.cores),
            seconds=SECONDS[current.tier.name],
            driver=loaded.driver if loaded else "threads",
            unloaded_latency_ms=first.latency_ms,
        )

    def part(self, results: Sequence[CurveResult | JobFailed]) -> Curve | NotMeasured:
        """Return the curve over all rounds; one good round is enough for a curve."""
        curves = [result.curve for result in measured(results)]
        return merged(curves) if curves else first_failure(results) or NO_ROUND


def grid(hint: int, optimal: int, cores: int) -> list[Setting]:
    """Return at most 16 settings for a device whose THROUGHPUT hint makes `hint` streams.

    Streams: 1, 2, the hint's choice, one a core; each with as many requests, and twice as many.
    The hint's choice also with one request (what a single user waits for), with the optimal number,
    twice and four times that; larger batches with one stream and with the hint's.
    A hint of 0: the device does not report its streams, so none are set.
    """
    streams = {s for s in (1, 2, hint, cores) if s > 0} if hint else {0}
    unloaded = min(streams)
    found = {Setting(s, max(s, 1) * times, 1) for s in streams for times in (1, 2)}
    found |= {Setting(hint, requests, 1) for requests in (1, optimal, 2 * optimal, 4 * optimal)}
    found |= {Setting(unloaded, 1, batch) for batch in BATCHES}
    found |= {Setting(hint, optimal, batch) for batch in BATCHES}
    return sorted(found, key=lambda s: (s.batch, s.streams, s.requests))[:MAX_POINTS]


def coarse_grid(hint: int, optimal: int) -> list[Setting]:
    """Return the few settings that show where a device saturates, for a quick look.

    The hint's streams with one request, half of the optimal number, all of it, and twice as many,
    which only wait longer; one stream with one request; and one larger batch. Hint as in `grid`.
    """
    requests = (1, max(1, optimal // 2), optimal, 2 * optimal)
    found = {Setting(hint, n, 1) for n in requests}
    found |= {Setting(min(hint, 1), 1, 1), Setting(hint, optimal, COARSE_BATCH)}
    return sorted(found, key=lambda s: (s.batch, s.streams, s.requests))


def merged(curves: Sequence[Curve]) -> Curve:
    """Return the curve of several rounds; a setting that some round measured is no gap."""
    points = grouped((point for curve in curves for point in curve.points), setting_of)
    gaps = grouped((gap for curve in curves for gap in curve.gaps), setting_of)
    return Curve(
        seconds=curves[0].seconds,
        points=[
            msgspec.structs.replace(
                same[0],
                rounds=[r for point in same for r in point.rounds],
                histogram=pooled(point.histogram for point in same),
            )
            for same in points.values()
        ],
        gaps=[same[0] for setting, same in gaps.items() if setting not in points],
    )

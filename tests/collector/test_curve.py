"""The curve: its grid, its known shape on an engine of known service time, and its gaps."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from ovreport.metrics import load
from ovreport.record import Curve, CurveGap, CurvePoint, Failed, Histogram, PointRound, Unsupported
from ovreport_collector.engines import arrays
from ovreport_collector.engines.types import Target
from ovreport_collector.measurements.curve.measurement import (
    CurveMeasurement,
    coarse_grid,
    grid,
    merged,
)
from ovreport_collector.measurements.curve.run import (
    CurveJob,
    CurveResult,
    Setting,
    in_order,
    sweep,
)
from ovreport_collector.process.job import JobFailed
from tests.collector import models
from tests.collector.fixed_service import FEATURES, FixedService
from tests.collector.jobs import done

SERVICE_S = 0.01
"""Long against what waking up takes on a busy machine."""


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Return four samples that differ."""
    path = tmp_path / "samples.npz"
    rows = np.arange(1, 4 * FEATURES + 1, dtype=np.float32).reshape(4, 1, FEATURES)
    arrays.save_arrays(path, {"x": rows})
    return path


def a_job(inputs: Path, settings: list[Setting], **changes: object) -> CurveJob:
    """Return a job of short points."""
    target = Target(
        engine="fake", model="m.onnx", shapes={"x": [1, FEATURES]}, device="CPU", precision="f32"
    )
    job = CurveJob(
        target=target,
        round=0,
        inputs=str(inputs),
        seed=1,
        settings=settings,
        seconds=0.12,
        driver="threads",
        unloaded_latency_ms=SERVICE_S * 1000,
    )
    return msgspec.structs.replace(job, **changes)


def curve_of(engine: FixedService, job: CurveJob) -> Curve:
    """Measure a curve with an engine."""
    result = sweep(job, engine)
    assert isinstance(result, CurveResult), result
    return result.curve


def points_of(curve: Curve) -> dict[tuple[int, int, int], CurvePoint]:
    """Return the points by streams, requests and batch."""
    return {(p.streams, p.requests, p.batch): p for p in curve.points}


# ---------------------------------------------------------------- the grid


def test_the_grid_is_bounded_and_starts_with_a_lone_request() -> None:
    """On any device: at most 16 settings, none twice, one stream with one request among them."""
    for hint, optimal, cores in [(1, 1, 1), (2, 2, 2), (4, 4, 16), (16, 16, 64), (2, 4, 0)]:
        settings = grid(hint, optimal, cores)
        assert len(settings) == len(set(settings)) <= 16
        assert settings[0] == Setting(1, 1, 1)
        assert Setting(hint, optimal, 1) in settings
        assert {s.batch for s in settings} == {1, 2, 4, 8}


def test_a_device_that_tells_no_streams_is_asked_for_none() -> None:
    """Its requests and batches vary; streams stay the hint's choice."""
    settings = grid(0, 4, 8)
    assert {s.streams for s in settings} == {0}
    assert {s.requests for s in settings if s.batch == 1} == {1, 2, 4, 8, 16}


def test_a_quick_look_has_few_settings_around_the_knee() -> None:
    """At most six, none twice: a lone request, both sides of the optimal number, one batch."""
    for hint, optimal in [(0, 1), (0, 4), (1, 1), (2, 2), (16, 16), (2, 4)]:
        settings = coarse_grid(hint, optimal)
        assert len(settings) == len(set(settings)) <= 6
        assert settings[0] == Setting(min(hint, 1), 1, 1)
        assert {1, optimal, 2 * optimal} <= {s.requests for s in settings if s.streams == hint}
        assert len({s.batch for s in settings}) == 2


def test_the_order_differs_between_rounds_and_shares_compiled_models() -> None:
    """Drift must not always meet the same setting; a model is compiled once a round."""
    settings = grid(4, 4, 16)
    orders = [in_order(settings, seed) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    for order in orders:
        measured = [s for group in order for s in group]
        assert len(measured) == len(settings)
        assert set(measured) == set(settings)
        assert all(len({(s.batch, s.streams) for s in group}) == 1 for group in order)


# ---------------------------------------------------------------- known truth


@pytest.mark.alone
def test_the_shape_of_a_curve_of_known_service_time(inputs: Path) -> None:
    """Two servers: two requests double the throughput, four double the latency instead."""
    settings = [Setting(2, 1, 1), Setting(2, 2, 1), Setting(2, 4, 1), Setting(1, 2, 1)]
    engine = FixedService(SERVICE_S)
    points = points_of(curve_of(engine, a_job(inputs, settings)))
    unloaded = points[2, 1, 1]
    more = {
        key: load.throughput(p).value / load.throughput(unloaded).value for key, p in points.items()
    }
    longer = {
        key: load.latency(p).value / load.latency(unloaded).value for key, p in points.items()
    }
    assert more[2, 2, 1] == pytest.approx(2, rel=0.35)
    assert longer[2, 2, 1] == pytest.approx(1, rel=0.35)
    assert more[2, 4, 1] == pytest.approx(2, rel=0.35)
    assert longer[2, 4, 1] == pytest.approx(2, rel=0.35)
    assert more[1, 2, 1] == pytest.approx(1, rel=0.35)
    assert longer[1, 2, 1] == pytest.approx(2, rel=0.35)
    assert sorted({p["NUM_STREAMS"] for p in engine.compiled if p}) == ["1", "2"]


@pytest.mark.alone
def test_a_batch_counts_all_of_its_samples(inputs: Path) -> None:
    """Four samples in four service times: the throughput stays, the latency is four times."""
    job = a_job(inputs, [Setting(1, 1, 1), Setting(1, 1, 4)])
    points = points_of(curve_of(FixedService(SERVICE_S), job))
    rates = [load.throughput(p).value for p in points.values()]
    times = [load.latency(p).value for p in points.values()]
    assert rates[1] / rates[0] == pytest.approx(1, rel=0.35)
    assert times[1] / times[0] == pytest.approx(4, rel=0.35)


# ---------------------------------------------------------------- gaps


def test_settings_that_fail_are_gaps_and_the_rest_is_measured(inputs: Path) -> None:
    """An engine without streams: what needs none is a point, the others say why not."""
    engine = FixedService(0.001, knows_streams=False)
    job = a_job(inputs, [Setting(0, 1, 1), Setting(2, 2, 1)])
    curve = curve_of(engine, job)
    assert list(points_of(curve)) == [(0, 1, 1)]
    assert "NUM_STREAMS is not a property" in curve.gaps[0].reason


def test_a_batch_that_mixes_its_samples_is_a_gap(inputs: Path) -> None:
    """Fast wrong answers are no throughput."""
    engine = FixedService(0.001)
    engine.mixes = True
    curve = curve_of(engine, a_job(inputs, [Setting(1, 1, 1), Setting(1, 1, 2)]))
    assert [gap.batch for gap in curve.gaps] == [2]
    assert "does not keep the samples of a batch apart" in curve.gaps[0].reason


def test_settings_that_would_take_too_long_are_gaps(inputs: Path) -> None:
    """A slow model stops at few inferences; what would take many points' time is not tried."""
    job = a_job(inputs, [Setting(1, 1, 1), Setting(1, 2, 8)], unloaded_latency_ms=100.0)
    curve = curve_of(FixedService(0.001), job)
    assert "too slow for this tier" in curve.gaps[0].reason


def test_a_model_too_slow_for_every_point_did_not_fail(inputs: Path) -> None:
    """The tier is too short for it: that is told, as of other measurements."""
    job = a_job(inputs, [Setting(1, 1, 1), Setting(1, 2, 1)], unloaded_latency_ms=8000.0)
    result = sweep(job, FixedService(0.001))
    assert isinstance(result, JobFailed)
    assert result.unsupported


def test_no_point_at_all_is_a_failure(inputs: Path) -> None:
    """A curve of gaps would be an empty picture."""
    engine = FixedService(0.001, knows_streams=False)
    result = sweep(a_job(inputs, [Setting(2, 2, 1)]), engine)
    assert isinstance(result, JobFailed)
    measurement = CurveMeasurement().part([result, result])
    assert isinstance(measurement, Failed)
    assert "no setting could be measured" in measurement.reason


def test_unsupported_is_not_failed() -> None:
    """What the engine cannot do is told apart from what went wrong."""
    failure = JobFailed(reason="cannot be converted", cause="error", unsupported=True)
    assert isinstance(CurveMeasurement().part([failure]), Unsupported)


# ---------------------------------------------------------------- rounds together


def a_round(index: int, settings: list[tuple[int, int, int]], gaps: list[int]) -> CurveResult:
    """Return a round with points of ten samples of 1 ms, and gaps by batch."""
    points = [
        CurvePoint(
            streams=s,
            requests=r,
            batch=b,
            rounds=[PointRound(round=index, n=10, duration_s=1, median_ms=1, autocorrelation=0)],
            histogram=Histogram(growth=1.07, buckets=[(0, 4), (index + 1, 6)]),
        )
        for s, r, b in settings
    ]
    missing = [CurveGap(streams=1, requests=1, batch=b, reason="why") for b in gaps]
    return CurveResult(curve=Curve(seconds=0.1, points=points, gaps=missing))


def test_rounds_are_pooled_and_a_gap_of_one_round_is_none() -> None:
    """Histograms add up; what some round measured is a point with fewer rounds."""
    first, second = a_round(0, [(1, 1, 1)], [2, 4]), a_round(1, [(1, 1, 1), (1, 1, 2)], [4])
    curve = merged([first.curve, second.curve])
    whole, partly = points_of(curve)[1, 1, 1], points_of(curve)[1, 1, 2]
    assert whole.histogram.buckets == [(0, 8), (1, 6), (2, 6)]
    assert [len(p.rounds) for p in (whole, partly)] == [2, 1]
    assert [gap.batch for gap in curve.gaps] == [4]
    failure = JobFailed(reason="killed", cause="killed")
    assert CurveMeasurement().part([first, failure, second]) == curve


# ---------------------------------------------------------------- OpenVINO


@pytest.mark.parametrize("batch", [1, -1])
def test_openvino_sweeps_a_small_model(tmp_path: Path, batch: int) -> None:
    """Streams and batches are really set; the record's share stays small."""
    target, samples = models.a_target(tmp_path, batch)
    settings = [Setting(1, 1, 1), Setting(2, 2, 1), Setting(1, 1, 4), Setting(2, 4, 4)]
    result = done(a_job(samples, settings, target=target, seconds=0.03, unloaded_latency_ms=0.05))
    assert isinstance(result, CurveResult), result
    assert [Setting(p.streams, p.requests, p.batch) for p in result.curve.points] == settings
    assert not result.curve.gaps
    assert len(msgspec.json.encode(result.curve)) < 600 * len(settings) * 2

"""The open loop: a queue of known theory, arrivals that nothing delays, honest small print."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from ovreport.metrics.percentiles import TOO_FEW
from ovreport.record import ArrivalStep, OpenLoop, Unsupported
from ovreport.stats.percentile_bounds import least_n_effective
from ovreport_collector.engines import arrays
from ovreport_collector.engines.types import Target
from ovreport_collector.measurements.open_loop import run
from ovreport_collector.measurements.open_loop.measurement import (
    OpenLoopMeasurement,
    percentile_for,
)
from ovreport_collector.measurements.open_loop.run import (
    Arrivals,
    ArrivalsJob,
    ArrivalsResult,
    bound,
    highest,
    search,
)
from ovreport_collector.process.job import JobFailed
from tests.collector import models
from tests.collector.fixed_service import FEATURES, FixedService
from tests.collector.jobs import done

SERVICE_S = 0.004


def a_job(inputs: Path, **changes: object) -> ArrivalsJob:
    """Return a job for one server of 4 ms and a limit of five times that."""
    target = Target(
        engine="fake", model="m.onnx", shapes={"x": [1, FEATURES]}, device="CPU", precision="f32"
    )
    job = ArrivalsJob(
        target=target,
        round=0,
        inputs=str(inputs),
        seed=3,
        closed_ips=1 / SERVICE_S,
        limit_ms=5000 * SERVICE_S,
        limit_rule="five times",
        percentile=0.9,
        seconds=0.6,
        least=64,
        rates=6,
    )
    return msgspec.structs.replace(job, **changes)


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Return two samples."""
    path = tmp_path / "samples.npz"
    arrays.save_arrays(path, {"x": np.ones((2, 1, FEATURES), np.float32)})
    return path


def queue(gaps: np.ndarray, service: float) -> np.ndarray:
    """Return each arrival's time from arrival to answer in a queue of one server (Lindley 1952)."""
    wait, found = 0.0, []
    for gap in gaps:
        wait = max(0.0, wait - gap)
        wait += service
        found.append(wait)
    return np.array(found)


def simulated(job: ArrivalsJob, service: float):
    """Return a step that computes the queue instead of running it."""

    def step(rate: float) -> ArrivalStep:
        count = max(8, int(np.ceil(rate * max(job.seconds, job.least / rate))))
        gaps = np.random.default_rng(job.seed + job.round).exponential(size=count) / rate
        ms = queue(gaps, service) * 1000
        value, n_effective = bound(ms, job.percentile)
        met = value <= job.limit_ms and n_effective >= least_n_effective(job.percentile)
        return ArrivalStep(
            rate_ips=rate,
            n=count,
            duration_s=1,
            median_ms=float(np.median(ms)),
            bound_ms=value,
            met=met,
            n_effective=n_effective,
            late_share=0,
        )

    return step


def theory(percentile: float, limit: float) -> float:
    """Return the load at which a percentile of M/D/1's time in system is `limit` service times."""
    rng = np.random.default_rng(0)
    gaps = rng.exponential(size=50_000)
    low, high = 0.0, 1.0
    for _ in range(9):
        load = (low + high) / 2
        slow = np.quantile(queue(gaps / load, 1.0), percentile) > limit
        low, high = (low, load) if slow else (load, high)
    return low


# ---------------------------------------------------------------- the search


def test_the_search_finds_the_rate_of_the_theory(inputs: Path) -> None:
    """With samples enough the bound is tight, and the rate is M/D/1's."""
    job = a_job(inputs, seconds=120.0)
    steps = search(job.closed_ips, simulated(job, SERVICE_S), rates=job.rates)
    assert len({step.rate_ips for step in steps}) == job.rates
    assert highest(steps) * SERVICE_S == pytest.approx(theory(0.9, 5), rel=0.06)


def test_nothing_met_is_zero(inputs: Path) -> None:
    """A server slower than the limit meets it at no rate."""
    job = a_job(inputs, limit_ms=1.0)
    assert highest(search(job.closed_ips, simulated(job, SERVICE_S), rates=job.rates)) == 0


def test_a_passing_disturbance_does_not_halve_the_answer(inputs: Path) -> None:
    """A rate that missed is tried once more; one that misses twice is given up."""
    job = a_job(inputs, seconds=20.0)
    quiet, calls = simulated(job, SERVICE_S), iter(range(100))

    def disturbed(rate: float) -> ArrivalStep:
        step = quiet(rate)
        return msgspec.structs.replace(step, met=False) if next(calls) == 0 else step

    steps = search(job.closed_ips, disturbed, rates=job.rates)
    assert [step.met for step in steps[:2]] == [False, True]
    assert highest(steps) == highest(search(job.closed_ips, quiet, rates=job.rates))


# ---------------------------------------------------------------- real threads


@pytest.mark.alone
def test_an_engine_of_known_service_time_gets_its_theoretical_rate(inputs: Path) -> None:
    """Real arrivals on real threads: the rate of the same arrivals through a computed queue.

    A busy machine makes answers late, which costs a search steps, never gains one: only where none
    was late is the rate not too low either.
    """
    job = a_job(inputs)
    result = run.measure(job, FixedService(SERVICE_S, hint=1))
    assert isinstance(result, ArrivalsResult), result
    loop = result.open_loop
    expected = highest(search(job.closed_ips, simulated(job, SERVICE_S), rates=job.rates))
    assert loop.requests == 1
    (found,) = loop.rounds
    assert found.highest_ips <= 1.1 * expected
    if not any(step.late_share for step in found.steps):
        assert found.highest_ips >= expected / 2


@pytest.mark.alone
def test_latency_counts_from_arrival(inputs: Path) -> None:
    """Faster than the server: the last of twenty waits for all before it, and that is counted."""
    network = FixedService(0.01, hint=1).read(Path(), {"x": [1, FEATURES]})
    compiled = network.compile("CPU", "throughput", "f32", None)
    samples = arrays.load_samples(inputs)
    job = a_job(inputs, seconds=0.05, limit_ms=1e6, closed_ips=400.0, least=1)
    step = Arrivals([compiled.request(samples)], len(samples), job).step(400.0)
    assert step.n == 20
    # Twenty services of 10 ms against 50 ms of arrivals.
    assert step.bound_ms > 120
    assert step.median_ms > 50


@pytest.mark.alone
def test_a_hopeless_step_ends_early(inputs: Path) -> None:
    """Once a tenth of the arrivals missed, no bound of p90 can be met."""
    network = FixedService(0.01, hint=1).read(Path(), {"x": [1, FEATURES]})
    pool = [network.compile("CPU", "throughput", "f32", None).request(arrays.load_samples(inputs))]
    job = a_job(inputs, seconds=1.0, limit_ms=20.0)
    step = Arrivals(pool, 2, job).step(200.0)
    assert not step.met
    assert step.n < 60


def test_what_a_request_raises_reaches_the_result(inputs: Path) -> None:
    """An error in a thread ends the measurement, not just its step."""
    engine = FixedService(0.0, breaks_after=40)
    with pytest.raises(RuntimeError, match="the driver went away"):
        run.measure(a_job(inputs), engine)


# ---------------------------------------------------------------- the small print


def test_the_bound_is_conservative() -> None:
    """At least the percentile itself; the largest where too few are independent."""
    rng = np.random.default_rng(1)
    many = rng.exponential(size=2000)
    value, n_effective = bound(many, 0.9)
    assert np.quantile(many, 0.9) < value < many.max()
    assert n_effective > 1500
    few = rng.exponential(size=40)
    assert bound(few, 0.9)[0] == few.max()
    assert (least_n_effective(0.9), least_n_effective(0.99)) == (44, 459)


def test_a_handful_of_fast_answers_proves_nothing(inputs: Path) -> None:
    """Eight arrivals within the limit are no p90."""
    network = FixedService(0.001, hint=1).read(Path(), {"x": [1, FEATURES]})
    pool = [network.compile("CPU", "throughput", "f32", None).request(arrays.load_samples(inputs))]
    step = Arrivals(pool, 2, a_job(inputs, seconds=0.05, limit_ms=1000.0, least=1)).step(50.0)
    assert step.bound_ms < 1000
    assert not step.met


def test_too_few_arrivals_are_said_and_not_guessed(inputs: Path) -> None:
    """A model of half a second a piece has no p90 within a step."""
    result = run.measure(a_job(inputs, closed_ips=2.0), FixedService(0.5))
    assert isinstance(result, JobFailed)
    measurement = OpenLoopMeasurement().part([result])
    assert isinstance(measurement, Unsupported)
    assert measurement.reason.startswith(TOO_FEW)


def test_the_percentile_depends_on_how_many_can_arrive() -> None:
    """p99 wants two thousand arrivals in a step, p90 makes do with less."""
    assert percentile_for(10_000, 0.7) == 0.99
    assert percentile_for(300, 0.7) == 0.9
    assert percentile_for(300, 10) == 0.99


def test_openvino_under_random_arrivals(tmp_path: Path) -> None:
    """A real model: every step has samples, and the pool is the device's optimal one."""
    target, samples = models.a_target(tmp_path)
    job = a_job(samples, target=target, closed_ips=4000.0, limit_ms=50.0, seconds=0.05)
    result = done(job)
    assert isinstance(result, ArrivalsResult), result
    loop = result.open_loop
    assert isinstance(loop, OpenLoop)
    assert loop.requests >= 1
    assert all(step.n > 0 for step in loop.rounds[0].steps)
    assert len(msgspec.json.encode(loop)) < 2000

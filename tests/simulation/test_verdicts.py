"""Known truth through the collector's own loops: figures hold it, and verdicts turn."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from ovreport.metrics import MetricValue, metric_values
from ovreport.pairing import latencies
from ovreport.record import Record
from tests.simulation.engine import SimulatedRequest, VirtualTime
from tests.simulation.measures import true_percentile
from tests.simulation.pipeline import (
    SAMPLES,
    latency_record,
    record_of,
    throughput_record,
    virtual_time,
)
from tests.simulation.truth import Truth

CALM = Truth(median_ms=10, within=0.01, between=0.005, length=140)


def calm(**changes) -> Truth:
    """Return a truth that nothing speaks against, but what is changed."""
    return msgspec.structs.replace(CALM, **changes)


def codes(record: Record, measurement: str = "latency") -> list[str]:
    """Return the reasons of the measurement's verdict."""
    return [reason.code for reason in record.verdicts[measurement].reasons]


# ---------------------------------------------------------------- loops


def test_a_round_keeps_what_the_tape_says() -> None:
    """The loops read the clock around the inference and nothing else: the tape, to the digit."""
    tape = CALM.tape(0)
    with virtual_time() as clock:
        (measured,) = record_of(tape[np.newaxis], clock).latency.rounds
    timed = tape[measured.warmup_n :][: measured.n]
    assert measured.n == len(timed) == 100
    assert measured.median_ms == pytest.approx(float(np.median(timed)))
    assert measured.max_ms == pytest.approx(timed.max())
    assert measured.duration_s * 1000 == pytest.approx(timed.sum())
    assert measured.runtime_median_ms == pytest.approx(measured.median_ms)


def test_the_same_truth_gives_the_same_record() -> None:
    """Nothing of this machine is in it."""
    assert latency_record(CALM) == latency_record(CALM)


@pytest.mark.parametrize("requests", [1, 4])
def test_throughput_is_requests_over_latency(requests: int) -> None:
    """10 ms an inference: 100 a second for each request, by threads or by a queue."""
    record = throughput_record(CALM, requests=requests)
    found = metric_values(record)["throughput_ips"]
    assert found.value == pytest.approx(100 * requests, rel=0.02)
    assert record.throughput.rounds[0].requests == requests


def test_latency_and_its_percentiles_are_those_of_the_truth() -> None:
    """The interval holds the median; bounds lie beyond the percentiles, not far."""
    truth = Truth(within=0.05, between=0.01, length=400)
    found = metric_values(latency_record(truth))
    assert found["latency_ms"].low < truth.median_ms < found["latency_ms"].high
    for key, percentile in (("latency_p90_ms", 0.90), ("latency_p95_ms", 0.95)):
        assert isinstance(found[key], MetricValue)
        assert 1 <= found[key].value / true_percentile(truth, percentile) < 1.1


@pytest.mark.parametrize(("percentile", "z"), [(0.9, 1.2816), (0.99, 2.3263)])
def test_the_true_percentile_is_that_of_the_log_normal(percentile: float, z: float) -> None:
    """And heavy tails lie beyond it."""
    normal = Truth(within=0.03, between=0.04)
    assert true_percentile(normal, percentile) == pytest.approx(5 * math.exp(0.05 * z), rel=1e-4)
    heavy = msgspec.structs.replace(normal, tail="heavy")
    assert true_percentile(heavy, percentile) > true_percentile(normal, percentile)


# ---------------------------------------------------------------- verdicts


def test_a_calm_case_is_stable() -> None:
    """Nothing speaks against it."""
    record = latency_record(CALM)
    assert (record.verdicts["latency"].level, codes(record)) == ("stable", [])


@pytest.mark.parametrize("change", [{"drift": 0.15}, {"step": 0.08}, {"drift": -0.15}])
def test_a_change_within_rounds_is_noisy(change: dict[str, float]) -> None:
    """Slower or faster, evenly or at once: the last third is not the first."""
    record = latency_record(calm(length=133, **change))
    assert (record.verdicts["latency"].level, codes(record)) == ("noisy", ["drift"])


def test_drift_under_load_is_seen_too() -> None:
    """By the rates of the thirds."""
    record = throughput_record(calm(drift=0.3, length=200))
    assert record.verdicts["throughput"].level != "stable"
    assert "drift" in codes(record, "throughput")


@pytest.mark.parametrize(
    ("step", "level"), [(0.01, "stable"), (0.06, "noisy"), (0.3, "unreliable")]
)
def test_a_step_between_rounds_widens_the_interval(step: float, level: str) -> None:
    """From the ninth round on the machine is another one: the size of the step decides."""
    record = latency_record(calm(step=step, step_round=8), rounds=16)
    verdict = metric_values(record)["latency_observed_ms"].verdict
    codes = [reason.code for reason in verdict.reasons]
    assert (verdict.level, codes) == (level, [] if level == "stable" else ["wide-interval"])


def test_outliers_are_kept_and_do_not_move_the_median() -> None:
    """One inference in fifty takes ten times as long: the median stays, the tail tells."""
    clean, outlying = latency_record(CALM), latency_record(calm(outliers=0.02))
    before, after = metric_values(clean), metric_values(outlying)
    assert outlying.verdicts["latency"].level == "stable"
    assert after["latency_ms"].value == pytest.approx(before["latency_ms"].value, rel=0.005)
    assert max(r.max_ms for r in outlying.latency.rounds) > 80
    assert after["latency_p95_ms"].value >= before["latency_p95_ms"].value


def test_noisy_rounds_are_noisy_and_wild_ones_unreliable() -> None:
    """By the half-width of the interval."""
    levels = [
        metric_values(latency_record(calm(between=b, seed=4), rounds=16))["latency_observed_ms"]
        for b in (0.005, 0.035, 0.3)
    ]
    assert [value.verdict.level for value in levels] == ["stable", "noisy", "unreliable"]


def test_an_unsteady_start_is_reported() -> None:
    """Windows that never agree: the warm-up gives up at its cap, and says so."""
    record = latency_record(calm(within=0.8))
    assert "unstable-warmup" in codes(record)


# ---------------------------------------------------------------- the engine itself


def test_a_wrong_output_strikes_once_and_stays() -> None:
    """Before it the outputs are those of the inputs."""
    clock = VirtualTime()
    request = SimulatedRequest(CALM.tape(0), clock, SAMPLES, "wrong-output")
    request.feed(2)
    request.infer()
    assert request.outputs()[0].tolist() == [[2.0]]
    for _ in range(60):
        request.infer()
    assert request.outputs()[0].tolist() == [[102.0]]
    assert clock() == pytest.approx(0.61, rel=0.05)


def test_rounds_of_one_case_have_different_tapes() -> None:
    """As processes differ."""
    medians = latencies(latency_record(calm(between=0.05)))
    assert len(set(medians.values())) == 7

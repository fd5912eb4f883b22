"""Figures of the curve and of the open loop, on records of known content."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from ovreport import record as r
from ovreport.metrics import MetricValue, load, metric_values
from ovreport.stats.samples import fixed_buckets
from tests.factories import a_record


def a_point(requests: int, ips: list[float], ms: float, **changes: Any) -> r.CurvePoint:
    """Return a point of so many inferences a second in each round, all of one latency."""
    rounds = [
        r.PointRound(round=i, n=100, duration_s=100 / v, median_ms=ms, autocorrelation=0.0)
        for i, v in enumerate(ips)
    ]
    buckets = [(index, count * len(ips)) for index, count in fixed_buckets([ms] * 100, 1.07)]
    base = {
        "streams": 2,
        "requests": requests,
        "batch": 1,
        "rounds": rounds,
        "histogram": r.Histogram(growth=1.07, buckets=buckets),
    }
    return r.CurvePoint(**{**base, **changes})


def a_curve(*points: r.CurvePoint, gaps: tuple[r.CurveGap, ...] = ()) -> r.Curve:
    """Return a curve of points."""
    return r.Curve(seconds=0.25, points=list(points), gaps=list(gaps))


def a_loop(highest: list[float], late: float = 0.0) -> r.OpenLoop:
    """Return an open loop of three steps a round; 0: none of them met the limit."""
    rounds = []
    for i, rate in enumerate(highest):
        steps = [
            r.ArrivalStep(
                rate_ips=tried,
                n=200,
                duration_s=1,
                median_ms=1,
                bound_ms=2 if met else 20,
                met=met,
                n_effective=150,
                late_share=0 if met else late,
            )
            for tried, met in ((1000.0, False), (500.0, False), (rate or 50.0, rate > 0))
        ]
        rounds.append(r.ArrivalRound(round=i, steps=steps, highest_ips=rate))
    return r.OpenLoop(
        limit_ms=10,
        limit_rule="twice",
        percentile=0.9,
        seconds=1,
        requests=2,
        streams=2,
        rounds=rounds,
    )


UNLOADED = a_point(1, [100, 101, 99], 10)
TWICE = a_point(2, [190, 192, 188], 11)
FOUR = a_point(4, [200, 202, 198], 21)
WORSE = a_point(8, [195, 196, 194], 42)


def test_best_and_best_within_the_budget() -> None:
    """Four requests have more throughput, but take more than twice the lone latency."""
    found = metric_values(a_record(curve=a_curve(UNLOADED, TWICE, FOUR, WORSE)))
    best, within = found["curve_best_ips"], found["curve_within_ips"]
    assert isinstance(best, MetricValue)
    assert isinstance(within, MetricValue)
    assert best.value == pytest.approx(200)
    assert within.value == pytest.approx(190)
    assert best.low < 198
    assert best.high > 202
    assert (best.rounds, best.n) == (3, 300)


def test_a_batch_counts_all_of_its_samples() -> None:
    """Fifty inferences of four samples a second are two hundred."""
    point = a_point(1, [50, 50], 20, batch=4)
    assert load.rates(point) == pytest.approx([200, 200])


def test_the_front_holds_what_nothing_beats() -> None:
    """Ordered by latency; a point with more latency and less throughput is not on it."""
    assert load.front(a_curve(WORSE, FOUR, UNLOADED, TWICE)) == [UNLOADED, TWICE, FOUR]


def test_a_percentile_bounds_its_samples_or_is_not_said() -> None:
    """Three hundred samples bound p90 from above, and not p99; one round bounds nothing."""
    rng = np.random.default_rng(5)
    ms = np.exp(rng.normal(0, 0.3, 300))
    pooled = r.Histogram(growth=1.07, buckets=fixed_buckets(ms, 1.07))
    point = msgspec.structs.replace(a_point(1, [100] * 3, 1), histogram=pooled)
    bound = load.percentile_ms(point, 0.9)
    assert bound is not None
    assert np.quantile(ms, 0.9) <= bound <= 1.07 * ms.max()
    assert load.percentile_ms(point, 0.99) is None
    assert load.percentile_ms(a_point(1, [100], 1), 0.9) is None


def test_arrivals_are_a_share_of_the_throughput_of_several_rounds_of_a_process() -> None:
    """A search has the number of its process; rounds are numbered through over processes."""
    record = a_record(rounds=6, noise=0.05)
    rounds = [
        msgspec.structs.replace(
            t, process=t.round // 2, duration_s=t.duration_s / (1 + t.round // 2)
        )
        for t in record.throughput.rounds
    ]
    throughput = msgspec.structs.replace(record.throughput, rounds=rounds)
    closed = [t.n / t.duration_s for t in rounds]
    loop = a_loop([(one + other) / 4 for one, other in zip(closed[::2], closed[1::2], strict=True)])
    found = metric_values(msgspec.structs.replace(record, throughput=throughput, open_loop=loop))
    share = found["arrival_share"]
    assert isinstance(share, MetricValue)
    assert (share.value, share.rounds) == (pytest.approx(0.5), 3)
    assert share.high / share.low < 1.1


def test_arrivals_are_a_share_of_the_same_processs_throughput() -> None:
    """Paired, so that a slow process is slow on both sides."""
    record = a_record(noise=0.05)
    closed = [t.n / t.duration_s for t in record.throughput.rounds]
    loop = a_loop([v / 2 for v in closed[:3]])
    found = metric_values(msgspec.structs.replace(record, open_loop=loop))
    share = found["arrival_share"]
    assert isinstance(share, MetricValue)
    assert share.value == pytest.approx(0.5)
    assert share.high / share.low < 1.1
    rate = found["max_arrival_ips"]
    assert isinstance(rate, MetricValue)
    assert (rate.rounds, rate.n) == (3, 1800)


def test_a_round_in_which_nothing_met_the_limit_is_not_dropped() -> None:
    """One of three: the middle stays, the interval is unbounded. Most of them: no value."""
    one = metric_values(a_record(open_loop=a_loop([0, 300, 310])))["max_arrival_ips"]
    assert isinstance(one, MetricValue)
    assert (one.value, one.low, one.high) == (300, 0, math.inf)
    assert one.verdict.level == "unreliable"
    none = metric_values(a_record(open_loop=a_loop([0, 0, 310])))["max_arrival_ips"]
    assert isinstance(none, r.Skipped)
    assert "no rate that was tried, down to 50/s" in none.reason


def test_a_generator_that_is_late_speaks_against_the_rate() -> None:
    """Where we were the bottleneck, the device is not blamed."""
    rates = [300.0, 301, 300, 299, 300, 301, 300]
    late = metric_values(a_record(open_loop=a_loop(rates, late=0.4)))["max_arrival_ips"]
    assert isinstance(late, MetricValue)
    assert late.verdict.level == "noisy"
    assert [reason.code for reason in late.verdict.reasons] == ["load-generator"]
    prompt = metric_values(a_record(open_loop=a_loop(rates, late=0.05)))["max_arrival_ips"]
    assert isinstance(prompt, MetricValue)
    assert not prompt.verdict.reasons


# ---------------------------------------------------------------- the contract


def test_contradictions_are_refused() -> None:
    """A setting twice, growths that cannot be added, a highest rate that no step met."""
    gap = r.CurveGap(streams=2, requests=1, batch=1, reason="why")
    with pytest.raises(ValueError, match="twice"):
        a_curve(UNLOADED, gaps=(gap,))
    other = r.Histogram(growth=1.05, buckets=[(10, 300)])
    with pytest.raises(ValueError, match="growth"):
        a_curve(UNLOADED, msgspec.structs.replace(TWICE, histogram=other))
    with pytest.raises(ValueError, match="highest"):
        msgspec.structs.replace(a_loop([300]).rounds[0], highest_ips=500.0)

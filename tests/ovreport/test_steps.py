"""Steps in series of known truth."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport.stats.intervals import Interval
from ovreport.stats.steps import MIN_LEVEL, limit, steps


def series(n, changes=(), noise=0.02, own=0.02, seed=1):
    """Return points around 10, `changes`: (index, factor from there on); `own`: of the interval."""
    rng = np.random.default_rng(seed)
    values = 10 * np.exp(rng.normal(0, noise, n))
    for index, factor in changes:
        values[index:] *= factor
    half = np.exp(1.96 * own)
    return [Interval(float(v), float(v / half), float(v * half)) for v in values]


@pytest.mark.parametrize("own", [0.0, 0.01, 0.02])
@pytest.mark.parametrize("n", [8, 12, 30])
def test_one_series_in_a_hundred_without_a_step_has_one(n, own):
    """However much of the noise the intervals tell of; 600 series, so that 2.2 % is far off."""
    found = sum(bool(steps(series(n, own=own, seed=seed))) for seed in range(600))
    assert found / 600 <= 0.022


@pytest.mark.parametrize(
    ("n", "least", "placed"), [(8, 0.2, 0.9), (12, 0.45, 0.9), (30, 0.95, 0.85)]
)
def test_a_step_of_five_per_cent_is_found(n, least, placed):
    """In noise of two per cent: the more points, the surer; mostly within two points."""
    found = [steps(series(n, [(n // 2, 1.05)], seed=seed)) for seed in range(200)]
    some = [[step.index for step in one] for one in found if one]
    near = [any(abs(index - n // 2) <= 2 for index in one) for one in some]
    assert len(some) / 200 >= least
    assert sum(near) / len(some) >= placed


def test_several_steps_are_found_with_their_ratios():
    """Up by a third, then down again."""
    found = steps(series(30, [(10, 4 / 3), (20, 3 / 4)], noise=0.01, own=0.01))
    assert [step.index for step in found] == [10, 20]
    for step, ratio in zip(found, (4 / 3, 3 / 4), strict=True):
        assert step.ratio.low < ratio < step.ratio.high


def test_what_does_not_last_is_no_step():
    """Two campaigns of ten that were 30 % slower, in the middle or last."""
    for index in (4, 8):
        outliers = [(index, 1.3), (index + 2, 1 / 1.3)]
        assert not steps(series(10, outliers, noise=0.005, own=0.005))


def test_few_points_and_points_without_an_interval_have_no_steps():
    """Nothing is said of them."""
    assert not steps(series(7, [(4, 2.0)]))
    unknown = [*series(9, [(4, 2.0)]), Interval(20.0, 0.0, float("inf"))]
    assert not steps(unknown)
    assert steps(series(9, [(4, 2.0)]))


@given(
    st.lists(st.floats(0.1, 1e4), min_size=8, max_size=40), st.floats(1e-6, 0.5), st.floats(0.01, 9)
)
def test_the_unit_does_not_matter_and_levels_are_long_enough(values, own, unit):
    """Steps of milliseconds are those of seconds; each level has three points at least."""
    points = [Interval(v, v / (1 + own), v * (1 + own)) for v in values]
    places = [step.index for step in steps(points)]
    scaled = [Interval(unit * p.value, unit * p.low, unit * p.high) for p in points]
    again = [step.index for step in steps(scaled)]
    ends = [0, *places, len(values)]
    assert all(b - a >= MIN_LEVEL for a, b in itertools.pairwise(ends))
    assert again == places


def test_limits_grow_with_the_length():
    """There are more places to cut."""
    assert limit(8) < limit(20) < limit(60)
    assert limit(8) <= limit(9) <= limit(11)

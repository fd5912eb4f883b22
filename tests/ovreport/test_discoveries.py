"""Many comparisons at once: p-values from intervals, and the share of false discoveries."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport.stats.discoveries import (
    discoveries,
    p_value_of_difference,
    p_value_of_ratio,
    student_tails,
)
from ovreport.stats.intervals import Interval, t_quantile


@pytest.mark.parametrize("degrees", range(1, 31))
def test_the_tails_beyond_the_tabulated_quantiles_are_what_the_table_says(degrees):
    """NIST's quantiles, back to 5 and 1 %."""
    for confidence in (0.95, 0.99):
        found = student_tails(t_quantile(degrees, confidence), degrees)
        assert found == pytest.approx(1 - confidence, rel=2e-3)


@given(st.floats(0.5, 0.999), st.integers(1, 60))
def test_an_interval_that_just_reaches_1_has_five_per_cent(value, degrees):
    """Whichever value is the baseline."""
    for ratio in (Interval(value, value**2, 1.0), Interval(1 / value, 1.0, value**-2)):
        assert p_value_of_ratio(ratio, degrees) == pytest.approx(0.05, rel=5e-3)


def test_what_is_not_known_is_no_discovery():
    """An unbounded interval, and no difference at all; one that is sure is certain."""
    assert p_value_of_ratio(Interval(2.0, 0.0, math.inf), 10) == 1
    assert p_value_of_difference(Interval(0.0, 0.0, 0.0), 10) == 1
    assert p_value_of_difference(Interval(0.1, 0.1, 0.1), 10) == 0


@given(st.lists(st.floats(0, 1), max_size=40))
def test_the_smallest_are_discovered_first(p_values):
    """Never one without all that are surer; each of them significant alone."""
    found = discoveries(p_values)
    kept = [p for p, is_one in zip(p_values, found, strict=True) if is_one]
    left = [p for p, is_one in zip(p_values, found, strict=True) if not is_one]
    assert not kept or not left or max(kept) < min(left)
    assert all(p <= 0.05 for p in kept)


def test_false_discoveries_stay_below_the_rate():
    """Of 80 cases without a change and 20 with one, over 400 made campaigns."""
    rng = np.random.default_rng(20)
    shares, found_true = [], 0
    for _ in range(400):
        z = rng.normal(0, 1, 100)
        z[:20] += 4
        p_values = [math.erfc(abs(one) / math.sqrt(2)) for one in z]
        found = discoveries(p_values)
        false = sum(found[20:])
        found_true += sum(found[:20])
        shares.append(false / max(sum(found), 1))
    assert np.mean(shares) <= 0.05
    assert found_true / (400 * 20) > 0.75

"""Comparisons: what is said about two cases of known ratio."""

import math

import numpy as np
import pytest

from ovreport.stats.comparison import compare, compare_apart, outcome_of
from ovreport.stats.intervals import Interval


def paired(ratio, n=7, shared=0.3, own=0.002):
    """Return two cases whose rounds share a drifting machine."""
    rng = np.random.default_rng(11)
    machine = np.exp(rng.normal(0, shared, n))
    first = machine * ratio * np.exp(rng.normal(0, own, n))
    second = machine * np.exp(rng.normal(0, own, n))
    return dict(enumerate(first.tolist())), dict(enumerate(second.tolist()))


@pytest.mark.parametrize(
    ("ratio", "outcome"),
    [
        (1.0, "no clear difference"),
        (1.01, "no clear difference"),  # certain, but below 2 %
        (1.03, "different"),
        (1.07, "different"),
        (0.93, "different"),
        (1.5, "different"),
        (0.5, "different"),
    ],
)
def test_pairing_by_round_sees_through_a_noisy_machine(ratio, outcome):
    """Rounds differ by 30 %, the ratio of interleaved cases does not."""
    found = compare(*paired(ratio))
    assert (found.outcome, found.pairs) == (outcome, 7)
    assert found.ratio.value == pytest.approx(ratio, rel=0.01)


def test_a_large_but_uncertain_ratio_is_not_called_different():
    """Certainty and size are both needed."""
    found = compare(*paired(1.1, own=0.5))
    assert found.outcome == "no clear difference"


def test_four_pairs_are_not_enough():
    """However clear it looks."""
    assert compare(*paired(2.0, n=4)).outcome == "insufficient data"
    assert compare(*paired(2.0, n=5)).outcome == "different"


def test_only_shared_rounds_are_compared():
    """Rounds that one case lacks are left out, and without any there is no comparison."""
    first, second = paired(1.5)
    second[99] = 1e9
    del first[0]
    assert compare(first, second).pairs == 6
    assert outcome_of(compare({1: 1.0}, {2: 1.0})) == "no comparison"
    assert outcome_of(compare(first, second)) == "different"


def test_comparing_the_other_way_round_inverts_the_ratio():
    """No side is favoured."""
    first, second = paired(1.2)
    one, other = compare(first, second), compare(second, first)
    assert one.ratio.value == pytest.approx(1 / other.ratio.value)
    assert (one.outcome, one.pairs) == (other.outcome, other.pairs)


def test_an_announced_change_needs_more_certainty():
    """The same rounds: different for a reader who looks, not enough for a list of regressions."""
    first = {i: math.exp(x) for i, x in enumerate((0.03, 0.05, 0.08, 0.04, 0.06))}
    second = dict.fromkeys(first, 1.0)
    looked, listed = compare(first, second), compare(first, second, announced=True)
    assert (looked.outcome, listed.outcome) == ("different", "no clear difference")
    assert looked.ratio.value == listed.ratio.value
    assert listed.ratio.low < 1 < looked.ratio.low


def test_an_unpaired_ratio_holds_what_both_intervals_leave_open():
    """Wider than either, narrower than if both erred their worst at once; known cases agree."""
    first, second = Interval(4.0, 3.8, 4.3), Interval(2.0, 1.9, 2.1)
    found = compare_apart(first, second).ratio
    assert found.value == 2
    assert first.low / second.high < found.low < first.low / second.value
    assert first.high / second.value < found.high < first.high / second.low
    back = compare_apart(second, first).ratio
    assert (back.low, back.high) == pytest.approx((1 / found.high, 1 / found.low))
    exact = compare_apart(first, Interval(2.0, 2.0, 2.0)).ratio
    assert (exact.low, exact.high) == pytest.approx((1.9, 2.15))


def test_an_unpaired_ratio_of_something_unknown_is_unknown():
    """One round has no interval."""
    found = compare_apart(Interval(4.0, 0.0, math.inf), Interval(2.0, 1.9, 2.1))
    assert (found.ratio.low, found.ratio.high) == (0, math.inf)
    assert (found.outcome, found.pairs) == ("insufficient data", 0)


def test_an_unpaired_interval_holds_the_ratio_as_often_as_it_says():
    """Two values with normal errors of their logarithms, where the truth is known."""
    rng, z, held = np.random.default_rng(5), 1.96, 0
    for _ in range(4000):
        values = []
        for truth, error in ((3.0, 0.02), (2.0, 0.01)):
            value = truth * math.exp(rng.normal(0, error))
            ends = (value * math.exp(sign * z * error) for sign in (-1, 1))
            values.append(Interval(value, *ends))
        found = compare_apart(*values).ratio
        held += found.low <= 1.5 <= found.high
    assert 0.94 < held / 4000 < 0.96

"""Intervals of accuracy metrics: against published values and theory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport.stats import accuracy as s


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_as_published(successes, n, low, high):
    """To the four digits that are printed."""
    interval = s.wilson(successes, n)
    assert interval.low == pytest.approx(low, abs=6e-5)
    assert interval.high == pytest.approx(high, abs=6e-5)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_proportion(counts):
    """Also with none and with all right, where rounding once pushed a bound past it."""
    interval = s.wilson(*counts)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1


def mean(rows):
    """Return the mean, as a metric over labelled units."""
    return float(rows.mean())


def test_bootstrap_agrees_with_theory_for_a_mean():
    """Close to ±1.96 σ/√n, and the same for the same seed."""
    rows = np.random.default_rng(1).normal(10, 2, 400)
    interval = s.bootstrap(rows, mean, seed=5)
    margin = 1.96 * rows.std() / 20
    assert interval.value == rows.mean()
    assert interval.low == pytest.approx(rows.mean() - margin, abs=0.05)
    assert interval.high == pytest.approx(rows.mean() + margin, abs=0.05)
    assert interval == s.bootstrap(rows, mean, seed=5)


def test_a_skewed_metric_still_lies_within_its_interval():
    """Resampling a maximum never exceeds it: the interval is widened to hold it."""
    rows = np.arange(500.0)
    interval = s.bootstrap(rows, lambda r: -float(r.max()), seed=1)
    assert interval.low <= interval.value <= interval.high


def test_a_paired_difference_is_sharper_than_its_parts():
    """Units differ much, the difference on each unit hardly."""
    rng = np.random.default_rng(2)
    reference = rng.normal(0, 10, 300)
    delta = s.paired_delta(reference + 0.5 + rng.normal(0, 0.1, 300), reference, mean, seed=3)
    assert delta.value == pytest.approx(0.5, abs=0.02)
    assert delta.low > 0.45
    assert delta.high < 0.55


def test_unpaired_rows_are_refused():
    """A difference on other units is none."""
    with pytest.raises(ValueError, match="not paired"):
        s.paired_delta(np.ones(3), np.ones(4), mean, seed=0)


COUNTS = st.integers(1, 500).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(0, n)).flatmap(
        lambda both: st.tuples(st.just(both[0]), st.just(both[1]), st.integers(0, n - both[1]))
    )
)


def answers(n: int, gained: int, lost: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rights and wrongs of n questions: the first ones gained, the next ones lost."""
    rows, reference = np.ones((n, 1)), np.ones((n, 1))
    reference[:gained] = 0
    rows[gained : gained + lost] = 0
    return rows, reference


@given(COUNTS)
def test_a_paired_difference_of_shares_holds_its_value_and_mirrors(counts):
    """Whatever changed; the other way round it is the negative."""
    rows, reference = answers(*counts)
    found, mirrored = s.paired_share_delta(rows, reference), s.paired_share_delta(reference, rows)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.value == pytest.approx(rows.mean() - reference.mean())
    assert found.low == pytest.approx(-mirrored.high, abs=1e-9)


@pytest.mark.parametrize("n", [1, 20, 200, 1000])
def test_no_change_among_n_leaves_as_much_room_as_n_allow(n):
    """z²/(n + z²): Tango 1998, equation 9 without a change."""
    found = s.paired_share_delta(*answers(n, 0, 0))
    assert found.high == pytest.approx(1.96**2 / (n + 1.96**2), rel=1e-4)
    assert found.low == pytest.approx(-found.high)


def test_the_paired_interval_covers_what_it_says():
    """95 of 100 times, also where few answers change and resampling falls far short."""
    rng = np.random.default_rng(0)
    for n, gain, loss in ((20, 0.1, 0.1), (100, 0.02, 0.01), (1000, 0.005, 0.01)):
        hits = 0
        for _ in range(400):
            gained, lost, _kept = rng.multinomial(n, [gain, loss, 1 - gain - loss])
            found = s.paired_share_delta(*answers(n, gained, lost))
            hits += found.low - 1e-9 <= gain - loss <= found.high + 1e-9
        assert hits / 400 > 0.92


def test_shares_of_different_questions_are_not_paired():
    """Rather than compared wrongly."""
    with pytest.raises(ValueError, match="not paired"):
        s.paired_share_delta(np.ones((3, 1)), np.ones((4, 1)))

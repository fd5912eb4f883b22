"""The spread of rounds: what a run tells of a case, and correlation from round to round."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport.stats import spread as s

SPREADS = st.builds(s.Spread, st.floats(1e-3, 1), st.floats(1, 50))


def series(rng: np.random.Generator, n: int, rho: float) -> list[float]:
    """Return a first-order autoregression."""
    values = [float(rng.standard_normal())]
    for e in rng.standard_normal(n - 1):
        values.append(rho * values[-1] + math.sqrt(1 - rho * rho) * float(e))
    return values


@given(SPREADS, SPREADS)
def test_a_moderated_spread_lies_between_the_cases_own_and_the_runs(
    own: s.Spread, run: s.Spread
) -> None:
    """Nearer to the one of which more is known."""
    found = s.moderated(own, s.Prior(run.deviation, run.degrees))
    low, high = sorted((own.deviation, run.deviation))
    assert low * (1 - 1e-9) <= found.deviation <= high * (1 + 1e-9)
    assert found.degrees == own.degrees + run.degrees


@given(SPREADS)
def test_what_is_only_stated_never_narrows(own: s.Spread) -> None:
    """It is no measurement."""
    found = s.moderated(own, s.PROCESSES)
    assert found.deviation >= min(own.deviation, s.PROCESSES.deviation) * (1 - 1e-9)
    assert found.deviation >= own.deviation * (1 - 1e-9)


@pytest.mark.parametrize("deviation", [0.01, 0.2])
def test_equal_cases_pool_to_their_common_spread(deviation: float) -> None:
    """Thirty cases of four rounds: known as from a hundred rounds, not as from four."""
    rng = np.random.default_rng(1)
    cases = [s.of_values((deviation * rng.standard_normal(4)).tolist(), 0.0) for _ in range(30)]
    found = s.pooled(cases)
    assert found.deviation == pytest.approx(deviation, rel=0.2)
    assert found.degrees > 15


def test_cases_that_differ_say_little_of_each_other() -> None:
    """Spreads of 0.3 to 30 %: a typical one is worth few degrees."""
    rng = np.random.default_rng(2)
    cases = [
        s.of_values((10.0 ** rng.uniform(-2.5, -0.5) * rng.standard_normal(20)).tolist(), 0.0)
        for _ in range(20)
    ]
    assert s.pooled(cases).degrees < 5


def test_cases_whose_rounds_are_equal_can_be_pooled() -> None:
    """To the digit: there is no logarithm of zero."""
    found = s.pooled([s.Spread(0.0, 3), s.Spread(0.0, 3)])
    assert 0 < found.deviation < 1e-3


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_the_correlation_of_few_rounds_is_right_on_average(rho: float) -> None:
    """Twelve rounds around their own mean show too little of it, by what is corrected."""
    rng = np.random.default_rng(3)
    found = [s.lag1(series(rng, 12, rho)) for _ in range(2000)]
    assert np.mean(found) == pytest.approx(rho, abs=0.06)


@given(st.lists(st.floats(-10, 10), max_size=20), st.floats(0, 0.9))
def test_a_correlation_stays_usable(values: list[float], prior: float) -> None:
    """Never so near to 1 that nothing would be known, never below none."""
    assert 0 <= s.correlation(values, s.Prior(0.1, 1, prior)) <= 0.9


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_the_standard_error_is_that_of_correlated_rounds(rho: float) -> None:
    """Means of simulated series spread as it says."""
    rng = np.random.default_rng(4)
    rows = [series(rng, 20, rho) for _ in range(2000)]
    error = math.sqrt(np.mean([s.of_mean(row, rho).deviation ** 2 for row in rows]))
    assert error == pytest.approx(float(np.std([np.mean(row) for row in rows])), rel=0.1)

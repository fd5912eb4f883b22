"""The simulated truth is true: what a case is said to be is what its tapes hold."""

from __future__ import annotations

import numpy as np
import pytest

from ovreport.stats.samples import autocorrelation
from tests.simulation.truth import Truth


def tapes(rounds: int = 7, comparisons: int = 300, **truth) -> np.ndarray:
    """Return the logarithms of many tapes over their median."""
    made = Truth(**{"length": 200, **truth})
    return np.log(made.tapes(np.random.default_rng(1), comparisons, rounds) / made.median_ms)


def test_the_same_seed_gives_the_same_tape() -> None:
    """Deterministic, and another seed or round is another tape."""
    truth = Truth(between=0.02, rho=0.5)
    assert (truth.tape(3) == truth.tape(3)).all()
    assert (truth.tape(3) != truth.tape(2)).any()
    assert (truth.tape(3) != Truth(between=0.02, rho=0.5, seed=1).tape(3)).any()


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_inferences_have_their_spread_and_autocorrelation(rho: float) -> None:
    """Within a round: median, deviation, and lag-1 autocorrelation of one long tape."""
    long = tapes(comparisons=1, rounds=1, length=100_000, within=0.05, rho=rho)[0, 0]
    assert np.median(long) == pytest.approx(0, abs=0.003)
    assert long.std() == pytest.approx(0.05, rel=0.05)
    assert autocorrelation(long) == pytest.approx(rho, abs=0.02)


def test_rounds_differ_as_they_should() -> None:
    """Normal levels spread by the deviation; heavy ones have rounds far out."""
    normal = np.median(tapes(within=0, between=0.02), axis=2)
    heavy = np.median(tapes(within=0, between=0.02, tail="heavy"), axis=2)
    assert normal.std() == pytest.approx(0.02, rel=0.05)
    assert np.mean(abs(normal) > 0.08) < 0.001
    assert np.mean(abs(heavy) > 0.08) == pytest.approx(0.1 * 0.42, rel=0.35)


def test_drift_step_and_outliers() -> None:
    """Each where it belongs."""
    drifting = np.exp(tapes(within=0, drift=0.2)[0, 0])
    assert drifting[[0, -1]] == pytest.approx([1, 1.2])
    stepping = np.exp(tapes(within=0, step=0.3)[0, 0])
    assert stepping[[0, 99, 100, 199]] == pytest.approx([1, 1, 1.3, 1.3])
    later = np.exp(tapes(within=0, step=0.3, step_round=4)[0, :, 50])
    assert later == pytest.approx([1] * 4 + [1.3] * 3)
    outlying = np.exp(tapes(within=0, outliers=0.01))
    assert np.mean(outlying > 9) == pytest.approx(0.01, rel=0.1)

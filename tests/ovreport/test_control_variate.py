"""Control variates: exact where the truth is exact, honest where it is not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovreport.control_variate import (
    SAME_SPEED,
    Reference,
    Series,
    adjust,
    adjust_all,
    learn,
    learn_all,
    margin,
    median_reference,
)

logs = st.floats(-3, 3)
slopes = st.floats(-2, 2).filter(lambda b: abs(b) > 0.01)


@st.composite
def sessions(draw: st.DrawFn, *, cases: int = 5, rounds: int = 5) -> list[Series]:
    """Draw a session of any numbers, whose control and figures move."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scale = draw(st.sampled_from([0.001, 0.05, 1.0]))
    return [
        Series(rng.normal(0, scale, rounds).tolist(), rng.normal(0, scale, rounds).tolist())
        for _ in range(cases)
    ]


def following(
    slope: float, *, cases: int = 5, rounds: int = 7, noise: float = 0.0, seed: int = 1
) -> list[Series]:
    """Return cases that follow the machine's speed, each from a level of its own."""
    rng = np.random.default_rng(seed)
    found = []
    for level in range(cases):
        x = rng.normal(0, 0.1, rounds)
        y = level + slope * x + rng.normal(0, noise, rounds) if noise else level + slope * x
        found.append(Series(x.tolist(), y.tolist()))
    return found


@given(slopes)
def test_an_exact_relation_is_found_and_taken_out(slope: float) -> None:
    """Cases that follow the control exactly give its slope; adjusted, no spread is left."""
    case, *others = following(slope)
    control = learn(others)
    assert control.slope == pytest.approx(slope)
    assert control.spread < 1e-5
    assert control.holds
    adjusted = adjust(case, control, Reference(0.05, 0.0))
    assert adjusted.interval.value == pytest.approx(math.exp(slope * 0.05))
    assert adjusted.width < 1e-3


@given(sessions(), st.integers(0, 4))
def test_a_cases_own_rounds_decide_nothing_about_it(session: list[Series], index: int) -> None:
    """What is learned for a case is learned from all others, and from nothing else."""
    changed = list(session)
    changed[index] = Series([9.0, 1.0, 4.0], [1.0, 5.0, 2.0])
    control = learn_all(session)[index]
    assert learn_all(changed)[index] == control
    assert learn([case for i, case in enumerate(session) if i != index]) == control


@given(sessions(), st.floats(-5, 5))
@settings(max_examples=50)
def test_units_do_not_matter(session: list[Series], shift: float) -> None:
    """Figures in another unit are adjusted to the same figures in that unit."""
    moved = [Series(case.x, [y + shift for y in case.y]) for case in session]
    for one, other in zip(
        adjust_all(session, SAME_SPEED), adjust_all(moved, SAME_SPEED), strict=True
    ):
        assert one.control.slope == pytest.approx(other.control.slope, rel=1e-6, abs=1e-9)
        if one.adjusted and other.adjusted:
            ratio = other.adjusted.interval.value / one.adjusted.interval.value
            assert ratio == pytest.approx(math.exp(shift), rel=1e-6)


wild = st.lists(
    st.lists(st.tuples(st.floats(-690, 690), st.floats(-690, 690)), min_size=3, max_size=6).map(
        lambda rounds: Series([x for x, _ in rounds], [y for _, y in rounds])
    ),
    min_size=1,
    max_size=5,
)


@given(st.one_of(sessions(), wild))
def test_the_interval_holds_its_value(session: list[Series]) -> None:
    """Low ≤ value ≤ high, and all are positive, whatever the numbers are."""
    for case, control in zip(session, learn_all(session), strict=True):
        interval = adjust(case, control, median_reference(session)).interval
        assert 0 <= interval.low <= interval.value <= interval.high


@pytest.mark.parametrize(
    "others",
    [[], following(0.6, cases=1), [Series([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])] * 4],
    ids=["none", "one", "a control that stands still"],
)
def test_nothing_to_learn_from_is_no_adjustment(others: list[Series]) -> None:
    """Without cases, or without movement of the control, figures stay raw."""
    assert not learn(others).holds


def test_two_other_cases_are_too_few() -> None:
    """However well they follow."""
    assert not learn(following(0.6, cases=2)).holds
    assert learn(following(0.6, cases=3)).holds


def test_what_is_not_known_widens_the_interval() -> None:
    """Rounds far from the reference, and a reference that is itself vague, cost width."""
    case, *others = following(0.6, noise=0.02)
    control = learn(others)
    here = sum(case.x) / len(case.x)
    margins = [margin(case, control, Reference(here + d, 0.0)) for d in (0.0, 0.1, 0.2)]
    assert margins[0] == 0 < margins[1] < margins[2]
    vague, sure = (adjust(case, control, Reference(here, e)).width for e in (0.1, 0.0))
    assert vague > sure


def test_the_reference_is_the_sessions_median_with_its_error() -> None:
    """All rounds of all cases count alike."""
    reference = median_reference([Series([1, 2, 3], [0, 0, 0]), Series([4, 50], [0, 0])])
    assert reference.value == 3
    spread = np.std([1, 2, 3, 4, 50], ddof=1)
    assert reference.error == pytest.approx(math.sqrt(math.pi / 2) * spread / math.sqrt(5))


def simulated(slope: float, *, rounds: int, cases: int, sessions: int = 400) -> tuple[float, float]:
    """Return how often a case is adjusted, and how often its interval then holds the truth."""
    held = []
    for seed in range(sessions):
        case, *others = following(slope, cases=cases, rounds=rounds, noise=0.03, seed=seed)
        session = [case, *others]
        found = adjust_all(session, median_reference(session))[0]
        if found.adjusted:
            held.append(found.adjusted.interval.low <= 1 <= found.adjusted.interval.high)
    return len(held) / sessions, sum(held) / max(1, len(held))


@pytest.mark.parametrize("rounds", [5, 7, 11])
def test_adjusted_intervals_cover_the_truth(rounds: int) -> None:
    """Where figures follow the machine, nearly all are adjusted, and 95 % is no less than 93 %."""
    adjusted, coverage = simulated(0.8, rounds=rounds, cases=8)
    assert adjusted > 0.9
    assert coverage > 0.93


@pytest.mark.parametrize(("rounds", "cases"), [(5, 4), (7, 8)])
def test_without_correlation_nothing_is_gained(rounds: int, cases: int) -> None:
    """Where nothing follows the machine, hardly any figure is adjusted."""
    adjusted, _ = simulated(0.0, rounds=rounds, cases=cases)
    assert adjusted < 0.05

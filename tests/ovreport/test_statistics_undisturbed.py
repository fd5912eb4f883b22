"""The undisturbed value: what quiet rounds of several processes agree on, and nothing else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport.stats.spread import Prior
from ovreport.stats.undisturbed import Round, Undisturbed, needs_more, undisturbed

NEAR = st.floats(0.98, 1.02)
ROUNDS = st.lists(
    st.builds(Round, st.floats(0.5, 2), st.integers(0, 4), st.booleans()), min_size=1, max_size=20
)


def rounds_of(*processes: list[float], quiet: bool = True) -> list[Round]:
    """Return rounds, a list of values a process."""
    return [Round(v, p, quiet) for p, values in enumerate(processes) for v in values]


def value_of(rounds: list[Round], prior: Prior | None = None) -> float:
    """Return the value, which has to be known."""
    found = undisturbed(rounds, prior) if prior else undisturbed(rounds)
    assert isinstance(found, Undisturbed)
    return found.interval.value


def test_three_processes_that_agree_confirm_a_value() -> None:
    """Their quiet rounds; two are not enough."""
    three = rounds_of([1.0, 1.01], [1.01, 1.0], [0.99, 1.0])
    assert value_of(three) == pytest.approx(1.0, abs=0.01)
    assert isinstance(undisturbed(three[:4]), str)
    assert needs_more(three[:4], half_width=0.03)
    assert not needs_more(three, half_width=0.03)


def test_bursts_do_not_enter_the_value() -> None:
    """Rounds that other load slowed, seen or not, are left out."""
    bursts = rounds_of([1.0, 1.6, 1.0, 1.4], [1.3, 1.0, 1.01, 1.0], [1.0, 1.0, 1.7, 1.01])
    found = undisturbed(bursts)
    assert isinstance(found, Undisturbed)
    assert found.interval.value == pytest.approx(1.0, abs=0.01)
    assert [bursts[i].value for i in found.used] == [1.0, 1.0, 1.0, 1.01, 1.0, 1.0, 1.0, 1.01]


def test_agreement_alone_proves_nothing() -> None:
    """One processor of two busy throughout: all rounds agree, far too high, and it was seen."""
    busy = rounds_of([0.885, 0.886], [0.885, 0.884], [0.886, 0.885], quiet=False)
    assert "quiet" in str(undisturbed(busy))


def test_a_lucky_process_does_not_set_the_value() -> None:
    """Its memory lies well: 5 % faster for good, and the others agree without it."""
    rounds = rounds_of([0.95, 0.95], [1.0, 1.0], [1.01, 1.0], [1.0, 0.99])
    assert value_of(rounds) == pytest.approx(1.0, abs=0.005)


def test_a_process_that_is_far_faster_shows_that_the_others_were_disturbed() -> None:
    """Memory does not make a third: the majority was slowed by what nobody saw."""
    rounds = rounds_of([0.7, 0.7], [1.0, 1.0], [1.01, 1.0], [1.0, 0.99])
    assert isinstance(undisturbed(rounds), str)


def test_processes_that_scatter_confirm_nothing() -> None:
    """Three of seven within 3 % are chance."""
    rounds = rounds_of(*([v] for v in (1.0, 1.01, 1.02, 1.08, 1.15, 1.2, 1.3)))
    assert isinstance(undisturbed(rounds), str)


def test_a_run_whose_processes_differ_widens_the_interval() -> None:
    """Three that happen to agree are no proof where those of other cases do not."""
    rounds = rounds_of([1.0], [1.005], [0.995])
    calm, wild = (undisturbed(rounds, Prior(d, 20)) for d in (0.01, 0.06))
    assert isinstance(calm, Undisturbed)
    assert isinstance(wild, Undisturbed)
    assert calm.interval.half_width < 0.03
    assert wild.interval.half_width > 0.06


def test_a_spread_that_the_run_hardly_knows_counts_for_little() -> None:
    """No more degrees of freedom than the run's and the case's own."""
    rounds = rounds_of([1.0], [1.01], [0.99])
    well, hardly = (undisturbed(rounds, Prior(0.03, degrees)) for degrees in (60, 1))
    assert isinstance(well, Undisturbed)
    assert isinstance(hardly, Undisturbed)
    assert hardly.interval.half_width > 1.5 * well.interval.half_width


def test_a_run_that_agrees_closely_narrows_nothing_below_what_is_assumed() -> None:
    """Processes differ from run to run by more than within one."""
    rounds = rounds_of([1.0], [1.001], [0.999])
    close, unknown = undisturbed(rounds, Prior(0.001, 100)), undisturbed(rounds)
    assert isinstance(close, Undisturbed)
    assert isinstance(unknown, Undisturbed)
    assert close.interval.half_width == pytest.approx(unknown.interval.half_width)


@given(ROUNDS, st.floats(1e-3, 1e3))
def test_it_has_no_unit(rounds: list[Round], factor: float) -> None:
    """Milliseconds or seconds; values that stand on a limit may fall on either side of it."""
    found = undisturbed(rounds)
    scaled = undisturbed([Round(r.value * factor, r.process, r.quiet) for r in rounds])
    known = isinstance(found, Undisturbed) and isinstance(scaled, Undisturbed)
    if known and found.used == scaled.used:
        assert scaled.interval.value == pytest.approx(found.interval.value * factor)


@given(ROUNDS, st.randoms())
def test_the_order_of_rounds_is_irrelevant(rounds: list[Round], random) -> None:
    """So are the numbers of processes."""
    renamed = [Round(r.value, 10 - r.process, r.quiet) for r in rounds]
    random.shuffle(renamed)
    one, other = undisturbed(rounds), undisturbed(renamed)
    assert isinstance(one, str) == isinstance(other, str)
    if isinstance(one, Undisturbed) and isinstance(other, Undisturbed):
        assert other.interval.half_width == pytest.approx(one.interval.half_width)


@given(ROUNDS, st.lists(st.floats(0.1, 10), max_size=5))
def test_rounds_that_were_seen_to_be_disturbed_change_nothing(
    rounds: list[Round], disturbed: list[float]
) -> None:
    """However fast or slow they were."""
    more = [*rounds, *(Round(value, 0, quiet=False) for value in disturbed)]
    one, other = undisturbed(rounds), undisturbed(more)
    if isinstance(one, Undisturbed):
        assert one == other
    else:
        assert isinstance(other, str)


@given(st.lists(st.lists(NEAR, min_size=2, max_size=4), min_size=3, max_size=5))
def test_the_value_lies_among_the_rounds_that_it_is_made_of(processes: list[list[float]]) -> None:
    """And its interval holds it."""
    rounds = rounds_of(*processes)
    found = undisturbed(rounds)
    if isinstance(found, str):
        return
    used = [rounds[i].value for i in found.used]
    assert min(used) * (1 - 1e-9) <= found.interval.value <= max(used) * (1 + 1e-9)
    assert found.interval.low <= found.interval.value <= found.interval.high
    assert math.isfinite(found.interval.half_width)
    assert {rounds[i].process for i in found.used} == found.processes

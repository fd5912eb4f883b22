"""What a collect is expected to take, and how what it takes corrects that."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ovreport_collector.models import cache
from ovreport_collector.plan.plan import Plan
from ovreport_collector.plan.request import make_plan
from ovreport_collector.session import estimate
from ovreport_collector.session.estimate import Done, Forecast, Work
from tests.collector.conftest import FakeChild, a_request


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def plan(fake_child: FakeChild, suite_file, tier: Callable[..., object]) -> Plan:
    """Return a plan of two models at two precisions."""
    tier(processes=3, max_processes=4)
    return make_plan(a_request(suite_file, skip=("curve", "open_loop", "end_to_end", "no_mmap")))


def do(forecast: Forecast, clock: Clock, work: Work, seconds: float) -> None:
    """Do a piece of work in so many seconds."""
    forecast.begin(work)
    clock.now += seconds
    forecast.end()


def first_process(plan: Plan, case: int) -> list[tuple[Work, float]]:
    """Return the work of a case's first process, and its expected seconds."""
    return list(estimate.process(plan, plan.cases[case], 0))


def test_a_forecast_begins_with_what_is_announced(plan: Plan) -> None:
    """There is one model of time."""
    forecast = Forecast(plan, clock=Clock())
    assert forecast.left_s == pytest.approx(estimate.total_s(plan))
    assert forecast.share == 0


def test_a_disturbed_machine_takes_longer(plan: Plan) -> None:
    """By the processes that may be added; no longer where none may."""
    assert estimate.longest_s(plan) > estimate.total_s(plan)
    fixed = msgspec.structs.replace(plan.tier, max_processes=plan.tier.processes)
    one = dataclasses.replace(plan, tier=fixed)
    assert estimate.longest_s(one) == estimate.total_s(one)


def test_as_expected_the_time_left_goes_down_by_what_was_taken(plan: Plan) -> None:
    """Second by second, also while something is done."""
    clock = Clock()
    forecast, total_s = Forecast(plan, clock=clock), estimate.total_s(plan)
    for work, seconds in first_process(plan, 0):
        forecast.begin(work)
        for _ in range(4):
            clock.now += seconds / 4
            assert forecast.left_s == pytest.approx(total_s - clock.now)
    forecast.end()
    assert forecast.share == pytest.approx(clock.now / total_s)


def test_what_takes_longer_counts_once_it_was_done(plan: Plan) -> None:
    """On the same case, and of the same kind on others: each takes three times as long."""
    clock = Clock()
    forecast, total_s = Forecast(plan, clock=clock), estimate.total_s(plan)
    kinds = set()
    for work, seconds in first_process(plan, 0):
        do(forecast, clock, work, 3 * seconds)
        kinds.add(work.kind)
    of_these_kinds_s = sum(
        seconds
        for planned in plan.cases
        for index in range(plan.tier.processes)
        for work, seconds in estimate.process(plan, planned, index)
        if work.kind in kinds
    )
    expected = total_s + 2 * of_these_kinds_s - clock.now
    assert forecast.left_s == pytest.approx(expected)


def test_work_that_takes_long_never_makes_time_negative(plan: Plan) -> None:
    """It is over at any moment then; the rest is still to be done."""
    clock = Clock()
    forecast = Forecast(plan, clock=clock)
    work, seconds = first_process(plan, 0)[0]
    before = forecast.left_s
    forecast.begin(work)
    clock.now += 100 * seconds
    assert forecast.left_s == pytest.approx(before - seconds)
    assert 0 < forecast.share < 1


def test_a_case_that_ends_early_takes_no_more(plan: Plan) -> None:
    """It failed, or was known well enough."""
    forecast = Forecast(plan, clock=Clock())
    for planned in plan.cases:
        forecast.finish(planned.key)
    assert 0 < forecast.left_s < estimate.total_s(plan)
    for model in plan.models:
        forecast.finish(model.id)
    assert forecast.left_s == 0


def test_a_process_more_takes_more(plan: Plan) -> None:
    """What a process on the same case takes is known by then."""
    clock = Clock()
    forecast = Forecast(plan, clock=clock)
    for planned in plan.cases:
        forecast.finish(planned.key)
    before = forecast.left_s
    work = first_process(plan, 0)
    for one, _ in work:
        do(forecast, clock, one, 7.0)
    forecast.add(work)
    assert forecast.left_s == pytest.approx(before + 7.0 * len(work))


def test_a_resumed_run_knows_what_took_how_long(plan: Plan) -> None:
    """The same as if it had not been stopped."""
    clock = Clock()
    whole = Forecast(plan, clock=clock)
    taken = [(work, 2 * seconds) for work, seconds in first_process(plan, 1)]
    for work, seconds in taken:
        do(whole, clock, work, seconds)
    resumed = Forecast(plan, Done(rounds=1, work=tuple(taken)), Clock())
    assert resumed.left_s == pytest.approx(whole.left_s)
    assert resumed.share == pytest.approx(whole.share)


def test_what_was_built_before_is_found_by_some_fields_of_its_recipe(own_folders: Path) -> None:
    """So that it is not expected to be made again; a recipe that cannot be read is none."""
    recipe = {"variant": "int8", "file": "m-int8.xml", "version": 1}
    assert not cache.has_been_built(variant="int8")
    folder = cache.obtain(recipe, lambda folder: (folder / "m").touch())
    assert cache.has_been_built(variant="int8", file="m-int8.xml")
    assert not cache.has_been_built(variant="int8", file="other-int8.xml")
    (folder / "recipe.json").write_text("{")
    assert not cache.has_been_built(variant="int8")

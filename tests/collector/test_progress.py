"""What is shown while measuring: a bar of expected time on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from ovreport_collector.engines.types import Target
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.plan import tiers as plan_tiers
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.plan.request import make_plan
from ovreport_collector.session import estimate, progress
from ovreport_collector.session.journal import Journal, RoundDone
from ovreport_collector.session.progress import LiveDisplay, PlainDisplay
from tests.collector.conftest import FakeChild, a_request, a_round_result, run_in_sight

NOTHING = estimate.Done(rounds=0, seconds=0.0)


@pytest.fixture
def plan(fake_child: FakeChild, suite_file: Path, tier: Callable[..., object]) -> Plan:
    """Return a plan of four cases with five rounds each."""
    tier(processes=5, max_processes=7)
    return make_plan(a_request(suite_file))


def a_bar(plan: Plan, done: estimate.Done = NOTHING) -> LiveDisplay:
    """Return a bar that nobody sees."""
    return LiveDisplay(Console(file=io.StringIO()), plan, done=done)


def a_step(planned: PlannedCase, index: int) -> RoundDone:
    """Return a round of a case, as the journal holds it."""
    job = InferenceJob(
        target=Target(
            engine="openvino", model="m", shapes={}, device="CPU", precision="f32", plugins={}
        ),
        round=index,
        tier=plan_tiers.TIERS["quick"],
        inputs="",
        seed=20,
        driver="threads",
        energy_in=None,
    )
    return RoundDone(
        case=planned.key,
        round=index,
        started_at="2026-01-01T00:00:00Z",
        result=a_round_result(job),
        readings={},
    )


def test_the_bar_is_full_when_a_run_is_done(plan: Plan, own_folders: Path) -> None:
    """The steps of a run take together what was announced: there is one model of time."""
    assert run_in_sight(plan, own_folders / "out") == pytest.approx(1)


def test_rounds_that_measure_more_move_the_bar_further(plan: Plan) -> None:
    """At quick the curve and others are measured in the first round only."""
    at_default = plan.cases[1]
    first, second = (estimate.round_s(plan, at_default, index) for index in (0, 1))
    assert first > second
    bar = a_bar(plan)
    bar.round_started(at_default, 0)
    bar.round_finished(at_default, a_step(at_default, 0))
    assert bar.share == pytest.approx(first / estimate.total_s(plan))


def test_a_resumed_bar_begins_where_it_was(plan: Plan, tmp_path: Path) -> None:
    """The rounds of the journal are done."""
    journal = Journal(tmp_path / "run.jsonl")
    for index in (0, 1):
        journal.add(a_step(plan.cases[0], index))
    done = estimate.done(plan, journal)
    assert done.rounds == 2
    whole = a_bar(plan)
    for index in (0, 1):
        whole.round_started(plan.cases[0], index)
        whole.round_finished(plan.cases[0], a_step(plan.cases[0], index))
    assert a_bar(plan, done).share == pytest.approx(whole.share)


def test_a_failed_case_ends_and_a_round_more_makes_the_bar_longer(plan: Plan) -> None:
    """What will not be measured is done; what is added is to do."""
    bar = a_bar(plan)
    bar.failed(plan.cases[0], "it broke", rounds=plan.tier.rounds)
    share = estimate.rounds_s(plan, plan.cases[0]) / estimate.total_s(plan)
    assert bar.share == pytest.approx(share)
    bar.round_started(plan.cases[1], plan.tier.rounds)
    assert bar.share < share


@pytest.mark.parametrize(
    ("terminal", "ci", "kind"),
    [(True, "", LiveDisplay), (True, "true", PlainDisplay), (False, "", PlainDisplay)],
)
def test_a_bar_is_for_people(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, terminal: bool, ci: str, kind: type
) -> None:
    """A log gets lines, also that of a CI service which says that it is a terminal."""
    monkeypatch.setenv("CI", ci)
    console = Console(file=io.StringIO(), force_terminal=terminal)
    with progress.display_for(console, plan, done=NOTHING) as shown:
        assert type(shown) is kind

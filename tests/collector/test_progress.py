"""What is shown while measuring: a bar of expected time on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from ovreport_collector.engines.types import Target
from ovreport_collector.measurements.base import Pass, PlannedRound
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.plan.request import make_plan
from ovreport_collector.process.timing import Timing
from ovreport_collector.session import estimate, progress
from ovreport_collector.session.journal import Journal, ProcessDone, StepDone
from ovreport_collector.session.progress import LiveDisplay, PlainDisplay
from tests.collector.conftest import (
    FakeChild,
    a_request,
    an_inference_job,
    inference_steps,
    run_in_sight,
)


@pytest.fixture
def plan(fake_child: FakeChild, suite_file: Path, tier: Callable[..., object]) -> Plan:
    """Return a plan of four cases with five processes each."""
    tier(processes=5, max_processes=7)
    return make_plan(a_request(suite_file))


def a_bar(plan: Plan, done: estimate.Done = estimate.NOTHING) -> LiveDisplay:
    """Return a bar that nobody sees."""
    return LiveDisplay(Console(file=io.StringIO()), plan, done=done)


TARGET = Target(engine="openvino", model="m", shapes={}, device="CPU", precision="f32", plugins={})
NAMES = ("start", "latency", "switch", "throughput", "end")


def steps(planned: PlannedCase, number: int) -> list[StepDone]:
    """Return the steps of a process, as the journal holds them."""
    results = inference_steps(an_inference_job(TARGET, number))
    return [
        StepDone(
            case=planned.key,
            process=number,
            name=name,
            started_at="2026-01-01T00:00:00Z",
            result=result,
            timing=Timing(0.5, 0.4),
        )
        for name, result in zip(NAMES, results, strict=True)
    ]


def a_process(plan: Plan, planned: PlannedCase, number: int) -> PlannedRound:
    """Return what a process of a case is to do."""
    return PlannedRound(
        planned=planned,
        prepared=None,  # nothing of it is shown
        target=TARGET,
        device=plan.devices["CPU"],
        tier=plan.tier,
        index=number,
        seed=1,
        driver=None,
        folder=Path(),
        passes=[Pass("start"), Pass("latency")],
    )


def test_the_bar_is_full_when_a_run_is_done(plan: Plan, own_folders: Path) -> None:
    """Whatever was expected: at the end nothing is left."""
    assert run_in_sight(plan, own_folders / "out") == pytest.approx(1, abs=0.02)


def test_a_resumed_bar_begins_where_it_was(plan: Plan, tmp_path: Path) -> None:
    """The rounds of the journal are done."""
    journal = Journal(tmp_path / "run.jsonl")
    for step in (*steps(plan.cases[0], 0), *steps(plan.cases[0], 1)[:2]):
        journal.add(step)
    journal.add(ProcessDone(case=plan.cases[0].key, process=0))
    done = estimate.done(plan, journal)
    assert (done.rounds, done.processes) == (2, 1)
    assert a_bar(plan, done).share > a_bar(plan).share == 0
    assert a_bar(plan, done).left_s < a_bar(plan).left_s


def test_a_failed_case_ends_and_a_process_more_makes_the_bar_longer(plan: Plan) -> None:
    """What will not be measured is done; what is added is to do."""
    bar = a_bar(plan)
    before = bar.left_s
    bar.failed(plan.cases[0], "it broke")
    bar.case_finished(plan.cases[0])
    without = bar.left_s
    assert without < before
    bar.step_started(a_process(plan, plan.cases[1], plan.tier.processes), Pass("start"))
    assert bar.left_s > without


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.2, "5 s"), (42.0, "40 s"), (58.0, "1 min"), (280.0, "5 min"), (7200.0, "2.0 h")],
)
def test_a_time_to_come_is_said_no_more_precisely_than_it_is_known(
    seconds: float, shown: str
) -> None:
    """In seconds, minutes, hours."""
    assert shown in progress.minutes(seconds)


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
    with progress.display_for(console, plan, done=estimate.NOTHING) as shown:
        assert type(shown) is kind

"""What is shown while measuring: a bar of expected time on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from ovreport_collector.measurements import registry
from ovreport_collector.measurements.base import VISITS, PlannedProcess
from ovreport_collector.measurements.results import Started
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.plan.request import make_plan
from ovreport_collector.process.timing import Timing
from ovreport_collector.session import estimate, progress
from ovreport_collector.session.journal import Journal
from ovreport_collector.session.progress import LiveDisplay, PlainDisplay
from ovreport_collector.session.steps import StepDone
from tests import factories
from tests.collector.conftest import FakeChild, a_request, run_in_sight
from tests.collector.test_accuracy import prepared
from tests.collector.test_worker import TARGET


@pytest.fixture
def plan(fake_child: FakeChild, suite_file: Path, tier: Callable[..., object]) -> Plan:
    """Return a plan of four cases with five processes each."""
    tier(processes=5, max_processes=7)
    return make_plan(a_request(suite_file))


def a_bar(plan: Plan, done: estimate.Done = estimate.NOTHING) -> LiveDisplay:
    """Return a bar that nobody sees."""
    return LiveDisplay(Console(file=io.StringIO()), plan, done=done)


def a_process(plan: Plan, planned: PlannedCase, index: int) -> PlannedProcess:
    """Return a process of a case."""
    visits = dict.fromkeys(VISITS, plan.tier.rounds_per_process)
    return PlannedProcess(
        planned=planned,
        prepared=prepared(),
        target=TARGET,
        device=plan.devices["CPU"],
        tier=plan.tier,
        index=index,
        seed=1,
        driver="threads",
        folder=Path(),
        passes=registry.workload(planned).passes(visits),
    )


def start(bar: LiveDisplay, process: PlannedProcess) -> None:
    """Let a process begin its first step."""
    bar.step_started(process, process.passes[0])


def test_the_bar_is_full_when_a_run_is_done(plan: Plan, own_folders: Path) -> None:
    """Whatever was expected: at the end nothing is left."""
    assert run_in_sight(plan, own_folders / "out") == pytest.approx(1, abs=0.02)


def test_a_resumed_bar_begins_where_it_was(plan: Plan, tmp_path: Path) -> None:
    """The steps of the journal are done, and took what they took."""
    journal, record = Journal(tmp_path / "run.jsonl"), factories.a_record()
    started = Started(
        execution=record.execution,
        startup=record.startup.rounds[0],
        settings=record.latency.settings,
    )
    for process in (0, 1):
        step = StepDone(
            case=plan.cases[0].key,
            process=process,
            name="start",
            started_at="2026-01-01T00:00:00Z",
            result=started,
            timing=Timing(0.5, 0.4),
        )
        journal.add(step)
    done = estimate.done(plan, journal)
    assert [seconds for _, seconds in done.work] == [0.5, 0.5]
    assert a_bar(plan, done).share > a_bar(plan).share == 0
    assert a_bar(plan, done).left_s < a_bar(plan).left_s


def test_a_failed_case_ends_and_a_process_more_makes_the_bar_longer(plan: Plan) -> None:
    """What will not be measured is done; what is added is to do."""
    bar, (failing, other, *_) = a_bar(plan), plan.cases
    before = bar.left_s
    bar.failed(failing, "it broke")
    bar.case_finished(failing)
    without = bar.left_s
    assert without < before
    for index in range(plan.tier.processes):
        start(bar, a_process(plan, other, index))
    as_planned = bar.left_s
    start(bar, a_process(plan, other, plan.tier.processes))
    assert bar.left_s > as_planned


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

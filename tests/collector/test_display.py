"""What is shown while measuring: a bar of expected time on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from ovreport_collector.plan.plan import Plan
from ovreport_collector.session import collect, progress
from ovreport_collector.session.progress import LiveDisplay, PlainDisplay
from tests.collector.conftest import FakeChild, a_request


@pytest.fixture
def plan(fake_child: FakeChild, suite_file: Path, tier: Callable[..., object]) -> Plan:
    """Return a plan of four cases, five rounds each, the first three with an extra of 30 s."""
    tier(rounds=5, max_rounds=7)
    return collect.make_plan(a_request(suite_file))


@pytest.fixture
def _slow_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Plan.round_s
    monkeypatch.setattr(Plan, "round_s", lambda p, i: real(p, i) + (30 if i < 3 else 0))


def bar(live: LiveDisplay) -> tuple[float, str]:
    """Return the share of the bar that is filled, and its count of rounds."""
    (task,) = live._progress.tasks
    return task.completed / (task.total or 0), task.fields["rounds"]


@pytest.mark.usefixtures("_slow_extra")
def test_the_bar_counts_expected_time(plan: Plan) -> None:
    """Rounds with extras move it further; a resumed run begins where it was; a failed case ends."""
    done = [0, 0, 0, 0, 1, 1]
    live = LiveDisplay(Console(file=io.StringIO()), plan, done=done)
    whole = 4 * sum(map(plan.round_s, range(5)))
    assert bar(live) == (pytest.approx(sum(map(plan.round_s, done)) / whole), "6/20")
    live.failed(plan.cases[0], "it broke", rounds=5)
    assert bar(live)[1] == "11/20"
    live.round_started(plan.cases[1], 5)
    assert bar(live)[1] == "11/21"
    assert bar(live)[0] < (sum(map(plan.round_s, done)) + whole / 4) / whole


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
    with progress.display_for(console, plan, done=[]) as shown:
        assert type(shown) is kind

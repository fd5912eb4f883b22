"""The simulation study: strictly decoded, and shown on the method page as it is."""

from __future__ import annotations

import re

import msgspec
import pytest

from ovreport_collector.plan.tiers import TIERS
from ovreport_sitegen.build import Built
from ovreport_sitegen.pages.method import simulation
from ovreport_sitegen.pages.method.simulation import Finding, StatisticsStudy
from tests.simulation import measures

NBSP = "\N{NO-BREAK SPACE}"
STUDY = simulation.load()


def a_finding(**changes) -> Finding:
    """Return a finding whose goal is met."""
    base = {
        "question": "Is it kept?",
        "conditions": "7 rounds",
        "measured": 0.96,
        "goal": 0.93,
        "at_least": True,
        "n": 2000,
    }
    return Finding(**{**base, **changes})


def section(*findings: Finding) -> simulation.SimulationView:
    """Return the section of a study with these findings."""
    return simulation.section(msgspec.structs.replace(STUDY, findings=list(findings)))


def test_the_study_has_enough_comparisons() -> None:
    """At least 2,000 behind every number, whatever was asked."""
    assert min(f.n for f in STUDY.findings) >= 2000
    assert STUDY.command == "python tests/benchmarks/statistics_simulation.py"


def test_every_question_was_asked_under_all_conditions() -> None:
    """Coverage and false alarms: 5, 7, 11 rounds, three autocorrelations, two kinds of noise."""
    for question in (
        measures.COVERED_MEDIAN,
        measures.COVERED_RATIO,
        measures.FALSE_ALARM,
        measures.FALSE_ANNOUNCED,
    ):
        assert len({f.conditions for f in STUDY.findings if f.question == question}) == 18 + 1
    bounds = {f.conditions for f in STUDY.findings if f.question == measures.VIOLATED}
    assert len(bounds) == 3 * 3 * 2


def test_what_is_not_kept_has_a_reason() -> None:
    """No goal is missed in silence."""
    assert all(f.why for f in STUDY.findings if not f.met)


def test_the_publish_tier_takes_the_rounds_that_an_announcement_needs() -> None:
    """The study says how many; the tier has as many, and was the goal."""
    (needed,) = (f for f in STUDY.findings if f.question == measures.NEEDED)
    assert needed.measured <= TIERS["publish"].rounds == needed.goal


@pytest.mark.parametrize("changes", [{"surprise": 1}, {"seed": "20"}, {"date": None}])
def test_a_study_is_decoded_strictly(changes: dict[str, object]) -> None:
    """Fields that are unknown or of another type are refused."""
    document = {**msgspec.to_builtins(STUDY), **changes}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(document), type=StatisticsStudy)


def test_goals_are_bounds_from_below_or_above() -> None:
    """Coverage is at least, false alarms are at most; without a goal nothing is met or missed."""
    assert a_finding().met is True
    assert a_finding(measured=0.92).met is False
    assert a_finding(measured=0.92, at_least=False).met is True
    assert a_finding(goal=None).met is None


def test_the_worst_conditions_speak_for_a_question() -> None:
    """One row a question, with the number that is furthest from the goal."""
    said = section(
        a_finding(measured=0.97),
        a_finding(measured=0.91, conditions="5 rounds"),
        a_finding(question="False?", at_least=False, goal=0.05, measured=0.01),
        a_finding(question="False?", at_least=False, goal=0.05, measured=0.04),
        a_finding(question="Heavy?", goal=None, measured=0.6, why="nothing is promised"),
    )
    rows = [(r.question, r.measured.replace(NBSP, " "), r.met, r.of, r.why) for r in said.rows]
    assert rows == [
        ("Is it kept?", "91 %", "no", 2, ""),
        ("False?", "4 %", "yes", 2, ""),
        ("Heavy?", "60 %", "no goal", 1, "nothing is promised"),
    ]
    assert said.rows[0].conditions == "5 rounds"
    assert said.finding.startswith("1 of 2")
    assert len(said.every) == 5


def test_the_page_shows_the_study(built: Built) -> None:
    """Question, goal, number, n, and the command that repeats it."""
    page = (built.out / "method.html").read_text()
    text = re.sub(r"<[^>]+>|\s+", " ", page).replace(NBSP, " ")
    assert STUDY.command in text
    assert measures.COVERED_RATIO in text
    assert "≥ 93 %" in text
    assert simulation.section(STUDY).finding in text
    assert f"All {len(STUDY.findings)}" in text

"""The simulation study: strictly decoded, and shown on the method page as it is."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
import pytest

from ovreport_sitegen.build import Built
from ovreport_sitegen.pages.method import simulation
from ovreport_sitegen.pages.method.simulation import Finding, StatisticsStudy
from tests.simulation import cells, machines, measures
from tests.simulation.rounds import KINDS

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
    """Thousands behind every number but those of values that few cases have."""
    few = {cells.COVERED_STABLE, machines.COVERED_STABLE}
    enough = [f.n for f in STUDY.findings if f.question not in few]
    assert min(enough) >= machines.LABELLED
    assert sorted(enough)[len(enough) // 4] >= 1000
    assert STUDY.command == "python tests/benchmarks/statistics_simulation.py"


def test_every_question_was_asked_under_all_conditions() -> None:
    """Observed values, ratios and undisturbed values, each in its own table of conditions."""
    asked = Counter(f.question for f in STUDY.findings)
    assert asked[cells.COVERED_OBSERVED] == len(KINDS) * len(cells.RHOS) * len(cells.ROUNDS)
    pairs = len(cells.PAIRED_KINDS) * len(cells.RHOS) * len(cells.PAIRED_ROUNDS)
    assert asked[measures.COVERED_RATIO] == asked[measures.FALSE_ALARM] == pairs + 1
    assert asked[machines.CONFIRMED] == len(machines.MACHINES) * len(machines.DESIGNS)
    assert asked[measures.VIOLATED] == 3 * (3 * 2 + 2)


def test_what_is_not_kept_has_a_reason() -> None:
    """No goal is missed in silence."""
    assert all(f.why for f in STUDY.findings if not f.met)


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
    assert said.total == 5


def test_the_page_shows_the_study(built: Built) -> None:
    """Question, goal, number, n, and the command that repeats it."""
    page = (built.out / "method.html").read_text()
    text = re.sub(r"<[^>]+>|\s+", " ", page).replace(NBSP, " ")
    assert STUDY.command in text
    assert measures.COVERED_RATIO in text
    assert "≥ 93 %" in text
    assert simulation.section(STUDY).finding in text
    assert f"All {len(STUDY.findings)}" in text
    download = (built.out / "data" / "statistics.json").read_bytes()
    assert msgspec.json.decode(download, type=StatisticsStudy) == STUDY


def test_what_is_missed_for_two_reasons_has_a_row_for_each() -> None:
    """Below the row of its question, which the missed ones do not speak for."""
    missed = {"measured": 0.5, "conditions": "heavy load"}
    said = section(
        a_finding(),
        a_finding(**missed, why="nobody sees it"),
        a_finding(question="Another?"),
        a_finding(**missed, why="too few rounds"),
    )
    rows = [(r.question, r.met, r.why) for r in said.rows]
    assert rows == [
        ("Is it kept?", "yes", ""),
        ("Is it kept?", "no", "nobody sees it"),
        ("Is it kept?", "no", "too few rounds"),
        ("Another?", "yes", ""),
    ]
    assert said.finding.startswith("1 of 2")

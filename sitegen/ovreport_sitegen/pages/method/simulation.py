"""Simulations with a known truth show whether intervals and comparisons hold their promises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

import msgspec

from ovreport.words import plural
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.text import line

_SPACE = "\N{NO-BREAK SPACE}"


class Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number of the study of the statistics, and the goal that it is held against."""

    question: str
    """What was measured; findings of one question differ by their conditions."""
    conditions: str
    measured: float
    """A share."""
    goal: float | None
    """None: there is no goal, and `why` says so."""
    at_least: bool
    """Whether the goal is a lower bound; else it is an upper one."""
    n: int
    """Simulated comparisons behind it."""
    why: str = ""
    """Why there is no goal, or why it cannot be met."""

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None without a goal."""
        if self.goal is None:
            return None
        return self.measured >= self.goal if self.at_least else self.measured <= self.goal


class StatisticsStudy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What simulation with known truth says of the intervals, comparisons and bounds."""

    date: str
    ovreport: str
    command: str
    """Repeats it, in a checkout."""
    seed: int
    findings: list[Finding]


@dataclass(frozen=True)
class SimulationRow:
    """One question, and the finding that is furthest from its goal."""

    question: str
    measured: str
    goal: str
    """Empty where there is none."""
    met: str
    """yes, no, or "no goal"."""
    conditions: str
    n: str
    """Simulated comparisons behind it."""
    of: int
    """How many conditions were tried; these are the worst."""
    why: str


@dataclass(frozen=True)
class SimulationView:
    """The section on the method page."""

    finding: str
    rows: tuple[SimulationRow, ...]
    """Each question; below it, for each reason, what of it is not met."""
    total: int
    """How many findings the study has, all of them in the download."""
    command: str
    source: str


def load() -> StatisticsStudy:
    """Return the study in this package, written by the script that its `command` names.

    Raises msgspec.ValidationError with the path into the document where it is not a study.
    """
    file = resources.files("ovreport_sitegen").joinpath("studies", "statistics.json")
    return msgspec.json.decode(file.read_bytes(), type=StatisticsStudy)


def section(study: StatisticsStudy) -> SimulationView:
    """Return what a study says of the statistics."""
    return SimulationView(
        finding=_finding(study.findings),
        rows=tuple(_row(_worst(group), len(group)) for group in _groups(study.findings)),
        total=len(study.findings),
        command=line(study.command),
        source=f"Simulated with ovreport {line(study.ovreport)}, {line(study.date)}, seed "
        f"{study.seed}",
    )


def _groups(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Yield the findings of each question: those that need no explanation, then by explanation."""
    by_question = grouped((f.question, f) for f in findings)
    for asked in by_question.values():
        by_reason = grouped((f.why, f) for f in asked)
        for why in sorted(by_reason, key=bool):
            yield list(by_reason[why])


def _worst(findings: Sequence[Finding]) -> Finding:
    choose = min if findings[0].at_least else max
    return choose(findings, key=lambda f: f.measured)


def _finding(findings: Sequence[Finding]) -> str:
    """Return how many goals are met under every condition; one that is missed once is not met."""
    met_by_question = grouped((f.question, f.met) for f in findings if f.goal is not None)
    met = sum(all(found) for found in met_by_question.values())
    counts = sorted({f.n for f in findings})
    each = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    missed = len(met_by_question) - met
    others = f"; {missed} {'is' if missed == 1 else 'are'} missed under some" if missed else ""
    return (
        f"{met} of {plural(len(met_by_question), 'goal')} {'is' if met == 1 else 'are'} met under "
        f"all conditions tried{others}. Each number is of {each} simulated comparisons."
    )


def _row(finding: Finding, of: int) -> SimulationRow:
    goal = ""
    if finding.goal is not None:
        goal = f"{'≥' if finding.at_least else '≤'}{_SPACE}{_percent(finding.goal)}"
    return SimulationRow(
        question=line(finding.question, 200),
        measured=_percent(finding.measured),
        goal=goal,
        met={True: "yes", False: "no", None: "no goal"}[finding.met],
        conditions=line(finding.conditions, 200),
        n=f"{finding.n:,}",
        of=of,
        why="" if finding.met else line(finding.why, 400),
    )


def _percent(value: float) -> str:
    return f"{100 * value:.1f}".removesuffix(".0") + f"{_SPACE}%"

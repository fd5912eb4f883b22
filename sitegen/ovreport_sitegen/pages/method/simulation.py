"""Whether the statistics keep what they promise: the study's findings, worst first, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ovreport_sitegen.pages.method import studies
from ovreport_sitegen.pages.method.studies import Finding, StatisticsStudy
from ovreport_sitegen.text import line, plural

_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class ProofRow:
    """One question, and the answer where it is furthest from its goal."""

    question: str
    measured: str
    goal: str
    """Empty where nothing was promised."""
    met: str
    """yes, no, or "no goal"."""
    conditions: str
    n: str
    """Simulated comparisons behind it."""
    of: int
    """So many conditions were tried; these are the worst."""
    why: str


@dataclass(frozen=True)
class Proof:
    """Everything that the part of the page needs."""

    finding: str
    rows: tuple[ProofRow, ...]
    every: tuple[ProofRow, ...]
    """The findings under all conditions."""
    command: str
    source: str


def proof() -> Proof:
    """Return what the study in this package says of the statistics."""
    study = studies.load("statistics", StatisticsStudy)
    worst = [(_worst(group), len(group)) for group in _groups(study.findings)]
    return Proof(
        finding=_finding([f for f, _ in worst], study.findings),
        rows=tuple(_row(f, of) for f, of in worst),
        every=tuple(_row(f, 1) for f in study.findings),
        command=line(study.command),
        source=f"Simulated with ovreport {line(study.ovreport)}, {line(study.date)}, seed "
        f"{study.seed}",
    )


def _groups(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Yield the findings of each question; those that carry an explanation by themselves, last."""

    def key(finding: Finding) -> tuple[bool, str]:
        return bool(finding.why), finding.question

    order = {key(f): i for i, f in reversed(list(enumerate(findings)))}
    by_question = sorted(findings, key=lambda f: (bool(f.why), order[key(f)]))
    for _, group in groupby(by_question, key=key):
        yield list(group)


def _worst(findings: Sequence[Finding]) -> Finding:
    choose = min if findings[0].at_least else max
    return choose(findings, key=lambda f: f.measured)


def _finding(worst: Sequence[Finding], findings: Sequence[Finding]) -> str:
    goals = [f for f in worst if f.goal is not None]
    met = sum(f.met is True for f in goals)
    counts = sorted({f.n for f in findings})
    each = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    open_ones = "" if met == len(goals) else "; the table says which is not, and why"
    return (
        f"{met} of {plural(len(goals), 'goal')} met even under the worst conditions tried, with "
        f"{each} simulated comparisons behind each number{open_ones}."
    )


def _row(finding: Finding, of: int) -> ProofRow:
    goal = ""
    if finding.goal is not None:
        goal = f"{'≥' if finding.at_least else '≤'}{_SPACE}{_number(finding, finding.goal)}"
    return ProofRow(
        question=line(finding.question, 200),
        measured=_number(finding, finding.measured),
        goal=goal,
        met={True: "yes", False: "no", None: "no goal"}[finding.met],
        conditions=line(finding.conditions, 200),
        n=f"{finding.n:,}",
        of=of,
        why="" if finding.met else line(finding.why, 400),
    )


def _number(finding: Finding, value: float) -> str:
    if finding.unit == "rounds":
        return f"{value:g}{_SPACE}rounds"
    return f"{100 * value:.1f}".removesuffix(".0") + f"{_SPACE}%"

"""The head of a page, and the cards that hold its charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ovreport.metrics import HEADLINES
from ovreport_sitegen.charts import ChartSpec
from ovreport_sitegen.components.cells import reason_title
from ovreport_sitegen.components.table import Table
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import day, listed, plural


@dataclass(frozen=True)
class Head:
    """Title, lede and warning of a page."""

    title: str
    lede: str
    """One or two sentences under the title."""
    warning: str = ""
    """Shown above everything else; empty: none."""


@dataclass(frozen=True)
class Card:
    """A chart with what is needed to read it: conditions, finding, legend, table and source."""

    id: str
    title: str
    conditions: str
    better: str
    finding: str
    """A sentence computed from the data; the reason where nothing can be drawn."""
    footer: str
    chart: ChartSpec | None = None
    """None where nothing can be drawn."""
    legend: str = ""
    """What the marks mean."""
    left_out: tuple[str, ...] = ()
    """What is not drawn, each with the reason."""
    table: Table | None = None
    more: str = ""
    """Address of the page, or the part of one, that has everything."""


def warning(results: Sequence[Result], measurement: str, what: str = "on this page") -> str:
    """Return the warning of a page without a stable result; empty where it has one."""
    verdicts = [v for r in results if (v := r.verdict(measurement))]
    if not verdicts or any(v.level == "stable" for v in verdicts):
        return ""
    counts = Counter(reason.code for v in verdicts for reason in v.reasons)
    common = [
        f"{reason_title(code).lower()} ({n} of {len(verdicts)})"
        for code, n in counts.most_common(3)
    ]
    unreliable = sum(v.level == "unreliable" for v in verdicts)
    none = (
        f"all {len(verdicts)} are noisy"
        if not unreliable
        else (
            f"all {len(verdicts)} are unreliable"
            if unreliable == len(verdicts)
            else f"{unreliable} of {len(verdicts)} are unreliable, the others noisy"
        )
    )
    kind = measurement.replace("_", "-")
    return (
        f"No {kind} result {what} is stable: {none}. Most often: {listed(common)}. "
        "Absolute numbers may be off. Ratios of cases measured in one run are more reliable; each "
        "has its own interval."
    )


def footer(results: Sequence[Result], measurement: str, *, by: str = "") -> str:
    """Return rounds, release, date and verdicts of what a card shows.

    `by`: how a card of ratios compares; the verdicts of single values say nothing of ratios.
    """
    if not results:
        return "nothing to show"
    rounds = sorted({f.rounds for r in results if (f := r.metric_value(HEADLINES[measurement]))})
    releases = sorted({r.release for r in results})
    days = sorted({at[:10]: day(at) for r in results if (at := r.measured_at(measurement))}.items())
    levels = Counter(v.level for r in results if (v := r.verdict(measurement)))
    parts = [
        f"{rounds[0]}–{rounds[-1]} rounds"
        if len(rounds) > 1
        else plural(rounds[0], "round")
        if rounds
        else "no rounds",
        by or "median over rounds",
        f"OpenVINO {listed(releases)}",
        days[0][1] if len(days) == 1 else f"{days[0][1]} – {days[-1][1]}",
        ", ".join(
            f"{n} {level}"
            for level in ("stable", "noisy", "unreliable")
            if (n := levels[level]) and not by
        ),
    ]
    quick = sum(r.quick for r in results)
    if quick:
        parts.append("quick tier" if quick == len(results) else f"{quick} of the quick tier")
    return " · ".join(p for p in parts if p)

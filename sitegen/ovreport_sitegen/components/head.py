"""The head of a page: title, lede, and a warning where its results are not stable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ovreport_sitegen.components.cells import reason_title
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import listed


@dataclass(frozen=True)
class Head:
    """What stands at the top of a page."""

    title: str
    lede: str
    """One or two sentences under the title."""
    warning: str = ""
    """Shown above everything else; empty: none."""


def warning(results: Sequence[Result], measurement: str, what: str = "on this page") -> str:
    """Return the warning of a page without a stable result; empty where it has one.

    `what`: where the results are, as in "No latency result on this page is stable".
    """
    verdicts = [v for r in results if (v := r.verdict(measurement))]
    if not verdicts or any(v.level == "stable" for v in verdicts):
        return ""
    total, unreliable = len(verdicts), sum(v.level == "unreliable" for v in verdicts)
    levels = {0: f"all {total} are noisy", total: f"all {total} are unreliable"}
    mixed = f"{unreliable} of {total} are unreliable, the others noisy"
    counts = Counter(reason.code for v in verdicts for reason in v.reasons)
    common = [f"{reason_title(c).lower()} ({n} of {total})" for c, n in counts.most_common(3)]
    return (
        f"No {measurement.replace('_', '-')} result {what} is stable: "
        f"{levels.get(unreliable, mixed)}. Most often: {listed(common)}. "
        "Absolute numbers may be off. Ratios of cases measured in one run are more reliable; each "
        "has its own interval."
    )

"""Studies of the methods themselves: measured by a script, kept as data, shown on the site.

A study is a JSON file in the package, written by the script that its `command` names.
"""

from __future__ import annotations

from importlib import resources
from typing import Literal, TypeVar

import msgspec

Study = TypeVar("Study", bound=msgspec.Struct)


def load(name: str, kind: type[Study]) -> Study:
    """Return a study, strictly decoded; a file that is not one is a fault of this package.

    Raises msgspec.ValidationError with the path into the document.
    """
    file = resources.files("ovreport_sitegen").joinpath("studies", f"{name}.json")
    return msgspec.json.decode(file.read_bytes(), type=kind)


class Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number of the study of the statistics, and the goal that it is held against."""

    question: str
    """What was measured; findings of one question differ by their conditions."""
    conditions: str
    measured: float
    goal: float | None
    """None: nothing was promised here, and `why` says so."""
    at_least: bool
    """Whether the goal is a lower bound; else it is an upper one."""
    n: int
    """Simulated comparisons behind it."""
    unit: Literal["share", "rounds"] = "share"
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

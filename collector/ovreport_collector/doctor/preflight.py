"""What speaks against measuring now: a short look before a collect, in a line each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ovreport.errors import one_line
from ovreport_collector.doctor import activity, settings
from ovreport_collector.doctor.check import Check
from ovreport_collector.machine.procfs import ROOT

WINDOW_S = 0.5
"""Length of the look: fifty of the kernel's ticks a processor, and nobody minds the wait."""
_MAX_VALUE = 160


def preflight(cache: Path, *, window_s: float = WINDOW_S, root: Path = ROOT) -> list[str]:
    """Return what will spoil results on this machine now, after a look of so many seconds.

    A line each, with what it does to the results; none where all is well. `cache` is where models
    will lie. Foreign text, such as a program's name, is free of control characters.
    """
    look = activity.look(window_s, root)
    return lines([*activity.checks(look, root), *settings.checks(cache, root)])


def lines(checks: Iterable[Check]) -> list[str]:
    """Return what checks mean for the results: a line for each that means something."""
    return [
        f"{check.title}: {one_line(check.value, _MAX_VALUE)}. {check.effect}"
        for check in checks
        if check.effect
    ]

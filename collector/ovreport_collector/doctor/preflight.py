"""What speaks against measuring now: a short look before a collect, in a line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ovreport.errors import one_line
from ovreport_collector.doctor import activity, settings
from ovreport_collector.doctor.check import Check, Status
from ovreport_collector.machine.procfs import ROOT

WINDOW_S = 0.5
"""Length of the look: fifty of the kernel's ticks a processor, and nobody minds the wait."""
_MAX_VALUE = 160

_DISTURBED = "Latency and throughput are marked disturbed where no quiet moment is found"
_NOISY = "Every result is marked noisy"
_SMALLER = "Results are those of a smaller machine"
_EFFECTS: Mapping[tuple[str, Status], str] = {
    ("foreign-load", "bad"): _DISTURBED,
    ("steal", "bad"): _DISTURBED,
    ("pressure", "bad"): f"Tasks that wait hold up what is measured. {_DISTURBED}",
    ("swap", "bad"): "Pages that come back from disk hold up inferences, and results are noisy",
    ("heat", "bad"): "The processor lowers its clock, and results are slower and noisy",
    ("heat", "warn"): "The processor may lower its clock, and results be slower and noisy",
    ("power-source", "bad"): f"Processors run slower. {_NOISY}",
    ("governor", "bad"): f"The clock stays low. {_NOISY}",
    ("affinity", "warn"): _SMALLER,
    ("cgroup-cpus", "warn"): _SMALLER,
    ("cgroup-cpus", "bad"): f"All threads stand still when it is used up. {_NOISY}",
    ("memory", "bad"): "Measuring processes may be ended by the system",
    ("disk", "bad"): "Models may not fit, and the collect would stop",
}
"""Check and status → what it does to the results. Of a check that is not here nothing is said: it
changes no result by itself, or nothing can be done about it."""


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
        f"{check.title}: {one_line(check.value, _MAX_VALUE)}. {effect}."
        for check in checks
        if (effect := _EFFECTS.get((check.id, check.status)))
    ]

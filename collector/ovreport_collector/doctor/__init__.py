"""Checks the machine before anything is measured, and says what to change; it changes nothing.

    check     what a check is, and how the worst of many is found
    settings  how the machine is set up, and what of it we may use
    activity  what happens on it right now, by a short look
    access    what we may read: energy, OpenVINO's devices
    preflight what of it changes results, said before a collect

Limits are those of `ovreport.metrics.evidence`: what is `bad` here disturbs rounds there, or makes
results noisy.
"""

from __future__ import annotations

from pathlib import Path

from ovreport_collector.doctor import access, activity, settings
from ovreport_collector.doctor.check import Check
from ovreport_collector.machine.procfs import ROOT

__all__ = ["Check", "examine"]


def examine(window_s: float, cache: Path, root: Path = ROOT) -> list[Check]:
    """Return all checks, after a look of so many seconds; `cache` is where models will lie."""
    look = activity.look(window_s, root)  # first: what follows is work of our own
    return [*activity.checks(look, root), *settings.checks(cache, root), *access.checks(root)]

"""Aspects that a round measures in further processes, after its own: one module each.

A `Round` is measured first; then every extra that fits the case does its job in a fresh process
of its own. To add one: a job and its result in `jobs`, its doing in `worker`, a module here, and
a line in `EXTRAS`.
"""

from __future__ import annotations

from ovreport_collector.extras.base import Around, Extra
from ovreport_collector.extras.curve import CurveExtra
from ovreport_collector.extras.end_to_end import EndToEndExtra
from ovreport_collector.extras.open_loop import OpenLoopExtra

__all__ = ["EXTRAS", "Around", "Extra", "by_name", "rounds_of"]

EXTRAS: tuple[Extra, ...] = (EndToEndExtra(), CurveExtra(), OpenLoopExtra())
"""In the order in which a round measures them."""


def by_name(name: str) -> Extra | None:
    """Return the extra that makes the record's field of that name."""
    return next((extra for extra in EXTRAS if extra.name == name), None)


def rounds_of(tier: str) -> int:
    """Return in how many rounds extras are measured: they cost more, and say less, than the rest.

    Three give an interval; five are the fewest that may be compared.
    """
    return {"quick": 3, "standard": 5, "publish": 7}[tier]

"""What a check says, and what a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ovreport.record import Record

NEVER_EDITED = (
    "Records are never edited: use the file as `ovreport collect` wrote it, or measure again."
)


@dataclass(frozen=True)
class Fault:
    """One thing that cannot be so."""

    path: str
    """Of the field in the record: `$.latency.rounds[2].mean_ms`."""
    what: str
    remedy: str = NEVER_EDITED
    spoils_others: bool = False
    """Whether the record would do harm to others, so that no site shows it: one of the future
    would be the newest of its case for good, and of one without figures no page can be made."""


@dataclass(frozen=True)
class Check:
    """What hangs together in every record that was measured."""

    demand: str
    """What it demands, as a sentence."""
    why: str
    """How the collector measures, so that it cannot be otherwise."""
    find: Callable[[Record], Iterator[Fault]]
    """Yields what contradicts it."""


def number(value: float) -> str:
    """Return a number as faults show it."""
    return f"{value:.6g}"

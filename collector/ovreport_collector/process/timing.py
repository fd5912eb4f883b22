"""Where wall time goes: a measuring process tells its parts, a run adds them up step by step.

    with spending("warm-up"): …            in a measuring process; the outermost one counts
    Ledger.process(wall, told)             in the run, after every process
    Ledger.take() -> {part: seconds}       since the last taking, for the journal

Whatever no part claims is counted too: of a process as `process` (its start, imports and end), of
the run as `bookkeeping`. So the parts add up to the wall time by construction.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from ovreport.record import MeasuringTime

Part = Literal[
    "timed-loops",
    "warm-up",
    "timed-starts",
    "idle-baseline",
    "compile",
    "pilot",
    "inputs",
    "check",
    "accuracy",
    "process",
    "bookkeeping",
]
"""What the wall time of a collect goes to.

`timed-loops`: inferences that figures are made of. `warm-up`: what must run before them.
`timed-starts`: cold and cached start, read to first inference. `idle-baseline`: power at rest.
`compile`: compiling that is not timed.
`pilot`: finding out how to drive requests, and how long for. `inputs`: making and loading them.
`check`: comparing answers while timing. `accuracy`: running and judging all labelled inputs.
`process`: a process's start, imports and end, and what it does not tell apart. `bookkeeping`:
between processes.
"""
MEASURING: frozenset[Part] = frozenset({"timed-loops", "warm-up", "timed-starts", "idle-baseline"})
"""The parts in which the case is timed, or without which its times would be wrong."""


clock = time.monotonic

_spent: defaultdict[str, float] = defaultdict(float)
"""Of this measuring process."""
_counting: list[Part] = []


@contextlib.contextmanager
def spending(part: Part) -> Iterator[None]:
    """Count the time of a block as spent on `part`, unless a block around it counts already."""
    if _counting:
        yield
        return
    _counting.append(part)
    began = clock()
    try:
        yield
    finally:
        _spent[part] += clock() - began
        _counting.clear()


def tell(path: Path) -> None:
    """Write what this process spent its time on, in seconds."""
    path.write_bytes(msgspec.json.encode(dict(_spent)))


def told(path: Path) -> dict[str, float]:
    """Return what a process told; nothing where it ended before it could."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, float])
    except (OSError, msgspec.DecodeError):
        return {}


class Ledger:
    """The wall time of a run since its last step."""

    def __init__(self) -> None:
        self._since = clock()
        self._parts: defaultdict[str, float] = defaultdict(float)

    def process(self, wall_s: float, told_s: Mapping[str, float]) -> None:
        """Note a measuring process that took so long, and what of it it can tell."""
        for part, seconds in told_s.items():
            self._parts[part] += seconds
        self._parts["process"] += max(0.0, wall_s - sum(told_s.values()))

    def leave_out(self, seconds: float) -> None:
        """Forget time that is nobody's measuring: fetching files."""
        self._since += seconds

    @contextlib.contextmanager
    def doing(self, part: Part) -> Iterator[None]:
        """Count the time of a block of the run's own work."""
        began = clock()
        try:
            yield
        finally:
            self._parts[part] += clock() - began

    def take(self, rest: Part = "bookkeeping") -> dict[str, float]:
        """Return the seconds since the last taking by what they went to; the others are `rest`."""
        now = clock()
        taken = self._parts
        taken[rest] += max(0.0, now - self._since - sum(taken.values()))
        self._since, self._parts = now, defaultdict(float)
        return {part: round(seconds, 6) for part, seconds in taken.items() if seconds > 0}


def total(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the sum of several takings, part by part."""
    summed: defaultdict[str, float] = defaultdict(float)
    for part, seconds in (item for taken in parts for item in taken.items()):
        summed[part] += seconds
    return dict(summed)


def measuring_time(parts: Iterable[Mapping[str, float]]) -> MeasuringTime | None:
    """Return what several takings amount to; None where they are empty."""
    parts_s = total(parts)
    if not parts_s:
        return None
    return MeasuringTime(
        wall_s=sum(parts_s.values()),
        measuring_s=sum((s for part, s in parts_s.items() if part in MEASURING), 0.0),
    )

"""How long a collect takes, and how much of it is measuring.

    with measuring(): …          in a measuring process: timed loops, their warm-up, timed starts
    Stopwatch.add(measured_s)    in the collecting process, after every measuring process
    Stopwatch.take() -> Timing   since it was last taken, for the journal

What is not measuring is compiling, checking outputs, accuracy, starting processes, bookkeeping.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from ovreport.record import MeasuringTime

Clock = Callable[[], float]
"""Seconds, from any beginning."""


class Timing(Struct, frozen=True):
    """What a step of a collect took, in seconds."""

    wall_s: float
    measuring_s: float
    """Seconds of `wall_s` that were spent measuring."""

    def __add__(self, other: Timing) -> Timing:
        return Timing(self.wall_s + other.wall_s, self.measuring_s + other.measuring_s)


NO_TIME = Timing(0, 0)


class MeasuredTime:
    """The seconds in which a process was measuring."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._is_inside = False
        self.seconds = 0.0

    @contextlib.contextmanager
    def measuring(self, *, counts: bool = True) -> Iterator[None]:
        """Count the time of a block as measuring; of nested blocks the outermost decides.

        Where `counts` is false, nothing within the block counts: a trial run is no measurement.
        """
        if self._is_inside:
            yield
            return
        self._is_inside = True
        began = self._clock()
        try:
            yield
        finally:
            self.seconds += self._clock() - began if counts else 0.0
            self._is_inside = False


_own = MeasuredTime()
"""Of this process."""
measuring = _own.measuring


def write_measured(path: Path, measured: MeasuredTime = _own) -> None:
    """Write the seconds in which this process was measuring."""
    path.write_bytes(msgspec.json.encode(measured.seconds))


def read_measured(path: Path) -> float:
    """Return the seconds that a process wrote; 0 where it ended before it could."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=float)
    except (OSError, msgspec.DecodeError):
        return 0.0


class Stopwatch:
    """The time of a run since its last step."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._measuring_s = 0.0

    def add(self, measuring_s: float) -> None:
        """Note that a measuring process was measuring for so long."""
        self._measuring_s += measuring_s

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the time of a block out: what is fetched or made once, and kept, is not counted."""
        began = self._clock()
        try:
            yield
        finally:
            self._since += self._clock() - began

    def take(self) -> Timing:
        """Return the time since it was last taken."""
        now, measuring_s = self._clock(), self._measuring_s
        wall_s = max(now - self._since, measuring_s)
        self._since, self._measuring_s = now, 0.0
        return Timing(round(wall_s, 6), round(measuring_s, 6))


def total(timings: Iterable[Timing]) -> MeasuringTime | None:
    """Return what several steps took together; None where there are none."""
    steps = list(timings)
    if not steps:
        return None
    whole = sum(steps, NO_TIME)
    return MeasuringTime(wall_s=whole.wall_s, measuring_s=whole.measuring_s)

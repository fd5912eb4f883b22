"""How long a collect takes, and how much of it is measuring.

    with measuring(): …          in a measuring process: timed loops, their warm-up, timed starts
    Stopwatch.add(measured_s)    in the collecting process, after every measuring process
    Stopwatch.take() -> Timing   since it was last taken, for the journal

What is not measuring is compiling, checking outputs, accuracy, starting processes, bookkeeping.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from ovreport.record import MeasuringTime

clock = time.monotonic


class Timing(Struct, frozen=True):
    """What a step of a collect took, in seconds."""

    wall_s: float
    measuring_s: float
    """Of it: in measuring."""

    def __add__(self, other: Timing) -> Timing:
        return Timing(self.wall_s + other.wall_s, self.measuring_s + other.measuring_s)


NO_TIME = Timing(0, 0)


class _Measured:
    """The seconds of this process in which it was measuring."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.is_inside = False


_measured = _Measured()


@contextlib.contextmanager
def measuring(*, counts: bool = True) -> Iterator[None]:
    """Count the time of a block as measuring; of nested blocks the outermost decides.

    Where `counts` is false, nothing within the block counts: a trial run is no measurement.
    """
    if _measured.is_inside:
        yield
        return
    _measured.is_inside = True
    began = clock()
    try:
        yield
    finally:
        _measured.seconds += clock() - began if counts else 0.0
        _measured.is_inside = False


def write_measured(path: Path) -> None:
    """Write the seconds in which this process was measuring."""
    path.write_bytes(msgspec.json.encode(_measured.seconds))


def read_measured(path: Path) -> float:
    """Return the seconds that a process wrote; 0 where it ended before it could."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=float)
    except (OSError, msgspec.DecodeError):
        return 0.0


class Stopwatch:
    """The time of a run since its last step."""

    def __init__(self) -> None:
        self._since = clock()
        self._measuring_s = 0.0

    def add(self, measuring_s: float) -> None:
        """Note that a measuring process was measuring for so long."""
        self._measuring_s += measuring_s

    def leave_out(self, seconds: float) -> None:
        """Forget so many seconds: what is fetched or made once, and kept, is not counted."""
        self._since += seconds

    def take(self) -> Timing:
        """Return the time since it was last taken."""
        now, measuring_s = clock(), self._measuring_s
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

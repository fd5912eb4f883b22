"""How long a byte takes from one processor to another and back.

A virtual machine cannot see which cores of its host its processors are run on. Where the host moves
them apart, every barrier between threads takes longer, and with it every inference that several
threads share: nothing that the kernel counts tells. A byte that two processes hand to and fro does.

    with CoreToCore() as cores:
        cores.round_trip_ns()
"""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from typing import Self

from ovreport_collector.machine import echo

_WINDOWS, _TRIPS = 40, 25
"""The fastest window counts: what another program delays is in the others. A millisecond in all."""
_ENOUGH = 5
"""Windows without which none is likely to be free of other programs."""
_PATIENCE = 20_000
"""Looks at the byte, about a millisecond: the other process has lost its processor meanwhile."""
_LIMIT_S = 0.03


class CoreToCore:
    """Hands a byte to a process on another processor and back, from the `with` block's beginning.

    Between the first and the last of the processors that this process may use, where there are two
    and the system can be told to keep a process on one (Linux).
    """

    def __init__(self) -> None:
        self._other: subprocess.Popen[bytes] | None = None
        self._shared: mmap.mmap | None = None
        self._allowed: list[int] = []

    def __enter__(self) -> Self:
        """Start the other process."""
        if hasattr(os, "sched_getaffinity"):
            self._allowed = sorted(os.sched_getaffinity(0))
        if len(self._allowed) > 1:
            with suppress(OSError):  # without it there is no reading, and nothing else is lost
                self._start()
        return self

    def _start(self) -> None:
        with tempfile.NamedTemporaryFile(prefix="ovreport-") as file:
            file.write(bytes(1))
            file.flush()
            self._shared = mmap.mmap(file.fileno(), 1)
            other = subprocess.Popen(
                [sys.executable, "-I", "-S", echo.__file__, file.name, str(self._allowed[-1])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            if other.stdout is not None:
                other.stdout.read(1)  # it has opened the file, or is over
            self._other = other

    def __exit__(self, *_: object) -> None:
        """End the other process."""
        if self._other is not None:
            self._other.kill()
            self._other.communicate()
        if self._shared is not None:
            self._shared.close()
        self._other = self._shared = None

    def round_trip_ns(self) -> float | None:
        """Return the time of a round trip in nanoseconds; None where it cannot be measured."""
        if self._other is None or self._shared is None or self._other.stdin is None:
            return None
        try:
            self._shared[0] = echo.ASKED  # it must not find that it is over when it wakes up
            self._other.stdin.write(b".")
            self._other.stdin.flush()
            os.sched_setaffinity(0, {self._allowed[0]})  # of this thread alone
            return _fastest_ns(self._shared)
        except OSError:
            return None
        finally:
            self._shared[0] = echo.OVER
            with suppress(OSError):
                os.sched_setaffinity(0, self._allowed)


def _fastest_ns(shared: mmap.mmap) -> float | None:
    """Return the time of a trip in the fastest window; None where another program left none."""
    times: list[float] = []
    end = time.perf_counter() + _LIMIT_S
    while len(times) < _WINDOWS and time.perf_counter() < end:
        began = time.perf_counter_ns()
        if _trips(shared):
            times.append((time.perf_counter_ns() - began) / _TRIPS)
    return min(times) if len(times) >= _ENOUGH else None


def _trips(shared: mmap.mmap) -> bool:
    """Hand the byte over so often; return whether it came back soon each time."""
    for _ in range(_TRIPS):
        shared[0] = echo.ASKED
        for _ in range(_PATIENCE):
            if shared[0] != echo.ASKED:
                break
        else:
            return False
    return True

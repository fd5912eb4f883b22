"""Counters of energy, and what they count between two moments although they wrap around."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

clock = time.perf_counter

FASTEST_W = 5_000.0
"""No single counter is filled faster: several times what the largest package or card takes."""
LONGEST_POLL_S = 10.0
"""Also where we know of no wrap: a driver may keep its own 32 bits beneath a wider figure."""

ReadText = Callable[[Path], str]


class CounterError(Exception):
    """A counter said something that no energy can explain."""


def read_text(path: Path) -> str:
    """Return a small file's text, stripped. OSError where it cannot be read."""
    return path.read_text().strip()


@dataclass(frozen=True)
class Counter:
    """One counter of energy: rises, and may start again from zero."""

    read: Callable[[], int]
    """Raises OSError or ValueError where it gives no number."""
    unit_j: float
    """Energy of one count, in J."""
    wraps_at: int = 0
    """Counts after which it starts from zero; 0: it never does within a run."""

    @property
    def safe_poll_s(self) -> float:
        """How often to read it so that it cannot wrap twice unseen: twice in the fastest wrap."""
        if not self.wraps_at:
            return LONGEST_POLL_S
        return min(LONGEST_POLL_S, self.wraps_at * self.unit_j / FASTEST_W / 2)


@dataclass(frozen=True)
class Domain:
    """Counters that together cover one part of the machine, such as the packages of all sockets."""

    name: str
    scope: str
    counters: tuple[Counter, ...]


@dataclass(frozen=True)
class Meter:
    """Domains that one interface of the kernel gives, the headline first."""

    method: str
    domains: tuple[Domain, ...]


class Tally:
    """Adds up what one counter counts."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._last = counter.read()
        self._counts = 0

    def update(self) -> None:
        """Add what was counted since the last update; at most one wrap may lie between."""
        now = self._counter.read()
        moved = now - self._last
        if moved < 0:
            if not self._counter.wraps_at:
                raise CounterError(
                    f"the counter fell from {self._last} to {now}, and its range is not known"
                )
            moved += self._counter.wraps_at
        if moved < 0:
            raise CounterError(
                f"the counter fell from {self._last} to {now}, beyond its range "
                f"{self._counter.wraps_at}"
            )
        self._counts += moved
        self._last = now

    @property
    def energy_j(self) -> float:
        """Energy up to the last update."""
        return self._counts * self._counter.unit_j


class Watch:
    """Energy of every domain between two moments; a thread reads often enough for wraps.

        with Watch(domains) as watch:
            work()
        watch.energy_j, watch.seconds

    What goes wrong with a counter is raised when the watch ends, never in the work.
    """

    def __init__(self, domains: Sequence[Domain]) -> None:
        self._domains = domains
        self._stop = threading.Event()
        self._error: Exception | None = None
        self.energy_j: dict[str, float] = {}
        """Domain name → J, once it has ended."""
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._tallies = {d.name: [Tally(c) for c in d.counters] for d in self._domains}
        self._began = clock()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._update()
        self.seconds = clock() - self._began
        self.energy_j = {
            name: sum(tally.energy_j for tally in tallies)
            for name, tallies in self._tallies.items()
        }
        if self._error is not None and kind is None:
            raise self._error

    def _poll(self) -> None:
        every_s = min(
            (c.safe_poll_s for d in self._domains for c in d.counters), default=LONGEST_POLL_S
        )
        while not self._stop.wait(every_s):
            self._update()

    def _update(self) -> None:
        if self._error is not None:
            return
        try:
            for tallies in self._tallies.values():
                for tally in tallies:
                    tally.update()
        except (OSError, ValueError, CounterError) as error:
            self._error = error


def is_readable(counter: Counter) -> bool:
    """Return whether a counter gives a number; PermissionError is passed on."""
    try:
        counter.read()
    except PermissionError:
        raise
    except (OSError, ValueError):
        return False
    return True

"""A tree as the kernel shows it below /sys and /proc, with energy counters that advance."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

TICK_S = 0.002


def put(path: Path, text: str) -> Path:
    """Write a small file at once, as the kernel shows it: never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(f"{text}\n")
    temporary.rename(path)
    return path


@dataclass
class Machine:
    """A machine's tree."""

    root: Path
    powers_w: dict[Path, float] = field(default_factory=dict)
    """Counter → what it counts; more than zero while the machine runs."""
    ranges: dict[Path, int] = field(default_factory=dict)

    seconds: float = 0.0
    """Time that has passed on it."""

    def zone(
        self,
        address: str,
        name: str,
        *,
        power_w: float = 10.0,
        at_uj: int = 0,
        range_uj: int | None = 262_143_328_850,
        control: str = "intel-rapl",
    ) -> Path:
        """Add a powercap zone such as `0` or `0:1`; return its counter."""
        folder = self.root / "sys/class/powercap" / f"{control}:{address}"
        put(folder / "name", name)
        if range_uj is not None:
            put(folder / "max_energy_range_uj", str(range_uj))
            self.ranges[folder / "energy_uj"] = range_uj
        counter = put(folder / "energy_uj", str(at_uj))
        self.powers_w[counter] = power_w
        return counter

    def card(self, index: int, driver: str, *labels: str, power_w: float = 50.0) -> list[Path]:
        """Add a graphics card's hwmon; return its counters, in the order of their labels."""
        folder = self.root / f"sys/class/hwmon/hwmon{index}"
        put(folder / "name", driver)
        counters = []
        for n, label in enumerate(labels or ("",), start=1):
            counters.append(put(folder / f"energy{n}_input", "0"))
            self.powers_w[counters[-1]] = power_w
            if label:
                put(folder / f"energy{n}_label", label)
        return counters

    def cpuinfo(self, *, vendor: str = "GenuineIntel", flags: str = "fpu avx2") -> None:
        """Say what the processor is."""
        put(self.root / "proc/cpuinfo", f"vendor_id\t: {vendor}\nflags\t\t: {flags}")

    def advance(self, seconds: float) -> None:
        """Let time pass: counters rise, and start again from zero after their range."""
        self.seconds += seconds
        for path, power_w in self.powers_w.items():
            now = int(path.read_text()) + round(power_w * seconds * 1e6)
            limit = self.ranges.get(path)
            put(path, str(now if limit is None else now % limit))


class Running:
    """A machine whose counters advance with the clock, in a thread.

    Where the thread is kept waiting, the machine's own time stands still: it never jumps.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        before = time.perf_counter()
        while not self._stop.wait(TICK_S):
            now = time.perf_counter()
            self.machine.advance(min(now - before, 10 * TICK_S))
            before = now

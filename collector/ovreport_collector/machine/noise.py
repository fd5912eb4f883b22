"""Evidence about the machine while a round runs: looks before, during and after, compared.

Every reading is a key of `ovreport.metrics.evidence.READINGS`. What a machine does not
give is left out, and `unreadable` says why.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from ovreport_collector.machine import cgroup, processes, procfs
from ovreport_collector.machine.procfs import ROOT

PERIOD_S = 0.5
"""Between two looks. A look takes about a millisecond; what it took is a reading too."""
FIRST_LOOK_S = 0.15
"""After this a window has its first look: a visit of a quarter of a second has one too."""
_MIN_WINDOW_S = 0.25
"""Between looks closer than this the kernel's ticks, 10 ms apart, say too little for a peak."""

_TIMES = "the kernel reports no processor times (/proc/stat)"
_NO_PROC = "the kernel does not report it (/proc)"
_PSI = "the kernel has no pressure information (/proc/pressure)"
_FREQUENCY = "no processor frequency is readable (usual on virtual machines)"
_NO_QUOTA = "no control group with a processor quota"
_OWN = "the measuring process could not read its context switches"
_TOO_SHORT = "what was watched was over within a quarter of a second: too short for a peak"
_PEAK_OF = {"foreign_cpu_peak_share": "foreign_cpu_share", "steal_peak_share": "steal_share"}
"""The share of the whole time that a peak share is of."""
_WHY = {
    "foreign_cpu_share": _TIMES,
    "foreign_cpu_peak_share": _TIMES,
    "steal_share": _TIMES,
    "steal_peak_share": _TIMES,
    "load_average_1m": _NO_PROC,
    "context_switches": _NO_PROC,
    "swap_pages": _NO_PROC,
    "pressure_cpu_share": _PSI,
    "pressure_io_share": _PSI,
    "pressure_memory_share": _PSI,
    "throttle_events": "no thermal throttle counter is readable (usual on virtual machines)",
    "core_to_core_ns": "one processor only, a busy machine, or no way to keep a process on one",
    "frequency_mhz": _FREQUENCY,
    "frequency_min_mhz": _FREQUENCY,
    "temperature_c": "no temperature sensor is readable (usual on virtual machines)",
    "battery_share": "the machine does not report what it runs from (usual without a battery)",
    "cgroup_cpus": _NO_QUOTA,
    "cgroup_throttled_periods": _NO_QUOTA,
    "cgroup_throttled_s": _NO_QUOTA,
    "cgroup_memory_gib": "no control group limits the memory",
    "allowed_processors": "the kernel does not report the affinity (/proc/self/status)",
    "involuntary_switches": _OWN,
    "voluntary_switches": _OWN,
    "waiting_share": "the kernel does not count waiting (/proc/self/task/*/schedstat)",
}


@dataclass(frozen=True)
class Snapshot:
    """The machine at one moment."""

    at: float
    own_cpu_s: float
    """Processor time of this process and of all that it started."""
    counters: dict[str, float] = field(default_factory=dict)
    """Values that only grow: what counts is the difference of two snapshots."""
    state: dict[str, float] = field(default_factory=dict)
    """Values at this moment."""


def glance(root: Path = ROOT) -> Snapshot:
    """Look at what may change within a second, and costs little to read."""
    supply = procfs.power_source(root)
    return Snapshot(
        own_cpu_s=processes.own_cpu_s(root),
        at=time.monotonic(),
        counters={**procfs.processor_times(root), **procfs.pressure(root)},
        state={
            **procfs.load_average(root),
            **procfs.frequency_mhz(root),
            **procfs.temperature_c(root),
            **({"battery_share": float(supply == "battery")} if supply != "unknown" else {}),
        },
    )


def snapshot(root: Path = ROOT) -> Snapshot:
    """Look at everything."""
    seen = glance(root)
    more = {
        **procfs.swap_pages(root),
        **procfs.throttle_events(root),
        **procfs.context_switches(root),
        **cgroup.throttling(root),
    }
    return Snapshot(
        at=seen.at,
        own_cpu_s=seen.own_cpu_s,
        counters={**seen.counters, **more},
        state={**seen.state, **_limits(root)},
    )


@dataclass(frozen=True)
class Window:
    """The looks at the machine from one moment to another, in order; two at least."""

    looks: Sequence[Snapshot]

    @property
    def between(self) -> Sequence[Snapshot]:
        """The looks while it lasted: before and after, the machine idles."""
        return self.looks[1:-1] or self.looks


def readings(before: Snapshot, after: Snapshot) -> dict[str, float]:
    """Return what happened from one moment to another."""
    return readings_of([Window([before, after])])


def readings_of(windows: Sequence[Window]) -> dict[str, float]:
    """Return what happened in several windows, at least one: what counts up is summed."""
    first = windows[0].looks[0]
    found = {
        **_happened(windows),
        **_peaks(windows),
        **{key: first.state[key] for key in _AT_START if key in first.state},
        **_extremes([look for window in windows for look in window.between]),
    }
    # Six digits are more than any of them has; a record is read by people too.
    return {key: float(f"{value:.6g}") for key, value in found.items()}


def unreadable(found: dict[str, float]) -> dict[str, str]:
    """Return why each reading that this machine does not give is missing."""
    short = {peak: _TOO_SHORT for peak, share in _PEAK_OF.items() if share in found}
    return {key: why for key, why in (_WHY | short).items() if key not in found}


class Watch:
    """Watches in one window after the other; `readings` are of all that are over.

        watch = Watch()
        with watch.window():
            measure()
        watch.readings

    A thread of this process looks every half second: what disturbs a visit briefly is seen.
    """

    def __init__(self, period_s: float = PERIOD_S) -> None:
        self._period_s = period_s
        self._windows: list[Window] = []
        self._looking_s = 0.0

    @property
    def readings(self) -> dict[str, float]:
        """What happened in all windows so far; empty before the first is over."""
        if not self._windows:
            return {}
        watched_s = sum(w.looks[-1].at - w.looks[0].at for w in self._windows)
        return {
            **readings_of(self._windows),
            "looks": float(sum(len(w.looks) - 2 for w in self._windows)),
            "looking_cpu_share": round(self._looking_s / max(watched_s, 1e-6), 6),
        }

    @contextlib.contextmanager
    def window(self) -> Iterator[None]:
        """Look at everything, go on looking within the block, and look at everything again."""
        looks = [snapshot()]
        ended = threading.Event()
        thread = threading.Thread(target=self._look, args=(looks, ended), name="noise-watch")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._windows.append(Window([*looks, snapshot()]))

    def _look(self, looks: list[Snapshot], ended: threading.Event) -> None:
        wait_s = min(FIRST_LOOK_S, self._period_s)
        while not ended.wait(wait_s):
            wait_s = self._period_s
            with contextlib.suppress(OSError):  # a fault of the looking must not lose the round
                looks.append(glance())
        self._looking_s += time.thread_time()


_AT_START = ("load_average_1m", "allowed_processors", "cgroup_cpus", "cgroup_memory_gib")
_COUNTS = (
    "swap_pages",
    "throttle_events",
    "context_switches",
    "cgroup_throttled_periods",
    "cgroup_throttled_s",
)


def _limits(root: Path) -> dict[str, float]:
    allowed, limits = procfs.allowed_processors(root), cgroup.limits(root)
    found: dict[str, float] = {"allowed_processors": allowed} if allowed else {}
    if limits.cpus is not None:
        found["cgroup_cpus"] = limits.cpus
    if limits.memory_bytes is not None:
        found["cgroup_memory_gib"] = limits.memory_bytes / 2**30
    return found


@dataclass(frozen=True)
class Moved:
    """How far everything moved in some windows together."""

    seconds: float
    own_cpu_s: float
    counters: Mapping[str, float]

    def cpu_shares(self, unsure_s: float = 0.0) -> dict[str, float]:
        """Return what others took of the processors' time; nothing where it was not read.

        `unsure_s`: seconds of it that may have been ours.
        """
        if "busy_s" not in self.counters:
            return {}
        foreign_s = self.counters["busy_s"] - self.own_cpu_s - unsure_s
        capacity_s = self.seconds * (os.cpu_count() or 1)
        return {
            "foreign_cpu_share": _share(foreign_s, capacity_s),
            "steal_share": _share(self.counters["steal_s"], capacity_s),
        }


def moved(windows: Sequence[Window]) -> Moved:
    """Return how far everything moved between the first and the last look of each window."""
    counters: dict[str, float] = defaultdict(float)
    seconds = own_s = 0.0
    for window in windows:
        before, after = window.looks[0], window.looks[-1]
        seconds += max(after.at - before.at, 1e-6)
        own_s += after.own_cpu_s - before.own_cpu_s
        for key, value in before.counters.items():
            if key in after.counters:
                counters[key] += after.counters[key] - value
    return Moved(seconds, own_s, counters)


def _happened(windows: Sequence[Window]) -> dict[str, float]:
    seen = moved(windows)
    found = {key: seen.counters[key] for key in _COUNTS if key in seen.counters}
    found |= seen.cpu_shares()
    for resource in ("cpu", "io", "memory"):
        if (stalled_us := seen.counters.get(f"pressure_{resource}_us")) is not None:
            found[f"pressure_{resource}_share"] = stalled_us / 1e6 / seen.seconds
    return found


def _share(spent_s: float, capacity_s: float) -> float:
    """Return a share of processor time, within its bounds: the kernel counts in coarse ticks."""
    return min(1.0, max(0.0, spent_s) / capacity_s)


def _peaks(windows: Sequence[Window]) -> dict[str, float]:
    """Return the highest shares between two looks: a short disturbance is lost in a mean."""
    pairs = [Window(pair) for window in windows for pair in pairwise(_apart(window.looks))]
    shares = [moved([pair]).cpu_shares() for pair in pairs]
    return {
        f"{what}_peak_share": max(s[f"{what}_share"] for s in shares if f"{what}_share" in s)
        for what in ("foreign_cpu", "steal")
        if any(f"{what}_share" in s for s in shares)
    }


def _apart(looks: Sequence[Snapshot]) -> Iterator[Snapshot]:
    """Yield the looks that are far enough from the one before; the last pair may be long."""
    kept = looks[0]
    yield kept
    for look in looks[1:]:
        if look.at - kept.at >= _MIN_WINDOW_S:
            kept = look
            yield look


def _extremes(looks: Sequence[Snapshot]) -> dict[str, float]:
    def seen(key: str) -> list[float]:
        return [look.state[key] for look in looks if key in look.state]

    found = {}
    if mhz := seen("frequency_mhz"):
        found["frequency_mhz"] = sum(mhz) / len(mhz)
        found["frequency_min_mhz"] = min(mhz)
    if celsius := seen("temperature_c"):
        found["temperature_c"] = max(celsius)
    if battery := seen("battery_share"):
        found["battery_share"] = sum(battery) / len(battery)
    return found

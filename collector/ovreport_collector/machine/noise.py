"""Evidence about the machine while a round runs: looks before, during and after, compared.

Every reading is a key of `ovreport.metrics.evidence.READINGS`. What a machine does not
give is left out, and `unreadable` says why.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Self

from ovreport_collector.machine import cgroup, processes, procfs
from ovreport_collector.machine.procfs import ROOT

PERIOD_S = 0.5
"""Between two looks. A look takes about a millisecond; what it took is a reading too."""
_MIN_WINDOW_S = 0.25
"""Between looks closer than this the kernel's ticks, 10 ms apart, say too little for a peak."""

_TIMES = "the kernel reports no processor times (/proc/stat)"
_NO_PROC = "the kernel does not report it (/proc)"
_PSI = "the kernel has no pressure information (/proc/pressure)"
_FREQUENCY = "no processor frequency is readable (usual on virtual machines)"
_NO_QUOTA = "no control group with a processor quota"
_OWN = "the measuring process could not read its context switches"
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


def readings(
    before: Snapshot, after: Snapshot, between: Sequence[Snapshot] = ()
) -> dict[str, float]:
    """Return what happened from one moment to another, and the extremes of the looks between."""
    looks = [before, *between, after]
    found = {
        **_moved(before, after),
        **_peaks(looks),
        **{key: before.state[key] for key in _AT_START if key in before.state},
        **_extremes(between or looks),
    }
    # Six digits are more than any of them has; a record is read by people too.
    return {key: float(f"{value:.6g}") for key, value in found.items()}


def unreadable(found: dict[str, float]) -> dict[str, str]:
    """Return why each reading that this machine does not give is missing."""
    return {key: why for key, why in _WHY.items() if key not in found}


class Watch:
    """Watches from entering to leaving; `readings` are complete after that.

        with Watch() as watch:
            measure()
        watch.readings

    A thread of this process looks every half second: what disturbs a round briefly is seen.
    """

    def __init__(self, period_s: float = PERIOD_S) -> None:
        self._period_s = period_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="noise-watch", daemon=True)
        self._looks: list[Snapshot] = []
        self._looking_s = 0.0
        self.readings: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Look at everything, and go on looking."""
        self._before = snapshot()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, look at everything again, and compare."""
        self._ended.set()
        self._thread.join()
        after = snapshot()
        self.readings = {
            **readings(self._before, after, self._looks),
            "looks": float(len(self._looks)),
            "looking_cpu_share": round(self._looking_s / max(after.at - self._before.at, 1e-6), 6),
        }

    def _look(self) -> None:
        while not self._ended.wait(self._period_s):
            with contextlib.suppress(OSError):  # a fault of the looking must not lose the round
                self._looks.append(glance())
        self._looking_s = time.thread_time()


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


def _moved(before: Snapshot, after: Snapshot) -> dict[str, float]:
    moved = {
        key: after.counters[key] - value
        for key, value in before.counters.items()
        if key in after.counters
    }
    seconds = max(after.at - before.at, 1e-6)
    found = {key: moved[key] for key in _COUNTS if key in moved}
    if "busy_s" in moved:
        # Kernel ticks are coarse: a difference below nothing is nothing.
        foreign_s = max(0.0, moved["busy_s"] - (after.own_cpu_s - before.own_cpu_s))
        capacity_s = seconds * (os.cpu_count() or 1)
        found["foreign_cpu_share"] = foreign_s / capacity_s
        found["steal_share"] = max(0.0, moved["steal_s"]) / capacity_s
    for resource in ("cpu", "io", "memory"):
        if (stalled_us := moved.get(f"pressure_{resource}_us")) is not None:
            found[f"pressure_{resource}_share"] = stalled_us / 1e6 / seconds
    return found


def _peaks(looks: Sequence[Snapshot]) -> dict[str, float]:
    """Return the highest shares between two looks: a short disturbance is lost in a mean."""
    windows = [_moved(a, b) for a, b in pairwise(_apart(looks))]
    shares = {
        f"{what}_peak_share": [w[f"{what}_share"] for w in windows if f"{what}_share" in w]
        for what in ("foreign_cpu", "steal")
    }
    return {key: max(values) for key, values in shares.items() if values}


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

"""Evidence about the machine while a round runs: read before, read after, compare.

Every reading is a key of `ovreport.verdict.READINGS`. What a machine does not give is left out,
and `unreadable` says why.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ovreport_collector.machine import read_text

_CPU = Path("/sys/devices/system/cpu")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100

_WHY = {
    "throttle_events": "no thermal throttle counter is readable (usual on virtual machines)",
    "frequency_mhz": "no processor frequency is readable (usual on virtual machines)",
    "temperature_c": "no temperature sensor is readable (usual on virtual machines)",
    "pressure_cpu_share": "the kernel has no pressure information (/proc/pressure/cpu)",
    "steal_share": "the kernel tells no steal time",
    "foreign_cpu_share": "the kernel tells no processor times",
}


@dataclass(frozen=True)
class Snapshot:
    """Counters at one moment."""

    at: float
    own_cpu_s: float
    """Processor time of this process and of the children it waited for."""
    counters: dict[str, float] = field(default_factory=dict)


def snapshot() -> Snapshot:
    """Read all counters now."""
    times = os.times()
    return Snapshot(
        at=time.monotonic(),
        own_cpu_s=times.user + times.system + times.children_user + times.children_system,
        counters={**_processor_times(), **_swap(), **_throttle(), **_pressure(), **_switches()},
    )


def readings(before: Snapshot, after: Snapshot) -> dict[str, float]:
    """Return what happened between two snapshots, and the state at the second."""
    seconds = max(after.at - before.at, 1e-6)
    capacity_s = seconds * (os.cpu_count() or 1)
    moved = {
        key: after.counters[key] - value
        for key, value in before.counters.items()
        if key in after.counters
    }
    found: dict[str, float] = {"load_average_1m": os.getloadavg()[0]}
    if "busy_s" in moved:
        own_s = after.own_cpu_s - before.own_cpu_s
        # Kernel ticks are coarse: a difference below nothing is nothing.
        found["foreign_cpu_share"] = max(0.0, moved["busy_s"] - own_s) / capacity_s
        found["steal_share"] = max(0.0, moved["steal_s"]) / capacity_s
    if "pressure_us" in moved:
        found["pressure_cpu_share"] = moved["pressure_us"] / 1e6 / seconds
    for key in ("swap_pages", "throttle_events", "context_switches"):
        if key in moved:
            found[key] = moved[key]
    return {**found, **_frequency(), **_temperature()}


def unreadable(found: dict[str, float]) -> dict[str, str]:
    """Return why each reading that this machine does not give is missing."""
    return {key: why for key, why in _WHY.items() if key not in found}


def _processor_times() -> dict[str, float]:
    for line in read_text(Path("/proc/stat")).splitlines():
        if line.startswith("cpu "):
            # user nice system idle iowait irq softirq steal (proc(5)); guests are within user
            ticks = [int(field) / _TICKS_PER_S for field in line.split()[1:9]]
            user, nice, system, _, _, irq, softirq, steal = ticks
            return {"busy_s": user + nice + system + irq + softirq, "steal_s": steal}
    return {}


def _swap() -> dict[str, float]:
    pages = 0.0
    found = False
    for line in read_text(Path("/proc/vmstat")).splitlines():
        key, _, value = line.partition(" ")
        if key in {"pswpin", "pswpout"}:
            pages += int(value)
            found = True
    return {"swap_pages": pages} if found else {}


def _throttle() -> dict[str, float]:
    counts = [read_text(p) for p in _CPU.glob("cpu[0-9]*/thermal_throttle/*_throttle_count")]
    numbers = [int(count) for count in counts if count.isdigit()]
    return {"throttle_events": float(sum(numbers))} if numbers else {}


def _pressure() -> dict[str, float]:
    for line in read_text(Path("/proc/pressure/cpu")).splitlines():
        if line.startswith("some "):
            return {"pressure_us": float(line.rpartition("total=")[2])}
    return {}


def _switches() -> dict[str, float]:
    return {"context_switches": float(psutil.cpu_stats().ctx_switches)}


def _frequency() -> dict[str, float]:
    paths = _CPU.glob("cpufreq/policy*/scaling_cur_freq")
    mhz = [int(text) / 1000 for path in paths if (text := read_text(path)).isdigit()]
    return {"frequency_mhz": sum(mhz) / len(mhz)} if mhz else {}


def _temperature() -> dict[str, float]:
    sensors = psutil.sensors_temperatures() if hasattr(psutil, "sensors_temperatures") else {}
    names = ("coretemp", "k10temp", "zenpower", "cpu_thermal")
    celsius = [reading.current for name in names for reading in sensors.get(name, [])]
    return {"temperature_c": max(celsius)} if celsius else {}

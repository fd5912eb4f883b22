"""RAPL through perf's power PMU: the way where perf is allowed and powercap is not.

    /sys/bus/event_source/devices/power   type   cpumask   events/energy-pkg   …/energy-pkg.scale

Source: perf_event_open(2), and Documentation/ABI/testing/sysfs-bus-event_source-devices-events of
the kernel. `perf stat` gives the same figures of a command only, not of a part of a process.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import struct
from collections.abc import Callable
from pathlib import Path

from ovreport_collector.machine.energy.counters import Counter, Domain, Meter, ReadText, read_text
from ovreport_collector.machine.energy.powercap import package_scope
from ovreport_collector.machine.procfs import processor_list

FOLDER = Path("sys/bus/event_source/devices/power")
DENIED = "perf may not look at the whole machine (kernel.perf_event_paranoid)"
REMEDY = "`sudo sysctl kernel.perf_event_paranoid=0` (until the next boot)"

_EVENTS = {
    "energy-pkg": ("package", ""),
    "energy-psys": ("psys", "the whole platform as its maker wired it, with all that ran on it"),
    "energy-cores": ("core", "the processors' cores"),
    "energy-ram": ("dram", "the memory modules"),
    "energy-gpu": ("uncore", "the graphics built into the processor"),
}
_SYSCALLS = {"x86_64": 298, "aarch64": 241}
_CLOSE_ON_EXEC = 8
_ATTR_SIZE = 64
"""PERF_ATTR_SIZE_VER0: every kernel takes it."""

Opener = Callable[[int, int, int], Callable[[], int]]
"""(PMU type, event, processor) → what reads its count."""


def find(root: Path, *, read: ReadText = read_text, opener: Opener | None = None) -> Meter | None:
    """Return the meter of the power PMU, None where there is none.

    Raises PermissionError where perf is not allowed to look at the whole machine.
    """
    folder = root / FOLDER
    try:
        pmu = int(read(folder / "type"))
        processors = sorted(processor_list(read(folder / "cpumask")))
        domains = [
            domain
            for event in _EVENTS
            if (domain := _domain(folder, event, pmu, processors, read, opener or open_event))
        ]
    except (FileNotFoundError, ValueError):
        return None
    return Meter("perf", tuple(domains)) if processors and domains else None


def open_event(pmu: int, event: int, processor: int) -> Callable[[], int]:
    """Open an event of one processor and all processes; return what reads its count.

    64 bits, that the kernel keeps whatever the hardware has. OSError where it is not allowed.
    """
    number = _SYSCALLS.get(platform.machine())
    if number is None:
        raise OSError(f"no number of perf_event_open is known for {platform.machine()}")
    # struct perf_event_attr: u32 type, u32 size, u64 config, the rest zero.
    head = struct.pack("<IIQ", pmu, _ATTR_SIZE, event)
    attributes = ctypes.create_string_buffer(head, _ATTR_SIZE)
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = int(libc.syscall(number, attributes, -1, processor, -1, _CLOSE_ON_EXEC))
    if descriptor < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"perf_event_open: {os.strerror(code)}")
    return lambda: int.from_bytes(os.read(descriptor, 8), "little")


def _domain(
    folder: Path, event: str, pmu: int, processors: list[int], read: ReadText, opener: Opener
) -> Domain | None:
    try:
        config = re.fullmatch(r"event=(0x[0-9a-fA-F]+)", read(folder / "events" / event))
        scale_j = float(read(folder / "events" / f"{event}.scale"))
    except FileNotFoundError:
        return None
    if config is None or not scale_j > 0:
        return None
    name, scope = _EVENTS[event]
    counters = [Counter(opener(pmu, int(config[1], 16), cpu), scale_j) for cpu in processors]
    return Domain(name, scope or package_scope(len(processors)), tuple(counters))

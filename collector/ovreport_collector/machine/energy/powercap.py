"""RAPL through the kernel's powercap interface: Intel's processors, and AMD's since Zen.

    /sys/class/powercap/intel-rapl:0        name package-0   energy_uj   max_energy_range_uj
                        intel-rapl:0:0      name core
                        intel-rapl:1        name psys

Source: Documentation/power/powercap/powercap.rst of the kernel. A sub-zone is part of its zone,
and `psys` holds the packages, so nothing is added up but the same zone of several sockets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ovreport_collector.machine import procfs
from ovreport_collector.machine.energy.counters import (
    Counter,
    Domain,
    Meter,
    ReadText,
    answers,
    read_text,
)

FOLDER = Path("sys/class/powercap")
DENIED = "only root may read the processor's energy counters, by default since CVE-2020-8694"
REMEDY = (
    "`sudo chmod o+r /sys/class/powercap/intel-rapl*/energy_uj` lets every local user read them "
    "until the next boot. Power readings reveal some of what other programs compute (PLATYPUS): "
    "do it on a machine of your own only, and undo it with `o-r`."
)

_ORDER = ("package", "psys", "core", "dram", "uncore")
_SCOPES = {
    "core": "the processors' cores",
    "dram": "the memory modules",
    "uncore": "the graphics built into the processor",
    "psys": "the whole platform as its maker wired it, with all that ran on it",
}
_UJ = 1e-6


@dataclass(frozen=True)
class _Zone:
    """One folder with a counter."""

    name: str
    """`package`, `core`, `dram`, `uncore`, `psys`; what else there is keeps its own name."""
    path: Path


def find(root: Path, *, read: ReadText = read_text) -> Meter | None:
    """Return the meter of the processors' packages, None where there is no zone that counts.

    Raises PermissionError where there are counters that this user may not read.
    """
    counters: dict[str, list[Counter]] = {}
    for zone in _zones(root, read):
        counter = _counter(zone.path, read)
        if answers(counter):
            counters.setdefault(zone.name, []).append(counter)
    if not counters:
        return None
    names = sorted(counters, key=lambda name: (_rank(name), name))
    return Meter("powercap", tuple(_domain(name, counters[name]) for name in names))


def package_scope(sockets: int) -> str:
    """Return what the package domain covers."""
    packages = "the processor package" if sockets == 1 else f"{sockets} processor packages together"
    return f"{packages}: cores, caches and built-in units, with every program that ran on them"


def _domain(name: str, counters: list[Counter]) -> Domain:
    scope = package_scope(len(counters)) if name == "package" else _SCOPES.get(name, name)
    return Domain(name, scope, tuple(counters))


def _rank(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _zones(root: Path, read: ReadText) -> Iterator[_Zone]:
    folder = root / FOLDER
    # The same package can be counted through a register (MSR) and through memory (MMIO): once.
    paths = sorted(folder.glob("intel-rapl:*")) or sorted(folder.glob("intel-rapl-mmio:*"))
    vendor = procfs.cpuinfo(root).get("vendor_id", "")
    one_core_only = "AMD" in vendor or "Hygon" in vendor
    for path in paths:
        try:
            name = read(path / "name")
        except (FileNotFoundError, UnicodeDecodeError):  # a container hides what links lead to
            continue
        # package-1 and package-1-die-0 are the same domain of other sockets; psys-1 holds psys.
        kind = "package" if re.fullmatch(r"package-\d+(-die-\d+)?", name) else name
        # AMD counts each core apart, and this zone is one core's: no figure of the processor.
        if not (one_core_only and kind == "core"):
            yield _Zone(kind, path)


def _counter(path: Path, read: ReadText) -> Counter:
    try:
        wraps_at = int(read(path / "max_energy_range_uj"))
    except (OSError, ValueError):
        wraps_at = 0  # a wrap is then noticed and reported, not guessed at
    return Counter(lambda: int(read(path / "energy_uj")), _UJ, max(wraps_at, 0))

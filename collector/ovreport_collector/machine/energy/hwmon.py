"""Discrete graphics cards through hwmon: drivers i915, xe and amdgpu.

    /sys/class/hwmon/hwmon3   name xe   energy1_label card   energy1_input   device → the card

Source: Documentation/hwmon/sysfs-interface.rst (energy[1-*]_input in µJ) and
Documentation/ABI/testing/sysfs-driver-intel-{i915,xe}-hwmon of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ovreport_collector.machine.energy.counters import (
    Counter,
    Domain,
    Meter,
    ReadText,
    is_readable,
    read_text,
)

FOLDER = Path("sys/class/hwmon")
_DRIVERS = ("i915", "xe", "amdgpu")
_UJ = 1e-6


def find(root: Path, *, read: ReadText = read_text) -> list[Meter]:
    """Return a meter for each graphics card that counts its energy.

    Raises PermissionError where there are counters that this user may not read.
    """
    return [meter for path in _cards(root, read) if (meter := _meter(path, read)) is not None]


def _cards(root: Path, read: ReadText) -> Iterator[Path]:
    for path in sorted((root / FOLDER).glob("hwmon*")):
        try:
            # i915 has a further folder for each tile, named `i915_gt0`: parts of the card.
            if read(path / "name") in _DRIVERS:
                yield path
        except (FileNotFoundError, UnicodeDecodeError):
            continue


def _meter(path: Path, read: ReadText) -> Meter | None:
    """Return the whole card's counter; of a driver that has only the chip's, that one."""
    found = {}
    for file in sorted(path.glob("energy*_input")):
        # The kernel widens the hardware's 32 bits to 64: it does not wrap within a run.
        counter = Counter(lambda file=file: int(read(file)), _UJ)  # type: ignore[misc]
        if is_readable(counter):
            found[_label(file, read)] = counter
    for label in ("card", "", "pkg"):
        if label in found:
            what = "the chip of the graphics card" if label == "pkg" else "the graphics card"
            scope = f"{what}, with everything that ran on it; the host's processor is not in it"
            return Meter("hwmon", (Domain("gpu", scope, (found[label],)),))
    return None


def _label(file: Path, read: ReadText) -> str:
    try:
        return read(file.with_name(file.name.replace("_input", "_label")))
    except (OSError, UnicodeDecodeError):
        return ""

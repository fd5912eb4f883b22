"""What we may read and use: energy counters, OpenVINO's devices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ovreport.errors import OvreportError
from ovreport_collector.doctor.check import Check, Status
from ovreport_collector.machine.procfs import matching, read_text
from ovreport_collector.plan import devices as plan_devices

_WHY_ENERGY = "With it a collect reports the energy an inference takes; without, it says why not."
_COUNTERS = "/sys/class/powercap/*/energy_uj"


def checks(root: Path) -> Iterator[Check]:
    """Yield what may be read, and what OpenVINO finds."""
    yield powercap(root)
    yield power_events(root)
    yield from devices()


def powercap(root: Path) -> Check:
    """Return whether the energy counters of the powercap framework (RAPL) are readable."""
    counters = matching(root / "sys/class/powercap", "*/energy_uj")
    readable = [path for path in counters if read_text(path).isdigit()]
    status: Status = "ok" if readable else "warn" if counters else "unknown"
    value = f"{len(readable)} of {len(counters)} counters readable"
    remedies: dict[Status, str] = {
        # For root only since Linux 5.10 (CVE-2020-8694: they leaked secrets being computed).
        "warn": f"Until the next boot, for all users: sudo chmod o+r {_COUNTERS}",
        "unknown": "On bare metal: sudo modprobe intel_rapl_msr (AMD too). Virtual machines have "
        "none.",
    }
    return Check(
        id="energy-powercap",
        title="Energy counters",
        status=status,
        value=value if counters else "none at /sys/class/powercap",
        why=_WHY_ENERGY,
        remedy=remedies.get(status, ""),
    )


def power_events(root: Path) -> Check:
    """Return whether perf's power events may be read: system-wide events need a level of 0."""
    there = (root / "sys/bus/event_source/devices/power").exists()
    level = read_text(root / "proc/sys/kernel/perf_event_paranoid")
    allowed = there and level in {"-1", "0"}
    denied = there and not allowed
    return Check(
        id="energy-perf",
        title="Energy events of perf",
        status="ok" if allowed else "warn" if denied else "unknown",
        value=f"perf_event_paranoid is {level or 'not reported'}" if there else "none",
        why=_WHY_ENERGY,
        remedy="Until the next boot: sudo sysctl kernel.perf_event_paranoid=0" if denied else "",
    )


def devices() -> Iterator[Check]:
    """Yield every device that OpenVINO finds, and why others cannot be used."""
    why = "Only what OpenVINO finds can be measured."
    try:
        found = plan_devices.probe([], {})
    except OvreportError as error:
        yield Check(
            id="devices",
            title="OpenVINO",
            status="bad",
            value=error.what,
            why=why,
            remedy=error.remedy or "python -c 'import openvino'",
        )
        return
    for device in found.devices:
        value = f"{device.full_name}; driver: {device.driver}"
        title = f"Device {device.name}"
        yield Check(id=f"device-{device.name}", title=title, status="ok", value=value, why=why)
    for missing in found.unavailable:
        yield Check(
            id=f"device-{missing.name}",
            title=f"Device {missing.name}",
            # A device that was found and does not work is worse than one that is not there.
            status="bad" if missing.name in found.available else "unknown",
            value=f"not available: {missing.reason}",
            why=why,
            remedy=missing.remedy,
        )

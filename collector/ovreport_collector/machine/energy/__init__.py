"""Energy of the device that is measured, from the kernel's own counters.

    measurement = energy.Measurement(energy.choose("package"), idle_s)
    measurement.idle()              # the model compiled, its requests idle
    with measurement:
        inferences = work()
    measurement.count(inferences)   # this loop counts; there may be more of them
    measurement.result(process)

A package meter measures whatever runs on the processor; a card meter the graphics card alone.
zeus is not used: on these machines it reads the same powercap files, and it has no Intel GPU.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ovreport.record import Device, TierName, Unsupported
from ovreport_collector.machine import procfs
from ovreport_collector.machine.energy import hwmon, perf, powercap
from ovreport_collector.machine.energy.counters import Meter
from ovreport_collector.machine.energy.measurement import Measurement

__all__ = ["IDLE_S", "EnergyIn", "Measurement", "Meter", "choose", "where"]

EnergyIn = Literal["package", "card", "both"]
"""In what a device takes its energy: the processor's package, a graphics card, some of each."""

ROOT = Path("/")
"""Where `sys` and `proc` are."""

IDLE_S: dict[TierName, float] = {"quick": 0.5, "standard": 2.0, "publish": 5.0}
"""Length of the idle baseline: RAPL counts about every millisecond."""


def where(device: Device) -> EnergyIn:
    """Return in what a device takes its energy."""
    if device.family == "dGPU":
        return "card"
    kinds = [text for key, text in device.properties.items() if key.endswith("DEVICE_TYPE")]
    return "both" if any("DISCRETE" in kind.upper() for kind in kinds) else "package"


def choose(place: EnergyIn, root: Path | None = None) -> Meter | Unsupported:
    """Return the meter of a device there, or why there is none and what to do about it."""
    root = root or ROOT
    if place == "package":
        return _of_packages(root)
    if place == "card":
        return _of_card(root)
    return Unsupported(
        reason="the device is spread over the processor and a graphics card, and no one counter "
        "covers both",
        remedy="Measure each of its devices by itself.",
    )


def _of_packages(root: Path) -> Meter | Unsupported:
    denied: Unsupported | None = None
    for module in (powercap, perf):
        try:
            meter: Meter | None = module.find(root)
        except PermissionError:
            denied = denied or Unsupported(reason=module.DENIED, remedy=module.REMEDY)
            continue
        except OSError:
            continue
        if meter is not None:
            return meter
    return denied or _why_no_packages(root)


def _why_no_packages(root: Path) -> Unsupported:
    if "hypervisor" in procfs.cpuinfo(root).get("flags", "").split():
        return Unsupported(
            reason="this is a virtual machine, and the hypervisor passes no energy counters on",
            remedy="Measure on bare metal: a machine of your own, or a bare-metal instance.",
        )
    if any((root / mark).exists() for mark in (".dockerenv", "run/.containerenv")):
        return Unsupported(
            reason="this is a container, and its runtime hides /sys/class/powercap",
            remedy="Run ovreport outside the container.",
        )
    return Unsupported(
        reason="the kernel offers no energy counter: /sys/class/powercap has no RAPL zone",
        remedy="On Intel processors, and AMD's since Zen: `sudo modprobe intel_rapl_msr`. Others "
        "have no counter that Linux reads.",
    )


def _of_card(root: Path) -> Meter | Unsupported:
    try:
        meters = hwmon.find(root)
    except PermissionError as error:
        return Unsupported(
            reason="the graphics card's energy counter may not be read by this user",
            remedy=f"`sudo chmod o+r {error.filename}` (until the next boot)",
        )
    if len(meters) == 1:
        return meters[0]
    if meters:
        return Unsupported(
            reason=f"{len(meters)} graphics cards count their energy, and OpenVINO does not say "
            "which of them this device is",
            remedy="Leave one card to the measurement, for example by unbinding the others.",
        )
    return Unsupported(
        reason="no graphics card here counts its energy: no hwmon of i915, xe or amdgpu has an "
        "energy input",
        remedy="Intel cards need Linux 6.2 (i915) or 6.10 (xe) or newer.",
    )

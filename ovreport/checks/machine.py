"""The machine, its software, and the evidence of what it did."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ovreport.checks.fault import Fault, number
from ovreport.checks.loops import timed_loops
from ovreport.record import Record, Startup, StartupCached

BUILT_IN = "built into OpenVINO"
"""Driver of a device whose plugin names none."""
LEAST_MEMORY, MOST_MEMORY = 64 * 2**20, 2**50
"""64 MiB to 1 PiB."""
SHARE = (-0.001, 1.5)
"""Ticks of the kernel make a share of a short time a little more than one."""
PRESSURE = (-0.001, 1000.0)
"""The kernel updates its sums every two seconds: what is read at the end of a short time may be of
much more."""
BOUNDS: Mapping[str, tuple[float, float]] = {
    "foreign_cpu_share": SHARE,
    "foreign_cpu_peak_share": SHARE,
    "steal_share": SHARE,
    "steal_peak_share": SHARE,
    "pressure_cpu_share": PRESSURE,
    "pressure_io_share": PRESSURE,
    "pressure_memory_share": PRESSURE,
    "battery_share": (0, 1),
    "frequency_mhz": (1, 20_000),
    "frequency_min_mhz": (1, 20_000),
    "temperature_c": (-60, 200),
    "allowed_processors": (1, 1e6),
    "cgroup_cpus": (0.001, 1e6),
    "cgroup_memory_gib": (1e-6, 1e9),
    "core_to_core_ns": (1, 1e9),
    "looking_cpu_share": SHARE,
}
"""Reading → the values that it can have; all others count something, and are not negative."""
MOST_ROUNDS = 100
"""Of a case; a run's spread is worth at most the rounds of its cases."""
MOST_DEVIATION = 20.0
"""Of the logarithm of a time: a factor of 10⁸."""
COUNTED = (-1e-9, 1e300)
TAKEN = ("foreign_cpu_share", "steal_share")
"""Parts of the same processor time."""
FIRST_API = 2022
"""Year of the first OpenVINO with the interface that the collector calls (API 2.0)."""
_ID = re.compile(r".*-([0-9]+)c-([0-9]+)g-[0-9a-f]{6}")
"""How the collector calls a machine: its processor, cores, GiB of memory, and a checksum."""
_VENDORS = ("Intel", "AMD")
_VERSIONS = {
    "ovreport": r"[0-9]+\.[0-9]+.*",
    "openvino": r"20[0-9]{2}\.[0-9].*|custom_.*",
    "python": r"[34]\.[0-9]+\..*",
}
"""Package → what its versions look like; a build of OpenVINO's sources may be named `custom_…`."""
_LINUX = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+-.*")
"""Releases of the kernel as distributions name them; Windows calls its own 10, or 2022Server."""


def machine(record: Record) -> Iterator[Fault]:
    """Yield processors and memory that no machine has."""
    found = record.machine
    for name in ("sockets", "cores_physical", "cores_logical", "cores_available"):
        if getattr(found, name) == 0:
            yield Fault(f"$.machine.{name}", "no machine computes without")
    if found.cores_logical and found.cores_physical > found.cores_logical:
        yield Fault("$.machine.cores_physical", "more cores than processors")
    if found.cores_logical and found.cores_available > found.cores_logical:
        yield Fault("$.machine.cores_available", "more processors than there are")
    if not LEAST_MEMORY <= found.memory_bytes <= MOST_MEMORY:
        yield Fault("$.machine.memory_bytes", f"{found.memory_bytes:,} bytes of memory")
    named = _ID.fullmatch(found.id)
    if named and int(named[1]) != found.cores_physical:
        yield Fault("$.machine.id", f"it says {named[1][:20]} cores, of {found.cores_physical}")
    gib = round(found.memory_bytes / 2**30)
    if named and int(named[2]) != gib:
        yield Fault("$.machine.id", f"it says {named[2][:20]} GiB of memory, of {gib}")


def processor(record: Record) -> Iterator[Fault]:
    """Yield a processor that OpenVINO calls another maker's, or that has a driver of its own."""
    if record.device.family != "CPU":
        return
    name, full_name = record.machine.cpu, record.device.full_name
    makers = [{one for one in _VENDORS if one in text} for text in (name, full_name)]
    if makers[0] and makers[1] and makers[0].isdisjoint(makers[1]):
        yield Fault("$.machine.cpu", f"{name[:80]}, where OpenVINO found {full_name[:80]}")
    given = any(key.endswith("DRIVER_VERSION") for key in record.device.properties)
    if record.device.driver != BUILT_IN and not given:
        yield Fault("$.device.driver", f"{record.device.driver[:80]}, which no property says")


def software(record: Record) -> Iterator[Fault]:
    """Yield versions that are none, and a kernel of another operating system."""
    found = record.software
    for name, form in _VERSIONS.items():
        version: str = getattr(found, name)
        if not re.fullmatch(form, version, re.DOTALL):
            yield Fault(f"$.software.{name}", f"{version[:80]!r} is no version of {name}")
    release = re.match(r"20[0-9]{2}", found.openvino)
    if release and int(release[0]) < FIRST_API:
        what = f"{found.openvino[:80]}, where measuring takes an OpenVINO of {FIRST_API} or later"
        yield Fault("$.software.openvino", what)
    if found.os.startswith("Windows") and _LINUX.fullmatch(found.kernel):
        yield Fault("$.software.kernel", f"{found.kernel[:80]} is no kernel of Windows")


def noise(record: Record) -> Iterator[Fault]:
    """Yield readings that cannot be."""
    for index, one in enumerate(record.noise):
        yield from _readings(f"$.noise[{index}].readings", one.readings)
    for path, r in timed_loops(record):
        yield from _readings(f"{path}.readings", r.readings)
    for name in ("startup", "startup_cached"):
        measured = getattr(record, name)
        if isinstance(measured, Startup | StartupCached):
            for index, start in enumerate(measured.rounds):
                yield from _readings(f"$.{name}.rounds[{index}].readings", start.readings)


def _readings(path: str, readings: Mapping[str, float]) -> Iterator[Fault]:
    for key, value in readings.items():
        least, most = BOUNDS.get(key, COUNTED)
        if not least <= value <= most:
            yield Fault(path, f"{number(value)} cannot be the reading {key[:80]!r}")
    taken = sum(readings.get(key, 0.0) for key in TAKEN)
    if taken > SHARE[1] and all(readings.get(key, 0.0) <= SHARE[1] for key in TAKEN):
        yield Fault(path, f"{number(taken)} of all processor time was taken by others")


def spread(record: Record) -> Iterator[Fault]:
    """Yield spreads over the cases of a run that say nothing, or too much."""
    for key, one in record.run_spread.items():
        if not 0 < one.degrees <= one.cases * MOST_ROUNDS or one.deviation > MOST_DEVIATION:
            yield Fault(
                f"$.run_spread.{key}",
                f"a deviation of {number(one.deviation)} worth {number(one.degrees)} degrees",
            )

"""The machine, and the evidence of what it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ovreport.checks.fault import Fault, number
from ovreport.checks.loops import timed_loops
from ovreport.record import Record, Startup, StartupCached

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
}
"""Reading → the values that it can have; all others count something, and are not negative."""
MOST_ROUNDS = 100
"""Of a case; a run's spread is worth at most the rounds of its cases."""
MOST_DEVIATION = 20.0
"""Of the logarithm of a time: a factor of 10⁸."""
COUNTED = (-1e-9, 1e300)


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


def spread(record: Record) -> Iterator[Fault]:
    """Yield spreads over the cases of a run that say nothing, or too much."""
    for key, one in record.run_spread.items():
        if not 0 < one.degrees <= one.cases * MOST_ROUNDS or one.deviation > MOST_DEVIATION:
            yield Fault(
                f"$.run_spread.{key}",
                f"a deviation of {number(one.deviation)} worth {number(one.degrees)} degrees",
            )

"""What happens on the machine right now: other programs, stalls, swap, heat, the hypervisor."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovreport.metrics.evidence import CORES_APART, FOREIGN_CPU_SHARE, PRESSURE_SHARE, STEAL_SHARE
from ovreport_collector.doctor.check import DISTURBED, NOISY, Check, Status, gib, share
from ovreport_collector.machine import noise, processes, procfs
from ovreport_collector.machine.core_to_core import CoreToCore
from ovreport_collector.machine.processes import Process

HOT_C = 80.0
"""Processors throttle from 95 to 105 °C; a suite warms an idle one by more than the difference."""
_SHOWN, _TRIPS = 5, 10
_NAMED = 0.005
"""Share of the machine from which on a program is named."""
_SWAP_SHARE = 0.05
"""Share of the memory that may lie in swap: some is there on any machine that runs for days."""


@dataclass(frozen=True)
class Look:
    """What was seen."""

    readings: Mapping[str, float]
    """Of `ovreport.metrics.evidence.READINGS`."""
    programs: Sequence[tuple[str, float]]
    """Names of other programs, and the share of the machine that each took; the busiest first."""
    round_trips_ns: Sequence[float] = ()
    """Of a byte from one processor to another and back, spread over the time."""


def look(seconds: float, root: Path) -> Look:
    """Watch the machine for so many seconds."""
    before, there = noise.snapshot(root), processes.everyone(root)
    round_trips_ns = _round_trips_ns(seconds)
    after, now = noise.snapshot(root), processes.everyone(root)
    ours = {os.getpid(), *(p.pid for p in processes.started_by(os.getpid(), root))}
    capacity_s = (after.at - before.at) * (os.cpu_count() or 1)
    return Look(
        readings=noise.readings(before, after),
        programs=[
            (name, taken_s / capacity_s)
            for name, taken_s in busiest(there, (p for p in now if p.pid not in ours))
        ],
        round_trips_ns=round_trips_ns,
    )


def _round_trips_ns(seconds: float) -> list[float]:
    """Let so many seconds pass, and look now and then how far apart our processors are."""
    found = []
    with CoreToCore() as cores:
        for _ in range(_TRIPS):
            time.sleep(seconds / _TRIPS)
            found.append(cores.round_trip_ns())
    return [ns for ns in found if ns is not None]


def busiest(before: Iterable[Process], after: Iterable[Process]) -> list[tuple[str, float]]:
    """Return programs by the processor time that their processes took between two moments."""
    earlier = {(p.pid, p.started): p.cpu_s for p in before}
    taken: dict[str, float] = {}
    for process in after:
        grown_s = process.cpu_s - earlier.get((process.pid, process.started), 0.0)
        taken[process.name] = taken.get(process.name, 0.0) + grown_s
    return sorted(taken.items(), key=lambda item: -item[1])


def checks(seen: Look, root: Path) -> Iterator[Check]:
    """Yield what the look says."""
    yield _foreign(seen)
    yield _pressure(seen.readings)
    yield _swap(seen.readings, procfs.memory_bytes(root))
    yield _steal(seen.readings)
    yield _cores(seen.round_trips_ns)
    yield _heat(seen.readings)


def _foreign(seen: Look) -> Check:
    taken = seen.readings.get("foreign_cpu_share")
    load = seen.readings.get("load_average_1m")
    named = [f"{name} {share(part)}" for name, part in seen.programs[:_SHOWN] if part >= _NAMED]
    parts = [
        "not reported" if taken is None else f"{share(taken)} of the machine",
        *([f"by {', '.join(named)}"] if named else []),
        *([f"load average {load:.2f}"] if load is not None else []),
    ]
    bad = taken is not None and taken > FOREIGN_CPU_SHARE
    return Check(
        id="foreign-load",
        title="Other programs",
        status="unknown" if taken is None else "bad" if bad else "ok",
        value="; ".join(parts),
        why=f"Over {share(FOREIGN_CPU_SHARE)} of the processors' time disturbs a round.",
        effect=DISTURBED if bad else "",
        remedy="Close them; `top` shows more. Services: `systemctl stop NAME`." if bad else "",
    )


def _pressure(readings: Mapping[str, float]) -> Check:
    shares = {
        what: readings[key]
        for what, key in (
            ("processors", "pressure_cpu_share"),
            ("memory", "pressure_memory_share"),
            ("disks", "pressure_io_share"),
        )
        if key in readings
    }
    # That a task waits for a processor is what other programs do; they have a check of their own.
    bad = any(shares.get(what, 0.0) > PRESSURE_SHARE for what in ("memory", "disks"))
    return Check(
        id="pressure",
        title="Waiting tasks",
        status="bad" if bad else "ok" if shares else "unknown",
        value=", ".join(f"{what} {share(v)}" for what, v in shares.items()) or "not reported",
        why="Tasks that wait for memory or disks hold up what is measured: over "
        f"{share(PRESSURE_SHARE)} of the time disturbs a round.",
        effect=f"Tasks that wait hold up what is measured. {DISTURBED}" if bad else "",
        remedy="Free memory, and stop copies, updates and indexing."
        if bad
        else ""
        if shares
        else "Boot the kernel with psi=1.",
    )


def _swap(readings: Mapping[str, float], memory: Mapping[str, int]) -> Check:
    moved = readings.get("swap_pages")
    used = memory.get("SwapTotal", 0) - memory.get("SwapFree", 0)
    status: Status = "ok"
    if moved:
        status = "bad"
    elif moved is None:
        status = "unknown"
    elif used > _SWAP_SHARE * memory.get("MemTotal", 0):
        status = "warn"
    traffic = "traffic not reported" if moved is None else f"{moved:,.0f} pages moved"
    return Check(
        id="swap",
        title="Swap",
        status=status,
        value=f"{traffic}, {gib(used)} in use",
        why="A page that comes back from disk stops an inference for milliseconds.",
        effect=f"Pages that come back from disk hold up inferences. {NOISY}" if moved else "",
        remedy="Free memory, then empty the swap: `sudo swapoff -a && sudo swapon -a`."
        if status in {"bad", "warn"}
        else "",
    )


def _steal(readings: Mapping[str, float]) -> Check:
    taken = readings.get("steal_share")
    bad = taken is not None and taken > STEAL_SHARE
    return Check(
        id="steal",
        title="Stolen by the hypervisor",
        status="unknown" if taken is None else "bad" if bad else "ok",
        value="not reported" if taken is None else f"{share(taken)} of processor time",
        why=f"Over {share(STEAL_SHARE)} for other virtual machines disturbs a round.",
        effect=DISTURBED if bad else "",
        remedy="Measure on a dedicated instance, or on bare metal." if bad else "",
    )


def _cores(round_trips_ns: Sequence[float]) -> Check:
    near, far = min(round_trips_ns, default=0.0), max(round_trips_ns, default=0.0)
    apart = far > CORES_APART * near
    return Check(
        id="core-to-core",
        title="Between processors",
        status="warn" if apart else "ok" if round_trips_ns else "unknown",
        value=(f"{near:,.0f} to {far:,.0f}" if apart else f"{far:,.0f}") + " ns a round trip"
        if round_trips_ns
        else "not measured: one processor only, or a busy machine",
        why="Where a host moves the processors of a virtual machine apart, threads wait longer for "
        "each other, and small models get slower by half and more; nothing else shows it.",
        effect="Latency rounds on processors far apart are not quiet." if apart else "",
        remedy="Pin the virtual processors, or measure on bare metal." if apart else "",
    )


def _heat(readings: Mapping[str, float]) -> Check:
    events, celsius = readings.get("throttle_events"), readings.get("temperature_c")
    parts = [
        *([f"{celsius:.0f} °C"] if celsius is not None else []),
        *(
            [f"throttled {events:,.0f} times" if events else "not throttled"]
            if events is not None
            else []
        ),
    ]
    hot = celsius is not None and celsius >= HOT_C
    status: Status = "bad" if events else "warn" if hot else "ok" if parts else "unknown"
    return Check(
        id="heat",
        title="Heat",
        status=status,
        value=", ".join(parts) or "not reported (usual on virtual machines)",
        why="A hot processor lowers its clock; an event of it makes a result noisy.",
        effect=f"The processor lowers its clock. {NOISY}"
        if events
        else "The processor may lower its clock, and results be slower and noisy."
        if hot
        else "",
        remedy="Let the machine cool down, clean its fans, give it air."
        if status in {"bad", "warn"}
        else "",
    )

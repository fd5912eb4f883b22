"""Memory, energy, start-up: what a machine of this size can have taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import get_args, get_type_hints

from ovreport.checks.fault import Fault, number
from ovreport.record import (
    Energy,
    Generation,
    Memory,
    MemoryMode,
    MemoryRound,
    PhaseMemory,
    Record,
    Startup,
    StartupCached,
    Throughput,
)

PHASES: Sequence[str] = get_args(get_type_hints(PhaseMemory)["phase"])
"""In the order in which they begin."""
LEAST_BYTES = 1024 * 1024
"""No process that runs Python is smaller."""
COUNTED = 1.05
"""The kernel counts resident pages in batches."""
MOST_W = 20_000.0
"""Of one machine."""
LONGEST_START_MS = 24 * 3600 * 1000
"""A day: a start is stopped long before."""
LEAST_START_MS = 1e-4
"""100 ns, a step of the coarsest clock: compiling and inferring take longer."""
APART = 3.0
"""The meter's window holds the timed loop, and what it takes to start and to end its threads."""


def memory(record: Record) -> Iterator[Fault]:
    """Yield memory that the machine does not have, or that contradicts itself."""
    for path, r in _memory_rounds(record):
        names = [phase.phase for phase in r.phases]
        if len(set(names)) < len(names):
            yield Fault(f"{path}.phases", f"a phase stands there twice: {', '.join(names)}")
        elif names != sorted(names, key=PHASES.index):
            yield Fault(f"{path}.phases", f"not the order in which they begin: {', '.join(names)}")
        for index, phase in enumerate(r.phases):
            where, peak = f"{path}.phases[{index}]", phase.peak_rss_bytes
            if not LEAST_BYTES <= peak <= record.machine.memory_bytes * COUNTED:
                yield Fault(
                    f"{where}.peak_rss_bytes",
                    f"{peak:,} bytes, of a machine with {record.machine.memory_bytes:,}",
                )
            if phase.anonymous_bytes + phase.file_backed_bytes > peak * COUNTED + LEAST_BYTES:
                yield Fault(f"{where}.anonymous_bytes", "the parts are more than the whole's peak")
        peak, start = (r.counters.get(f"cgroup_{name}_bytes", 0) for name in ("peak", "start"))
        if not start <= peak * COUNTED <= record.machine.memory_bytes * COUNTED**2:
            yield Fault(
                f"{path}.counters",
                f"a peak of {peak:,} bytes after {start:,} at the start, of a machine with "
                f"{record.machine.memory_bytes:,}",
            )


def _memory_rounds(record: Record) -> Iterator[tuple[str, MemoryRound]]:
    if isinstance(record.memory, Memory):
        for index, r in enumerate(record.memory.rounds):
            yield f"$.memory.rounds[{index}]", r
        for name, mode in record.memory.modes.items():
            for index, r in enumerate(mode.rounds if isinstance(mode, MemoryMode) else ()):
                yield f"$.memory.modes.{name}.rounds[{index}]", r
    if isinstance(record.generation, Generation):
        for index, r in enumerate(record.generation.memory):
            yield f"$.generation.memory[{index}]", r


def energy(record: Record) -> Iterator[Fault]:
    """Yield energy that is not of the throughput loops, or that no machine takes."""
    if not isinstance(record.energy, Energy):
        return
    loops = _loops(record)
    for index, domain in enumerate(record.energy.domains):
        for k, r in enumerate(domain.rounds):
            path = f"$.energy.domains[{index}].rounds[{k}]"
            if max(r.energy_j / r.duration_s, r.idle_w) > MOST_W:
                yield Fault(f"{path}.energy_j", f"more than {MOST_W:,.0f} W")
            known = loops.get(r.round, [])
            if not any(n == r.inferences for n, _ in known):
                yield Fault(
                    f"{path}.inferences",
                    f"{r.inferences}, which throughput did not make in this round",
                )
            elif not any(s / APART <= r.duration_s <= s * APART + 1 for _, s in known):
                yield Fault(f"{path}.duration_s", "not the time of this round's throughput loop")


def _loops(record: Record) -> dict[int, list[tuple[int, float]]]:
    """Return inferences and seconds of each round, and of each process, by their numbers."""
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    if isinstance(record.throughput, Throughput):
        of_process: dict[int, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
        for r in record.throughput.rounds:
            found[r.round].append((r.n, r.duration_s))
            n, seconds = of_process[r.process]
            of_process[r.process] = n + r.n, seconds + r.duration_s
        for process, total in of_process.items():
            found[process].append(total)
    return found


def startup(record: Record) -> Iterator[Fault]:
    """Yield starts that took no time or days, and a cache of nothing."""
    for name in ("startup", "startup_cached"):
        measured = getattr(record, name)
        if isinstance(measured, Startup | StartupCached):
            for index, r in enumerate(measured.rounds):
                total_ms = r.read_ms + r.compile_ms + r.first_inference_ms
                if not 0 < total_ms <= LONGEST_START_MS:
                    yield Fault(f"$.{name}.rounds[{index}]", f"a start of {number(total_ms)} ms")
                for field in ("compile_ms", "first_inference_ms"):
                    if (ms := getattr(r, field)) < LEAST_START_MS:
                        yield Fault(f"$.{name}.rounds[{index}].{field}", f"{number(ms)} ms")
        if isinstance(measured, StartupCached) and measured.cache_bytes == 0:
            yield Fault(f"$.{name}.cache_bytes", "0 bytes in a cache that was loaded")

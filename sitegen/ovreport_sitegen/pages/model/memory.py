"""Memory of one result in full."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.record import Generation, Memory, PhaseMemory
from ovreport_sitegen.components.memory import (
    PHASES,
    mebibytes,
    memory_of,
    phase_name,
    phase_parts,
    size_cell,
)
from ovreport_sitegen.components.table import Cell, TableRow
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line

_GENERATION_PHASES = {
    "import": "import",
    "load": "load",
    "generation": "generation, one request at a time",
    "concurrency": "generation, several requests at once (another pipeline)",
}
_COUNTERS = {
    "cgroup_peak_bytes": "Control group, peak",
    "cgroup_start_bytes": "Control group, when the round began",
}


def rows(result: Result) -> tuple[TableRow, ...]:
    """Return peak, anonymous and file-backed memory of every phase; none where not measured."""
    memory, generation = memory_of(result), result.record.generation
    if isinstance(memory, Memory):
        return tuple(_row(phase_name(p), phase_parts(memory.rounds, p)) for p in PHASES)
    if not isinstance(generation, Generation) or not result.completed:
        return ()
    return tuple(
        _row(name, parts)
        for phase, name in _GENERATION_PHASES.items()
        if (parts := phase_parts(generation.memory, phase))
    )


def _row(name: str, parts: Sequence[PhaseMemory]) -> TableRow:
    sizes = (
        [p.peak_rss_bytes for p in parts],
        [p.anonymous_bytes for p in parts],
        [p.file_backed_bytes for p in parts],
    )
    return TableRow((Cell(name), *map(size_cell, sizes)))


def counters(result: Result) -> tuple[tuple[str, str], ...]:
    """Return the memory that the system and the plugin counted, and why the rest was not read."""
    memory = memory_of(result)
    if not isinstance(memory, Memory):
        return ()
    series: dict[str, list[int]] = {}
    for r in memory.rounds:
        for name, size in r.counters.items():
            series.setdefault(name, []).append(size)
    read = [
        (_counter_name(name), f"{mebibytes(sizes)} MiB")
        for name, sizes in list(series.items())[:20]
    ]
    unreadable = [
        (_counter_name(name), f"not readable: {line(why, 200)}")
        for name, why in list(memory.unreadable.items())[:10]
    ]
    return (*read, *unreadable)


def _counter_name(name: str) -> str:
    return _COUNTERS.get(name, line(name, 80))

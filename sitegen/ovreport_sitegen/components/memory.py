"""Memory of a result: series over rounds, and cells of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from ovreport.metrics import significant
from ovreport.record import Memory, MemoryRound, NotMeasured, PhaseMemory
from ovreport_sitegen.components.cells import missing_cell, range_cell
from ovreport_sitegen.components.table import DASH, Cell
from ovreport_sitegen.data.result import Result

PHASES = ("import", "read", "compile", "first-inference", "latency", "throughput")
RUNNING = PHASES[:5], PHASES[5:]
"""Up to the end of the latency run, and while compiling for throughput and running it."""
_MIB = 1024 * 1024


def memory_of(result: Result) -> Memory | NotMeasured:
    """Return a result's memory, or why there is none; a failed case has none."""
    outcome = result.record.outcome
    return outcome if isinstance(outcome, NotMeasured) else result.record.memory


def peaks(rounds: Iterable[MemoryRound], phases: Sequence[str]) -> dict[int, float]:
    """Return each round's largest peak in these phases; rounds that reached none are left out."""
    found = {}
    for r in rounds:
        # A process has memory; a zero is a record that cannot be compared.
        sizes = [p.peak_rss_bytes for p in r.phases if p.phase in phases and p.peak_rss_bytes]
        if sizes:
            found[r.round] = float(max(sizes))
    return found


def phase_parts(rounds: Iterable[MemoryRound], phase: str) -> list[PhaseMemory]:
    """Return what each round that reached a phase noted of it."""
    return [p for r in rounds for p in r.phases if p.phase == phase]


def size_cell(sizes: Iterable[float]) -> Cell:
    """Return the median of sizes in MiB, and their range over rounds."""
    values = [size / _MIB for size in sizes]
    return range_cell(values) if values else Cell("not reached", tone="missing")


def mebibytes(sizes: Iterable[float]) -> str:
    """Return the median of sizes in MiB, as text."""
    return significant(median(sizes) / _MIB)


def phase_name(phase: str) -> str:
    """Return a phase in words."""
    return phase.replace("-", " ").capitalize()


def none_cells(why: NotMeasured | None, columns: int) -> tuple[Cell, ...]:
    """Return cells that say once why there are no values."""
    return (missing_cell(why), *(DASH,) * (columns - 1))

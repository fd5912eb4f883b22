"""Memory of all results: what throughput mode takes, phase by phase, and what is anonymous."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics import significant
from ovreport.record import Memory
from ovreport.stats.comparison import Comparison, compare
from ovreport.stats.intervals import geometric_mean
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import RESULT_COLUMNS, result_row
from ovreport_sitegen.components.memory import (
    PHASES,
    RUNNING,
    mebibytes,
    memory_of,
    none_cells,
    peaks,
    phase_name,
    phase_parts,
    rounds_cell,
    size_cell,
)
from ovreport_sitegen.components.ranking import FIRST, model_name, preferred
from ovreport_sitegen.components.ratio_card import Ratio, ratio_card, ratio_cell, times
from ovreport_sitegen.components.selection import details_table
from ovreport_sitegen.components.table import Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import plural


def mode_card(catalogue: Catalogue) -> Card:
    """Return the card of the memory of throughput mode over latency mode's, paired by process."""
    device = catalogue.main_device
    results = preferred(catalogue.of_device(device))
    found = [(r, c) for r in results if (c := throughput_cost(r)) is not None]
    found.sort(key=lambda pair: -pair[1].ratio.value)
    return ratio_card(
        [Ratio(r, f"{model_name(r)} · {_peaks_words(r)}", c) for r, c in found],
        id_="memory",
        title="Memory of throughput mode against latency mode",
        conditions=f"{device.label} · default precision",
        axis="Times the memory of latency mode, log scale",
        better="Lower is better",
        finding=_cost_finding(found),
        legend="Dot: peak of throughput mode over that of latency mode, by round. "
        "Line: 95 % interval.",
        table=_cost_table(results[:FIRST]) if results else None,
        measurement="throughput",
    )


def throughput_cost(result: Result) -> Comparison | None:
    """Return the peak of the throughput mode over that of the latency mode, by round."""
    memory = memory_of(result)
    if not isinstance(memory, Memory):
        return None
    return compare(peaks(memory.rounds, RUNNING[1]), peaks(memory.rounds, RUNNING[0]))


def _peaks_words(result: Result) -> str:
    """Return the peaks of latency mode and throughput mode."""
    memory = memory_of(result)
    rounds = memory.rounds if isinstance(memory, Memory) else ()
    both = (mebibytes(peaks(rounds, phases).values()) for phases in RUNNING)
    return f"{' → '.join(both)} MiB"


def _cost_finding(found: Sequence[tuple[Result, Comparison]]) -> str:
    if not found:
        return "Memory was not measured in both modes; the table says why."
    most, cost = found[0]
    example = f"{most.model.title}, {times(cost)} ({_peaks_words(most)})"
    if len(found) == 1:
        return f"Memory of throughput mode against latency mode: {example}."
    mean = geometric_mean([c.ratio.value for _, c in found])
    return (
        f"Throughput mode takes {significant(mean)}× the memory of latency mode, geometric mean "
        f"over {plural(len(found), 'model')}. Most: {example}."
    )


def _cost_table(results: Sequence[Result]) -> Table:
    columns = (
        *RESULT_COLUMNS,
        Column("Latency mode", "MiB", "lower", True),
        Column("Throughput mode", "MiB", "lower", True),
        Column("Ratio", "× latency mode", "lower", True),
        Column("n", "rounds", "", True),
    )
    return Table(
        "memory-card-table",
        "Peak memory of both modes",
        columns,
        tuple(result_row(r, _cost_cells(r)) for r in results),
    )


def _cost_cells(result: Result) -> tuple[Cell, ...]:
    memory = memory_of(result)
    if not isinstance(memory, Memory):
        return none_cells(memory, 4)
    both = [peaks(memory.rounds, phases).values() for phases in RUNNING]
    return (*map(size_cell, both), ratio_cell(throughput_cost(result)), rounds_cell(memory.rounds))


def phases_table(catalogue: Catalogue) -> Table:
    """Return the table of peaks, phase by phase."""
    columns = (
        *(Column(phase_name(p), "MiB", "lower", True) for p in PHASES),
        Column("n", "rounds", "", True),
    )
    return details_table(
        catalogue, "phases-table", "Peak memory phase by phase", columns, _phase_cells
    )


def _phase_cells(result: Result) -> tuple[Cell, ...]:
    memory = memory_of(result)
    if not isinstance(memory, Memory):
        return none_cells(memory, len(PHASES) + 1)
    each = (peaks(memory.rounds, (phase,)).values() for phase in PHASES)
    return (*map(size_cell, each), rounds_cell(memory.rounds))


def kinds_table(catalogue: Catalogue) -> Table:
    """Return the table of anonymous and file-backed memory at the end of each mode."""
    columns = (
        *(
            Column(kind, f"MiB, {mode}", "lower", True)
            for mode in ("latency mode", "throughput mode")
            for kind in ("Anonymous", "File-backed")
        ),
        Column("n", "rounds", "", True),
    )
    return details_table(
        catalogue, "kinds-table", "Anonymous and file-backed memory", columns, _kind_cells
    )


def _kind_cells(result: Result) -> tuple[Cell, ...]:
    memory = memory_of(result)
    if not isinstance(memory, Memory):
        return none_cells(memory, 5)
    sizes = []
    for phase in PHASES[4:]:
        parts = phase_parts(memory.rounds, phase)
        sizes += [[p.anonymous_bytes for p in parts], [p.file_backed_bytes for p in parts]]
    return (*map(size_cell, sizes), rounds_cell(memory.rounds))

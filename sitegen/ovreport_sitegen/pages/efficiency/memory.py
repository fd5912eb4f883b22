"""Memory of all results: of both modes, phase by phase, anonymous, and by the way to load."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ovreport.metrics import significant
from ovreport.record import Memory, MemoryMode, MemoryRound, ModeName
from ovreport.stats.comparison import Comparison, compare
from ovreport.words import plural
from ovreport_sitegen.components import ranking
from ovreport_sitegen.components.card import Card
from ovreport_sitegen.components.cells import RANGE, RESULT_COLUMNS, count_cell, result_row
from ovreport_sitegen.components.memory import (
    PHASES,
    RUNNING,
    mebibytes,
    memory_of,
    none_cells,
    peaks,
    size_cell,
)
from ovreport_sitegen.components.ranking import CARD_ROWS, model_name, preferred
from ovreport_sitegen.components.ratio_card import (
    Ratio,
    left_out_words,
    mean_ratio,
    note_of,
    ratio_card,
    ratio_cell,
    times,
)
from ovreport_sitegen.components.result_tables import result_table
from ovreport_sitegen.components.table import Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result


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
        finding=_cost_finding(found, left_out_words(results, (r for r, _ in found), "memory")),
        legend="Dot: peak of throughput mode over that of latency mode, by round. "
        "Line: 95 % interval.",
        table=_cost_table(results[:CARD_ROWS]) if results else None,
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


def _cost_finding(found: Sequence[tuple[Result, Comparison]], left_out: str) -> str:
    if not found:
        return "Memory was not measured in both modes; the table says why."
    most, cost = found[0]
    note = note_of(cost.ratio, named=len(found) == 1)
    example = f"{most.model.title}, {times(cost)}{note}, {_peaks_words(most)}"
    if len(found) == 1:
        return f"Memory of throughput mode against latency mode: {example}{left_out}."
    mean = mean_ratio([c.ratio for _, c in found])
    return (
        f"Throughput mode takes {significant(mean.value)}× the memory of latency mode"
        f"{note_of(mean)}, geometric mean over {plural(len(found), 'model')}{left_out}. "
        f"Most: {example}."
    )


def _size_column(label: str, unit: str = "MiB") -> Column:
    """Return the column of a size, of cells with its range."""
    return Column(label, unit, "lower", True, tip=RANGE)


def _cost_table(results: Sequence[Result]) -> Table:
    columns = (
        *RESULT_COLUMNS,
        *(_size_column(mode) for mode in ("Latency mode", "Throughput mode")),
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
    return (
        *map(size_cell, both),
        ratio_cell(throughput_cost(result)),
        count_cell(len(memory.rounds)),
    )


# ---------------------------------------------------------------- ways to load a model

MODES: tuple[ModeName, ...] = ("no-mmap", "cached")
STARTING = PHASES[:4]
"""Phases that every way to load a model has."""


def modes_table(catalogue: Catalogue) -> Table:
    """Return the table of peaks with and without mapped weights, and from the model cache."""
    columns = (
        _size_column("Mapped"),
        *(
            column
            for way in ("Not mapped", "Model cache")
            for column in (
                _size_column(way),
                Column("Effect", "× mapped", "lower", True),
                Column(
                    "Anonymous",
                    "× mapped",
                    "lower",
                    True,
                    tip="Memory of the process alone, after the first inference",
                ),
            )
        ),
        Column("n", "rounds", "", True),
    )
    title = f"Peak memory of a start on {catalogue.main_device.label}, by the way to load"
    results = ranking.preferred(catalogue.of_device(catalogue.main_device))
    return result_table("modes-table", title, results, columns, _mode_cells)


def modes_finding(catalogue: Catalogue) -> str:
    """Return how the ways to load compare on the main device, in a sentence each."""
    results = ranking.preferred(catalogue.of_device(catalogue.main_device))
    words: dict[ModeName, str] = {
        "no-mmap": "Reading weights instead of mapping them",
        "cached": "Loading from the model cache",
    }
    found = []
    for mode, start in words.items():
        measured = [r for r in results if mode_effect(r, mode)]
        effects = [c for r in measured if (c := mode_effect(r, mode))]
        own = [c for r in results if (c := anonymous_effect(r, mode)) is not None]
        if not effects or not own:
            continue
        peak, anonymous = (mean_ratio([c.ratio for c in cs]) for cs in (effects, own))
        found.append(
            f"{start} takes {significant(peak.value)}× the peak memory of a default start"
            f"{note_of(peak)} and {significant(anonymous.value)}× its anonymous memory"
            f"{note_of(anonymous, named=False)}{_of_how_many(effects)}"
            f"{left_out_words(results, measured, 'memory')}."
        )
    return " ".join(found)


def _of_how_many(effects: Sequence[Comparison]) -> str:
    clear = sum(c.significant for c in effects)
    if len(effects) == 1:
        return "" if clear else "; the peaks show no clear difference"
    return (
        f", geometric means over {plural(len(effects), 'model')}; {clear or 'none'} of "
        f"{len(effects)} peaks {'differs' if clear < 2 else 'differ'} clearly"
    )


def mode_effect(result: Result, mode: ModeName) -> Comparison | None:
    """Return the peak of a start in that mode over that of a round's own start, by round."""
    return _against_own_start(result, mode, lambda rounds: peaks(rounds, STARTING))


def anonymous_effect(result: Result, mode: ModeName) -> Comparison | None:
    """Return the same of anonymous memory after the first inference.

    A peak counts mapped weights too, which other processes share and the kernel can drop; what
    mapping saves for good is memory of the process's own.
    """
    return _against_own_start(result, mode, _anonymous)


def _against_own_start(
    result: Result, mode: ModeName, sizes: Callable[[Iterable[MemoryRound]], dict[int, float]]
) -> Comparison | None:
    memory = memory_of(result)
    other = memory.modes.get(mode) if isinstance(memory, Memory) else None
    if not isinstance(memory, Memory) or not isinstance(other, MemoryMode):
        return None
    return compare(sizes(other.rounds), sizes(memory.rounds))


def _mode_cells(result: Result) -> tuple[Cell, ...]:
    memory = memory_of(result)
    if not isinstance(memory, Memory):
        return none_cells(memory, 8)
    cells = [size_cell(peaks(memory.rounds, STARTING).values())]
    for mode in MODES:
        other = memory.modes.get(mode)
        if isinstance(other, MemoryMode):
            size = size_cell(peaks(other.rounds, STARTING).values())
            effects = (mode_effect(result, mode), anonymous_effect(result, mode))
            cells += [size, *map(ratio_cell, effects)]
        else:
            cells += none_cells(other, 3)
    measured = [m.rounds for m in memory.modes.values() if isinstance(m, MemoryMode)]
    return (*cells, count_cell(min(map(len, [memory.rounds, *measured]))))


def _anonymous(rounds: Iterable[MemoryRound]) -> dict[int, float]:
    """Return each round's anonymous memory after the first inference."""
    return {
        r.round: float(p.anonymous_bytes)
        for r in rounds
        for p in r.phases
        if p.phase == STARTING[-1] and p.anonymous_bytes
    }

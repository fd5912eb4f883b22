"""Ways to load a model: how mapped weights and the model cache change memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ovreport.metrics import significant
from ovreport.record import Memory, MemoryMode, MemoryRound, ModeName
from ovreport.stats.comparison import Comparison, compare
from ovreport.stats.intervals import geometric_mean
from ovreport_sitegen.components import ranking
from ovreport_sitegen.components.memory import (
    PHASES,
    memory_of,
    none_cells,
    peaks,
    rounds_cell,
    size_cell,
)
from ovreport_sitegen.components.ratio_card import ratio_cell
from ovreport_sitegen.components.selection import details_table
from ovreport_sitegen.components.table import Cell, Column, Table
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import plural

MODES: tuple[ModeName, ...] = ("no-mmap", "cached")
STARTING = PHASES[:4]
"""Phases that every way to load a model has."""


def modes_table(catalogue: Catalogue) -> Table:
    """Return the table of peaks with and without mapped weights, and from the model cache."""
    columns = (
        Column("Mapped", "MiB", "lower", True),
        *(
            column
            for way in ("Not mapped", "Model cache")
            for column in (
                Column(way, "MiB", "lower", True),
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
    return details_table(
        catalogue, "modes-table", "Peak memory of a start, by the way to load", columns, _mode_cells
    )


def modes_finding(catalogue: Catalogue) -> str:
    """Return how the ways to load compare on the main device, in a sentence each."""
    results = ranking.preferred(catalogue.of_device(catalogue.main_device))
    words: dict[ModeName, str] = {
        "no-mmap": "Reading weights instead of mapping them",
        "cached": "Loading from the model cache",
    }
    found = []
    for mode, start in words.items():
        effects = [c for r in results if (c := mode_effect(r, mode)) is not None]
        own = [c for r in results if (c := anonymous_effect(r, mode)) is not None]
        if not effects or not own:
            continue
        peak, anonymous = (
            significant(geometric_mean([c.ratio.value for c in cs])) for cs in (effects, own)
        )
        found.append(
            f"{start} takes {peak}× the peak memory of a default start and {anonymous}× its "
            f"anonymous memory{_of_how_many(effects)}."
        )
    return " ".join(found)


def _of_how_many(effects: Sequence[Comparison]) -> str:
    clear = sum(c.significant for c in effects)
    if len(effects) == 1:
        return "" if clear else "; the peaks show no clear difference"
    return (
        f", geometric means over {plural(len(effects), 'model')}; {clear} of {len(effects)} "
        "peaks differ significantly"
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
    return (*cells, rounds_cell(min([memory.rounds, *measured], key=len)))


def _anonymous(rounds: Iterable[MemoryRound]) -> dict[int, float]:
    """Return each round's anonymous memory after the first inference."""
    return {
        r.round: float(p.anonymous_bytes)
        for r in rounds
        for p in r.phases
        if p.phase == STARTING[-1] and p.anonymous_bytes
    }

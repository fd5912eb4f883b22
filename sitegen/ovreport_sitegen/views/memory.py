"""Memory: what the throughput mode costs, what is anonymous, and what mapping and caching save."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from ovreport.comparison import Comparison, compare
from ovreport.metrics import significant
from ovreport.record import Memory, MemoryMode, MemoryRound, ModeName, NotMeasured, PhaseMemory
from ovreport.statistics import geometric_mean
from ovreport_sitegen.catalogue import Catalogue, Result
from ovreport_sitegen.charts import MAX_ROWS, Chart, Row
from ovreport_sitegen.text import line, plural
from ovreport_sitegen.views import cards
from ovreport_sitegen.views.gains import ratio_cell
from ovreport_sitegen.views.page import Card, footer
from ovreport_sitegen.views.table import (
    RESULT_COLUMNS,
    Cell,
    Column,
    Table,
    TableRow,
    missing_cell,
    result_row,
)

PHASES = ("import", "read", "compile", "first-inference", "latency", "throughput")
RUNNING = PHASES[:5], PHASES[5:]
"""Up to the end of the latency run, and while compiling for throughput and running it."""
STARTING = PHASES[:4]
"""Phases that every way to load a model has."""
MODES: tuple[ModeName, ...] = ("no-mmap", "cached")
_MIB = 1024 * 1024
_COUNTERS = {
    "cgroup_peak_bytes": "Control group, peak",
    "cgroup_start_bytes": "Control group, when the round began",
}


# ---------------------------------------------------------------- modes of running


def mode_card(catalogue: Catalogue) -> Card:
    """Return the card of what the throughput mode costs, paired by process."""
    device = catalogue.main_device
    results = cards.preferred(catalogue.of_device(device))
    found = [(r, c) for r in results if (c := throughput_cost(r)) is not None]
    found.sort(key=lambda pair: -pair[1].ratio.value)
    rows = tuple(_cost_row(r, c) for r, c in found[:MAX_ROWS])
    title = "What the throughput mode costs in memory"
    finding = _cost_finding(found)
    notes = "Dot: peak of throughput mode over that of latency mode, by round. Line: 95 % interval."
    if any(row.faint for row in rows):
        notes += " Hollow: not distinguishable from 1×, or under 5 rounds."
    if len(found) > len(rows):
        notes += f" The first {len(rows)} of {len(found)}."
    axis = "Times the memory of latency mode, log scale"
    return Card(
        id="memory", title=title, conditions=f"{device.label} · default precision",
        better="Lower is better", finding=finding,
        chart=Chart("ratios", title, finding, axis, rows) if rows else None,
        key=notes if rows else "",
        table=_cost_table(results[: cards.FIRST]) if results else None,
        footer=footer(results, "throughput"),
    )  # fmt: skip


def throughput_cost(result: Result) -> Comparison | None:
    """Return the peak of the throughput mode over that of the latency mode, by round."""
    memory = _memory(result)
    if not isinstance(memory, Memory):
        return None
    return compare(_peaks(memory.rounds, RUNNING[1]), _peaks(memory.rounds, RUNNING[0]))


def _cost_row(result: Result, cost: Comparison) -> Row:
    name = cards.model_name(result)
    return Row(
        name=f"{name} · {' → '.join(_both_peaks(result))} MiB",
        label=f"{significant(cost.ratio.value)}×",
        value=cost.ratio.value, low=cost.ratio.low, high=cost.ratio.high,
        family=result.device.family, faint=cost.outcome != "different",
        tip=f"{name}: {significant(cost.ratio.value)}×, 95 % interval "
        f"{significant(cost.ratio.low)} to {significant(cost.ratio.high)}, "
        f"{plural(cost.pairs, 'round')}, {cost.outcome}",
    )  # fmt: skip


def _both_peaks(result: Result) -> list[str]:
    memory = _memory(result)
    assert isinstance(memory, Memory)  # noqa: S101 (there was something to compare)
    return [
        significant(median(_peaks(memory.rounds, phases).values()) / _MIB) for phases in RUNNING
    ]


def _cost_finding(found: Sequence[tuple[Result, Comparison]]) -> str:
    if not found:
        return "Memory was not measured in both modes; the table says why."
    mean = geometric_mean([c.ratio.value for _, c in found])
    most, cost = found[0]
    low, high = _both_peaks(most)
    return (
        f"Throughput mode takes {significant(mean)}× the memory of latency mode, geometric mean "
        f"over {plural(len(found), 'model')}. Most: {most.model.title}, "
        f"{significant(cost.ratio.value)}× ({low} → {high} MiB)."
    )


def _cost_table(results: Sequence[Result]) -> Table:
    columns = (
        *RESULT_COLUMNS, Column("Latency mode", "MiB", "lower", True),
        Column("Throughput mode", "MiB", "lower", True),
        Column("Cost", "× latency mode", "lower", True), Column("n", "rounds", "", True),
    )  # fmt: skip
    return Table("memory-card-table", "Peak memory of both modes", columns,
                 tuple(result_row(r, _cost_cells(r)) for r in results))  # fmt: skip


def _cost_cells(result: Result) -> tuple[Cell, ...]:
    memory = _memory(result)
    if not isinstance(memory, Memory):
        return _none(memory, 4)
    peaks = [_peaks(memory.rounds, phases).values() for phases in RUNNING]
    return (*map(_size_cell, peaks), _ratio(throughput_cost(result)), _n(memory.rounds))


# ---------------------------------------------------------------- phases


def phases_table(catalogue: Catalogue) -> Table:
    """Return the table of peaks, phase by phase."""
    columns = (
        *RESULT_COLUMNS,
        *(Column(_phase_name(p), "MiB", "lower", True) for p in PHASES),
        Column("n", "rounds", "", True),
    )
    rows = tuple(result_row(r, _phase_cells(r)) for r in catalogue.results)
    return Table("phases-table", "Peak memory phase by phase", columns, rows, searchable=True)


def _phase_cells(result: Result) -> tuple[Cell, ...]:
    memory = _memory(result)
    if not isinstance(memory, Memory):
        return _none(memory, len(PHASES) + 1)
    peaks = (_peaks(memory.rounds, (phase,)).values() for phase in PHASES)
    return (*map(_size_cell, peaks), _n(memory.rounds))


def kinds_table(catalogue: Catalogue) -> Table:
    """Return the table of anonymous and file-backed memory at the end of each mode."""
    columns = (
        *RESULT_COLUMNS,
        *(
            Column(kind, f"MiB, {mode}", "lower", True)
            for mode in ("latency mode", "throughput mode")
            for kind in ("Anonymous", "File-backed")
        ),
        Column("n", "rounds", "", True),
    )
    rows = tuple(result_row(r, _kind_cells(r)) for r in catalogue.results)
    return Table("kinds-table", "Anonymous and file-backed memory", columns, rows, searchable=True)


def _kind_cells(result: Result) -> tuple[Cell, ...]:
    memory = _memory(result)
    if not isinstance(memory, Memory):
        return _none(memory, 5)
    sizes = []
    for phase in PHASES[4:]:
        parts = _parts(memory.rounds, phase)
        sizes += [[p.anonymous_bytes for p in parts], [p.file_backed_bytes for p in parts]]
    return (*map(_size_cell, sizes), _n(memory.rounds))


# ---------------------------------------------------------------- ways to load


def modes_table(catalogue: Catalogue) -> Table:
    """Return the table of what mapping weights and loading from the model cache save."""
    columns = (
        *RESULT_COLUMNS, Column("Mapped", "MiB", "lower", True),
        Column("Not mapped", "MiB", "lower", True), Column("Effect", "× mapped", "lower", True),
        Column("Model cache", "MiB", "lower", True), Column("Effect", "× mapped", "lower", True),
        Column("n", "rounds", "", True),
    )  # fmt: skip
    rows = tuple(result_row(r, _mode_cells(r)) for r in catalogue.results)
    return Table("modes-table", "Peak memory of a start, by the way to load", columns, rows,
                 searchable=True)  # fmt: skip


def modes_finding(catalogue: Catalogue) -> str:
    """Return what the ways to load save on the main device, in a sentence each."""
    results = cards.preferred(catalogue.of_device(catalogue.main_device))
    words: dict[ModeName, str] = {
        "no-mmap": "Reading weights instead of mapping them",
        "cached": "Loading from the model cache",
    }
    found = []
    for mode, start in words.items():
        effects = [c for r in results if (c := mode_effect(r, mode)) is not None]
        if not effects:
            continue
        mean = significant(geometric_mean([c.ratio.value for c in effects]))
        clear = sum(c.outcome == "different" for c in effects)
        found.append(
            f"{start} takes {mean}× the memory of a plain start, geometric mean over "
            f"{plural(len(effects), 'model')}; {clear} of them differ beyond doubt."
        )
    return " ".join(found)


def mode_effect(result: Result, mode: ModeName) -> Comparison | None:
    """Return the peak of a start in that mode over that of a round's own start, by round."""
    memory = _memory(result)
    other = memory.modes.get(mode) if isinstance(memory, Memory) else None
    if not isinstance(memory, Memory) or not isinstance(other, MemoryMode):
        return None
    return compare(_peaks(other.rounds, STARTING), _peaks(memory.rounds, STARTING))


def _mode_cells(result: Result) -> tuple[Cell, ...]:
    memory = _memory(result)
    if not isinstance(memory, Memory):
        return _none(memory, 6)
    cells = [_size_cell(_peaks(memory.rounds, STARTING).values())]
    for mode in MODES:
        other = memory.modes.get(mode)
        if isinstance(other, MemoryMode):
            size = _size_cell(_peaks(other.rounds, STARTING).values())
            cells += [size, _ratio(mode_effect(result, mode))]
        else:
            cells += _none(other, 2)
    measured = [m.rounds for m in memory.modes.values() if isinstance(m, MemoryMode)]
    return (*cells, _n(min([memory.rounds, *measured], key=len)))


# ---------------------------------------------------------------- one result in full


def full_rows(result: Result) -> tuple[TableRow, ...]:
    """Return peak, anonymous and file-backed memory of every phase of one result."""
    memory = _memory(result)
    if not isinstance(memory, Memory):
        return ()
    found = []
    for phase in PHASES:
        parts = _parts(memory.rounds, phase)
        sizes = ([p.peak_rss_bytes for p in parts], [p.anonymous_bytes for p in parts],
                 [p.file_backed_bytes for p in parts])  # fmt: skip
        found.append(TableRow((Cell(_phase_name(phase)), *map(_size_cell, sizes))))
    return tuple(found)


def full_counters(result: Result) -> tuple[tuple[str, str], ...]:
    """Return what others counted for one result, and why the rest was not."""
    memory = _memory(result)
    if not isinstance(memory, Memory):
        return ()
    series: dict[str, list[int]] = {}
    for r in memory.rounds:
        for name, size in r.counters.items():
            series.setdefault(name, []).append(size)
    told = [
        (_counter_name(name), f"{significant(median(sizes) / _MIB)} MiB")
        for name, sizes in list(series.items())[:20]
    ]
    untold = [
        (_counter_name(name), f"not told: {line(why, 200)}")
        for name, why in list(memory.unreadable.items())[:10]
    ]
    return (*told, *untold)


def _counter_name(name: str) -> str:
    return _COUNTERS.get(name, line(name, 80))


# ---------------------------------------------------------------- parts


def _memory(result: Result) -> Memory | NotMeasured:
    outcome = result.record.outcome
    return outcome if isinstance(outcome, NotMeasured) else result.record.memory


def _peaks(rounds: Iterable[MemoryRound], phases: Sequence[str]) -> dict[int, float]:
    """Return each round's largest peak in these phases; rounds that reached none are left out."""
    found = {}
    for r in rounds:
        # A process has memory; a zero is a record that cannot be compared.
        sizes = [p.peak_rss_bytes for p in r.phases if p.phase in phases and p.peak_rss_bytes]
        if sizes:
            found[r.round] = float(max(sizes))
    return found


def _parts(rounds: Iterable[MemoryRound], phase: str) -> list[PhaseMemory]:
    return [p for r in rounds for p in r.phases if p.phase == phase]


def _size_cell(sizes: Iterable[float]) -> Cell:
    """Return the median of sizes in MiB, and their range."""
    values = [size / _MIB for size in sizes]
    if not values:
        return Cell("not reached", tone="missing")
    spread = f"{significant(min(values))} – {significant(max(values))}"
    middle = median(values)
    return Cell(significant(middle), sub=spread, sort=middle, tip="Range over rounds")


def _ratio(comparison: Comparison | None) -> Cell:
    if comparison is None:
        return Cell("–", tone="missing", tip="No round has both.")
    return ratio_cell(comparison)


def _phase_name(phase: str) -> str:
    return phase.replace("-", " ").capitalize()


def _n(rounds: Sequence[MemoryRound]) -> Cell:
    return Cell(str(len(rounds)), sort=len(rounds))


def _none(why: NotMeasured | None, columns: int) -> tuple[Cell, ...]:
    return (missing_cell(why), *(Cell("–", tone="missing"),) * (columns - 1))

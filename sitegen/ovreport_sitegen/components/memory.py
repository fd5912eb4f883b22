"""Memory: what the throughput mode costs, phase by phase, and what of it is anonymous."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from ovreport.metrics import significant
from ovreport.record import Generation, Memory, MemoryRound, NotMeasured, PhaseMemory
from ovreport.stats.comparison import Comparison, compare
from ovreport.stats.intervals import geometric_mean
from ovreport_sitegen.components.cells import RESULT_COLUMNS, missing_cell, result_row
from ovreport_sitegen.components.page import Card, footer
from ovreport_sitegen.components.ranking import FIRST, model_name, preferred
from ovreport_sitegen.components.ratio_card import Ratio, ratio_card, ratio_cell, times
from ovreport_sitegen.components.selection import whole_devices
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line, plural

PHASES = ("import", "read", "compile", "first-inference", "latency", "throughput")
RUNNING = PHASES[:5], PHASES[5:]
"""Up to the end of the latency run, and while compiling for throughput and running it."""
_MIB = 1024 * 1024
_COUNTERS = {
    "cgroup_peak_bytes": "Control group, peak",
    "cgroup_start_bytes": "Control group, when the round began",
}


# ---------------------------------------------------------------- modes of running


def mode_card(catalogue: Catalogue) -> Card:
    """Return the card of the memory of throughput mode over latency mode's, paired by process."""
    device = catalogue.main_device
    results = preferred(catalogue.of_device(device))
    found = [(r, c) for r in results if (c := throughput_cost(r)) is not None]
    found.sort(key=lambda pair: -pair[1].ratio.value)
    return ratio_card(
        [Ratio(r, f"{model_name(r)} · {_both_peaks(r)}", c) for r, c in found],
        id_="memory",
        title="Memory of throughput mode against latency mode",
        conditions=f"{device.label} · default precision",
        axis="Times the memory of latency mode, log scale",
        better="Lower is better",
        finding=_cost_finding(found),
        legend="Dot: peak of throughput mode over that of latency mode, by round. "
        "Line: 95 % interval.",
        table=_cost_table(results[:FIRST]) if results else None,
        footer=footer(results, "throughput"),
    )


def throughput_cost(result: Result) -> Comparison | None:
    """Return the peak of the throughput mode over that of the latency mode, by round."""
    memory = memory_of(result)
    if not isinstance(memory, Memory):
        return None
    return compare(peaks(memory.rounds, RUNNING[1]), peaks(memory.rounds, RUNNING[0]))


def _both_peaks(result: Result) -> str:
    """Return the peaks of latency mode and throughput mode."""
    memory = memory_of(result)
    rounds = memory.rounds if isinstance(memory, Memory) else ()
    both = (median(peaks(rounds, phases).values()) / _MIB for phases in RUNNING)
    return f"{' → '.join(map(significant, both))} MiB"


def _cost_finding(found: Sequence[tuple[Result, Comparison]]) -> str:
    if not found:
        return "Memory was not measured in both modes; the table says why."
    most, cost = found[0]
    example = f"{most.model.title}, {times(cost)} ({_both_peaks(most)})"
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
        Column("Cost", "× latency mode", "lower", True),
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


# ---------------------------------------------------------------- phases


def phases_table(catalogue: Catalogue) -> Table:
    """Return the table of peaks, phase by phase."""
    columns = (
        *RESULT_COLUMNS,
        *(Column(_phase_name(p), "MiB", "lower", True) for p in PHASES),
        Column("n", "rounds", "", True),
    )
    chosen = whole_devices(catalogue, catalogue.results)
    rows = tuple(result_row(r, _phase_cells(r)) for r in chosen.results)
    title = "Peak memory phase by phase"
    return Table("phases-table", title, columns, rows, searchable=True, note=chosen.note)


def _phase_cells(result: Result) -> tuple[Cell, ...]:
    memory = memory_of(result)
    if not isinstance(memory, Memory):
        return none_cells(memory, len(PHASES) + 1)
    each = (peaks(memory.rounds, (phase,)).values() for phase in PHASES)
    return (*map(size_cell, each), rounds_cell(memory.rounds))


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
    chosen = whole_devices(catalogue, catalogue.results)
    rows = tuple(result_row(r, _kind_cells(r)) for r in chosen.results)
    title = "Anonymous and file-backed memory"
    return Table("kinds-table", title, columns, rows, searchable=True, note=chosen.note)


def _kind_cells(result: Result) -> tuple[Cell, ...]:
    memory = memory_of(result)
    if not isinstance(memory, Memory):
        return none_cells(memory, 5)
    sizes = []
    for phase in PHASES[4:]:
        parts = _parts(memory.rounds, phase)
        sizes += [[p.anonymous_bytes for p in parts], [p.file_backed_bytes for p in parts]]
    return (*map(size_cell, sizes), rounds_cell(memory.rounds))


# ---------------------------------------------------------------- one result in full


def full_rows(result: Result) -> tuple[TableRow, ...]:
    """Return peak, anonymous and file-backed memory of every phase of one result."""
    memory = memory_of(result)
    if not isinstance(memory, Memory):
        return ()
    return tuple(_row(_phase_name(phase), _parts(memory.rounds, phase)) for phase in PHASES)


def _row(name: str, parts: Sequence[PhaseMemory]) -> TableRow:
    sizes = (
        [p.peak_rss_bytes for p in parts],
        [p.anonymous_bytes for p in parts],
        [p.file_backed_bytes for p in parts],
    )
    return TableRow((Cell(name), *map(size_cell, sizes)))


def token_rows(result: Result) -> tuple[TableRow, ...]:
    """Return the same of a language model's phases."""
    generation = result.record.generation
    if not isinstance(generation, Generation) or not result.completed:
        return ()
    return tuple(
        _row(_TOKEN_PHASES[phase], parts)
        for phase in _TOKEN_PHASES
        if (parts := _parts(generation.memory, phase))
    )


_TOKEN_PHASES = {
    "import": "import",
    "load": "load",
    "generation": "answers, one at a time",
    "concurrency": "answers, several at once (another pipeline)",
}


def full_counters(result: Result) -> tuple[tuple[str, str], ...]:
    """Return what others counted for one result, and why the rest was not."""
    memory = memory_of(result)
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


def _parts(rounds: Iterable[MemoryRound], phase: str) -> list[PhaseMemory]:
    return [p for r in rounds for p in r.phases if p.phase == phase]


def size_cell(sizes: Iterable[float]) -> Cell:
    """Return the median of sizes in MiB, and their range."""
    values = [size / _MIB for size in sizes]
    if not values:
        return Cell("not reached", tone="missing")
    spread = f"{significant(min(values))} – {significant(max(values))}"
    middle = median(values)
    return Cell(significant(middle), sub=spread, sort=middle, tip="Range over rounds")


def _phase_name(phase: str) -> str:
    return phase.replace("-", " ").capitalize()


def rounds_cell(rounds: Sequence[MemoryRound]) -> Cell:
    """Return how many rounds stand behind a row."""
    return Cell(str(len(rounds)), sort=len(rounds))


def none_cells(why: NotMeasured | None, columns: int) -> tuple[Cell, ...]:
    """Return cells that say once why there are no figures."""
    return (missing_cell(why), *(Cell("–", tone="missing"),) * (columns - 1))

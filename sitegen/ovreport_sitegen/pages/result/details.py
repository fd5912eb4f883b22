"""Parts of a full result: metrics, memory, layers, settings, and the noise during its rounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from msgspec.structs import replace

from ovreport.metrics import GROUPS, METRICS, MetricValue, significant
from ovreport.metrics.accuracy import ACCURACY
from ovreport.metrics.evidence import READINGS
from ovreport.record import (
    Accuracy,
    Execution,
    Generation,
    Latency,
    Memory,
    NotMeasured,
    PhaseMemory,
    ProcessNoise,
    Settings,
    Throughput,
)
from ovreport.words import plural
from ovreport_sitegen.components.cells import level_cell, missing_words, value_cell
from ovreport_sitegen.components.memory import (
    PHASES,
    mebibytes,
    memory_of,
    phase_name,
    phase_parts,
    size_cell,
)
from ovreport_sitegen.components.table import DASH, Cell, TableRow
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line, percent


@dataclass(frozen=True, slots=True)
class ValueGroup:
    """The metrics of one group, or the reason why none of them was measured."""

    title: str
    rows: tuple[TableRow, ...]
    missing: str = ""


def groups(result: Result) -> list[ValueGroup]:
    """Return the metrics by group; a group that misses all for one reason says so once."""
    value_groups = []
    for group in GROUPS:
        found = {k: result.metric_values[k] for k in group.keys if k in result.metric_values}
        reasons = {
            missing_words(f) if not isinstance(f, MetricValue) else "" for f in found.values()
        }
        if found and len(reasons) == 1 and "" not in reasons:
            value_groups.append(ValueGroup(group.title, (), reasons.pop()))
        elif found:
            value_groups.append(ValueGroup(group.title, tuple(_row(result, key) for key in found)))
    accuracy = result.accuracy
    if not isinstance(accuracy, Accuracy) and not result.record.case.is_language:
        value_groups.append(ValueGroup(ACCURACY.title, (), missing_words(accuracy)))
    return value_groups


_ACCURACIES = frozenset(ACCURACY.keys)


def _row(result: Result, key: str) -> TableRow:
    """Return a value with unit and direction, interval, n and verdict, or why there is none."""
    found = result.metric_values[key]
    label, unit = _about(key)
    if not isinstance(found, MetricValue):
        return TableRow((label, Cell(missing_words(found), tone="missing", span=4)))
    shown = value_cell(result, key)
    bound = found.kind == "bound"
    return TableRow(
        (
            label,
            replace(shown, sub=unit, sort=None, tone=f"num {shown.tone}".rstrip()),
            Cell("bound at 99 % confidence" if bound else shown.sub),
            Cell(_counts(result, found)),
            # An accuracy has no rounds that could vary; its interval says how sure it is.
            DASH if key in _ACCURACIES else replace(level_cell(found), sort=None),
        )
    )


def _counts(result: Result, found: MetricValue) -> str:
    """Return the n of a value: rounds and what was timed in them, or samples of an accuracy."""
    if found.metric in _ACCURACIES and isinstance(result.accuracy, Accuracy):
        return f"{found.n:,} {line(result.accuracy.unit, 30)}"
    rounds = plural(found.rounds, "round")
    return rounds + (
        f" · {found.n:,} {METRICS[found.metric].counts}" if found.n > found.rounds else ""
    )


_ARROWS = {"lower": "↓", "higher": "↑"}


@cache
def _about(key: str) -> tuple[Cell, str]:
    """Return a metric's name, and its unit with an arrow to where it is better."""
    metric = METRICS[key]
    return Cell(metric.label), f"{metric.unit} {_ARROWS[metric.direction]}".strip()


# ---------------------------------------------------------------- memory

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


def memory_rows(result: Result) -> tuple[TableRow, ...]:
    """Return peak, anonymous and file-backed memory of every phase; none where not measured."""
    memory, generation = memory_of(result), result.record.generation
    if isinstance(memory, Memory):
        return tuple(_memory_row(phase_name(p), phase_parts(memory.rounds, p)) for p in PHASES)
    if not isinstance(generation, Generation) or not result.completed:
        return ()
    return tuple(
        _memory_row(name, parts)
        for phase, name in _GENERATION_PHASES.items()
        if (parts := phase_parts(generation.memory, phase))
    )


def _memory_row(name: str, parts: Sequence[PhaseMemory]) -> TableRow:
    sizes = (
        [p.peak_rss_bytes for p in parts],
        [p.anonymous_bytes for p in parts],
        [p.file_backed_bytes for p in parts],
    )
    return TableRow((Cell(name), *map(size_cell, sizes)))


def memory_counters(result: Result) -> tuple[tuple[str, str], ...]:
    """Return the memory that the system and the plugin counted, and why the rest was not read."""
    memory = memory_of(result)
    if not isinstance(memory, Memory):
        return ()
    series = grouped(counter for r in memory.rounds for counter in r.counters.items())
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


# ---------------------------------------------------------------- what ran, and the noise


def executed_on(result: Result) -> str:
    """Return the devices that ran it, or why they are not known."""
    execution = result.record.execution
    if isinstance(execution, Execution):
        return ", ".join(line(d, 60) for d in execution.devices[:8])
    return missing_words(execution)


def layers(result: Result) -> tuple[str, ...]:
    """Return how many layers ran in which precision, those of arithmetic first."""
    execution = result.record.execution
    if not isinstance(execution, Execution):
        return ()
    counts = sorted(execution.layers, key=lambda c: (not c.compute, -c.count))
    return tuple(
        f"{plural(c.count, 'layer')} {line(c.precision, 20)} on {line(c.device, 40)}"
        + (" (arithmetic)" if c.compute else "")
        for c in counts[:20]
    )


_SHOWN = frozenset(
    {
        "PERFORMANCE_HINT",
        "INFERENCE_PRECISION_HINT",
        "NUM_STREAMS",
        "INFERENCE_NUM_THREADS",
        "EXECUTION_MODE_HINT",
        "PERFORMANCE_HINT_NUM_REQUESTS",
        "ENABLE_HYPER_THREADING",
        "ENABLE_CPU_PINNING",
        "SCHEDULING_CORE_TYPE",
        "KV_CACHE_PRECISION",
        "MODEL_PRIORITY",
        "OPTIMAL_NUMBER_OF_INFER_REQUESTS",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE",
    }
)


_KV_CACHE = "KV_CACHE_PRECISION"
_UNREADABLE = "what was in force is not readable"


@dataclass(frozen=True, slots=True)
class SettingsTable:
    """A row for each property, with what it was in each mode."""

    modes: tuple[str, ...]
    rows: tuple[TableRow, ...]


def settings(result: Result) -> SettingsTable:
    """Return the effective settings, and those that were requested, mode by mode."""
    record = result.record
    modes = {
        mode: measurement.settings
        for mode, measurement in (
            ("Latency", record.latency),
            ("Throughput", record.throughput),
            (_generation_mode(record.generation), record.generation),
        )
        if isinstance(measurement, Latency | Throughput | Generation)
    }
    names = sorted({name for chosen in modes.values() for name in _names(chosen, result)})
    rows = tuple(
        TableRow((_text(line(name, 60)), *(_setting(chosen, name) for chosen in modes.values())))
        for name in names[:40]
    )
    return SettingsTable(tuple(modes), rows)


def _generation_mode(found: Generation | NotMeasured) -> str:
    """Return the name of the column of a language model's settings: whose they are."""
    is_of_network = isinstance(found, Generation) and found.settings_of == "network"
    return "Generation, network compiled separately" if is_of_network else "Generation"


def _names(chosen: Settings, result: Result) -> set[str]:
    """Return which properties to show: OpenVINO reports dozens, frameworks only chosen ones."""
    reported = chosen.effective.keys() & (_SHOWN if not result.framework else chosen.effective)
    wanted = {_KV_CACHE} if result.record.case.is_language else set()
    return chosen.requested.keys() | reported | wanted


def _setting(chosen: Settings, name: str) -> Cell:
    """Return what a property was, and below it what was requested, if anything."""
    requested = chosen.requested.get(name)
    effective = chosen.effective.get(name, "not reported" if chosen.effective else _UNREADABLE)
    return _text(
        line(effective, 80), "" if requested is None else f"requested: {line(requested, 80)}"
    )


def _reading(key: str) -> str:
    return READINGS.get(key, line(key.replace("_", " "), 60))


def noise(rounds: Sequence[ProcessNoise]) -> list[TableRow]:
    """Return each noise reading: lowest, median and highest over the rounds."""
    series = grouped(reading for r in rounds for reading in r.readings.items())
    found = []
    known = {key: series.pop(key) for key in READINGS if key in series}
    for key, values in list({**known, **series}.items())[:30]:
        ordered = sorted(values)
        shown = (_number(key, v) for v in (ordered[0], ordered[len(ordered) // 2], ordered[-1]))
        numbers = [Cell(text, tone="num") for text in (*shown, str(len(values)))]
        found.append(TableRow((_text(_reading(key)), *numbers)))
    return found


def unreadable(missing: Mapping[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the readings that are missing, by the reason."""
    shown = list(missing.items())[:30]
    readings = grouped((line(why, 200), _reading(key)) for key, why in shown)
    return tuple((why, tuple(names)) for why, names in readings.items())


def _number(key: str, value: float) -> str:
    if key.endswith("_share"):
        return percent(value, 1)
    if value.is_integer() and abs(value) < 1000:
        return f"{value:.0f}"
    return significant(value) if math.isfinite(value) else "unbounded"


@cache
def _text(text: str, sub: str = "") -> Cell:
    """Return a plain cell; the settings of many results are the same."""
    return Cell(text, sub=sub)

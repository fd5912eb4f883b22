"""What ran in one result, with which settings, and the noise during its rounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache

from ovreport.metrics import significant
from ovreport.metrics.evidence import READINGS
from ovreport.record import Execution, Generation, Latency, RoundNoise, Settings, Throughput
from ovreport_sitegen.components.cells import missing_words
from ovreport_sitegen.components.table import Cell, TableRow
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import line, plural


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


def settings(result: Result) -> list[TableRow]:
    """Return the requested and the effective settings, mode by mode."""
    found = []
    for mode, measurement in (
        ("latency", result.record.latency),
        ("throughput", result.record.throughput),
        ("generation", result.record.generation),
    ):
        if not isinstance(measurement, Latency | Throughput | Generation):
            continue
        chosen: Settings = measurement.settings
        # OpenVINO reports dozens; native frameworks only those that were chosen.
        reported = chosen.effective.keys() & (_SHOWN if not result.framework else chosen.effective)
        names = sorted(chosen.requested.keys() | reported)
        for name in names[:40]:
            requested = line(chosen.requested.get(name, "–"), 80)
            effective = line(chosen.effective.get(name, "not reported"), 80)
            found.append(_setting(line(name, 60), mode, requested, effective))
    return found


@cache
def _setting(*texts: str) -> TableRow:
    """Return a row of settings, of which a thousand results have few different ones."""
    return TableRow(tuple(map(_text, texts)))


def _reading(key: str) -> str:
    return READINGS.get(key, line(key.replace("_", " "), 60))


def noise(rounds: Sequence[RoundNoise]) -> list[TableRow]:
    """Return each noise reading: lowest, median and highest over the rounds."""
    series: dict[str, list[float]] = {}
    for r in rounds:
        for key, value in r.readings.items():
            series.setdefault(key, []).append(value)
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
    readings: dict[str, list[str]] = {}
    for key, why in list(missing.items())[:30]:
        readings.setdefault(line(why, 200), []).append(_reading(key))
    return tuple((why, tuple(names)) for why, names in readings.items())


def _number(key: str, value: float) -> str:
    if key.endswith("_share"):
        return f"{value:.1%}"
    if value.is_integer() and abs(value) < 1000:
        return f"{value:.0f}"
    return significant(value) if math.isfinite(value) else "unbounded"


@cache
def _text(text: str) -> Cell:
    """Return a plain cell; the settings of many results are the same."""
    return Cell(text, tone="text")

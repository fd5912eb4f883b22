"""How a model's files were optimized, and what that did to their size and memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ovreport.metrics import significant
from ovreport.record import Converted, Memory, Model, Optimized
from ovreport.record.model import WEIGHTS_TO_F32, Trial
from ovreport.stats.comparison import Comparison
from ovreport.variants import METHODS, VARIANTS
from ovreport_sitegen.compare import MEASUREMENTS, SpeedMeasurement
from ovreport_sitegen.components.cells import result_cells, row, value_cell
from ovreport_sitegen.components.memory import RUNNING, memory_of, peaks
from ovreport_sitegen.components.ratio_card import ratio_cell
from ovreport_sitegen.components.speedups import BASELINE
from ovreport_sitegen.components.table import Cell, Column, Table, TableRow
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import ordered_variants
from ovreport_sitegen.data.result import ModelRef, Result
from ovreport_sitegen.text import line, megabytes

_MB = 1e6
_KERNELS = 1.25
"""Kernels add to the error where it is more than this many times that of rounding alone."""
_PEAK = {"latency": "peak_memory_latency_bytes", "throughput": "peak_memory_bytes"}


@dataclass(frozen=True)
class OptimizationView:
    """How one file was optimized or converted here."""

    title: str
    facts: tuple[tuple[str, str], ...]


def optimizations(results: Sequence[Result]) -> tuple[OptimizationView, ...]:
    """Return how each variant that is not published came about, from its newest record."""
    newest: dict[str, Result] = {}
    for r in sorted(results, key=lambda r: r.record.measured_at):
        newest[r.variant] = r
    return tuple(
        OptimizationView(VARIANTS[variant].label, _facts(newest[variant].record.model))
        for variant in ordered_variants(newest)
        if isinstance(newest[variant].record.model.origin, Optimized | Converted)
    )


def _facts(model: Model) -> tuple[tuple[str, str], ...]:
    how = model.origin
    if isinstance(how, Converted):
        return (
            ("Method", _converted(how)),
            *_measuring_time(how),
            ("File", megabytes(model.size_bytes)),
        )
    if not isinstance(how, Optimized):
        return ()
    method = METHODS.get(how.method, line(how.method.replace("-", " "), 80))
    calibration = line(how.calibration, 400)
    count = f"{how.calibration_samples:,} samples" if how.calibration_samples else ""
    return (
        ("Method", method),
        ("Settings", _pairs(how.settings, " = ") or "the tool's defaults"),
        (
            "Calibration",
            f"{calibration} ({count})" if calibration and count else calibration or "needs no data",
        ),
        *_choice(how.trials),
        *_measuring_time(how),
        ("Size", _before_after(how)),
        ("File", megabytes(model.size_bytes)),
        ("From", _source(how)),
    )


def _choice(trials: Sequence[Trial]) -> tuple[tuple[str, str], ...]:
    """Return which recipe was chosen and why, and how much of its error kernels cause."""
    if not trials:
        return ()
    ordered = sorted(trials, key=lambda trial: trial.error)
    best = ordered[0]
    others = ", ".join(f"{_recipe(t)}: {significant(t.error)}" for t in ordered[1:20])
    why = (
        f"{_recipe(best)}: of {len(trials)} recipes the one whose outputs are closest to the "
        f"original's on held-out calibration inputs, relative RMSE {significant(best.error)} "
        f"({others})"
    )
    return (("Recipe", why if others else f"{_recipe(best)}, the only recipe tried"), *_cause(best))


def _cause(trial: Trial) -> tuple[tuple[str, str], ...]:
    emulated = trial.error_emulated
    if emulated is None:
        return ()
    by_kernels = trial.error > _KERNELS * emulated
    cause = (
        "so this device's low-precision kernels add to the loss of rounding to eight bits"
        if by_kernels
        else "so the loss comes from rounding to eight bits, not from this device's kernels"
    )
    return (
        (
            "Source of the error",
            f"relative RMSE {significant(trial.error)} as it runs, {significant(emulated)} with "
            f"the same rounding computed in f32: {cause}",
        ),
    )


def _recipe(trial: Trial) -> str:
    return _pairs(trial.settings, " = ") or "NNCF's defaults"


def _measuring_time(how: Converted | Optimized) -> tuple[tuple[str, str], ...]:
    return (
        (
            "Time",
            f"{significant(how.seconds)} s, peak memory "
            f"{significant(how.peak_bytes / 1024**2)} MiB",
        ),
        ("Software", _pairs(how.software, " ")),
    )


def _source(how: Optimized) -> str:
    origin = how.derived_from
    if not isinstance(origin, Converted):
        return "the published file"
    if origin.converter == WEIGHTS_TO_F32:
        took = f"{significant(origin.seconds)} s ({_pairs(origin.software, ' ')})"
        return f"the published file, its weights converted back to floating point in {took}"
    return _converted(origin)


def _converted(how: Converted) -> str:
    return f"converted from the published weights by {line(how.converter, 80)}"


def _pairs(texts: Mapping[str, str], between: str) -> str:
    shown = list(texts.items())[:20]
    return ", ".join(f"{line(k, 60)}{between}{line(v, 80)}" for k, v in shown)


def _before_after(how: Optimized) -> str:
    text = f"{megabytes(how.bytes_before)} → {megabytes(how.bytes_after)} as OpenVINO IR"
    if how.bytes_before:
        text += f", {significant(how.bytes_after / how.bytes_before)}× the size"
    return text


# ---------------------------------------------------------------- size and memory


def size_table(catalogue: Catalogue, model: ModelRef) -> Table | None:
    """Return file size and peak memory of each variant; None where there is only one."""
    results = [r for r in catalogue.of_model(model) if r.requested in {"default", "f32"}]
    if len(model.variants) < 2:
        return None
    columns = (
        Column("Variant"),
        Column("Device", wide=True),
        Column("Precision", wide=True),
        Column("File", "MB", "lower", True, tip="With its weights"),
        Column("Before", "MB, as IR", "", True, tip="The model saved as OpenVINO IR, unchanged"),
        Column("After", "MB, as IR", "lower", True),
        *(
            column
            for mode in MEASUREMENTS
            for column in (
                Column("Peak memory", f"MiB, {mode} mode", "lower", True),
                Column("Against published", "× f32", "lower", True, tip="Paired by round"),
            )
        ),
    )
    return Table(
        "size-table",
        f"Size and memory of {model.title}",
        columns,
        tuple(_size_row(catalogue, r) for r in results),
    )


def size_finding(catalogue: Catalogue, model: ModelRef) -> str:
    """Return how much smaller the smallest file is, on disk and in memory."""
    optimized = [
        (r.record.model.origin, r)
        for r in catalogue.of_model(model)
        if isinstance(r.record.model.origin, Optimized) and r.record.model.origin.bytes_before
    ]
    if not optimized:
        return ""
    how, r = min(optimized, key=lambda pair: (_shrunk(pair[0]), pair[1].requested != "default"))
    name = VARIANTS[r.variant].phrase
    text = f"{name[:1].upper()}{name[1:]} makes the file {significant(_shrunk(how), 2)}× as large"
    effect = memory_effect(catalogue, r, "latency")
    if effect is None:
        return f"{text}."
    if not effect.significant:
        return f"{text}; its peak memory is {_unclear(effect)}."
    return f"{text} and its peak memory {significant(effect.ratio.value, 2)}× that of f32."


def _unclear(effect: Comparison) -> str:
    if effect.outcome == "insufficient data":
        return "not compared with f32’s: insufficient data"
    return "not clearly different from that of f32"


def _shrunk(how: object) -> float:
    return how.bytes_after / how.bytes_before if isinstance(how, Optimized) else 1.0


def memory_effect(
    catalogue: Catalogue, result: Result, mode: SpeedMeasurement
) -> Comparison | None:
    """Return the peak of a mode over that of the published file in f32, by round."""
    phases = RUNNING[0] if mode == "latency" else RUNNING[1]

    def peak(r: Result) -> dict[int, float]:
        memory = memory_of(r)
        return peaks(memory.rounds, phases) if isinstance(memory, Memory) else {}

    pair = catalogue.speedup(result)
    return pair.ratio(peak) if pair else None


def _size_row(catalogue: Catalogue, result: Result) -> TableRow:
    _, device, precision = result_cells(result)
    how, size = result.record.model.origin, result.record.model.size_bytes
    before_after = [Cell("–", tone="missing", tip="As published")] * 2
    if isinstance(how, Optimized):
        sizes = (how.bytes_before, how.bytes_after)
        before_after = [Cell(significant(n / _MB), sort=n / _MB) for n in sizes]
    memory: list[Cell] = []
    for mode in MEASUREMENTS:
        effect = memory_effect(catalogue, result, mode)
        ratio = BASELINE if result.is_baseline else ratio_cell(effect)
        memory += [value_cell(result, _PEAK[mode]), ratio]
    name = Cell(VARIANTS[result.variant].label, href=result.href)
    head = (name, device, Cell(precision.text, sort=precision.sort))
    cells = (Cell(significant(size / _MB), sort=size / _MB), *before_after, *memory)
    under = f"{result.device.label} · {result.precision}"
    return row(result, head, cells, under=under)

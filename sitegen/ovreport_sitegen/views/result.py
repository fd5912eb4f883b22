"""One result in full: figures, settings, evidence, commands. Stands on its model's page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ovreport.figures import Figure
from ovreport.metrics import METRICS, significant
from ovreport.reasons import REASONS
from ovreport.record import (
    Completed,
    Effort,
    Execution,
    Failed,
    Generation,
    Latency,
    NotMeasured,
    RoundNoise,
    Settings,
    Throughput,
    Unsupported,
    Verdict,
)
from ovreport.verdict import READINGS
from ovreport_sitegen.catalogue import Result
from ovreport_sitegen.text import clean, line, listed, plural
from ovreport_sitegen.views import calibrating, energy, memory
from ovreport_sitegen.views.calibrating import HEADLINES, CalibrationView
from ovreport_sitegen.views.effort import effort_words
from ovreport_sitegen.views.table import Cell, TableRow, figure_cell, reason_title, status_word

_GROUPS = (
    ("Latency", ("latency_ms", "latency_p90_ms", "latency_p95_ms", "latency_p99_ms",
                 "latency_p999_ms", "overhead_ms")),
    ("Throughput", ("throughput_ips", "loaded_latency_ms", "loaded_latency_p99_ms",
                    "throughput_per_core_ips", "throughput_per_gib_ips")),
    ("Curve", ("curve_best_ips", "curve_within_ips")),
    ("Random arrivals", ("max_arrival_ips", "arrival_share")),
    ("Start-up", ("startup_ms", "read_ms", "compile_ms", "first_inference_ms",
                  "startup_cached_ms")),
    ("Memory", ("peak_memory_latency_bytes", "peak_memory_bytes")),
    ("End to end", ("end_to_end_ms", "end_to_end_ips", "end_to_end_async_ips",
                    "end_to_end_graph_ms", "end_to_end_graph_ips",
                    "end_to_end_graph_async_ips")),
    ("Generation", ("time_to_first_token_ms", "time_per_output_token_ms",
                    "time_per_output_token_p50_ms", "time_per_output_token_p90_ms",
                    "time_per_output_token_p99_ms", "tokens_per_s", "concurrent_tokens_per_s",
                    "model_load_ms", "peak_memory_generation_bytes")),
    ("Quality of the answers", ("perplexity", "token_agreement", "first_divergence_tokens")),
    ("Energy", ("energy_per_inference_j", "energy_per_inference_net_j", "power_w")),
)  # fmt: skip

_JUDGED = ("latency", "throughput", "time_to_first_token", "time_per_output_token")
_COUNTED = {
    "time_to_first_token_ms": "answers", "token_agreement": "prompts",
    "first_divergence_tokens": "prompts",
}  # fmt: skip
"""What n counts where it is not inferences; of other figures of language models, tokens."""


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """Figures of one aspect; those that share one reason are told together."""

    title: str
    rows: tuple[TableRow, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """One thing that speaks against a result."""

    title: str
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Badge:
    """The verdict on an aspect."""

    aspect: str
    level: str
    reasons: tuple[ReasonLine, ...]


@dataclass(frozen=True)
class ResultView:
    """Everything the template needs to show a result in full."""

    result: Result
    failure: str
    """Why the whole case has no figures; empty where it ran."""
    stderr: str
    remedy: str
    badges: tuple[Badge, ...]
    against: tuple[tuple[str, tuple[ReasonLine, ...]], ...]
    """Aspects that share their reasons, and those reasons."""
    groups: tuple[FigureGroup, ...]
    memory: tuple[TableRow, ...]
    """Phase, peak, anonymous, file-backed."""
    counters: tuple[tuple[str, str], ...]
    """Memory that others count."""
    energy: tuple[TableRow, ...]
    """Domain, gross, net, power, idle power, rounds."""
    energy_remedy: str
    layers: tuple[str, ...]
    executed_on: str
    settings: tuple[TableRow, ...]
    """Property, mode, asked, in force; only what was asked for or matters to speed."""
    evidence: tuple[TableRow, ...]
    """Reading, lowest, middle and highest over the rounds, number of rounds."""
    unreadable: tuple[tuple[str, tuple[str, ...]], ...]
    """A reason, and the readings that are missing for it."""
    calibration: CalibrationView
    """The fixed computations around its rounds, and whether its figures are adjusted by them."""
    failed_rounds: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    repeat: str
    benchmark_app: str


def view(result: Result) -> ResultView:
    """Return a result in full."""
    record, outcome = result.record, result.record.outcome
    failure, stderr, remedy = "", "", ""
    badges = _badges(result)
    if not isinstance(outcome, Completed):
        failure = f"{status_word(outcome)}: {line(outcome.reason, 1000)}"
        stderr = clean(outcome.stderr_tail)[-4000:] if isinstance(outcome, Failed) else ""
        remedy = line(outcome.remedy, 400) if isinstance(outcome, Unsupported) else ""
    return ResultView(
        result=result,
        failure=failure,
        stderr=stderr,
        remedy=remedy,
        badges=tuple(badges),
        against=_against(badges),
        groups=() if failure else tuple(_groups(result)),
        memory=memory.full_rows(result) or memory.token_rows(result),
        counters=memory.full_counters(result),
        energy=energy.full_rows(result),
        energy_remedy=energy.full_note(result),
        layers=_layers(result),
        executed_on=_executed_on(result),
        settings=tuple(_settings(result)),
        evidence=tuple(_evidence(record.noise)),
        unreadable=_unreadable(record.noise_unreadable),
        calibration=calibrating.view(record.calibration, result.adjustments),
        failed_rounds=tuple(
            f"Round {f.round}: {f.cause}, {line(f.reason, 300)}" for f in record.failed_rounds[:20]
        ),
        facts=_facts(result),
        repeat=clean(record.repeat.ovreport),
        benchmark_app=clean(record.repeat.benchmark_app),
    )


def _badges(result: Result) -> list[Badge]:
    found = []
    for aspect in _JUDGED:
        verdict = result.verdict(aspect)
        if verdict is not None:
            found.append(Badge(aspect.replace("_", " "), verdict.level, reason_lines(verdict)))
    return found


def _against(badges: Sequence[Badge]) -> tuple[tuple[str, tuple[ReasonLine, ...]], ...]:
    aspects: dict[tuple[ReasonLine, ...], list[str]] = {}
    for badge in badges:
        if badge.reasons:
            aspects.setdefault(badge.reasons, []).append(badge.aspect)
    return tuple((" and ".join(names), reasons) for reasons, names in aspects.items())


def reason_lines(verdict: Verdict) -> tuple[ReasonLine, ...]:
    """Return the reasons of a verdict with their remedies."""
    return tuple(
        ReasonLine(
            reason_title(r.code),
            line(r.detail, 300),
            REASONS[r.code].remedy if r.code in REASONS else "",
        )
        for r in verdict.reasons
    )


def _groups(result: Result) -> list[FigureGroup]:
    groups = []
    for title, keys in _GROUPS:
        found = {key: result.figures[key] for key in keys if key in result.figures}
        reasons = {_why(f) if not isinstance(f, Figure) else "" for f in found.values()}
        if found and len(reasons) == 1 and "" not in reasons:
            groups.append(FigureGroup(title, (), reasons.pop()))
        elif found:
            rows = [row for key in found for row in (_row(result, key), *_adjusted(result, key))]
            groups.append(FigureGroup(title, tuple(rows)))
    return groups


def _row(result: Result, key: str) -> TableRow:
    """Return a figure with unit, interval, n and direction, or why there is none."""
    found = result.figures[key]
    label, better = _about(key)
    if not isinstance(found, Figure):
        return TableRow((label, Cell(_why(found), tone="missing", span=4)))
    shown = figure_cell(result, key)
    bound = found.kind == "bound"
    n = plural(found.rounds, "round")
    if found.n > found.rounds:
        tokens = METRICS[key].aspect == "generation"
        n += f" · {found.n:,} {_COUNTED.get(key, 'tokens') if tokens else 'inferences'}"
    return TableRow((
        label,
        Cell(shown.text, sub=METRICS[key].unit, tone="num"),
        Cell("bound at 99 % confidence" if bound else shown.sub),
        Cell(n),
        better,
    ))  # fmt: skip


def _adjusted(result: Result, key: str) -> Iterator[TableRow]:
    """Yield the figure adjusted by calibration, where that holds: beside the raw one, always."""
    adjustment = result.adjustments.get({v: k for k, v in HEADLINES.items()}.get(key, ""))
    if adjustment is not None and adjustment.adjusted is not None:
        yield calibrating.adjusted_row(METRICS[key], adjustment.adjusted)


@cache
def _about(key: str) -> tuple[Cell, Cell]:
    return Cell(METRICS[key].label, tip=METRICS[key].meaning), Cell(METRICS[key].better)


@cache
def _text(text: str) -> Cell:
    """Return a plain cell; settings of a thousand results are much alike."""
    return Cell(text, tone="text")


def _why(missing: NotMeasured) -> str:
    return f"{status_word(missing)}: {line(missing.reason, 400)}"


def _executed_on(result: Result) -> str:
    execution = result.record.execution
    if isinstance(execution, Execution):
        return ", ".join(line(d, 60) for d in execution.devices[:8])
    return _why(execution)


def _layers(result: Result) -> tuple[str, ...]:
    execution = result.record.execution
    if not isinstance(execution, Execution):
        return ()
    counts = sorted(execution.layers, key=lambda c: (not c.compute, -c.count))
    return tuple(
        f"{plural(c.count, 'layer')} {line(c.precision, 20)} on {line(c.device, 40)}"
        + (" (arithmetic)" if c.compute else "")
        for c in counts[:20]
    )


_TELLING = frozenset({
    "PERFORMANCE_HINT", "INFERENCE_PRECISION_HINT", "NUM_STREAMS", "INFERENCE_NUM_THREADS",
    "EXECUTION_MODE_HINT", "PERFORMANCE_HINT_NUM_REQUESTS", "ENABLE_HYPER_THREADING",
    "ENABLE_CPU_PINNING", "SCHEDULING_CORE_TYPE", "KV_CACHE_PRECISION", "MODEL_PRIORITY",
    "OPTIMAL_NUMBER_OF_INFER_REQUESTS", "DYNAMIC_QUANTIZATION_GROUP_SIZE",
})  # fmt: skip


def _settings(result: Result) -> list[TableRow]:
    found = []
    for mode, aspect in (
        ("latency", result.record.latency),
        ("throughput", result.record.throughput),
        ("generation", result.record.generation),
    ):
        if not isinstance(aspect, Latency | Throughput | Generation):
            continue
        settings: Settings = aspect.settings
        # OpenVINO tells dozens; what a native framework tells was chosen.
        told = settings.in_force.keys() & (_TELLING if not result.framework else settings.in_force)
        names = sorted(settings.asked.keys() | told)
        for name in names[:40]:
            asked = line(settings.asked.get(name, "–"), 80)
            force = line(settings.in_force.get(name, "not told"), 80)
            found.append(_setting(line(name, 60), mode, asked, force))
    return found


@cache
def _setting(*texts: str) -> TableRow:
    """Return a row of settings, of which a thousand results have few different ones."""
    return TableRow(tuple(map(_text, texts)))


def _reading(key: str) -> str:
    return READINGS.get(key, line(key.replace("_", " "), 60))


def _evidence(noise: Sequence[RoundNoise]) -> list[TableRow]:
    series: dict[str, list[float]] = {}
    for r in noise:
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


def _unreadable(missing: Mapping[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
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


def _moment(at: str) -> str:
    return at.replace("T", " ").replace("Z", " UTC")


def _left_out(result: Result) -> Iterator[tuple[str, str]]:
    """Yield when an earlier run measured what the newest one left out."""
    for at in sorted({record.measured_at for record in result.of_earlier.values()}):
        names = [
            aspect.replace("_", " ")
            for aspect, record in result.of_earlier.items()
            if record.measured_at == at
        ]
        yield "Of an earlier run", f"{listed(names)}: {_moment(at)}"


def _facts(result: Result) -> tuple[tuple[str, str], ...]:
    record = result.record
    software = record.software
    packages = ", ".join(f"{line(k, 30)} {line(v, 30)}" for k, v in software.packages.items())
    return (
        ("Measured", _moment(record.measured_at)),
        *_left_out(result),
        ("Tier", f"{record.tier.name}: {record.tier.min_seconds:g} s and "
                 f"{record.tier.min_inferences} inferences a loop, {record.tier.rounds} rounds"),
        *((("Took", effort_words(record.effort)),) if isinstance(record.effort, Effort) else ()),
        ("OpenVINO", line(software.openvino, 100)),
        ("Engine", record.case.engine),
        ("Driver", line(record.device.driver, 100)),
        ("System", line(f"{software.os}, kernel {software.kernel}, Python {software.python}", 200)),
        ("Packages", line(packages, 300)),
        ("Inputs", line(f"{record.inputs.description}; {record.inputs.distinct} distinct, "
                        f"seed {record.inputs.seed}", 300)),
        *(("The user's own data", line(f"{data.title}: {data.n:,} samples, SHA-256 of names, sizes "
                                       f"and labels {data.checksum[:12]}…", 300))
          for data in record.inputs.brought),
    )  # fmt: skip

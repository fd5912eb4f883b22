"""All metrics of one result, group by group, or why a group has none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ovreport.metrics.compute import MetricValue
from ovreport.metrics.registry import METRICS
from ovreport_sitegen.components.cells import missing_words, value_cell
from ovreport_sitegen.components.table import Cell, TableRow
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import plural

_GROUPS = (
    (
        "Latency",
        (
            "latency_ms",
            "latency_p90_ms",
            "latency_p95_ms",
            "latency_p99_ms",
            "latency_p999_ms",
            "overhead_ms",
        ),
    ),
    (
        "Throughput",
        (
            "throughput_ips",
            "loaded_latency_ms",
            "loaded_latency_p99_ms",
            "throughput_per_core_ips",
            "throughput_per_gib_ips",
        ),
    ),
    ("Curve", ("curve_best_ips", "curve_within_ips")),
    ("Random arrivals", ("max_arrival_ips", "arrival_share")),
    (
        "Start-up",
        ("startup_ms", "read_ms", "compile_ms", "first_inference_ms", "startup_cached_ms"),
    ),
    ("Memory", ("peak_memory_latency_bytes", "peak_memory_bytes")),
    (
        "End to end",
        (
            "end_to_end_ms",
            "end_to_end_ips",
            "end_to_end_async_ips",
            "end_to_end_graph_ms",
            "end_to_end_graph_ips",
            "end_to_end_graph_async_ips",
        ),
    ),
    (
        "Generation",
        (
            "time_to_first_token_ms",
            "time_per_output_token_ms",
            "time_per_output_token_p50_ms",
            "time_per_output_token_p90_ms",
            "time_per_output_token_p99_ms",
            "tokens_per_s",
            "concurrent_tokens_per_s",
            "model_load_ms",
            "peak_memory_generation_bytes",
        ),
    ),
    ("Output quality", ("perplexity", "token_agreement", "first_divergence_tokens")),
    ("Energy", ("energy_per_inference_j", "energy_per_inference_net_j", "power_w")),
)

_COUNTED = {
    "time_to_first_token_ms": "outputs",
    "token_agreement": "prompts",
    "first_divergence_tokens": "prompts",
}
"""What n counts; for other metrics of language models tokens, else inferences."""


@dataclass(frozen=True, slots=True)
class ValueGroup:
    """The metrics of one group, or the reason why none of them was measured."""

    title: str
    rows: tuple[TableRow, ...]
    missing: str = ""


def groups(result: Result) -> list[ValueGroup]:
    """Return all metrics by group; a group that misses all for one reason says so once."""
    found_groups = []
    for title, keys in _GROUPS:
        found = {key: result.metric_values[key] for key in keys if key in result.metric_values}
        reasons = {
            missing_words(f) if not isinstance(f, MetricValue) else "" for f in found.values()
        }
        if found and len(reasons) == 1 and "" not in reasons:
            found_groups.append(ValueGroup(title, (), reasons.pop()))
        elif found:
            found_groups.append(ValueGroup(title, tuple(_row(result, key) for key in found)))
    return found_groups


def _row(result: Result, key: str) -> TableRow:
    """Return a value with unit, interval, n and direction, or why there is none."""
    found = result.metric_values[key]
    label, better = _about(key)
    if not isinstance(found, MetricValue):
        return TableRow((label, Cell(missing_words(found), tone="missing", span=4)))
    shown = value_cell(result, key)
    bound = found.kind == "bound"
    n = plural(found.rounds, "round")
    if found.n > found.rounds:
        tokens = METRICS[key].measurement == "generation"
        n += f" · {found.n:,} {_COUNTED.get(key, 'tokens') if tokens else 'inferences'}"
    return TableRow(
        (
            label,
            Cell(shown.text, sub=METRICS[key].unit, tone="num"),
            Cell("bound at 99 % confidence" if bound else shown.sub),
            Cell(n),
            better,
        )
    )


@cache
def _about(key: str) -> tuple[Cell, Cell]:
    return Cell(METRICS[key].label, tip=METRICS[key].meaning), Cell(METRICS[key].better)

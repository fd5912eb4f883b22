"""Tables of results at the end of a collect."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from ovreport.metrics.compute import (
    MetricValue,
    MetricValues,
    accuracy_metric,
    metric_values,
)
from ovreport.metrics.registry import METRICS, significant
from ovreport.record import MEASURING, Completed, Execution, Failed, MeasuringTime, Record


def summaries(records: Sequence[Record]) -> list[Table]:
    """Return a table of all cases that infer, and one of those that generate."""
    language = [record for record in records if record.case.is_language]
    others = [record for record in records if not record.case.is_language]
    both = ((others, summary), (language, language_summary))
    return [table(some) for some, table in both if some]


def language_summary(records: Sequence[Record]) -> Table:
    """Return a table of language models: tokens are no inferences."""
    table = Table(title="Language models", title_justify="left", box=None, pad_edge=False)
    for heading in ("model", "device", "asked → ran"):
        table.add_column(heading, no_wrap=heading != "device", overflow="fold")
    keys = ("time_to_first_token_ms", "time_per_output_token_ms", "tokens_per_s")
    for heading in ("first token ms", "± %", "ms a token", "± %", "tokens/s", "± %", "perplexity"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for record in records:
        case, found = record.case, metric_values(record)
        cells = [f"{case.model} {case.variant}", case.device]
        cells.append(f"{case.precision} → {_executed(record)}")
        cells += [cell for key in keys for cell in _value_and_width(found.get(key))]
        cells.append(_value_and_width(found.get("perplexity"))[0])
        verdict = _verdict(*(found.get(key) for key in keys[:2]))
        if not isinstance(record.outcome, Completed):
            how = "failed" if isinstance(record.outcome, Failed) else "unsupported"
            verdict = f"[red]{how}[/red]"
        table.add_row(*map(escape, cells), verdict)
    return table


def summary(records: Sequence[Record]) -> Table:
    """Return a table of all cases: what a person wants to know first."""
    table = Table(title="Results", title_justify="left", box=None, pad_edge=False)
    for heading in ("model", "device", "asked → ran"):
        table.add_column(heading, no_wrap=heading != "device", overflow="fold")
    for heading in ("latency ms", "± %", "inf/s", "± %", "accuracy"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for record in records:
        table.add_row(*_row(record))
    return table


def _row(record: Record) -> list[str]:
    case = record.case
    place = case.device if case.engine == "openvino" else f"{case.engine} {case.device}"
    model = case.model if case.variant == "fp32" else f"{case.model} {case.variant}"
    cells = [model, place, f"{case.precision} → {_executed(record)}"]
    if not isinstance(record.outcome, Completed):
        # The reason was told when it happened, and is too long for a table.
        how = "failed" if isinstance(record.outcome, Failed) else "unsupported"
        return [*map(escape, cells), "", "", "", "", "", f"[red]{how}[/red]"]
    found = metric_values(record)
    latency, throughput = found.get("latency_ms"), found.get("throughput_ips")
    cells += [*_value_and_width(latency), *_value_and_width(throughput), _accuracy(record, found)]
    return [*map(escape, cells), _verdict(latency, throughput)]


def _value_and_width(figure: object) -> tuple[str, str]:
    if not isinstance(figure, MetricValue):
        return "–", ""
    half_width = (figure.high - figure.low) / 2 / figure.value * 100
    return METRICS[figure.metric].format(figure.value), significant(half_width, 2)


def _accuracy(record: Record, found: MetricValues) -> str:
    metric = accuracy_metric(record)
    figure = found.get(metric) if metric else None
    return (
        METRICS[figure.metric].format_unit(figure.value) if isinstance(figure, MetricValue) else "–"
    )


def _verdict(*found: object) -> str:
    verdicts = [figure.verdict for figure in found if isinstance(figure, MetricValue)]
    levels = {verdict.level for verdict in verdicts}
    worst = next(
        (level for level in ("unreliable", "noisy", "stable") if level in levels), "failed"
    )
    codes = dict.fromkeys(reason.code for verdict in verdicts for reason in verdict.reasons)
    colour = {"stable": "green", "noisy": "yellow"}.get(worst, "red")
    first, *others = codes or [""]
    more = f" +{len(others)}" if others else ""
    return f"[{colour}]{worst}[/{colour}] {first}{more}"


def _executed(record: Record) -> str:
    return record.execution.precision if isinstance(record.execution, Execution) else "?"


def effort_words(measuring_time: MeasuringTime) -> str:
    """Return in a sentence what a collect took, and how much of it was measuring."""
    share = measuring_time.measuring_s / measuring_time.wall_s if measuring_time.wall_s else 0.0
    others = sorted(
        ((s, part) for part, s in measuring_time.parts_s.items() if part not in MEASURING),
        reverse=True,
    )
    rest = ", ".join(f"{part} {s / measuring_time.wall_s:.0%}" for s, part in others[:3])
    wall = f"{measuring_time.wall_s:.0f} s"
    return f"{share:.0%} of {wall} were measuring, downloads aside; then {rest}."

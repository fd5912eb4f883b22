"""What a collect prints of its results, in the end; for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ovreport.errors import one_line
from ovreport.metrics import GROUPS, METRICS, MetricValue, MetricValues, metric_values, significant
from ovreport.metrics.accuracy import accuracy_metric
from ovreport.record import Completed, Execution, Failed, MeasuringTime, Record
from ovreport.stats.intervals import Interval
from ovreport.words import plural
from ovreport_collector.plan.plan import Plan
from ovreport_collector.session.collect import Collected
from ovreport_collector.session.plan_tables import refused_as_json


def show_results(collected: Collected, out: Path, console: Console) -> None:
    """Print tables of all records, what measuring them took, and where they are."""
    for table in summaries(collected.records):
        console.print(table)
    _show_not_started(collected, console)
    if collected.measuring_time is not None:
        console.print(f"\n{_overhead(collected.measuring_time)}", highlight=False)
    records = plural(len(collected.records), "record")
    following = " Next: ovreport build" if collected.records else ""
    console.print(f"\n{records} in {out}.{following}", highlight=False, soft_wrap=True)


def _show_not_started(collected: Collected, console: Console) -> None:
    """Print which models have no records for no fault of their own, and what to do."""
    if not collected.not_started:
        return
    lines = [
        f"Not recorded: {plural(len(collected.not_started), 'model')} whose files could not be "
        "had, or did not stay the same."
    ]
    for model, why in collected.not_started.items():
        located = f"{why.where}: {why.what}" if why.where else why.what
        lines += [f"  {model}: {one_line(located)}", f"    → {one_line(why.remedy)}"]
    again = " ".join(f"--model {model}" for model in collected.not_started)
    lines.append(f"  Then measure what is missing: the same command with {again}")
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def without_result(collected: Collected) -> str:
    """Return how many cases failed and how many are unsupported; there is at least one."""
    unsupported, cases = len(collected.unsupported), len(collected.records)
    failed = len(collected.failed) - unsupported
    are = "is" if unsupported == 1 else "are"
    if not failed:
        return f"{unsupported} of {plural(cases, 'case')} {are} unsupported"
    also = f", {unsupported} {are} unsupported" if unsupported else ""
    return f"{failed} of {plural(cases, 'case')} failed{also}"


def results_as_json(plan: Plan, collected: Collected, out: Path) -> dict[str, object]:
    """Return what came of a collect, for scripts."""
    return {
        "records": len(collected.records),
        "failed": len(collected.failed) - len(collected.unsupported),
        "unsupported": len(collected.unsupported),
        "not_started": {
            model: {"where": why.where, "reason": why.what, "remedy": why.remedy}
            for model, why in collected.not_started.items()
        },
        "refused": refused_as_json(plan),
        "out": str(out),
        "measuring_time": msgspec.to_builtins(collected.measuring_time),
    }


def summaries(records: Sequence[Record]) -> list[Table]:
    """Return a table of all cases that infer, and one of those that generate tokens."""
    language = [record for record in records if record.case.is_language]
    others = [record for record in records if not record.case.is_language]
    both = ((others, "Results"), (language, "Language models"))
    return [_table(title, some) for some, title in both if some]


def _table(title: str, records: Sequence[Record]) -> Table:
    """Return what a person wants to know first of cases of one kind."""
    is_language = records[0].case.is_language
    metrics = [m for g in GROUPS if g.is_language == is_language for m in g.metrics if m.summary]
    places = {_names(record)[1] for record in records}
    of_one = f" on {escape(min(places))}" if len(places) == 1 else ""
    table = Table(title=title + of_one, title_justify="left", box=None, pad_edge=False)
    arms = ["arm"] if any(record.arm for record in records) else []
    devices = [] if of_one else ["device"]
    for heading in ("model", *arms, *devices, "requested → ran"):
        wraps = heading == "device"
        table.add_column(heading, no_wrap=not wraps, overflow="fold", min_width=len(heading))
    values = [heading for metric in metrics for heading in (metric.summary, "± %")]
    for heading in values if is_language else (*values, "accuracy"):
        table.add_column(heading, justify="right", no_wrap=True)
    # Where a terminal is narrow, reasons go on in the next line: numbers and names stay whole.
    table.add_column("verdict", min_width=len("unreliable"))
    for record in records:
        found = metric_values(record)
        model, place, precisions = _names(record)
        cells = [model, *([record.arm.name if record.arm else ""] if arms else [])]
        cells += [*([place] if devices else []), precisions]
        cells += [cell for metric in metrics for cell in _value_and_width(found.get(metric.key))]
        cells += [] if is_language else [_accuracy(record, found)]
        # The reason of a failure was printed when it happened, and is too long for a table.
        verdict = _failure(record) or _verdict(found.get(m.key) for m in metrics if m.headline)
        table.add_row(*map(escape, cells), verdict)
    return table


def _names(record: Record) -> tuple[str, str, str]:
    """Return model, place and precisions of a case."""
    case = record.case
    model = case.model if case.variant == "fp32" else f"{case.model} {case.variant}"
    place = f"{case.engine} {case.device}" if case.is_native else case.device
    return model, place, f"{case.precision} → {_executed(record)}"


def _failure(record: Record) -> str:
    """Return how a case failed as a whole, empty where it did not."""
    if isinstance(record.outcome, Completed):
        return ""
    return f"[red]{'failed' if isinstance(record.outcome, Failed) else 'unsupported'}[/red]"


def _value_and_width(value: object) -> tuple[str, str]:
    if not isinstance(value, MetricValue):
        return "–", ""
    half_width = Interval(value.value, value.low, value.high).half_width * 100
    width = significant(half_width, 2) if half_width <= 100 else ">100"
    return METRICS[value.metric].format(value.value), width


def _accuracy(record: Record, found: MetricValues) -> str:
    metric = accuracy_metric(record)
    value = found.get(metric) if metric else None
    return METRICS[value.metric].format_unit(value.value) if isinstance(value, MetricValue) else "–"


def _verdict(found: Iterable[object]) -> str:
    verdicts = [value.verdict for value in found if isinstance(value, MetricValue)]
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


def _overhead(measuring_time: MeasuringTime) -> str:
    """Return in a sentence what a collect took, and how much of it was measuring."""
    share = measuring_time.measuring_s / measuring_time.wall_s if measuring_time.wall_s else 0.0
    return f"{share:.0%} of {measuring_time.wall_s:.0f} s were measuring, downloads aside."

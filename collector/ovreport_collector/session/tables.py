"""What a collect prints: its plan before, its results after; for people, and as JSON."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ovreport.errors import one_line
from ovreport.metrics import GROUPS, METRICS, MetricValue, MetricValues, metric_values, significant
from ovreport.metrics.accuracy import accuracy_metric
from ovreport.privacy import KEPT, NEVER_KEPT
from ovreport.record import Completed, Execution, Failed, MeasuringTime, Record, Tier, Unsupported
from ovreport.stats.intervals import Interval
from ovreport_collector.measurements.generation import published
from ovreport_collector.plan.plan import Plan
from ovreport_collector.session import estimate
from ovreport_collector.session.collect import Collected
from ovreport_collector.session.progress import minutes
from ovreport_collector.sources.address import parse
from ovreport_collector.suite.language import is_language


def announce(plan: Plan, console: Console) -> None:
    """Print what is about to be measured, how long that takes, and what is left out."""
    console.print(
        f"{_count(len(plan.models), 'model')}, {_cases(plan)}, tier {_tier(plan.tier)}: "
        f"{_duration(plan)}. Leave the machine alone meanwhile.",
        highlight=False,
        soft_wrap=True,
    )
    _show_left_out(plan, console)


def _cases(plan: Plan) -> str:
    """Return how many cases are measured, by how many arms each, and how many without arms."""
    if not plan.arms:
        return _count(len(plan.cases), "case")
    arms = f"{len(plan.arms)} arms ({', '.join(arm.name for arm in plan.arms)})"
    alone = sum(planned.arm is None for planned in plan.cases)
    beside = f" and {alone} of native frameworks" if alone else ""
    return f"{_count((len(plan.cases) - alone) // len(plan.arms), 'case')} × {arms}{beside}"


def show_plan(plan: Plan, console: Console) -> None:
    """Print every case of a plan, and what it takes."""
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "task", "variant", "device", "precision"):
        table.add_column(heading, overflow="fold")
    for case, arms in itertools.groupby(plan.cases, key=lambda planned: planned.case):
        planned = next(arms)
        cells = (case.model, planned.model.task, case.variant, planned.place, case.precision)
        table.add_row(*map(escape, cells))
    console.print(table)
    console.print(f"\n{_extent(plan)}", highlight=False)
    if plan.missing_datasets:
        given = " ".join(f"--dataset {name}=PATH" for name in plan.missing_datasets)
        console.print(
            f"\nNo accuracy for models whose data you have to provide: add {given}",
            markup=False,
            highlight=False,
        )
    if plan.unpinned:
        console.print(
            f"\nNot pinned: {_count(len(plan.unpinned), 'file')} of branches on the model hub. The "
            "commit and checksum of each are found when it is first fetched, and kept in the "
            "records:",
            *plan.unpinned,
            sep="\n  ",
            markup=False,
            highlight=False,
        )
    _show_left_out(plan, console)
    _show_kept(console)
    show_refused(plan, console)


def _show_kept(console: Console) -> None:
    """Print what records say of the machine and of whom it belongs to, and what they never do."""
    parts = {"\nA record keeps of this machine:": KEPT, "\nIt never keeps:": NEVER_KEPT}
    for title, words in parts.items():
        console.print(title, *words, sep="\n  ", markup=False, highlight=False, soft_wrap=True)


def show_refused(plan: Plan, console: Console) -> None:
    """Print which of the files that were named are not measured, and what to do."""
    lines = [f"Not measured: {_count(len(plan.refused), 'file')}."] if plan.refused else []
    for fault in plan.refused:
        lines += [f"  {one_line(fault.path)}: {one_line(fault.what)}"]
        lines += [f"    → {one_line(fault.remedy)}"]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _extent(plan: Plan) -> str:
    """Return how much is measured, and how long that takes."""
    tier = plan.tier
    loops = (
        f" × {_count(tier.rounds_per_process, 'round')} of ≥ {tier.min_seconds:g} s and "
        f"≥ {tier.min_inferences} inferences, for latency and for throughput"
        if not all(planned.is_language for planned in plan.cases)
        else ""
    )
    most = f" (at most {tier.max_processes})" if tier.max_processes > tier.processes else ""
    return f"{_cases(plan)} × {tier.processes} processes{most}{loops}: {_duration(plan)}."


def _tier(tier: Tier) -> str:
    return f"{tier.name}, custom" if tier.is_custom else tier.name


def _duration(plan: Plan) -> str:
    """Return how long a plan takes, on a machine that is left alone and on another."""
    usual, longest = minutes(estimate.total_s(plan)), minutes(estimate.longest_s(plan))
    if longest != usual:
        usual += f", up to {longest.removeprefix('about ')} on a busy machine"
    return f"{usual}; downloads not counted"


def _show_left_out(plan: Plan, console: Console) -> None:
    """Print what the plan leaves out, and what it had to guess."""
    for text in filter(None, (plan.left_out, _without_published(plan), *plan.warnings)):
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def _without_published(plan: Plan) -> str:
    """Return why the loss of converting language models is not measured, where that can change."""
    names = (parse(model.file.uri).name for model in plan.models if is_language(model))
    reasons = (published.why_not(name, plan.skip) for name in names)
    why = next((one for one in reasons if isinstance(one, Unsupported) and one.remedy), None)
    return (
        f"What converting costs is not measured: {why.reason}. To measure it too: {why.remedy}"
        if why
        else ""
    )


def _count(n: int, what: str) -> str:
    """Return a number with what it counts: 2 models."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def plan_as_json(plan: Plan) -> dict[str, object]:
    """Return a plan for scripts."""
    return {
        "key": plan.key,
        "suite": plan.suite_name,
        "tier": msgspec.to_builtins(plan.tier),
        "expected_s": estimate.total_s(plan),
        "longest_s": estimate.longest_s(plan),
        "left_out": plan.left_out,
        "refused": _refused(plan),
        "warnings": plan.warnings,
        "unpinned": plan.unpinned,
        "absent_datasets": plan.missing_datasets,
        "cases": [msgspec.to_builtins(planned.case) for planned in plan.cases],
        "arms": [msgspec.to_builtins(arm.about) for arm in plan.arms],
    }


# ---------------------------------------------------------------- results


def show_results(collected: Collected, out: Path, console: Console) -> None:
    """Print tables of all records, what measuring them took, and where they are."""
    for table in summaries(collected.records):
        console.print(table)
    _show_not_started(collected, console)
    if collected.measuring_time is not None:
        console.print(f"\n{_overhead(collected.measuring_time)}", highlight=False)
    records = _count(len(collected.records), "record")
    following = " Next: ovreport build" if collected.records else ""
    console.print(f"\n{records} in {out}.{following}", highlight=False, soft_wrap=True)


def _show_not_started(collected: Collected, console: Console) -> None:
    """Print which models have no records for no fault of their own, and what to do."""
    if not collected.not_started:
        return
    lines = [
        f"Not recorded: {_count(len(collected.not_started), 'model')} whose files could not be "
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
        return f"{unsupported} of {_count(cases, 'case')} {are} unsupported"
    also = f", {unsupported} {are} unsupported" if unsupported else ""
    return f"{failed} of {_count(cases, 'case')} failed{also}"


def _refused(plan: Plan) -> list[dict[str, str]]:
    return [
        {"file": fault.path, "reason": fault.what, "remedy": fault.remedy} for fault in plan.refused
    ]


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
        "refused": _refused(plan),
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

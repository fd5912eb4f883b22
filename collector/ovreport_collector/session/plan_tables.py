"""What a collect prints of its plan, before it measures; for people, and as JSON."""

from __future__ import annotations

import itertools

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ovreport.errors import one_line
from ovreport.privacy import KEPT, NEVER_KEPT
from ovreport.record import Tier, Unsupported
from ovreport.words import plural
from ovreport_collector.measurements.generation import published
from ovreport_collector.plan.plan import Plan
from ovreport_collector.session import estimate
from ovreport_collector.session.progress import minutes
from ovreport_collector.sources.address import parse
from ovreport_collector.suite.language import is_language


def announce(plan: Plan, console: Console) -> None:
    """Print what is about to be measured, how long that takes, and what is left out."""
    console.print(
        f"{plural(len(plan.models), 'model')}, {_cases(plan)}, tier {_tier(plan.tier)}: "
        f"{_duration(plan)}. Leave the machine alone meanwhile.",
        highlight=False,
        soft_wrap=True,
    )
    _show_left_out(plan, console)


def _cases(plan: Plan) -> str:
    """Return how many cases are measured, by how many arms each, and how many without arms."""
    if not plan.arms:
        return plural(len(plan.cases), "case")
    arms = f"{plural(len(plan.arms), 'arm')} ({', '.join(arm.name for arm in plan.arms)})"
    alone = sum(planned.arm is None for planned in plan.cases)
    beside = f" and {alone} of native frameworks" if alone else ""
    return f"{plural((len(plan.cases) - alone) // len(plan.arms), 'case')} × {arms}{beside}"


def show_plan(plan: Plan, console: Console) -> None:
    """Print every case of a plan, what records keep, and last how long it takes."""
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "task", "variant", "device", "precision"):
        table.add_column(heading, overflow="fold")
    for case, arms in itertools.groupby(plan.cases, key=lambda planned: planned.case):
        planned = next(arms)
        cells = (case.model, planned.model.task, case.variant, planned.place, case.precision)
        table.add_row(*map(escape, cells))
    console.print(table)
    if plan.missing_datasets:
        given = " ".join(f"--dataset {name}=PATH" for name in plan.missing_datasets)
        console.print(
            f"\nNo accuracy for models whose data you have to provide: add {given}",
            markup=False,
            highlight=False,
        )
    if plan.unpinned:
        console.print(
            f"\nNot pinned: {plural(len(plan.unpinned), 'file')} of branches on the model hub. The "
            "commit and checksum of each are found when it is first fetched, and kept in the "
            "records:",
            *plan.unpinned,
            sep="\n  ",
            markup=False,
            highlight=False,
        )
    _show_left_out(plan, console)
    show_refused(plan, console)
    _show_kept(console)
    console.print(f"\n{_extent(plan)}", highlight=False, soft_wrap=True)


def _show_kept(console: Console) -> None:
    """Print what records say of the machine and of whom it belongs to, and what they never do."""
    parts = {"\nA record keeps of this machine:": KEPT, "\nIt never keeps:": NEVER_KEPT}
    for title, words in parts.items():
        console.print(title, *words, sep="\n  ", markup=False, highlight=False, soft_wrap=True)


def show_refused(plan: Plan, console: Console) -> None:
    """Print which of the files that were named are not measured, and what to do."""
    lines = [f"Not measured: {plural(len(plan.refused), 'file')}."] if plan.refused else []
    for fault in plan.refused:
        lines += [f"  {one_line(fault.path)}: {one_line(fault.what)}"]
        lines += [f"    → {one_line(fault.remedy)}"]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _extent(plan: Plan) -> str:
    """Return how much is measured, and how long that takes."""
    tier = plan.tier
    loops = (
        f" × {plural(tier.rounds_per_process, 'round')} of ≥ {tier.min_seconds:g} s and "
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


def plan_as_json(plan: Plan) -> dict[str, object]:
    """Return a plan for scripts."""
    return {
        "key": plan.key,
        "suite": plan.suite_name,
        "tier": msgspec.to_builtins(plan.tier),
        "expected_s": estimate.total_s(plan),
        "longest_s": estimate.longest_s(plan),
        "left_out": plan.left_out,
        "refused": refused_as_json(plan),
        "warnings": plan.warnings,
        "unpinned": plan.unpinned,
        "absent_datasets": plan.missing_datasets,
        "cases": [msgspec.to_builtins(planned.case) for planned in plan.cases],
        "arms": [msgspec.to_builtins(arm.about) for arm in plan.arms],
    }


# ---------------------------------------------------------------- results


def refused_as_json(plan: Plan) -> list[dict[str, str]]:
    """Return the files that cannot be measured, and why."""
    return [
        {"file": fault.path, "reason": fault.what, "remedy": fault.remedy} for fault in plan.refused
    ]

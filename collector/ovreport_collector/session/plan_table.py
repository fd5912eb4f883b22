"""A plan before it is measured: in words and as JSON."""

from __future__ import annotations

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ovreport_collector.plan.plan import Plan
from ovreport_collector.session import estimate


def announce(plan: Plan, console: Console) -> None:
    """Print what is about to be measured, how long that takes, and what is left out."""
    models, cases = count(len(plan.models), "model"), count(len(plan.cases), "case")
    console.print(
        f"{models}, {cases}, tier {plan.tier.name}: about {_minutes(estimate.total_s(plan))}, "
        "downloads not counted. Leave the machine alone meanwhile.",
        highlight=False,
    )
    _show_left_out(plan, console)


def show(plan: Plan, console: Console) -> None:
    """Print every case of a plan, and what it takes."""
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "task", "variant", "device", "precision"):
        table.add_column(heading, overflow="fold")
    for planned in plan.cases:
        case = planned.case
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
            f"\nNot pinned: {count(len(plan.unpinned), 'file')} of branches on the model hub. The "
            "commit and checksum of each are found when it is first fetched, and kept in the "
            "records:",
            *plan.unpinned,
            sep="\n  ",
            markup=False,
            highlight=False,
        )
    _show_left_out(plan, console)


def _extent(plan: Plan) -> str:
    """Return how much is measured, and how long that takes."""
    tier = plan.tier
    loops = (
        f" of ≥ {tier.min_seconds:g} s and ≥ {tier.min_inferences} inferences, for latency and for "
        "throughput"
        if not all(planned.is_language for planned in plan.cases)
        else ""
    )
    return (
        f"{count(len(plan.cases), 'case')} × {tier.rounds} rounds (at most {tier.max_rounds})"
        f"{loops}: about {_minutes(estimate.total_s(plan))}, downloads not counted."
    )


def _show_left_out(plan: Plan, console: Console) -> None:
    """Print what the plan leaves out, where it leaves anything out."""
    if plan.left_out:
        console.print(plan.left_out, markup=False, highlight=False, soft_wrap=True)


def count(n: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def as_json(plan: Plan) -> dict[str, object]:
    """Return a plan for scripts."""
    return {
        "key": plan.key,
        "suite": plan.suite_name,
        "tier": msgspec.to_builtins(plan.tier),
        "expected_s": estimate.total_s(plan),
        "left_out": plan.left_out,
        "unpinned": plan.unpinned,
        "absent_datasets": plan.missing_datasets,
        "cases": [msgspec.to_builtins(planned.case) for planned in plan.cases],
    }

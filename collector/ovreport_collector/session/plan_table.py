"""A plan before it is measured: in words and as JSON."""

from __future__ import annotations

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ovreport_collector.plan.plan import Plan
from ovreport_collector.session import estimate


def announcement(plan: Plan) -> str:
    """Return what is about to be measured, and how long that takes."""
    models_, cases = count(len(plan.models), "model"), count(len(plan.cases), "case")
    expected = _minutes(estimate.total_s(plan))
    return (
        f"{models_}, {cases}, tier {plan.tier.name}: about {expected}, downloads not counted. "
        "Leave the machine alone meanwhile."
    )


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
    tier = plan.tier
    console.print(
        f"\n{count(len(plan.cases), 'case')} × {tier.rounds} rounds (at most {tier.max_rounds}) "
        f"of ≥ {tier.min_seconds:g} s and ≥ {tier.min_inferences} inferences, for latency and for "
        f"throughput: about {_minutes(estimate.total_s(plan))}.",
        highlight=False,
    )
    if plan.absent:
        given = " ".join(f"--dataset {name}=PATH" for name in plan.absent)
        console.print(
            f"\nWithout accuracy where the data are yours to give: add {given}",
            markup=False,
            highlight=False,
        )
    if plan.unpinned:
        console.print(
            f"\nNot pinned: {count(len(plan.unpinned), 'file')} of branches on the model hub. The "
            "commit and checksum of each are found when it is first fetched, and told in the "
            "records:",
            *plan.unpinned,
            sep="\n  ",
            markup=False,
            highlight=False,
        )
    tell_left_out(plan, console)


def tell_left_out(plan: Plan, console: Console) -> None:
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
        "absent_datasets": plan.absent,
        "cases": [msgspec.to_builtins(planned.case) for planned in plan.cases],
    }

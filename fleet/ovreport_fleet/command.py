"""The command `fleet`: `ovreport collect` on many machines at once."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from ovreport.errors import IncompleteError, InputError
from ovreport_fleet.slurm import Jobs, Limits, Outcome, Target

_EXAMPLES = """
\b
Examples:
  ovreport fleet slurm --node n1 --node n2                     the quick suite on two nodes
  ovreport fleet slurm --constraint avx512 -- --suite standard --tier standard
  ovreport fleet slurm --node n1 --detach                      submit, and come back later
  ovreport fleet slurm --node n1                               its job again: wait, and report
  ovreport build --records fleet-records                       a site of all of them

\b
The same command finds its jobs again, submits those that failed once more (they go on where they
were), and leaves alone what is measured; other options of collect are other jobs. The state folder
(OVREPORT_STATE), --out and the Python environment must be on a file system that all nodes share.
Exit codes: 0 all measured (or submitted, with --detach), 1 some failed or Slurm refused,
2 bad input.
"""
_OURS = {
    "--out": "Give it before `--`.",
    "--json": "Give it before `--`.",
    "--dry-run": "Run it on a node, without Slurm: ovreport collect --dry-run.",
}
"""Options of collect that jobs cannot have, and what to do instead."""
_LOOK_EVERY_S = 2.0
_LEAST_MINUTES = 5
"""submitit has Slurm stop a job 90 s before its limit, and Slurm may do so a minute earlier."""
_UNDER_WAY = ("waiting", "running")


@click.group()
def fleet() -> None:
    """Measure many machines by what schedules their work."""


@fleet.command(epilog=_EXAMPLES, short_help="One exclusive Slurm job for each node.")
@click.option("--node", "nodes", multiple=True, metavar="NAME", help="A node; repeatable.")
@click.option(
    "--constraint",
    "constraints",
    multiple=True,
    metavar="FEATURES",
    help="One node that has these features, as Slurm writes them; repeatable.",
)
@click.option("--partition", default="", metavar="NAME", help="Slurm partition of the jobs.")
@click.option(
    "--minutes",
    type=click.IntRange(_LEAST_MINUTES),
    default=120,
    show_default=True,
    help="Time limit of a job. One that reaches it is queued again, three times at most, and goes "
    "on.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("fleet-records"),
    show_default=True,
    help="Folder of records; those of a node are in a folder of its name in it.",
)
@click.option("--detach", is_flag=True, help="Submit, and do not wait.")
@click.option("--again", is_flag=True, help="Measure again what is measured already.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcomes as JSON.")
@click.argument("options", nargs=-1, metavar="[-- OPTIONS OF COLLECT]")
def slurm(
    nodes: tuple[str, ...],
    constraints: tuple[str, ...],
    partition: str,
    minutes: int,
    out: Path,
    detach: bool,
    again: bool,
    as_json: bool,
    options: tuple[str, ...],
) -> None:
    """Run `ovreport collect` on nodes of a Slurm cluster, one exclusive job each."""
    targets = [*(Target("node", n) for n in nodes), *(Target("constraint", c) for c in constraints)]
    _check(targets, options)
    jobs = Jobs(targets, options, out, Limits(minutes, partition))
    console = Console(stderr=True)
    submitted = jobs.submit(again=again)
    taken, left = sum(map(bool, submitted.values())), len(targets) - len(submitted)
    note = f", {refused} refused" if (refused := len(submitted) - taken) else ""
    note += f"; {left} measured or under way already" if left else ""
    console.print(f"{taken} submitted{note}", highlight=False)
    try:
        outcomes = jobs.outcomes() if detach else _waited(jobs, console)
    except KeyboardInterrupt:
        console.print(
            "The jobs go on, and the same command finds them again; to stop them: scancel "
            + " ".join(one.job for one in jobs.outcomes() if one.state in _UNDER_WAY),
            highlight=False,
        )
        raise
    if as_json:
        click.echo(json.dumps([_as_json(outcome) for outcome in outcomes], indent=1))
    else:
        _show(outcomes, Console())
    failed = [one.target.name for one in outcomes if one.state == "failed"]
    if failed:
        raise IncompleteError(
            f"not measured: {', '.join(failed)}",
            remedy="The same command submits them again; they go on where they were.",
        )


def _check(targets: Sequence[Target], options: Sequence[str]) -> None:
    """Raise InputError where there is nothing to measure, or an option is ours to set."""
    if not targets:
        raise InputError("no node is named", remedy="For example --node NAME: sinfo lists them.")
    twice = [name for name, n in Counter(t.slug for t in targets).items() if n > 1]
    if twice:
        raise InputError(f"named twice: {', '.join(twice)}", where="--node, --constraint")
    for option in options:
        if remedy := _OURS.get(option.partition("=")[0]):
            raise InputError("is not for the collects of a fleet", where=option, remedy=remedy)
    if not shutil.which("sbatch"):
        raise InputError(
            "Slurm is not here: there is no sbatch on the PATH",
            remedy="Run this on a machine from which jobs are submitted.",
        )


def _waited(jobs: Jobs, console: Console) -> list[Outcome]:
    """Return the outcomes once no job is under way, saying how it goes while waiting."""
    said = ""
    while True:
        outcomes = jobs.outcomes()
        if not any(one.state in _UNDER_WAY for one in outcomes):
            return outcomes
        counts = Counter(one.state for one in outcomes)
        reasons = sorted({one.why for one in outcomes if one.state == "waiting" and one.why})
        words = ", ".join(f"{n} {state}" for state, n in sorted(counts.items()))
        words += f" ({', '.join(reasons)})" if reasons else ""
        if words != said:
            console.print(words, highlight=False, markup=False)
            said = words
        time.sleep(_LOOK_EVERY_S)


def _show(outcomes: Sequence[Outcome], console: Console) -> None:
    table = Table("Target", "State", "Job", "Records", "Why", box=None, pad_edge=False)
    for one in outcomes:
        table.add_row(one.target.name, one.state, one.job, str(one.records), one.why)
    console.print(table, markup=False, highlight=False)


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {**asdict(outcome), "target": outcome.target.name, "kind": outcome.target.kind}

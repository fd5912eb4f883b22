"""The command `doctor`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click
from rich.console import Console

from ovreport_collector.doctor.check import Check

_EXAMPLES = """
\b
Examples:
  ovreport doctor                    what would spoil a measurement here, and what to do
  ovreport doctor --seconds 30       a longer look at other programs
  ovreport doctor && ovreport collect
  ovreport doctor --json | jq '.checks[] | select(.status == "bad") | .remedy'

\b
It changes nothing. Exit codes: 0 nothing bad, 1 something will make results noisy, 2 bad input.
"""
_STYLES = {"ok": "green", "warn": "yellow", "bad": "bold red", "unknown": "dim"}


@click.command(epilog=_EXAMPLES)
@click.option(
    "--seconds",
    type=click.IntRange(1, 600),
    default=2,
    show_default=True,
    help="How long to look at what runs beside us.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def doctor(seconds: int, as_json: bool) -> None:
    """Check whether this machine is fit to be measured, and say what to change."""
    from rich.console import Console

    from ovreport import paths
    from ovreport.errors import IncompleteError
    from ovreport_collector.doctor import examine

    checks = examine(seconds, paths.cache())
    if as_json:
        click.echo(json.dumps(_as_json(checks), indent=1))
    else:
        _show(checks, Console(width=None if sys.stdout.isatty() else 120))
    bad = [check.title for check in checks if check.status == "bad"]
    if bad:
        raise IncompleteError(f"results will be noisy: {', '.join(bad).lower()}")


def _as_json(checks: Sequence[Check]) -> dict[str, object]:
    import msgspec

    from ovreport_collector.doctor.check import worst

    return {"worst": worst(checks), "checks": msgspec.to_builtins(checks)}


def _show(checks: Sequence[Check], console: Console) -> None:
    from rich.markup import escape
    from rich.table import Table

    from ovreport.errors import one_line

    table = Table(box=None, pad_edge=False)
    for heading in ("status", "check", "found", "why it matters"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        status = f"[{_STYLES[check.status]}]{check.status}[/]"
        # A program can call itself anything, escape sequences of terminals too.
        cells = (one_line(text, 400) for text in (check.title, check.value, check.why))
        table.add_row(status, *map(escape, cells))
    console.print(table)
    advice = [check for check in checks if check.remedy and check.status != "ok"]
    if advice:
        console.print("\n[bold]What to change[/bold]")
    for check in advice:
        title, remedy = (escape(one_line(text, 400)) for text in (check.title, check.remedy))
        console.print(f"  {title}: {remedy}", highlight=False, soft_wrap=True)

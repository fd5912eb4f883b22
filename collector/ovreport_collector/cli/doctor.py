"""The command `doctor`: whether this machine is fit to be measured."""

from __future__ import annotations

import json

import click

from ovreport.errors import IncompleteError
from ovreport_collector.cli.options import json_option

_EXAMPLES = """
\b
Examples:
  ovreport doctor                    what would spoil a measurement here, and what to do
  ovreport doctor --seconds 30       a longer look at other programs
  ovreport doctor && ovreport collect
  ovreport doctor --json | jq '.checks[] | select(.status == "bad") | .remedy'

\b
It changes nothing. Exit codes: 0 nothing bad, 1 something spoils results, 2 bad input.
"""


@click.command(epilog=_EXAMPLES, short_help="Check whether this machine is fit to be measured.")
@click.option(
    "--seconds",
    type=click.IntRange(1, 600),
    default=2,
    show_default=True,
    help="How long to watch the other programs on this machine.",
)
@json_option
def doctor(seconds: int, as_json: bool) -> None:
    """Check whether this machine is fit to be measured, and say what to change."""
    import msgspec

    from ovreport import paths
    from ovreport_collector.cli import output
    from ovreport_collector.doctor import examine
    from ovreport_collector.doctor.check import worst

    checks = examine(seconds, paths.cache())
    if as_json:
        found = {"worst": worst(checks), "checks": msgspec.to_builtins(checks)}
        click.echo(json.dumps(found, indent=1))
    else:
        output.show_checks(checks)
    bad = [check.title for check in checks if check.status == "bad"]
    if bad:
        raise IncompleteError(f"not fit to be measured now: {', '.join(bad).lower()}")

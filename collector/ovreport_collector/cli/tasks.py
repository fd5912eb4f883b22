"""The command `tasks`: what models can be for, and what a suite can say of each."""

from __future__ import annotations

import json

import click

from ovreport.errors import InputError
from ovreport_collector.cli.options import json_option

_EXAMPLES = """
\b
Examples:
  ovreport tasks                        every task, in a line each
  ovreport tasks image-classification   its inputs, data, options and data set layouts
  ovreport tasks generic                random inputs, constants, or arrays of your own
  ovreport tasks --markdown             all of it, as a page
  ovreport tasks --json                 all of it, for a script
"""


@click.command(epilog=_EXAMPLES, short_help="Show what the models of a suite can be for.")
@click.argument("name", required=False, metavar="[TASK]")
@click.option("--markdown", is_flag=True, help="Print the reference as Markdown: all, or one task.")
@json_option
def tasks(name: str | None, markdown: bool, as_json: bool) -> None:
    """Show the tasks that a suite can name: inputs, data, options, layouts of data sets."""
    from ovreport_collector.cli import tasks_output

    if markdown and as_json:
        raise InputError(
            "both forms are asked for", where="--markdown --json", remedy="name one of them"
        )
    if as_json:
        click.echo(json.dumps(tasks_output.as_json(name), indent=1))
    elif markdown:
        click.echo(tasks_output.page(name), nl=False)
    elif name:
        tasks_output.show(name)
    else:
        tasks_output.show_all()

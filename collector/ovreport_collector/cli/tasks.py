"""The command `tasks`: what models can be for, and what a suite can say of each."""

from __future__ import annotations

import click

_EXAMPLES = """
\b
Examples:
  ovreport tasks                        every task, in a line each
  ovreport tasks image-classification   its inputs, data, options and data set layouts
  ovreport tasks generic                random inputs, constants, or arrays of your own
  ovreport tasks --markdown             all of it, as a page
"""


@click.command(epilog=_EXAMPLES, short_help="Show what the models of a suite can be for.")
@click.argument("name", required=False, metavar="[TASK]")
@click.option("--markdown", is_flag=True, help="Print the reference of all tasks, as Markdown.")
def tasks(name: str | None, markdown: bool) -> None:
    """Show the tasks that a suite can name: inputs, data, options, layouts of data sets."""
    from ovreport_collector.cli import tasks_output

    if markdown:
        click.echo(tasks_output.page(), nl=False)
    elif name:
        tasks_output.show(name)
    else:
        tasks_output.show_all()

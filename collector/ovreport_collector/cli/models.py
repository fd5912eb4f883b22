"""The command `models`: what a suite holds, what is fetched, and fetching ahead."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ovreport.variants import VARIANTS
from ovreport_collector.cli.options import json_option, outside_option, suite_option
from ovreport_collector.suite.model import DEFAULT_SUITE, PUBLISHED

_EXAMPLES = """
\b
Examples:
  ovreport models                               the models of the default run
  ovreport models --suite standard              all models that come with ovreport
  ovreport models --suite my.toml --json        a suite of your own, for a script
  ovreport models fetch --suite standard        fetch all, for a machine without network
  ovreport models fetch magika-v3.3             fetch one
  ovreport models path magika-v3.3              where its file is, for other tools
"""

_LIST_EXAMPLES = """
\b
Examples:
  ovreport models list                          the models of the default run
  ovreport models list --suite standard         all models that come with ovreport
  ovreport models list --suite my.toml --json   a suite of your own, for a script
"""

_FETCH_EXAMPLES = """
\b
Examples:
  ovreport models fetch                         all of the default run
  ovreport models fetch --suite standard        all that come with ovreport
  ovreport models fetch magika-v3.3             one, with its data
"""

_PATH_EXAMPLES = """
\b
Examples:
  ovreport models path magika-v3.3                        the file as published
  ovreport models path magika-v3.3 --variant int8         the one that a collect made of it
  ovreport models path net.onnx --variant int8            of a file of your own
  benchmark_app -m "$(ovreport models path magika-v3.3)"  for another tool
"""


@click.group(
    invoke_without_command=True,
    epilog=_EXAMPLES,
    short_help="Show the models of a suite, or fetch them ahead.",
)
@suite_option
@outside_option
@json_option
@click.pass_context
def models(
    context: click.Context, suite: str | None, allow_outside: tuple[Path, ...], as_json: bool
) -> None:
    """Show the models of a suite, and which of them are fetched; or fetch them ahead.

    Models come from where the suite says, are checked against its checksums on each use, and
    are kept in the user's cache folder, or in $OVREPORT_CACHE.
    """
    # Given after the command below, a suite replaces the one given here.
    context.obj = (suite or DEFAULT_SUITE, allow_outside)
    if context.invoked_subcommand is None:
        _list(suite or DEFAULT_SUITE, allow_outside, as_json)


@models.command("list", epilog=_LIST_EXAMPLES)
@suite_option
@outside_option
@json_option
@click.pass_obj
def list_(
    of_group: tuple[str, tuple[Path, ...]],
    suite: str | None,
    allow_outside: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Show the models of a suite, and which of them are fetched."""
    name, allowed = of_group
    _list(suite or name, (*allowed, *allow_outside), as_json)


def _list(name: str, allowed: tuple[Path, ...], as_json: bool) -> None:
    from ovreport_collector.cli import output
    from ovreport_collector.plan import load_suite

    suite = load_suite.load(name, allowed)
    if as_json:
        click.echo(json.dumps(output.suite_as_json(suite), indent=2))
    else:
        output.show_suite(suite)


@models.command(epilog=_FETCH_EXAMPLES, short_help="Fetch models ahead, with all their data.")
@suite_option
@outside_option
@click.argument("model_ids", nargs=-1, metavar="[MODEL]...")
@click.pass_obj
def fetch(
    of_group: tuple[str, tuple[Path, ...]],
    suite: str | None,
    allow_outside: tuple[Path, ...],
    model_ids: tuple[str, ...],
) -> None:
    """Fetch the models of a suite ahead, or only those named, with all their data.

    A model that cannot be fetched does not stop the others; the exit code is 1 then. The cache
    folder can be copied to a machine without network.
    """
    from rich.console import Console

    from ovreport import paths
    from ovreport.errors import IncompleteError
    from ovreport_collector.cli.output import fetch_all
    from ovreport_collector.plan import load_suite

    name, allowed = of_group
    loaded = load_suite.load(suite or name, (*allowed, *allow_outside))
    wanted = [loaded.model(model_id) for model_id in model_ids] or loaded.models
    console = Console(soft_wrap=True, highlight=False)
    failed = fetch_all(loaded, wanted, console)
    if failed:
        raise IncompleteError(
            f"{len(failed)} of {len(wanted)} models could not be fetched: {', '.join(failed)}",
            remedy="see the reasons above; the same command fetches what is missing",
        )
    console.print(f"fetched: {len(wanted)}; kept in {paths.cache()}", markup=False)


@models.command(epilog=_PATH_EXAMPLES, short_help="Print where the file of a model is.")
@suite_option
@click.argument("model")
@click.option(
    "--variant",
    type=click.Choice([PUBLISHED, *VARIANTS]),
    default=PUBLISHED,
    show_default=True,
    help="Weights; those that are optimized must have been measured before.",
)
@click.pass_obj
def path(group_suite: str, model: str, suite: str | None, variant: str) -> None:
    """Print the path of the file that is measured of a model, fetched first where it is missing.

    MODEL is the id of a model of the suite, or a model file of your own. Other tools can be given
    the path: nothing else is printed.
    """
    from ovreport_collector.plan import load_suite
    from ovreport_collector.prepare.path import path_of, path_of_own

    if Path(model).is_file():
        click.echo(path_of_own(Path(model), variant))
        return
    loaded = load_suite.load(suite or group_suite)
    click.echo(path_of(loaded, loaded.model(model), variant))

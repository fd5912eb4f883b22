"""The commands `init`, `build` and `serve`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ovreport.errors import IncompleteError, RecordError

_FOLDER = click.Path(path_type=Path, file_okay=False)

_INIT_EXAMPLES = """
\b
Examples:
  ovreport init my-benchmarks              a site of one's own, in a folder of its own
  ovreport init --title "Our machines"     in this folder
  ovreport init --replace                  in a clone or a fork: without its records

\b
Then, in that folder:
  ovreport collect && ovreport build && ovreport serve
"""


@click.command(epilog=_INIT_EXAMPLES, short_help="Start a site of your own.")
@click.argument("folder", type=_FOLDER, default=Path())
@click.option("--title", default="OpenVINO benchmarks", show_default=True, help="Name of the site.")
@click.option(
    "--replace", is_flag=True, help="Move a site that is there to site-before, and begin anew."
)
def init(folder: Path, title: str, replace: bool) -> None:
    """Start a site of your own in FOLDER: settings, a page of your own words, no records.

    Nothing is deleted. Commands use the folder `site` below the one that they are run in.
    """
    import shlex

    from ovreport_sitegen.start import start

    for path in start(folder, title, replace=replace):
        click.echo(path)
    there = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    click.echo(f"Next: {there}ovreport collect && ovreport build")


_BUILD_EXAMPLES = """
\b
Examples:
  ovreport build                           site/ → _site/
  ovreport build --records ../laptop/records --records ../server/records
  ovreport build --strict --out public     for CI: a bad record is an error
"""
_NAMED = 5
"""So many records that contradict themselves are named; of more, their number is given."""


@click.command(epilog=_BUILD_EXAMPLES)
@click.option(
    "--site",
    type=_FOLDER,
    default=Path("site"),
    show_default=True,
    help="Folder with ovreport.toml, content/ and records/.",
)
@click.option(
    "--records",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="Additional folder of records; may be repeated.",
)
@click.option(
    "--out",
    type=_FOLDER,
    default=Path("_site"),
    show_default=True,
    help="Folder to write the website to; replaced as a whole.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if anything is wrong with a record.")
def build(site: Path, records: tuple[Path, ...], out: Path, strict: bool) -> None:
    """Build a website from all records.

    Bad records never stop a build: they are listed here and on the site's data page. One that
    `ovreport validate` refuses, but that can be shown, is shown all the same, with a warning here;
    one of the future is left out, for it would be the newest for good.
    """
    from ovreport_sitegen.build import build as build_site
    from ovreport_sitegen.build import without_garbage_collection
    from ovreport_sitegen.text import plural

    with without_garbage_collection(for_good=True):
        built = build_site(site, records, out)
    for fault in built.faults:
        click.echo(f"problem: {fault}", err=True)
    if built.doubts:
        click.echo(_doubted(built.doubts), err=True)
    for shared in built.shared_ids:
        click.echo(f"warning: {shared}", err=True)
    older = f", {built.older:,} older ones as history" if built.older else ""
    click.echo(f"{built.out}: {built.pages:,} pages of {built.results:,} results{older}")
    problems = len(built.faults) + len(built.doubts)
    if problems and strict:
        raise IncompleteError(
            f"{plural(problems, 'problem')} with records (--strict)",
            remedy="`ovreport validate` checks files one by one.",
        )


def _doubted(doubts: Sequence[RecordError]) -> str:
    """Return how many records are shown though `validate` refuses them, and why."""
    from ovreport_sitegen.text import plural

    named = [f"  {doubt.where}: {doubt.what}" for doubt in doubts[:_NAMED]]
    more = [f"  and {len(doubts) - _NAMED:,} more"] if len(doubts) > _NAMED else []
    count = f"{plural(len(doubts), 'record')} that `ovreport validate` refuses"
    return "\n".join([f"warning: {count}, shown all the same:", *named, *more])


_SERVE_EXAMPLES = """
\b
Examples:
  ovreport serve                 http://127.0.0.1:8000/
  ovreport serve --port 0        any free port
"""


@click.command(epilog=_SERVE_EXAMPLES)
@click.option(
    "--out",
    type=_FOLDER,
    default=Path("_site"),
    show_default=True,
    help="Folder with a built website.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="0: any free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at; 0.0.0.0: all, for others on your network to see.",
)
def serve(out: Path, port: int, host: str) -> None:
    """Show a built website on this machine until Ctrl-C."""
    from ovreport_sitegen.serve import serve as serve_site

    serve_site(out, host, port, click.echo)

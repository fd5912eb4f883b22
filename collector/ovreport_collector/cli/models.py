"""The command `models`: what a suite holds, what is fetched, and fetching ahead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from ovreport_collector.sources import Download, Prepared
from ovreport_collector.suite.model import Model, Suite

DEFAULT_SUITE = "quick"

_EXAMPLES = """
\b
Examples:
  ovreport models                               the models of the default run
  ovreport models --suite standard              all models that come with ovreport
  ovreport models --suite my.toml --json        a suite of your own, for a script
  ovreport models fetch --suite standard        fetch all, for a machine without network
  ovreport models fetch magika-v3.3             fetch one
"""

_FETCH_EXAMPLES = """
\b
Examples:
  ovreport models fetch                         all of the default run
  ovreport models fetch --suite standard        all that come with ovreport
  ovreport models fetch magika-v3.3             one, with its data
"""

_suite_option = click.option(
    "--suite",
    default=DEFAULT_SUITE,
    show_default=True,
    metavar="NAME|FILE",
    help="A built-in suite, or the path of a .toml file.",
)
_own_suite_option = click.option(
    "--suite",
    default=None,
    metavar="NAME|FILE",
    help=f"A built-in suite, or the path of a .toml file.  [default: {DEFAULT_SUITE}]",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


@click.group(invoke_without_command=True, epilog=_EXAMPLES)
@_suite_option
@_json_option
@click.pass_context
def models(context: click.Context, suite: str, as_json: bool) -> None:
    """Show the models of a suite, and which of them are fetched; or fetch them ahead.

    Models come from where the suite says, are checked against its checksums on each use, and
    are kept in the user's cache folder, or in $OVREPORT_CACHE.
    """
    context.obj = suite
    if context.invoked_subcommand is None:
        _show(suite, as_json)


@models.command("list")
@_own_suite_option
@_json_option
@click.pass_obj
def list_(chosen: str, suite: str | None, as_json: bool) -> None:
    """Show the models of a suite, and which of them are fetched."""
    _show(suite or chosen, as_json)


@models.command(epilog=_FETCH_EXAMPLES)
@_own_suite_option
@click.argument("model_ids", nargs=-1, metavar="[MODEL]...")
@click.pass_obj
def fetch(chosen: str, suite: str | None, model_ids: tuple[str, ...]) -> None:
    """Fetch the models of a suite ahead, or only those named, with all their data.

    Goes on where one cannot be had, and exits with 1 then. The cache folder can be copied to
    a machine without network.
    """
    from rich.console import Console

    from ovreport import paths
    from ovreport.errors import IncompleteError
    from ovreport_collector.plan import load_suite

    loaded = load_suite.load(suite or chosen)
    wanted = [loaded.model(model_id) for model_id in model_ids] or loaded.models
    console = Console(soft_wrap=True, highlight=False)
    prepared = _fetch(loaded, wanted, console)
    failed = [model.id for model in wanted if isinstance(prepared[model.id], Exception)]
    if failed:
        raise IncompleteError(
            f"{len(failed)} of {len(wanted)} models could not be fetched: {', '.join(failed)}",
            remedy="see the reasons above; the same command goes on from here",
        )
    console.print(f"fetched: {len(wanted)}; kept in {paths.cache()}", markup=False)


def _fetch(suite: Suite, wanted: Sequence[Model], console: Console) -> dict[str, Prepared]:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    from ovreport_collector import sources

    needed = sources.missing(suite, wanted)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        total = bar.add_task("fetching", total=sum(one.size_bytes or 0 for one in needed) or None)

        def started(one: Download) -> None:
            bar.update(total, description=_short(one.name))
            if not console.is_terminal:
                console.print(f"fetching {one.name} ({_size(one.size_bytes)})", markup=False)

        def finished(one: Download) -> None:
            bar.advance(total, one.size_bytes or 0)

        prepared = sources.prepare(suite, wanted, started=started, finished=finished)
    for model in wanted:
        found = prepared[model.id]
        said = f"failed   {found}" if isinstance(found, Exception) else "fetched"
        console.print(f"{model.id:<{_width(wanted)}}  {said}", markup=False)
    return prepared


def _show(name: str, as_json: bool) -> None:
    from ovreport_collector.plan import load_suite

    suite = load_suite.load(name)
    rows = [_row(suite, model) for model in suite.models]
    if as_json:
        click.echo(json.dumps({"suite": suite.id, **_sizes(suite), "models": rows}, indent=2))
    else:
        _table(suite, rows)


def _row(suite: Suite, model: Model) -> dict[str, Any]:
    from ovreport_collector import sources

    sizes = [one.size_bytes for one in sources.downloads(suite, [model])]
    return {
        "id": model.id,
        "title": model.title,
        "task": model.task,
        "variant": model.variant,
        "variants": model.variants,
        "architecture_only": model.architecture_only,
        "download_bytes": None if None in sizes else sum(size or 0 for size in sizes),
        "fetched": not sources.missing(suite, [model]),
        "licence": model.licence,
        "homepage": model.homepage,
        "why": model.why,
        "source": model.file.uri,
    }


def _sizes(suite: Suite) -> dict[str, int | None]:
    """Return the bytes to fetch for all models: what they share counts once."""
    from ovreport_collector import sources

    sizes = [one.size_bytes for one in sources.downloads(suite, suite.models)]
    missing = [one.size_bytes for one in sources.missing(suite, suite.models)]
    return {
        "download_bytes": None if None in sizes else sum(size or 0 for size in sizes),
        "missing_bytes": None if None in missing else sum(size or 0 for size in missing),
    }


def _table(suite: Suite, rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ovreport import paths

    table = Table(title=Text(suite.title), title_justify="left", box=None, pad_edge=False)
    for heading in ("model", "title", "task", "weights", "download", "fetched", "licence"):
        table.add_column(heading, justify="right" if heading == "download" else "left")
    for row in rows:
        note = " (architecture only)" if row["architecture_only"] else ""
        cells = (
            row["id"],
            row["title"] + note,
            row["task"],
            ", ".join([row["variant"], *row["variants"]]),
            _size(row["download_bytes"]),
            "yes" if row["fetched"] else "no",
            row["licence"],
        )
        table.add_row(*(Text(cell) for cell in cells))
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(table)
    sizes = _sizes(suite)
    console.print(
        Text(
            f"\nmodels: {len(rows)}; download in all: {_size(sizes['download_bytes'])} (what "
            f"models share counts once); still to fetch: {_size(sizes['missing_bytes'])}; "
            f"cache: {paths.cache()}"
        )
    )


def _size(size: int | None) -> str:
    if size is None:
        return "unknown"
    return f"{size / 1e6:.1f} MB" if size else "nothing"


def _short(name: str) -> str:
    tail = name.rsplit("/", 1)[-1]
    return tail if len(tail) <= 40 else f"{tail[:39]}…"


def _width(models_: Sequence[Model]) -> int:
    return max(len(model.id) for model in models_)

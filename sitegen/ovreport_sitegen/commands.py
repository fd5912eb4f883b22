"""The commands `build` and `serve`."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click

from ovreport.errors import InputError

_FOLDER = click.Path(path_type=Path, file_okay=False)

_BUILD_EXAMPLES = """
\b
Examples:
  ovreport build                           site/ → _site/
  ovreport build --records ../laptop/records --records ../server/records
  ovreport build --strict --out public     for CI: a bad record is an error
"""


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

    Bad records never stop a build: they are listed here and on the site's data page.
    """
    from ovreport.errors import IncompleteError
    from ovreport_sitegen.build import build as build_site
    from ovreport_sitegen.build import without_garbage_collection
    from ovreport_sitegen.text import plural

    with without_garbage_collection(for_good=True):
        built = build_site(site, records, out)
    for fault in built.faults:
        click.echo(f"problem: {fault}", err=True)
    older = f", {built.older:,} older ones as history" if built.older else ""
    click.echo(f"{built.out}: {built.pages:,} pages of {built.results:,} results{older}")
    if built.faults and strict:
        raise IncompleteError(
            f"{plural(len(built.faults), 'problem')} with records (--strict)",
            remedy="`ovreport validate` checks files one by one.",
        )


class _Handler(SimpleHTTPRequestHandler):
    """Serves files without caching, and the site's own page for wrong addresses."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: a preview is not a log."""


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
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
def serve(out: Path, port: int, host: str) -> None:
    """Show a built website on this machine until Ctrl-C."""
    if not (out / "index.html").is_file():
        raise InputError("no website here", where=str(out), remedy="Build one: ovreport build")
    try:
        server = ThreadingHTTPServer((host, port), partial(_Handler, directory=str(out)))
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen: {error}", where=f"{host}:{port}", remedy="Try another --port."
        ) from error
    with server:
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"http://{shown}:{server.server_address[1]}/  (Ctrl-C stops)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped")

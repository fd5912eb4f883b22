"""The commands `init`, `build`, `publish` and `serve`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ovreport.errors import IncompleteError, RecordError
from ovreport.existing_path import ExistingPath

_FOLDER = click.Path(path_type=Path, file_okay=False)

_INIT_EXAMPLES = """
\b
Examples:
  ovreport init my-benchmarks              a site of one's own, in a folder of its own
  ovreport init --title "Our machines"     in this folder
  ovreport init --repository https://github.com/ME/BENCHMARKS
                                           to be published there: sets addresses too
  ovreport init my-benchmarks --fleet fleet.toml
                                           measured by GitHub Actions, on machines of one's own
  ovreport init --replace                  in a clone or a fork: without its records
  ovreport init --check | git apply        after an update: workflows as written today

\b
Then, in that folder:
  ovreport collect && ovreport build && ovreport serve
"""


@click.command(epilog=_INIT_EXAMPLES, short_help="Start a site of your own.")
@click.argument("folder", type=_FOLDER, default=Path())
@click.option("--title", default="OpenVINO benchmarks", show_default=True, help="Name of the site.")
@click.option(
    "--repository",
    default="",
    metavar="URL",
    help="Home of the project on the web; on github.com it gives the site's address too.",
)
@click.option(
    "--fleet",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Inventory (TOML) of machines with runners of GitHub Actions: adds a workflow that "
    "measures on each.",
)
@click.option(
    "--replace", is_flag=True, help="Move a site that is there to site-before, and begin anew."
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing: print as a patch what this version would write differently; exit with 1 "
    "if anything.",
)
@click.pass_context
def init(
    context: click.Context,
    folder: Path,
    title: str,
    repository: str,
    fleet: Path | None,
    replace: bool,
    check: bool,
) -> None:
    """Start a site of your own in FOLDER, and a project to publish it from.

    The site: settings, a page of your own words, no records. The project: a README, the version of
    ovreport to use, and GitHub workflows that check pull requests and publish. Nothing is deleted
    or overwritten. Commands use the folder `site` below the one that they are run in.
    """
    import shlex

    from ovreport_sitegen import project
    from ovreport_sitegen.start import start

    if check:
        patch = project.drift(folder)
        click.echo(patch, nl=False)
        context.exit(1 if patch else 0)
    started = start(folder, title, repository=repository, replace=replace, fleet=fleet)
    for path in started.written:
        click.echo(path)
    for path in started.left:
        click.echo(f"{path}: was there, and is left as it is")
    if started.before:
        click.echo(f"{started.before}: the site that was there")
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


_site = click.option(
    "--site",
    type=_FOLDER,
    default=Path("site"),
    show_default=True,
    help="Folder with ovreport.toml, content/ and records/.",
)
_records = click.option(
    "--records",
    type=ExistingPath(),
    multiple=True,
    help="Additional folder of records; may be repeated.",
)
_out = click.option(
    "--out",
    type=_FOLDER,
    default=Path("_site"),
    show_default=True,
    help="Folder to write the website to; replaced as a whole.",
)


@click.command(epilog=_BUILD_EXAMPLES)
@_site
@_records
@_out
@click.option(
    "--attestations",
    type=_FOLDER,
    metavar="DIR",
    help="Folder, outside of the project, with what `gh attestation verify --format json` printed "
    "of record files: results whose file is attested say by which workflow.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if anything is wrong with a record.")
def build(
    site: Path, records: tuple[Path, ...], out: Path, attestations: Path | None, strict: bool
) -> None:
    """Build a website from all records.

    Bad records never stop a build: they are listed here and on the site's data page. One that
    `ovreport validate` refuses, but that can be shown, is shown all the same, with a warning here;
    one of the future is left out, for it would be the newest for good.
    """
    _build(site, records, out, strict=strict, attestations=attestations)


def _build(
    site: Path,
    records: Sequence[Path],
    out: Path,
    *,
    strict: bool,
    attestations: Path | None = None,
) -> None:
    """Build, and say what came of it; IncompleteError for a problem where it is to be strict."""
    from ovreport.words import plural
    from ovreport_sitegen.build import build as build_site
    from ovreport_sitegen.garbage import without_garbage_collection

    with without_garbage_collection(for_good=True):
        built = build_site(site, records, out, attestations=attestations)
    for fault in built.faults:
        click.echo(f"problem: {fault}", err=True)
    if built.doubts:
        click.echo(_doubted(built.doubts), err=True)
    for warning in (*built.shared_ids, *built.unread):
        click.echo(f"warning: {warning}", err=True)
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
    from ovreport.words import plural

    named = [f"  {doubt.where}: {doubt.what}" for doubt in doubts[:_NAMED]]
    more = [f"  and {len(doubts) - _NAMED:,} more"] if len(doubts) > _NAMED else []
    count = f"{plural(len(doubts), 'record')} that `ovreport validate` refuses"
    return "\n".join([f"warning: {count}, shown all the same:", *named, *more])


_PUBLISH_EXAMPLES = """
\b
Examples:
  ovreport publish                           to `repository` of site/ovreport.toml
  ovreport publish --remote git@github.com:ME/BENCHMARKS.git
  ovreport publish --remote origin           of the Git repository that this folder is in
"""


@click.command(epilog=_PUBLISH_EXAMPLES, short_help="Build, and push to a branch of its own.")
@_site
@_records
@_out
@click.option(
    "--remote",
    default="",
    metavar="REMOTE",
    help="Git repository to push to: an address, a path or a name that Git knows here.  "
    "[default: `repository` of the settings]",
)
@click.option(
    "--branch", default="gh-pages", show_default=True, help="Branch that holds nothing else."
)
def publish(site: Path, records: tuple[Path, ...], out: Path, remote: str, branch: str) -> None:
    """Build the site and push it to a branch that GitHub Pages, or another host, serves.

    For those who do not build with GitHub Actions. Everybody who can read the repository sees it,
    and where Pages is on, everybody. The branch is made where it is missing; one that holds
    something else is refused. Nothing but that branch is changed, here or there.
    """
    from ovreport.words import plural
    from ovreport_sitegen import config
    from ovreport_sitegen.deploy import deploy

    settings = config.load(site)
    _build(site, records, out, strict=False)
    done = deploy(out, remote or settings.repository, branch)
    kept = f", {plural(done.kept, 'asset')} of the site before" if done.kept else ""
    click.echo(f"{done.remote}, branch {branch}: {plural(done.files, 'file')}{kept}")
    if settings.site_url:
        click.echo(f"{settings.site_url} shows it within minutes, once Pages serves that branch.")
    else:
        click.echo(
            "warning: site_url is not set in ovreport.toml: no sitemap, and the page for wrong "
            "addresses has no style",
            err=True,
        )


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

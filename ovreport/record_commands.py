"""Commands about records: `validate` and `schema`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import click

from ovreport.errors import RecordError, disk_errors, one_line
from ovreport.existing_path import ExistingPath

_EXAMPLES_VALIDATE = """
\b
Examples:
  ovreport validate site/records
  ovreport validate new-record.json && git add new-record.json
  ovreport validate --json site/records | jq '.faults[].where'
  ovreport validate site/records --against base/site/records --markdown summary.md
                                 what a pull request would change
"""


@click.command(epilog=_EXAMPLES_VALIDATE, short_help="Check record files, or folders of them.")
@click.argument("paths", nargs=-1, required=True, type=ExistingPath())
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the records that the site has: faults of those are warnings only.",
)
@click.option(
    "--markdown",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --against: file to write what would change on the site to.",
)
def validate(
    paths: tuple[Path, ...], as_json: bool, against: Path | None, markdown: Path | None
) -> None:
    """Check record files, or folders of them: every fault with its path and what to do.

    A record is sound if `ovreport collect` can have written it: its fields follow the contract, do
    not contradict each other, give figures that can be drawn, and fit its file's name; and no other
    record is of the same case and time. The same record twice is said here, and harmless.

    Exits with 0 when every record is sound, with 2 when one is not or when there is none.

    With --against only new files count, which the folder does not have; there may be none. Any
    hardware is welcome.
    """
    from ovreport.history import newest
    from ovreport.store import read_all

    if against is not None:
        if as_json:
            raise click.UsageError("--json and --against do not go together.")
        _validate_new(paths, against, markdown)
        return
    if markdown is not None:
        raise click.UsageError("--markdown needs --against: the records that the site has.")
    loaded = read_all(paths, check=True)
    _, _, unordered = newest(loaded.stored)
    loaded.faults += unordered
    if as_json:
        found = [{"where": f.where, "what": f.what, "remedy": f.remedy} for f in loaded.faults]
        same = [{"path": str(d.path), "of": str(d.of)} for d in loaded.duplicates]
        outcome = {"records": len(loaded.stored), "faults": found, "duplicates": same}
        click.echo(json.dumps(outcome, indent=1))
    else:
        _print_faults(loaded.faults)
        for duplicate in loaded.duplicates:
            click.echo(str(duplicate))
    _refuse(loaded.faults, len(loaded.stored))
    if not loaded.stored:
        raise RecordError("no record found", where=", ".join(map(str, paths)))
    if not as_json:
        click.echo(_sound(len(loaded.stored)))


def _validate_new(paths: Sequence[Path], site: Path, markdown: Path | None) -> None:
    """Check the files that a site does not have, and write what they would change."""
    from ovreport import contribution

    found = contribution.contribution(paths, site)
    if markdown is not None:
        with disk_errors("cannot be written", where=markdown, remedy="Check its folder."):
            markdown.write_text(contribution.markdown(found), encoding="utf-8")
    for warning in found.warnings:
        click.echo(f"warning: {warning.where}: {warning.what}")
    _print_faults(found.faults)
    for duplicate in found.duplicates:
        click.echo(str(duplicate))
    for name in found.removed:
        click.echo(f"warning: {one_line(name)}: is gone or was edited")
    _refuse(found.faults, len(found.new))
    click.echo(f"new: {_sound(len(found.new))}")


def _print_faults(faults: Sequence[RecordError]) -> None:
    for remedy, of_remedy in itertools.groupby(faults, lambda fault: fault.remedy):
        for fault in of_remedy:
            click.echo(f"{fault.where}: {fault.what}")
        if remedy:
            click.echo(f"  → {remedy}")


def _refuse(faults: Sequence[RecordError], sound: int) -> None:
    if faults:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise RecordError(f"{count}, {_sound(sound)}")


def _sound(count: int) -> str:
    return "1 sound record" if count == 1 else f"{count} sound records"


@click.command(epilog="\b\nExample:\n  ovreport schema > record.schema.json\n")
def schema() -> None:
    """Print the JSON Schema of a record."""
    from ovreport.record import json_schema

    click.echo(json.dumps(json_schema(), indent=1))

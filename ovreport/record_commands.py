"""Commands about records: `validate` and `schema`."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import click

_EXAMPLES_VALIDATE = """
\b
Examples:
  ovreport validate site/records
  ovreport validate new-record.json && git add new-record.json
  ovreport validate --json site/records | jq '.faults[].where'
"""


@click.command(epilog=_EXAMPLES_VALIDATE, short_help="Check record files, or folders of them.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def validate(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check record files, or folders of them: every fault with its path and what to do.

    A record is sound if `ovreport collect` can have written it: its fields follow the contract, do
    not contradict each other, give figures that can be drawn, and fit its file's name; and no other
    record is of the same case and time. The same record twice is said here, and harmless.

    Exits with 0 when every record is sound, with 2 when one is not or when there is none.
    """
    from ovreport.errors import RecordError
    from ovreport.history import newest
    from ovreport.store import read_all

    loaded = read_all(paths, check=True)
    _, _, unordered = newest(loaded.stored)
    loaded.faults += unordered
    if as_json:
        found = [{"where": f.where, "what": f.what, "remedy": f.remedy} for f in loaded.faults]
        same = [{"path": str(d.path), "of": str(d.of)} for d in loaded.duplicates]
        outcome = {"records": len(loaded.stored), "faults": found, "duplicates": same}
        click.echo(json.dumps(outcome, indent=1))
    else:
        for remedy, faults in itertools.groupby(loaded.faults, lambda fault: fault.remedy):
            for fault in faults:
                click.echo(f"{fault.where}: {fault.what}")
            if remedy:
                click.echo(f"  → {remedy}")
        for duplicate in loaded.duplicates:
            click.echo(str(duplicate))
    if loaded.faults:
        count = "1 fault" if len(loaded.faults) == 1 else f"{len(loaded.faults)} faults"
        raise RecordError(f"{count}, {_sound(len(loaded.stored))}")
    if not loaded.stored:
        raise RecordError("no record found", where=", ".join(map(str, paths)))
    if not as_json:
        click.echo(_sound(len(loaded.stored)))


def _sound(count: int) -> str:
    return "1 sound record" if count == 1 else f"{count} sound records"


@click.command(epilog="\b\nExample:\n  ovreport schema > record.schema.json\n")
def schema() -> None:
    """Print the JSON Schema of a record."""
    from ovreport.record import json_schema

    click.echo(json.dumps(json_schema(), indent=1))

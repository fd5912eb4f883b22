"""The command `inspect`: what a model file is, and a suite's entry for it."""

from __future__ import annotations

import json

import click

from ovreport.errors import IncompleteError, InputError, OvreportError, SourceError, forbidden
from ovreport_collector.cli.options import json_option

_EXAMPLES = """
\b
Examples:
  ovreport inspect model.onnx                   inputs, outputs, types, shapes, weights
  ovreport inspect model.xml --json | jq '.[].inputs'
  ovreport inspect pypi:magika==1.0.3/          lists the models in a wheel
  ovreport inspect pypi:silero-vad==6.2.3/silero_vad/data/silero_vad.onnx
  ovreport inspect hf:onnx-community/dfine_n_coco-ONNX@main/onnx/model.onnx

\b
Layouts are those of the file, or guessed from the number of channels.
Exit codes: 0 all read, 1 some could not be read or fetched, 2 bad input.
"""


@click.command(epilog=_EXAMPLES, short_help="Show what a model file is.")
@click.argument("files", nargs=-1, required=True, metavar="FILE|ADDRESS...")
@json_option
def inspect(files: tuple[str, ...], as_json: bool) -> None:
    """Show what a model file is, and print an entry for a suite, checksums filled in.

    It measures nothing. What an address names is fetched to find out what it is.
    """
    from ovreport_collector.cli import inspect_output
    from ovreport_collector.models.inspect import job
    from ovreport_collector.models.inspect.description import Description
    from ovreport_collector.models.inspect.source import pinned
    from ovreport_collector.process import workspace

    with workspace.working_folder() as work:
        sources = {}
        refused: dict[str, OvreportError] = {}
        for number, file in enumerate(dict.fromkeys(files)):
            folder = work / str(number)
            folder.mkdir()
            try:
                sources[file] = pinned(file, folder)
            except (InputError, SourceError) as error:
                refused[file] = error
            except PermissionError as error:
                refused[file] = forbidden(error)
        if not sources and len(refused) == 1:
            raise next(iter(refused.values()))
        wanted = {file: job.Wanted(file=str(one.path)) for file, one in sources.items()}
        found = job.inspect(wanted, work)
    read = {file: one for file, one in found.items() if isinstance(one, Description)}
    if as_json:
        rows = [inspect_output.as_json(sources[file], found[file]) for file in found]
        rows += [inspect_output.refusal_as_json(file, why) for file, why in refused.items()]
        click.echo(json.dumps(rows, indent=1))
    else:
        for file, one in found.items():
            inspect_output.show(file, sources[file], one)
        for why in refused.values():
            click.echo(f"{why}\n")
    total = len(sources) + len(refused)
    if len(read) < total:
        raise IncompleteError(
            f"{total - len(read)} of {total} files could not be read",
            remedy="see the reasons above",
        )

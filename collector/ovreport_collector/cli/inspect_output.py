"""What the command `inspect` prints of a model."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from ovreport.errors import OvreportError, one_line
from ovreport.record import checksum_of
from ovreport_collector.models.inspect.description import (
    Description,
    Inspected,
    PortDescription,
    Unreadable,
)
from ovreport_collector.models.inspect.entry import entry
from ovreport_collector.models.inspect.source import Pinned
from ovreport_collector.sources import model_files

_MAX_NAME = 200


def show(named: str, source: Pinned, found: Inspected) -> None:
    """Print what a file is, how to measure it, and its entry for a suite."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(Text(one_line(named, _MAX_NAME), style="bold"))
    if source.missing:
        what = model_files.what_is_missing(source.missing)
        console.print(f"{what}\n  → {model_files.REMEDY}\n", markup=False)
    if isinstance(found, Unreadable):
        what = "not supported" if found.unsupported else "cannot be read"
        console.print(f"{what}: {one_line(found.reason)}\n", markup=False)
        return
    for title, value in (*_facts(found), *_checksums(source)):
        console.print(f"  {title:<12}{value}", markup=False)
    console.print(_table("\ninputs", found.inputs, others=True))
    console.print(_table("\noutputs", found.outputs, others=False))
    if not source.wheels and source.file.uri.startswith("file:"):
        console.print(f"\nMeasure it: {_command(named, found)}", markup=False)
    console.print("\nIn a suite:\n")
    click.echo(f"{entry(source, found)}\n")


def refusal_as_json(named: str, error: OvreportError) -> dict[str, str]:
    """Return why there is no such file, for scripts."""
    return {"file": one_line(named, _MAX_NAME), "error": error.what, "remedy": error.remedy}


def as_json(source: Pinned, found: Inspected) -> dict[str, Any]:
    """Return what a file is, for scripts."""
    start = {
        "file": source.file.name,
        "uri": source.file.uri,
        "sha256": checksum_of(source.contents),
        "files": [msgspec.to_builtins(one) for one in source.contents],
        "missing": list(source.missing),
    }
    if isinstance(found, Unreadable):
        return {**start, "error": found.reason}
    return {
        **start,
        "format": found.format,
        "opsets": found.opsets,
        "size_bytes": found.size_bytes,
        "parameters": found.parameters,
        "weights": found.weights,
        "variant": found.variant,
        "inputs": [_port(port) for port in found.inputs],
        "outputs": [_port(port) for port in found.outputs],
        "suite_entry": entry(source, found),
    }


def _port(port: PortDescription) -> dict[str, Any]:
    dimensions = None if port.shape is None else list(port.shape)
    return {
        "name": port.name,
        "names": port.names,
        "dtype": port.dtype,
        "shape": dimensions and [one.low if one.is_static else str(one) for one in dimensions],
        "layout": port.layout,
        "table_rows": port.rows,
    }


def _facts(found: Description) -> list[tuple[str, str]]:
    opsets = ", ".join(f"{name or 'ai.onnx'} {v}" for name, v in sorted(found.opsets.items()))
    weights = ", ".join(f"{dtype} {n:,}" for dtype, n in sorted(found.weights.items()))
    return [
        ("format", f"{found.format}{f', opset {opsets}' if opsets else ''}"),
        ("size", decimal(found.size_bytes)),
        ("parameters", f"{found.parameters:,}{f' ({weights})' if weights else ''}"),
    ]


def _checksums(source: Pinned) -> list[tuple[str, str]]:
    """Return the checksum of a model, and where it has several files those of each."""
    several = source.contents if len(source.contents) > 1 else ()
    return [
        ("sha256", checksum_of(source.contents)),
        *(
            ("file", f"{one.sha256}  {one_line(one.name, _MAX_NAME)} ({decimal(one.size_bytes)})")
            for one in several
        ),
    ]


def _table(title: str, ports: Sequence[PortDescription], *, others: bool) -> Table:
    """Return a table of ports; `others`: with their other names, where they have some."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    headings = ["name", "type", "shape"]
    layouts = any(port.layout for port in ports)
    others = others and any(_other_names(port) for port in ports)
    headings += ["layout"] if layouts else []
    headings += ["other names"] if others else []
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for port in ports:
        cells = [port.name, port.dtype, port.shape_text]
        cells += [port.layout] if layouts else []
        cells += [_other_names(port)] if others else []
        table.add_row(*(Text(one_line(cell, _MAX_NAME)) for cell in cells))
    return table


def _other_names(port: PortDescription) -> str:
    return ", ".join(name for name in port.names if name != port.name)


def _command(named: str, found: Description) -> str:
    words = ["ovreport", "collect", named]
    for port in found.inputs:
        if not port.is_static:
            words += ["--shape", f"{port.name}={','.join(map(str, port.example_shape))}"]
    return shlex.join(words)

"""A suite's entry for a model, as TOML to paste."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ovreport.store import slug
from ovreport_collector.models.inspect.description import Description, PortDescription
from ovreport_collector.models.inspect.names import key
from ovreport_collector.models.inspect.source import Pinned
from ovreport_collector.suite.model import File


def entry(pinned: Pinned, found: Description) -> str:
    """Return the lines of a suite that measure a model: `[[models]]`, and its wheel's pins.

    A dimension without a size is 0 there, which a suite is refused for until it is filled in.
    """
    return "\n".join([*_model(pinned, found), *_wheels(pinned)])


def _model(pinned: Pinned, found: Description) -> Iterator[str]:
    stem = Path(pinned.file.name).stem
    yield "[[models]]"
    yield f"id = {json.dumps(slug(stem))}"
    yield f"title = {json.dumps(stem)}"
    yield 'task = "generic"  # `ovreport tasks` lists those that measure accuracy too'
    yield f"file = {_file(pinned.file)}"
    for role, file in pinned.files.items():
        yield f"files.{key(role)} = {_file(file)}"
    if found.variant != "fp32":
        yield f"variant = {json.dumps(found.variant)}"
    open_inputs = [port for port in found.inputs if not port.is_static]
    for port in open_inputs:
        yield f"# {json.dumps(port.name)} is {port.shape_text} in the file: {_to_write(port)}"
    if open_inputs:
        shapes = ", ".join(f"{key(port.name)} = {_sizes(port)}" for port in open_inputs)
        yield f"shapes = {{ {shapes} }}"


def _to_write(port: PortDescription) -> str:
    if port.shape is None:
        return f"write its whole shape, such as {port.example_shape}"
    return "write a size for each 0"


def _sizes(port: PortDescription) -> list[int]:
    """Return a shape that a suite is refused for, as long as it holds a 0."""
    return [0] if port.shape is None else port.sizes


def _file(file: File) -> str:
    size = f", size_bytes = {file.size_bytes}" if file.size_bytes else ""
    return f"{{ uri = {json.dumps(file.uri)}, sha256 = {json.dumps(file.sha256)}{size} }}"


def _wheels(pinned: Pinned) -> Iterator[str]:
    for pin, wheel in pinned.wheels.items():
        yield ""
        yield f"[wheels.{json.dumps(pin)}]"
        yield f"file = {json.dumps(wheel.file)}"
        yield f"sha256 = {json.dumps(wheel.sha256)}"
        yield f"size_bytes = {wheel.size_bytes}"

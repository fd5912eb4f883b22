"""The commands that measure a case again, as pages print them: made from what the record describes.

    ours(record)         `ovreport collect …`
    nearest(record)      what comes nearest of OpenVINO's own benchmark_app, a command a figure

A record's text is never printed as a command unless it is exactly what the collector makes of the
case. `benchmark_app` gets the file by a command too, so that it runs from any folder.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ovreport.checks.text import commands as faults_of_commands
from ovreport.checks.text import ours_options
from ovreport.engines import OPENVINO
from ovreport.record import Converted, Optimized, Port, Record

LEAST_S = 5
"""Seconds that benchmark_app runs at least; it takes whole ones."""
_SUITE = "--suite"
_TYPES: Mapping[str, str] = {"boolean": "bool"}
_UNKNOWN_TYPES = ("bf16", "string")
"""Types that benchmark_app cannot be told; it takes the model's own."""
_NAMELESS = "#"
"""Records call an input without a name by its position: #0."""


@dataclass(frozen=True)
class Nearest:
    """A command of benchmark_app, and the figure of ours that it comes nearest to."""

    metric: str
    """Key in `ovreport.metrics.METRICS`."""
    command: str
    folder: str
    """The file in whose folder it has to be run; empty: anywhere."""


def ours(record: Record) -> str:
    """Return the command that measures a case again; empty where the record's is none."""
    faulty = any(fault.path == "$.repeat.ovreport" for fault in faults_of_commands(record))
    return "" if faulty else record.repeat.ovreport


def nearest(record: Record, *, by_name: bool = False) -> list[Nearest]:
    """Return what comes nearest to latency and throughput; nothing for engines of others.

    `by_name`: with the name of the file alone, as records hold commands.
    """
    if record.case.engine != OPENVINO or not record.model.inputs or fixes_values(record):
        return []
    file, folder = _by_name(record) if by_name else _file(record)
    seconds = max(LEAST_S, math.ceil(record.tier.min_seconds))
    found = []
    for metric, hint, api in (
        ("latency_ms", "latency", "sync"),
        ("throughput_ips", "throughput", "async"),
    ):
        words = ["-d", record.case.device, "-hint", hint, "-api", api, "-t", str(seconds)]
        words += _inputs(record.model.inputs)
        if record.case.precision != "default":
            words += ["-infer_precision", record.case.precision]
        found.append(Nearest(metric, f"benchmark_app -m {file} {shlex.join(words)}", folder))
    return found


def fixes_values(record: Record) -> bool:
    """Return whether an input was given a number: benchmark_app draws what may not fit there."""
    options: Mapping[str, Sequence[str]] = ours_options(record) or {}
    values = options.get("--input", ())
    return any(not value.endswith(".npy") for value in values)


def file_name(record: Record) -> str:
    """Return the name of the file that was measured, as its folder has it."""
    model = record.model
    if isinstance(model.origin, Optimized):
        return f"{model.id}-{record.case.variant}.xml"
    if isinstance(model.origin, Converted):
        return "model.xml"
    return model.source.rpartition("/")[2].rpartition(":")[2]


def _file(record: Record) -> tuple[str, str]:
    """Return how a shell gets the path of the file, and in whose folder it has to do so."""
    options: Mapping[str, Sequence[str]] = ours_options(record) or {}
    suite = options.get(_SUITE, [""])[0]
    is_published = not isinstance(record.model.origin, Optimized)
    if not ours(record) or (not suite and is_published):
        return _by_name(record)
    folder = suite if suite.endswith(".toml") else ""
    words = [record.case.model, _SUITE, suite]
    if not suite:
        folder = record.model.source.removeprefix("file:")
        words = [folder]
    words += [] if is_published else ["--variant", record.case.variant]
    return f'"$({shlex.join(["ovreport", "models", "path", *words])})"', folder


def _by_name(record: Record) -> tuple[str, str]:
    name = file_name(record)
    return shlex.quote(name), name


def _inputs(ports: Sequence[Port]) -> Iterator[str]:
    """Yield options that keep the shapes and types that were measured.

    Without types benchmark_app makes u8 of what looks like an image, and measures another model.
    """
    named = all(not port.name.startswith(_NAMELESS) for port in ports)
    shapes = [f"[{','.join(map(str, port.shape))}]" for port in ports]
    if len(ports) == 1 and ports[0].shape:
        yield from ("-shape", shapes[0])
    elif named and all(port.shape for port in ports):
        pairs = zip(ports, shapes, strict=True)
        yield from ("-shape", ",".join(port.name + shape for port, shape in pairs))
    types = [_TYPES.get(port.dtype, port.dtype) for port in ports]
    known = [(p.name, t) for p, t in zip(ports, types, strict=True) if t not in _UNKNOWN_TYPES]
    if len(set(types)) == 1 and known:
        yield from ("-ip", types[0])
    elif named and known:
        yield from ("-iop", ",".join(f"{name}:{dtype}" for name, dtype in known))

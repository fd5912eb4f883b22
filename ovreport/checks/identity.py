"""The case, the model, the device and the engine that a record names are the ones it describes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from ovreport.checks.fault import Fault
from ovreport.checks.pins import PINNED
from ovreport.device_names import parts
from ovreport.engines import GENAI
from ovreport.record import (
    MEASUREMENTS,
    Completed,
    Execution,
    Generation,
    Latency,
    Measured,
    Optimized,
    Original,
    Record,
    Settings,
    Throughput,
    checksum_of,
)
from ovreport.variants import stored_as

KINDS = {"CPU": ("CPU",), "GPU": ("iGPU", "dGPU"), "NPU": ("NPU",)}
"""Beginning of a physical device's name → the families that it can be of."""
LARGEST = 2**48
"""Elements in one direction of a tensor."""
_FEWEST_DIGITS = 6
"""Different hexadecimal digits of a checksum: of 64 at random, fewer come about once in 10²⁸."""
LARGEST_FILE_TIMES = 1000
"""Weights that are stored take at most so many times the size of the model's files. Equal ones are
stored once in an IR, so that a model of constant layers has more of them than bytes."""
MOST_LAYERS = 1_000_000
_BITS: Mapping[str, int] = {"f64": 64, "f32": 32, "bf16": 16, "f16": 16, "i8": 8, "u8": 8}
"""Type of weights → bits of one; any other has at least one."""
_TYPE = re.compile(
    r"(?:[iu]|b?f|nf)(?:1|2|3|4|6|8|16|32|64)(?:e[0-9]m[0-9])?|boolean|string|dynamic|undefined"
)
"""How OpenVINO calls the types of tensors."""
_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of nothing."""
_BEFORE_ROUNDS = ("execution", "accuracy", "agreement")
"""Measurements of a case's outputs, which are made first: where every round fails, they remain."""


def names(record: Record) -> Iterator[Fault]:
    """Yield parts that are of another model, device or engine than the case."""
    case = record.case
    if record.model.id != case.model:
        yield Fault("$.model.id", f"{record.model.id}, where the case says {case.model}")
    if record.device.name != case.device:
        yield Fault("$.device.name", f"{record.device.name!r}, where the case says {case.device!r}")
    if case.is_native and case.precision != "f32":
        yield Fault("$.case.precision", "native frameworks are measured at f32 only")
    if case.is_native and record.device.family != "CPU":
        yield Fault("$.device.family", "native frameworks are measured on the processor only")
    if isinstance(record.generation, Generation) and not case.is_language:
        yield Fault("$.generation", f"{GENAI} generates tokens, and no other engine does")
    if case.is_language:
        for name in ("latency", "throughput", "curve", "open_loop", "end_to_end"):
            if isinstance(getattr(record, name), Measured):
                yield Fault(f"$.{name}", "a language model has no times of inferences")


def device(record: Record) -> Iterator[Fault]:
    """Yield families and executing devices that a device string cannot have."""
    wanted = _kinds(record.case.device)
    if not wanted:
        return
    families = {family for kind in wanted for family in KINDS[kind]}
    mixed = {"other"} if len(families) > 1 else set()
    if record.device.family not in families | mixed:
        yield Fault(
            "$.device.family",
            f"{record.device.family}, where {record.case.device} is {', '.join(sorted(families))}",
        )
    if isinstance(record.execution, Execution):
        executing = [("devices", name) for name in record.execution.devices]
        executing += [("layers", layer.device) for layer in record.execution.layers]
        for field, name in executing:
            kind = name.strip("() ")[:3].upper()
            if kind in KINDS and kind not in wanted:
                yield Fault(
                    f"$.execution.{field}",
                    f"{name} ran it, where {record.case.device} was requested",
                )
                return


def _kinds(device: str) -> set[str]:
    """Return the kinds of physical devices that a string can hand work to; empty: unknown."""
    found = {part[:3].upper() for part in parts(device)}
    # AUTO begins on the processor while another device compiles.
    begun = {"CPU"} if device.upper().startswith("AUTO:") else set()
    return found | begun if found and found <= set(KINDS) else set()


def execution(record: Record) -> Iterator[Fault]:
    """Yield a precision that no layer ran in, and layers that no model has."""
    measured = record.execution
    if not isinstance(measured, Execution):
        return
    layers = sum(one.count for one in measured.layers)
    if layers == 0 and measured.precision != "unknown":
        yield Fault("$.execution.precision", f"{measured.precision[:80]}, of no layers")
    if layers > MOST_LAYERS:
        yield Fault("$.execution.layers", f"{layers:,} layers")
    computing = [one for one in measured.layers if one.compute] or measured.layers
    total = sum(one.count for one in computing)
    if not total or measured.precision in ("mixed", "unknown"):
        return
    inside = sum(one.count for one in computing if one.precision == measured.precision)
    if 2 * inside < total:
        yield Fault(
            "$.execution.precision",
            f"{measured.precision}, in which {inside} of {total} layers that compute ran",
        )


def settings(record: Record) -> Iterator[Fault]:
    """Yield compile properties that were requested for something else."""
    for name, measured, hint in (
        ("latency", record.latency, "LATENCY"),
        ("throughput", record.throughput, "THROUGHPUT"),
    ):
        if isinstance(measured, Latency | Throughput):
            yield from _settings(record, name, measured.settings, hint)


def _settings(record: Record, name: str, found: Settings, hint: str) -> Iterator[Fault]:
    path, requested = f"$.{name}.settings.requested", found.requested
    if requested.get("PERFORMANCE_HINT", hint).upper().rpartition(".")[2] != hint:
        yield Fault(f"{path}.PERFORMANCE_HINT", f"{name} is measured with the hint {hint}")
    precision = requested.get("INFERENCE_PRECISION_HINT", record.case.precision)
    if record.case.precision not in ("default", precision):
        yield Fault(
            f"{path}.INFERENCE_PRECISION_HINT",
            f"{precision}, where the case says {record.case.precision}",
        )


def checksum(record: Record) -> Iterator[Fault]:
    """Yield checksums that are none, of a model that ran."""
    value, files, source = record.model.sha256, record.model.files, record.model.source
    # Nobody else has a local file: its checksum says no more than that two records are of the same.
    fetched = not source.startswith("file:")
    main = files[0].sha256 if files else value
    if value and fetched and (len(set(main)) < _FEWEST_DIGITS or main == _NOTHING):
        yield Fault("$.model.sha256", "not the checksum of a model's file")
    elif value and PINNED.get(source, main) != main:
        yield Fault("$.model.sha256", f"{source} holds another file, {PINNED[source][:8]}…")
    if files and value != checksum_of(files):
        yield Fault("$.model.sha256", "not the checksum of the files that are listed")
    if not isinstance(record.outcome, Completed):
        return
    if not value:
        yield Fault("$.model.sha256", "empty, of a model that ran")
    if record.model.size_bytes == 0:
        yield Fault("$.model.size_bytes", "a file of nothing, of a model that ran")
    for index, dataset in enumerate(record.inputs.user_datasets):
        if not dataset.checksum:
            yield Fault(f"$.inputs.user_datasets[{index}].checksum", "empty")


def weights(record: Record) -> Iterator[Fault]:
    """Yield counts of weights that contradict each other, or the variant of a published file."""
    model, stored = record.model, record.model.weights
    bits = sum(_BITS.get(dtype, 1) * count for dtype, count in stored.items()) or model.parameters
    # Files of architecture alone hold constant weights, which may be stored once.
    if 0 < model.size_bytes < bits / 8 / LARGEST_FILE_TIMES and not model.architecture_only:
        what = f"{model.parameters:,}, in files of {model.size_bytes:,} bytes"
        yield Fault("$.model.parameters", what)
    if not stored:
        return
    if sum(stored.values()) != record.model.parameters:
        yield Fault("$.model.parameters", f"{record.model.parameters}, not the sum of the weights")
    found, variant = stored_as(stored), record.case.variant
    if not isinstance(record.model.origin, Optimized) and found != variant:
        yield Fault("$.case.variant", f"{variant}, and most weights in the file are {found}")


def files(record: Record) -> Iterator[Fault]:
    """Yield files of a model that lie elsewhere, are listed twice, or are smaller than it."""
    model, names = record.model, [one.name for one in record.model.files]
    for index, name in enumerate(names):
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or PurePosixPath(name).is_absolute():
            yield Fault(f"$.model.files[{index}].name", "not a name below the model's folder")
    if len(set(names)) < len(names):
        yield Fault("$.model.files", "a file is listed twice")
    size = sum(one.size_bytes for one in model.files)
    if not names or not isinstance(model.origin, Original):
        return
    if model.size_bytes > size:
        yield Fault("$.model.size_bytes", f"{model.size_bytes}, where all its files have {size}")
    if 0 < model.size_bytes < model.files[0].size_bytes:
        what = f"{model.size_bytes}, where its main file has {model.files[0].size_bytes}"
        yield Fault("$.model.size_bytes", what)


def ports(record: Record) -> Iterator[Fault]:
    """Yield shapes and types that no tensor has, and inputs that are listed twice."""
    # What was timed was fed, in shapes that are known; only a pipeline's own model keeps open ones.
    was_fed = isinstance(record.outcome, Completed) and not record.case.is_language
    for name in ("inputs", "outputs"):
        least = 0 if was_fed and name == "inputs" else -1
        for index, port in enumerate(getattr(record.model, name)):
            path = f"$.model.{name}[{index}]"
            if any(not least <= size <= LARGEST for size in port.shape):
                yield Fault(f"{path}.shape", f"{port.shape} is no shape")
            if not record.case.is_native and not _TYPE.fullmatch(port.dtype):
                yield Fault(f"{path}.dtype", f"{port.dtype[:80]!r} is no type of OpenVINO")
    names = [port.name for port in record.model.inputs]
    if len(set(names)) < len(names):
        yield Fault("$.model.inputs", "an input is listed twice")


def outcome(record: Record) -> Iterator[Fault]:
    """Yield times of a case that did not run."""
    if isinstance(record.outcome, Completed):
        return
    for name in MEASUREMENTS:
        if name not in _BEFORE_ROUNDS and isinstance(getattr(record, name), Measured):
            yield Fault(f"$.{name}", "measured, of a case that failed as a whole")

"""What the compiled model reports of itself: the device, hint, precision and threads requested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ovreport.checks.fault import Fault
from ovreport.engines import ENGINES
from ovreport.record import Latency, Record, Throughput

MOST_PER_PROCESSOR = 4
"""Threads or streams; OpenVINO takes at most one of each a processor."""
_ANOTHER_PRECISION = ("bf16", "f16")
_OPENVINO_ONLY = "PERFORMANCE_HINT"
"""Property that every model is compiled with, and that no other engine has."""


def compiled(record: Record) -> Iterator[Fault]:
    """Yield effective properties that no model compiled for the case has."""
    for name, measured, hint in (
        ("latency", record.latency, "LATENCY"),
        ("throughput", record.throughput, "THROUGHPUT"),
    ):
        if not isinstance(measured, Latency | Throughput):
            continue
        path, settings = f"$.{name}.settings", measured.settings
        if record.case.is_native and _OPENVINO_ONLY in {**settings.requested, **settings.effective}:
            title = ENGINES[record.case.engine].title
            yield Fault(path, f"{_OPENVINO_ONLY} is a property of OpenVINO, and {title} ran it")
        # Of other devices, and of combinations of devices, plugins report what they like.
        elif not record.case.is_native and record.case.device == "CPU":
            yield from _on_processor(record, f"{path}.effective", settings.effective, hint)


def _on_processor(
    record: Record, path: str, effective: Mapping[str, str], hint: str
) -> Iterator[Fault]:
    found = effective.get("PERFORMANCE_HINT", hint)
    if found.upper().rpartition(".")[2] != hint:
        yield Fault(f"{path}.PERFORMANCE_HINT", f"{found[:80]}, where {hint} was requested")
    precision = effective.get("INFERENCE_PRECISION_HINT", "")
    if record.case.precision == "f32" and precision in _ANOTHER_PRECISION:
        yield Fault(f"{path}.INFERENCE_PRECISION_HINT", f"{precision}, where f32 was requested")
    devices = effective.get("EXECUTION_DEVICES", "CPU")
    if "GPU" in devices or "NPU" in devices:
        yield Fault(f"{path}.EXECUTION_DEVICES", f"{devices[:80]}, where CPU was requested")
    for key in ("INFERENCE_NUM_THREADS", "NUM_STREAMS"):
        value = effective.get(key, "")
        if value.isdecimal() and int(value[:9]) > most_at_once(record):
            yield Fault(f"{path}.{key}", _too_many(value[:20], record))


def streams(record: Record) -> Iterator[Fault]:
    """Yield rounds with more streams than a processor is ever divided into."""
    if isinstance(record.throughput, Throughput) and record.case.device == "CPU":
        for index, r in enumerate(record.throughput.rounds):
            if r.streams > most_at_once(record):
                path = f"$.throughput.rounds[{index}].streams"
                yield Fault(path, _too_many(str(r.streams), record))


def most_at_once(record: Record) -> float:
    """Return a count of threads or streams that no processor of this size is given."""
    machine = record.machine
    return MOST_PER_PROCESSOR * max(machine.cores_logical, machine.cores_available, 1)


def _too_many(value: str, record: Record) -> str:
    return f"{value}, on a machine with {record.machine.cores_logical} processors"

"""What OpenVINO says, in words of ours: properties and errors."""

from __future__ import annotations

from typing import Any

from ovreport_collector.engines.runtime import openvino as ov


def first_line(error: BaseException) -> str:
    """Return the last meaningful line of OpenVINO's layered messages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    meaningful = [line for line in lines if not line.startswith(("Exception from", "Check '"))]
    return (meaningful or lines or [type(error).__name__])[-1]


def readable_properties(compiled: Any) -> dict[str, str]:
    """Return every property of a compiled model that can be read."""
    found = {}
    for name in compiled.get_property("SUPPORTED_PROPERTIES"):
        if name in {"SUPPORTED_PROPERTIES", "CACHE_DIR"}:  # a list of names, and a local path
            continue
        try:
            found[str(name)] = property_text(compiled.get_property(name))
        except (RuntimeError, TypeError):  # write-only, or of a type Python cannot hold
            continue
    return found


def property_text(value: Any) -> str:
    """Return a property's value in words: types by name, enums by member, lists by comma."""
    if isinstance(value, ov.Type):
        return str(value.to_string())
    if isinstance(value, (list, tuple, set, frozenset)):
        texts = [property_text(item) for item in value]
        return ", ".join(sorted(texts) if isinstance(value, (set, frozenset)) else texts)
    if isinstance(value, dict):
        return ", ".join(f"{k}={property_text(v)}" for k, v in value.items())
    is_enum = type(value).__module__.startswith("openvino")
    return str(value).rpartition(".")[2] if is_enum else str(value)

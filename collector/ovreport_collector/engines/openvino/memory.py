"""Memory that OpenVINO's plugins count on devices with memory of their own."""

from __future__ import annotations

from typing import Any

from ovreport_collector.engines.openvino.devices import parts
from ovreport_collector.engines.openvino.labels import first_line

_COUNTERS = {
    "GPU": ("GPU_MEMORY_STATISTICS",),
    "NPU": ("NPU_DEVICE_ALLOC_MEM_SIZE", "NPU_DEVICE_TOTAL_MEM_SIZE"),
}
"""Properties of the device: a table of bytes by kind of memory, or one number of bytes."""


def device_memory(core: Any, device: str) -> tuple[dict[str, int], dict[str, str]]:
    """Return bytes by counter, and why other counters are not readable."""
    found: dict[str, int] = {}
    missing: dict[str, str] = {}
    for part in parts(device):
        for name in _COUNTERS.get(part.partition(".")[0].upper(), ()):
            key = f"{part} {name}"
            try:
                value = core.get_property(part, name)
                table = value if isinstance(value, dict) else {"": value}
                found |= {f"{key} {kind}".strip(): int(size) for kind, size in table.items()}
            except (RuntimeError, TypeError, ValueError) as error:
                missing[key] = first_line(error)
    return found, missing

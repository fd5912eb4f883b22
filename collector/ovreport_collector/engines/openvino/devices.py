"""What OpenVINO finds on this machine, and why it does not find the rest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ovreport.device_names import parts
from ovreport.record import Device, Family
from ovreport_collector.engines.openvino.labels import first_line, property_text
from ovreport_collector.engines.runtime import openvino as ov
from ovreport_collector.engines.types import ProbeResult, Unavailable

_PHYSICAL = ("CPU", "GPU", "NPU")
_REMEDIES = {
    "libOpenCL": "Install the OpenCL loader and the GPU's compute driver "
    "(Debian, Ubuntu: apt install ocl-icd-libopencl1 intel-opencl-icd).",
    "GPU": "Check that the GPU's compute driver is installed and that this user may open "
    "/dev/dri/renderD* (group `render`).",
    "NPU": "Install the NPU driver (github.com/intel/linux-npu-driver) and check that this user "
    "may open /dev/accel/accel0 (group `render`).",
}
_NOT_FOR_RECORDS = {
    "SUPPORTED_PROPERTIES",
    "CACHE_DIR",
    "WEIGHTS_PATH",
    "DEVICE_UUID",
    "DEVICE_LUID",
    "COMPATIBILITY_CHECK",
}
"""Lists of names, local paths, and serial numbers that would name one machine."""
_MEMORY_COUNTERS = {
    "GPU": ("GPU_MEMORY_STATISTICS",),
    "NPU": ("NPU_DEVICE_ALLOC_MEM_SIZE", "NPU_DEVICE_TOTAL_MEM_SIZE"),
}
"""Device → its properties: a table of bytes by kind of memory, or one number of bytes."""


def probe(names: Sequence[str], plugins: Mapping[str, str]) -> ProbeResult:
    """Describe the devices of these names, or all that are available where none is given.

    `plugins`: device name → library, registered first.
    """
    core = ov.Core()
    for name, library in plugins.items():
        core.register_plugin(library, name)
    available = list(core.available_devices)
    devices, unavailable = [], []
    for name in names or available:
        try:
            devices.append(_describe(core, name, available))
        except RuntimeError as error:
            unavailable.append(_unavailable(name, error))
    if not names:
        unavailable += _missing(core, available, [*_PHYSICAL, *plugins])
    return ProbeResult(
        openvino=ov.get_version(), available=available, devices=devices, unavailable=unavailable
    )


def device_memory(core: Any, device: str) -> tuple[dict[str, int], dict[str, str]]:
    """Return the bytes that a device's plugins count by counter, and why others are unreadable."""
    found: dict[str, int] = {}
    missing: dict[str, str] = {}
    for part in parts(device):
        for name in _MEMORY_COUNTERS.get(part.partition(".")[0].upper(), ()):
            key = f"{part} {name}"
            try:
                value = core.get_property(part, name)
                table = value if isinstance(value, dict) else {"": value}
                found |= {f"{key} {kind}".strip(): int(size) for kind, size in table.items()}
            except (RuntimeError, TypeError, ValueError) as error:
                missing[key] = first_line(error)
    return found, missing


def _describe(core: Any, name: str, available: list[str]) -> Device:
    physical = parts(name)
    if physical == [name]:
        return _physical(core, name)
    known = [_physical(core, part) for part in physical or available]
    families = {device.family for device in known}
    virtual = name.partition(":")[0]
    # A property of the virtual device itself: fails here and now where the plugin is missing.
    core.get_property(virtual, "FULL_DEVICE_NAME")
    return Device(
        name=name,
        full_name=f"{virtual} over {_counted([d.full_name for d in known])}",
        family=families.pop() if len(families) == 1 else "other",
        driver=", ".join(dict.fromkeys(d.driver for d in known)),
        capabilities=sorted(set.intersection(*(set(d.capabilities) for d in known))),
        properties={f"{d.name}.{k}": v for d in known for k, v in d.properties.items()},
    )


def _counted(names: Sequence[str]) -> str:
    """Return full names, each once, with how many devices have it where several do."""
    counts = Counter(names)
    return " and ".join(name if n == 1 else f"{n} × {name}" for name, n in counts.items())


def _physical(core: Any, name: str) -> Device:
    full_name = str(core.get_property(name, "FULL_DEVICE_NAME")).strip()
    properties = _properties(core, name)
    capabilities = core.get_property(name, "OPTIMIZATION_CAPABILITIES")
    return Device(
        name=name,
        full_name=full_name,
        family=_family(name, properties),
        driver=_driver(properties),
        capabilities=sorted(map(str, capabilities)),
        properties=properties,
    )


def _properties(core: Any, name: str) -> dict[str, str]:
    found = {}
    for key in core.get_property(name, "SUPPORTED_PROPERTIES"):
        if key in _NOT_FOR_RECORDS:
            continue
        try:
            found[str(key)] = property_text(core.get_property(name, key))[:500]
        except (RuntimeError, TypeError):  # write-only, or of a type Python cannot hold
            continue
    return found


def _family(name: str, properties: Mapping[str, str]) -> Family:
    kind = next((k for k in ("NPU", "GPU", "CPU") if k in name.upper()), "")
    if kind == "GPU":
        return "dGPU" if "DISCRETE" in properties.get("DEVICE_TYPE", "").upper() else "iGPU"
    return "CPU" if kind == "CPU" else "NPU" if kind == "NPU" else "other"


def _driver(properties: Mapping[str, str]) -> str:
    for key in ("NPU_DRIVER_VERSION", "GPU_DRIVER_VERSION", "DRIVER_VERSION"):
        if key in properties:
            return properties[key]
    return "built into OpenVINO"


def _missing(core: Any, available: list[str], wanted: list[str]) -> list[Unavailable]:
    """Return the physical devices that should be there, but are not found here."""
    found = {name.partition(".")[0] for name in available}
    missing = []
    for name in wanted:
        if name in found:
            continue
        try:
            core.get_property(name, "FULL_DEVICE_NAME")
            reason: BaseException = RuntimeError("the plugin loads, but lists no device")
        except RuntimeError as error:
            reason = error
        missing.append(_unavailable(name, reason))
    return missing


def _unavailable(name: str, error: BaseException) -> Unavailable:
    text = str(error)
    remedy = _REMEDIES["libOpenCL"] if "libOpenCL" in text else _REMEDIES.get(name[:3].upper(), "")
    reason = first_line(error)
    if name[:3].upper() == "NPU" and "FULL_DEVICE_NAME" in text:
        # The plugin drops its device properties when it finds no driver; its words mislead.
        reason = f"the plugin found no NPU or no driver ({reason})"
    library = re.search(r"(lib\w+\.so[.\d]*): cannot open shared object", text)
    if library:
        reason = f"{library.group(1)} is not installed"
    return Unavailable(name=name, reason=reason, remedy=remedy)

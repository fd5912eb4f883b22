"""Device strings of OpenVINO: the devices that hand the work to others, and to which.

is_virtual("AUTO:GPU.0,CPU")     True
parts("AUTO:GPU.0,CPU")          ["GPU.0", "CPU"]
"""

from __future__ import annotations

import re

VIRTUAL = ("AUTO", "MULTI", "HETERO", "BATCH")
"""Devices that hand the work to others, and cannot be given a precision."""


def is_virtual(device: str) -> bool:
    """Return whether a device string names a virtual device: AUTO:GPU,CPU."""
    return device.partition(":")[0].upper() in VIRTUAL


def parts(device: str) -> list[str]:
    """Return the physical devices that a device string names; of a physical one itself.

    Numbers of requests, `CPU(4)`, and devices that are excluded, `-GPU`, are left out; a virtual
    device without a list has none.
    """
    if not is_virtual(device):
        return [device]
    names = [re.sub(r"\(.*?\)$", "", part.strip()) for part in device.partition(":")[2].split(",")]
    return [name for name in names if name and not name.startswith("-")]

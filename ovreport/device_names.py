"""Device strings of OpenVINO: the devices that hand the work to others, and to which.

is_virtual("AUTO:GPU.0,CPU")     True
parts("AUTO:GPU.0,CPU")          ["GPU.0", "CPU"]
is_batching("BATCH:CPU")         False
"""

from __future__ import annotations

import re

VIRTUAL = ("AUTO", "MULTI", "HETERO", "BATCH")
"""Devices that hand the work to others, and cannot be given a precision."""


def is_virtual(device: str) -> bool:
    """Return whether a device string names a virtual device: AUTO:GPU,CPU."""
    return device.partition(":")[0].upper() in VIRTUAL


def is_batching(device: str) -> bool:
    """Return whether BATCH puts requests together: by a number, or where it can ask for one.

    Of OpenVINO's plugins the GPU's alone has an optimal batch size (its documentation, "Automatic
    Batching"); without one BATCH hands each request on by itself.
    """
    kind, _, names = device.partition(":")
    if kind.upper() != "BATCH":
        return False
    return bool(re.search(r"\(\d+\)$", names)) or names.upper().startswith("GPU")


def parts(device: str) -> list[str]:
    """Return the physical devices that a device string names; of a physical one itself.

    Numbers of requests, `CPU(4)`, and devices that are excluded, `-GPU`, are left out; a virtual
    device without a list has none.
    """
    if not is_virtual(device):
        return [device]
    names = [re.sub(r"\(.*?\)$", "", part.strip()) for part in device.partition(":")[2].split(",")]
    return [name for name in names if name and not name.startswith("-")]

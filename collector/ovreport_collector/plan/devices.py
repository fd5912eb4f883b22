"""Devices: which there are, which can be used, and the precisions that each is measured at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ovreport.device_names import is_virtual
from ovreport.errors import InputError, OvreportError, did_you_mean
from ovreport.record import Device, Precision
from ovreport_collector.engines.types import ProbeResult
from ovreport_collector.plan.probe import ProbeJob
from ovreport_collector.process import child, workspace
from ovreport_collector.process.job import JobFailed

PROBE_LIMIT_S = 120.0
"""After which a driver that hangs is stopped."""


def probe(
    devices: Sequence[str], plugins: Mapping[str, str], *, python: Path | None = None
) -> ProbeResult:
    """Ask OpenVINO for its devices, in a process of its own: a driver may crash it.

    `python`: interpreter of the environment whose OpenVINO is asked; None: our own.
    """
    with workspace.working_folder() as work:
        job = ProbeJob(devices=list(devices), plugins=dict(plugins))
        result = child.run(job, work, limit_s=PROBE_LIMIT_S, python=python)
    if isinstance(result, JobFailed) and plugins:
        raise InputError(
            f"a plugin cannot be registered: {result.reason}",
            where="--plugin",
            remedy="Use a name that OpenVINO does not have yet, and a library built for this "
            "release.",
        )
    if isinstance(result, JobFailed):
        raise OvreportError(
            f"OpenVINO could not list its devices: {result.reason}",
            where=str(python or ""),
            remedy=result.stderr_tail or "Check the installation: python -c 'import openvino'",
        )
    return result


def usable(probed: ProbeResult, requested: set[str]) -> list[Device]:
    """Return the devices that were found; InputError if one that is wanted cannot be used.

    None requested: every available device is wanted, and there must be one.
    """
    wanted = [u for u in probed.unavailable if u.name in requested | set(probed.available)]
    if wanted or not probed.devices:
        first = (wanted or probed.unavailable)[0]
        raise InputError(
            f"device {first.name!r} cannot be used: {first.reason}",
            where="--device",
            remedy=f"{did_you_mean(first.name, probed.available)}Available: "
            f"{', '.join(probed.available) or 'none'}. "
            "`ovreport devices` says why others are not.",
        )
    return probed.devices


def default_precisions(device: Device) -> tuple[Precision, ...]:
    """Return the precisions of a device that are worth comparing.

    They are f32 and the device's default precision, if it can run f32 and they differ.
    """
    default = device.properties.get("INFERENCE_PRECISION_HINT", "")
    if is_virtual(device.name) or "FP32" not in device.capabilities:
        return ("default",)
    return ("f32",) if default == "f32" else ("f32", "default")

"""What this machine is, without anything that names it or its user."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import psutil

from ovreport import __version__
from ovreport.record import Machine, Software
from ovreport.store import slug
from ovreport_collector.machine import cgroup, procfs
from ovreport_collector.machine.procfs import ROOT, read_text

UNKNOWN = "unknown"
_NONE: Mapping[str, str] = MappingProxyType({})
_FLAGS = (
    "avx",
    "avx2",
    "avx_vnni",
    "fma",
    "f16c",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
    "amx_fp16",
    "asimd",
    "asimddp",
    "bf16",
    "i8mm",
    "sve",
)
"""Instruction sets that matter to inference."""
_CPU = "sys/devices/system/cpu"


def describe(root: Path = ROOT) -> Machine:
    """Return this machine, as the files of the kernel below a root have it."""
    info = procfs.cpuinfo(root)
    cpu = info.get("model name") or info.get("Processor") or platform.processor() or UNKNOWN
    sockets = _sockets(root)
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    logical = psutil.cpu_count(logical=True) or 1
    memory = int(psutil.virtual_memory().total)
    hypervisor = virtualised(root)
    flags = [flag for flag in _FLAGS if flag in info.get("flags", "").split()]
    # Memory is rounded: what the firmware keeps for itself differs between boots. Hypervisors hide
    # what a processor is, but not its instruction sets; how they call themselves is not hardware.
    gib = round(memory / 2**30)
    is_virtual = hypervisor != "no"
    hardware = [cpu, platform.machine(), sockets, physical, logical, gib, is_virtual, flags]
    checksum = hashlib.sha256(repr(hardware).encode()).hexdigest()[:6]
    return Machine(
        id=f"{slug(_short(cpu))[:40]}-{physical}c-{gib}g-{checksum}",
        cpu=cpu,
        architecture=platform.machine(),
        sockets=sockets,
        cores_physical=physical,
        cores_logical=logical,
        cores_available=available_cores(root),
        memory_bytes=memory,
        virtualised=hypervisor,
        governor=procfs.governor(root) or UNKNOWN,
        turbo=procfs.turbo(root),
        smt=procfs.smt(root),
        power_source=procfs.power_source(root),
        cpu_flags=flags,
    )


def software(openvino: str, packages: Mapping[str, str] = _NONE) -> Software:
    """Return the versions of everything between a model and the silicon."""
    return Software(
        ovreport=__version__,
        openvino=openvino,
        python=platform.python_version(),
        os=_os_name(),
        kernel=platform.release(),
        packages={"numpy": importlib.metadata.version("numpy"), **packages},
    )


def available_cores(root: Path = ROOT) -> float:
    """Return how many processors affinity and cgroup limits leave to us; a quota may leave 1.5."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    allowed, quota = affinity or 1, cgroup.limits(root).cpus
    return allowed if quota is None else min(allowed, round(quota, 3))


def virtualised(root: Path = ROOT) -> str:
    """Return `no`, or the hypervisor's name as far as it is known."""
    if root == ROOT and (found := _detected()):
        return found
    if "hypervisor" in procfs.cpuinfo(root).get("flags", "").split():
        vendor = read_text(root / "sys/class/dmi/id/sys_vendor")
        kind = vendor or read_text(root / "sys/hypervisor/type")
        return kind or "yes, by an unnamed hypervisor"
    return "no"


def _detected() -> str:
    """Return what systemd calls the hypervisor; empty where there is none, or no systemd."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        found = subprocess.run(
            ["systemd-detect-virt", "--vm"],  # noqa: S607 (found by PATH; absent on many systems)
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        ).stdout.strip()
        return "" if found == "none" else found
    return ""


def _sockets(root: Path) -> int:
    """Return how many processors are plugged in; 1 where that cannot be read."""
    ids = (root / _CPU).glob("cpu[0-9]*/topology/physical_package_id")
    return len({read_text(path) for path in ids} - {""}) or 1


def _short(cpu: str) -> str:
    cleaned = re.sub(r"\((R|TM|C)\)|@.*|\b(CPU|Processor|with .*)\b", " ", cpu, flags=re.IGNORECASE)
    return " ".join(cleaned.split()) or UNKNOWN


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        return platform.system()

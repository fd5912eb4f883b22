"""How the machine is set up, and how much of it we may use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from ovreport.metrics.evidence import is_whole
from ovreport_collector.doctor.check import NOISY, SMALLER, Check, Status, gib
from ovreport_collector.machine import cgroup, describe, procfs

_MEMORY_BYTES = (2**29, 2**31)
"""Below the first the models of the built-in suites do not fit, below the second not all do."""
_DISK_BYTES = (2**28, 2**30)
"""Below the first the quick suite's files do not fit, below the second not the standard suite's."""


def checks(cache: Path, root: Path) -> Iterator[Check]:
    """Yield what is set; `cache` is the folder of models."""
    yield _governor(procfs.governor(root))
    yield _turbo(procfs.turbo(root))
    yield _power(procfs.power_source(root))
    yield _smt(procfs.smt(root))
    yield _virtualised(describe.virtualised(root))
    yield _affinity(procfs.allowed_processors(root), procfs.online_processors(root))
    yield _quota(cgroup.limits(root).cpus, procfs.allowed_processors(root))
    yield _memory(procfs.memory_bytes(root).get("MemAvailable"), cgroup.limits(root).memory_bytes)
    yield _disk(cache)


def _governor(found: str) -> Check:
    status: Status = "ok"
    if not found:
        status = "unknown"
    elif found == "powersave":
        status = "bad"
    elif found != "performance" and "hardware-managed" not in found:
        status = "warn"
    return Check(
        id="governor",
        title="Frequency governor",
        status=status,
        value=found or "not reported (usual on virtual machines)",
        why="`powersave` keeps the clock low, and others follow the load with a delay.",
        effect=f"The clock stays low. {NOISY}" if status == "bad" else "",
        remedy="sudo cpupower frequency-set -g performance" if status in {"bad", "warn"} else "",
    )


def _turbo(found: str) -> Check:
    return Check(
        id="turbo",
        title="Turbo",
        status="unknown" if found == "unknown" else "ok",
        value="not reported (usual on virtual machines)" if found == "unknown" else found,
        why="On, the clock depends on heat and on how many cores work, as it does for users; off, "
        "numbers are steadier, and lower. Compare machines in the same state.",
    )


def _power(found: str) -> Check:
    on_battery = found == "battery"
    return Check(
        id="power-source",
        title="Power source",
        status="bad" if on_battery else "ok" if found == "mains" else "unknown",
        value="not reported (usual without a battery)" if found == "unknown" else found,
        why="On battery processors run slower.",
        effect=f"Processors run slower. {NOISY}" if on_battery else "",
        remedy="Plug the machine in." if on_battery else "",
    )


def _smt(found: str) -> Check:
    return Check(
        id="smt",
        title="Hyper-threading",
        status="unknown" if found == "unknown" else "ok",
        value="not reported" if found == "unknown" else found,
        why="Two threads of one core slow each other; OpenVINO chooses how many it uses. It is "
        "reported with every result.",
    )


def _virtualised(found: str) -> Check:
    real = found == "no"
    return Check(
        id="virtualised",
        title="Virtual machine",
        status="ok" if real else "warn",
        value=found,
        why="Neighbours disturb what this system cannot see. Ratios of interleaved cases hold "
        "where absolute times do not.",
        remedy="" if real else "Publish absolute times from bare metal.",
    )


def _affinity(allowed: int, online: int) -> Check:
    fewer = 0 < allowed < online
    return Check(
        id="affinity",
        title="Processors we may use",
        status="warn" if fewer else "ok" if allowed else "unknown",
        value=f"{allowed} of {online or allowed}" if allowed else "not reported",
        why="With fewer than the machine has, its numbers are those of a smaller one.",
        effect=SMALLER if fewer else "",
        remedy="Start without `taskset`; in a container, without `--cpuset-cpus`." if fewer else "",
    )


def _quota(cpus: float | None, allowed: int) -> Check:
    part = cpus is not None and not is_whole(cpus)
    below = cpus is not None and 0 < cpus < allowed
    return Check(
        id="cgroup-cpus",
        title="Processor quota",
        status="bad" if part else "warn" if below else "ok",
        value="none" if cpus is None else f"{cpus:.2f} processors",
        why="When a quota is used up all threads stand still, the more often if it is not whole.",
        effect=f"All threads stand still when it is used up. {NOISY}"
        if part
        else SMALLER
        if below
        else "",
        remedy="Give the container whole processors: `docker run --cpuset-cpus=0-3`, not `--cpus`."
        if part or below
        else "",
    )


def _memory(available: int | None, limit: int | None) -> Check:
    least = min((size for size in (available, limit) if size is not None), default=None)
    status: Status = "unknown" if least is None else _room(least, _MEMORY_BYTES)
    within = "" if limit is None else f", at most {gib(limit)} by the control group"
    return Check(
        id="memory",
        title="Free memory",
        status=status,
        value=("not reported" if available is None else gib(available)) + within,
        why="A short memory swaps, or ends the measuring process.",
        effect="Measuring processes may be ended by the system." if status == "bad" else "",
        remedy="Close other programs, or measure smaller models."
        if status in {"bad", "warn"}
        else "",
    )


def _disk(cache: Path) -> Check:
    there = next((folder for folder in (cache, *cache.parents) if folder.is_dir()), None)
    try:
        free = None if there is None else shutil.disk_usage(there).free
    except OSError:
        free = None
    status: Status = "unknown" if free is None else _room(free, _DISK_BYTES)
    return Check(
        id="disk",
        title="Free disk for models",
        status=status,
        value=f"{'not reported' if free is None else gib(free)} at {cache}",
        why="Models and their caches are kept there; a full disk stops a collect.",
        effect="Models may not fit, and the collect would stop." if status == "bad" else "",
        remedy="Free space, or name another folder: `export OVREPORT_CACHE=/path`."
        if status in {"bad", "warn"}
        else "",
    )


def _room(size_bytes: int, limits: tuple[int, int]) -> Status:
    return "bad" if size_bytes < limits[0] else "warn" if size_bytes < limits[1] else "ok"

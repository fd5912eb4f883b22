"""The control group that this process runs in: what it allows, and how often it held us up.

Both versions are read, and mixtures of them. A limit of any group above ours binds us too, so
the tightest one counts (the kernel's admin guide: cgroup-v2, scheduler/sched-bwc).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ovreport_collector.machine.procfs import ROOT, read_text

_NO_LIMIT_BYTES = 2**60
"""Version 1 writes a number near 2⁶³ where there is no limit."""


@dataclass(frozen=True)
class Limits:
    """What our group may use; None: no limit."""

    cpus: float | None
    """Processor seconds a second."""
    memory_bytes: int | None


def limits(root: Path = ROOT) -> Limits:
    """Return the tightest limits of our group and the groups above it."""
    return Limits(
        cpus=min(_quotas(root), default=None), memory_bytes=min(_memory_limits(root), default=None)
    )


def throttling(root: Path = ROOT) -> dict[str, float]:
    """Return in how many periods, and for how long, groups stood still: their quota was used up.

    Time is summed over processors, so it may pass faster than the clock.
    """
    periods = seconds = 0.0
    found = False
    for folder in [*_unified(root), *_version1(root, "cpu")]:
        stat = dict(_pairs(read_text(folder / "cpu.stat")))
        if "nr_throttled" in stat:
            found = True
            periods += stat["nr_throttled"]
            seconds += stat.get("throttled_usec", 0) / 1e6 + stat.get("throttled_time", 0) / 1e9
    return {"cgroup_throttled_periods": periods, "cgroup_throttled_s": seconds} if found else {}


def _quotas(root: Path) -> Iterator[float]:
    for folder in _unified(root):
        quota, _, period = read_text(folder / "cpu.max").partition(" ")
        yield from _quota(quota, period)
    for folder in _version1(root, "cpu"):
        yield from _quota(
            read_text(folder / "cpu.cfs_quota_us"), read_text(folder / "cpu.cfs_period_us")
        )


def _quota(quota: str, period: str) -> Iterator[float]:
    """Yield the processors of a quota; `max` and -1 are none."""
    if _is_positive(quota) and _is_positive(period):
        yield int(quota) / int(period)


def _memory_limits(root: Path) -> Iterator[int]:
    texts = [
        *(read_text(folder / "memory.max") for folder in _unified(root)),
        *(read_text(folder / "memory.limit_in_bytes") for folder in _version1(root, "memory")),
    ]
    yield from (int(t) for t in texts if _is_positive(t) and int(t) < _NO_LIMIT_BYTES)


def _unified(root: Path) -> list[Path]:
    """Return the folders of our group and those above it, of version 2."""
    mount = root / "sys/fs/cgroup"
    path = _path(root, "")
    return _chain(mount / "unified" if (mount / "unified").is_dir() else mount, path)


def _version1(root: Path, controller: str) -> list[Path]:
    """Return the folders of our group and those above it, of a controller of version 1."""
    mount = root / "sys/fs/cgroup" / controller  # a link, where controllers share a mount
    return _chain(mount, _path(root, controller))


def _path(root: Path, controller: str) -> str:
    """Return our group's path in a hierarchy; `controller` is empty for version 2."""
    for line in read_text(root / "proc/self/cgroup").splitlines():
        _number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controller in controllers.split(","):
            return path
    return "/"


def _chain(mount: Path, path: str) -> list[Path]:
    # A container may see its path on the host, of which it sees only the end: the mount itself.
    parts = [part for part in path.split("/") if part not in {"", ".", ".."}]
    folders = [mount.joinpath(*parts[:n]) for n in range(len(parts), -1, -1)]
    return [folder for folder in folders if folder.is_dir()]


def _pairs(text: str) -> Iterator[tuple[str, float]]:
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if _is_positive(value) or value == "0":
            yield key, float(value)


def _is_positive(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 20 and int(text) > 0

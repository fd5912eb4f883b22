"""Processes and their processor time: ours, with all that we started, and everybody else's."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ovreport_collector.machine.procfs import ROOT, TICKS_PER_S, matching, read_text


@dataclass(frozen=True)
class Process:
    """One process at one moment, from /proc/PID/stat."""

    pid: int
    parent: int
    name: str
    """As it calls itself: any bytes at all."""
    started: int
    """Distinguishes it from a later process of the same number."""
    cpu_s: float
    waited_s: float
    """Of children that ended and were waited for."""


def parse(text: str) -> Process | None:
    """Return a process of the text of its stat file; None where that is garbled."""
    # A name may hold spaces and brackets: it ends at the last one.
    head, closed, tail = text.rpartition(")")
    number, opened, name = head.partition(" (")
    fields = tail.split()
    try:
        user, system, waited_user, waited_system = map(int, fields[11:15])
        pid, parent, started = int(number), int(fields[1]), int(fields[19])
    except (ValueError, IndexError):
        return None
    if not (closed and opened):
        return None
    return Process(
        pid=pid,
        parent=parent,
        name=name,
        started=started,
        cpu_s=(user + system) / TICKS_PER_S,
        waited_s=(waited_user + waited_system) / TICKS_PER_S,
    )


def everyone(root: Path = ROOT) -> list[Process]:
    """Return all processes that we may see."""
    return list(_read(root, [folder.name for folder in matching(root / "proc", "[0-9]*")]))


def started_by(pid: int, root: Path = ROOT) -> list[Process]:
    """Return the living descendants of a process, at any depth."""
    found: list[Process] = []
    known = {pid}
    children = _children if (root / f"proc/{pid}/task/{pid}/children").exists() else _of_parent
    wave = [pid]
    while wave:
        # In files that change while they are read a process may seem its own ancestor.
        new = [p for p in children(root, wave) if p.pid not in known]
        known |= {p.pid for p in new}
        found += new
        wave = [p.pid for p in new]
    return found


def own_cpu_s(root: Path = ROOT) -> float:
    """Return the processor time of this process and of all that it started, living or ended."""
    for _ in range(3):
        before = os.times()
        living = sum(p.cpu_s + p.waited_s for p in started_by(os.getpid(), root))
        after = os.times()
        # A child that ended between the two would be counted twice.
        if before[2:4] == after[2:4]:
            break
    return after.user + after.system + after.children_user + after.children_system + living


def _children(root: Path, parents: list[int]) -> Iterator[Process]:
    """Yield the children of processes: each thread lists those that it started."""
    for pid in parents:
        for thread in matching(root / f"proc/{pid}/task", "[0-9]*"):
            yield from _read(root, read_text(thread / "children").split())


def _of_parent(root: Path, parents: list[int]) -> Iterator[Process]:
    """Yield the same where the kernel does not list children (CONFIG_PROC_CHILDREN)."""
    yield from (process for process in everyone(root) if process.parent in parents)


def _read(root: Path, pids: list[str]) -> Iterator[Process]:
    for pid in pids:
        process = parse(_bytes_as_text(root / "proc" / pid / "stat"))
        if process is not None:
            yield process


def _bytes_as_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", errors="backslashreplace")
    except OSError:  # it ended meanwhile
        return ""


def own_switches() -> dict[str, float]:
    """Return the context switches of this process, as readings of a round (getrusage(2))."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "involuntary_switches": float(usage.ru_nivcsw),
        "voluntary_switches": float(usage.ru_nvcsw),
    }

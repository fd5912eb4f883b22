"""Peak memory of the control group (cgroup v2), where it holds nothing but this measurement.

It counts what the resident set does not: page cache that was read in, kernel memory, and what the
process gave back in between. Source: Documentation/admin-guide/cgroup-v2.rst of the kernel.
"""

from __future__ import annotations

import os
from pathlib import Path

PEAK, START = "cgroup_peak_bytes", "cgroup_start_bytes"

_NO_FILE = (
    "this control group has no memory.peak: it is the root group or a version 1 one, its memory "
    "controller is off, or the kernel is older than 5.19"
)
_NO_RESET = (
    "memory.peak cannot be reset (it takes Linux 6.12 or newer and permission to write), so that "
    "it is of what ran before"
)


class CgroupPeak:
    """Peak of the group from now on."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._group = Path()
        self._peak = -1
        self._start = 0
        self.why_not = self._begin()
        """Why there is no value; empty where there is one."""

    def counters(self) -> dict[str, int]:
        """Return the peak so far and the usage at the start, in bytes; empty: see `why_not`."""
        if self.why_not:
            return {}
        try:
            self.why_not = self._shared()
            if not self.why_not:
                return {PEAK: int(os.pread(self._peak, 64, 0)), START: self._start}
        except (OSError, ValueError) as error:
            self.why_not = _unreadable(error)
        return {}

    def _begin(self) -> str:
        try:
            self._group = _own_group(self._root)
            if not (self._group / "memory.peak").is_file():
                return _NO_FILE
            shared = self._shared()
            if shared:
                return shared
            self._start = int((self._group / "memory.current").read_text())
        except (OSError, ValueError) as error:
            return _unreadable(error)
        try:
            # The reset holds for this descriptor alone: nobody else's value changes.
            self._peak = os.open(self._group / "memory.peak", os.O_RDWR | os.O_CLOEXEC)
            os.write(self._peak, b"reset\n")
        except OSError:
            return _NO_RESET
        return ""

    def _shared(self) -> str:
        """Return who else is in the group; our ancestors, which wait for us, are ours."""
        files = self._group.rglob("cgroup.procs")
        members = {int(pid) for file in files for pid in file.read_text().split()}
        others = members - _own_line(self._root)
        if not others:
            return ""
        them = "another process" if len(others) == 1 else f"{len(others)} other processes"
        return f"the control group is shared with {them}, whose memory it counts too"


def _unreadable(error: Exception) -> str:
    # Without the path: it may name a user's session.
    why = error.strerror if isinstance(error, OSError) else str(error)
    return f"the control group cannot be read: {why}"


def _own_group(root: Path) -> Path:
    lines = (root / "proc/self/cgroup").read_text().splitlines()
    path = next((line[3:] for line in lines if line.startswith("0::")), None)
    if path is None:
        raise ValueError("there is no version 2 group")
    return root / "sys/fs/cgroup" / path.lstrip("/")


def _own_line(root: Path) -> set[int]:
    """Return this process and its ancestors."""
    found: set[int] = set()
    pid: int | None = os.getpid()
    while pid and pid not in found:
        found.add(pid)
        pid = _parent(root, pid)
    return found


def _parent(root: Path, pid: int) -> int | None:
    """Return a process's parent; None where it has ended or cannot be read."""
    try:
        status = (root / "proc" / str(pid) / "status").read_text()
        return next(int(ln.split()[1]) for ln in status.splitlines() if ln.startswith("PPid:"))
    except (OSError, StopIteration):
        return None

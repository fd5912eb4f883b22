"""Where a collect works: one at a time, in a temporary folder, into a folder of records."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import filelock
from rich.console import Console

from ovreport import paths
from ovreport.errors import disk_errors
from ovreport_collector.process import child

_PREFIX = "ovreport-"
_IN_USE = "in-use"


@contextlib.contextmanager
def one_at_a_time(console: Console) -> Iterator[None]:
    """Wait until no other collect runs on this machine: two would measure each other."""
    folder = paths.state()
    remedy = "Name a folder that can be written in OVREPORT_STATE."
    with disk_errors("cannot be written", where=folder, remedy=remedy):
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / "collect.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            console.print("Another collect runs on this machine: waiting for it to end.")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def working_folder() -> Iterator[Path]:
    """Make a temporary folder; those that killed processes left are removed first.

    Each may hold hundreds of megabytes. One that is in use is locked by its user, and the kernel
    unlocks it however that one ends.
    """
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        _remove_unused(left)
    with child.storing(parent):
        # It gets its name once it is locked: another process that is just cleaning up would take
        # it for one that was left.
        new = Path(tempfile.mkdtemp(prefix=f"new-{_PREFIX}"))
        lock = filelock.FileLock(new / _IN_USE)
        lock.acquire()
        work = new.rename(new.with_name(new.name.removeprefix("new-")))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        lock.release()


def _remove_unused(folder: Path) -> None:
    in_use = folder / _IN_USE
    # Without that file it is no folder of ours, another user's, or its user is just beginning.
    with contextlib.suppress(OSError, filelock.Timeout):
        if in_use.is_file() and not folder.is_symlink():
            with filelock.FileLock(in_use, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)


def check_writable(out: Path) -> None:
    """Raise StoreError, before anything is measured, if no record can be written below `out`."""
    remedy = "Name another folder with --out, or free space."
    with disk_errors("records cannot be written here", where=out, remedy=remedy):
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out) as file:
            file.write(b"ovreport")
            file.flush()
            os.fsync(file.fileno())

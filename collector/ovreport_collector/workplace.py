"""Where a collect works: alone on its machine, in a folder that goes away, into one that stays."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import filelock
from rich.console import Console

from ovreport import folders
from ovreport.errors import StoreError
from ovreport_collector import child

_PREFIX = "ovreport-collect-"


@contextlib.contextmanager
def one_at_a_time(console: Console) -> Iterator[None]:
    """Wait until no other collect runs on this machine: two would measure each other."""
    folder = folders.state()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / "collect.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            console.print("Another collect runs on this machine: waiting for it to end.")
            lock.acquire()
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror or error}",
            where=str(folder),
            remedy="Name a folder that can be written in OVREPORT_STATE.",
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def working_folder() -> Iterator[Path]:
    """Make a temporary folder; one that a killed collect left is removed first.

    It may hold hundreds of megabytes. Which one it is stands in the state folder, whose lock must
    be held: other collects of other state folders have theirs beside it.
    """
    note = folders.state() / "working-folder"
    _remove_left(note)
    with child.storing(Path(tempfile.gettempdir())):
        work = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with child.storing(note.parent):
            note.write_text(str(work))
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        with contextlib.suppress(OSError):
            note.unlink()


def _remove_left(note: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        left = Path(note.read_text())
        if left.name.startswith(_PREFIX) and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


def check_writable(out: Path) -> None:
    """Raise StoreError, before anything is measured, if no record can be written below `out`."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out) as file:
            file.write(b"ovreport")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(
            f"records cannot be written here: {error.strerror or error}",
            where=str(out),
            remedy="Name another folder with --out, or free space.",
        ) from error

"""Disks that fill up or become read-only in mid-run: reported, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ovreport import store
from tests.collector.killing import Place, half_written
from tests.collector.test_kill import check_end, wait_for

pytestmark = pytest.mark.slow


@dataclass
class Disk:
    """A small file system of its own."""

    root: Path

    def fill(self) -> None:
        """Leave no byte free."""
        handle = os.open(self.root / "filler", os.O_WRONLY | os.O_CREAT)
        try:
            for size in (65536, 4096, 1):
                with contextlib.suppress(OSError):  # there is no space left
                    while os.write(handle, bytes(size)):
                        pass
        finally:
            os.close(handle)

    def free(self) -> None:
        """Give the space back."""
        (self.root / "filler").unlink()

    def forbid(self) -> None:
        """Take no more writes."""
        _mount("-o", "remount,ro", str(self.root))

    def allow(self) -> None:
        """Take writes again."""
        _mount("-o", "remount,rw", str(self.root))


def _mount(*arguments: str) -> None:
    command = [shutil.which("mount") or "mount", *arguments]
    subprocess.run(command, check=True, capture_output=True, text=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Mount 16 MB of memory as a disk; skipped where that is not allowed."""
    root = tmp_path / "disk"
    root.mkdir()
    try:
        _mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", str(root))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a tmpfs cannot be mounted here: {error}")
    try:
        yield Disk(root)
    finally:
        subprocess.run([shutil.which("umount") or "umount", "--lazy", str(root)], check=False)


@pytest.mark.parametrize("what", ["out", "state", "temporary"])
def test_a_disk_that_fills_up_stops_the_run_and_loses_nothing(
    tmp_path: Path, disk: Disk, what: str
) -> None:
    """Exit code 1, folder and remedy; with room again the same command goes on to whole records."""
    stopped(Place(tmp_path / "place"), disk, what, disk.fill, disk.free, "No space left on device")


def test_a_folder_that_becomes_read_only_loses_nothing(tmp_path: Path, disk: Disk) -> None:
    """Permission revoked in mid-run: the records are written once it is given back."""
    place = Place(tmp_path / "place")
    stopped(place, disk, "out", disk.forbid, disk.allow, "Read-only file system")


def stopped(place: Place, disk: Disk, what: str, breaks, mends, reason: str) -> None:
    """Break a disk after the first round, look at how the collect ends, mend it and go on."""
    folder = disk.root / what
    folder.mkdir()
    if what == "out":
        place.out = folder
    journals = folder / "runs" if what == "state" else place.root / "state" / "runs"
    place.journal_folder = journals
    process = place.start(**{} if what == "out" else {what: folder})
    wait_for(lambda: place.rounds, process)
    # Again and again: what the collect itself removes may be room enough for the rest of it.
    end = time.monotonic() + 120
    while process.is_alive() and time.monotonic() < end:
        breaks()
        process.join(0.05)
    assert process.exitcode == 1, place.said[-2000:]
    assert reason in place.said
    assert str(folder) in place.said
    assert "→" in place.said
    assert "Traceback" not in place.said
    kept = place.rounds
    assert kept
    assert not store.read_all([place.out]).records
    assert list(half_written(place)) == []
    mends()
    again = place.start(**{} if what == "out" else {what: folder})
    again.join(120)
    assert again.exitcode == 0, place.said[-2000:]
    check_end(place, 1, kept)

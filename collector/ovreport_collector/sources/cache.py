"""The cache: files named by their checksum, each put there whole or not at all.

    <cache>/wheels/<sha256>/<file>.whl
    <cache>/files/<sha256>/<name>

What is in the cache is hashed each time it is used, so that a damaged file is noticed and
fetched again. Processes that want the same file wait for each other.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ovreport import paths
from ovreport.errors import SourceError

WAIT_S = 1800.0
"""How long to wait for another process that fetches the same file."""


def wheel_path(sha256: str, name: str) -> Path:
    """Return where a wheel is kept."""
    return paths.cache() / "wheels" / sha256 / name


def file_path(sha256: str, name: str) -> Path:
    """Return where a single file is kept."""
    return paths.cache() / "files" / sha256 / name


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def holds(path: Path, sha256: str) -> bool:
    """Return whether the file is there and is what it should be."""
    try:
        return sha256_of(path) == sha256
    except OSError:
        return False


def obtain(path: Path, sha256: str, what: str, make: Callable[[Path], Path]) -> Path:
    """Return `path`, fetched first where it is missing or damaged.

    `make` gets an empty folder and returns the file that it wrote there; the file is moved to
    `path` only if its checksum is right. Nobody ever sees a half-written file at `path`.
    """
    if holds(path, sha256):
        return path
    try:
        for _ in _only_one(sha256):
            if not holds(path, sha256):  # another process may just have done so
                _make(path, sha256, what, make)
    except Timeout:
        raise SourceError(
            f"another process has been fetching it for {WAIT_S / 60:.0f} minutes",
            where=what,
            remedy="end that process, then run this command again",
        ) from None
    except OSError as error:
        raise SourceError(
            f"the cache {paths.cache()} cannot be written: {error.strerror or error}",
            where=what,
            remedy=f"make room or mend its rights, or set {paths.CACHE} to another folder",
        ) from error
    return path


def _make(path: Path, sha256: str, what: str, make: Callable[[Path], Path]) -> None:
    work = paths.cache() / "tmp" / sha256
    shutil.rmtree(work, ignore_errors=True)  # what a killed process may have left
    work.mkdir(parents=True)
    try:
        made = make(work)
        check(made, sha256, what)
        path.parent.mkdir(parents=True, exist_ok=True)
        made.replace(path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check(path: Path, sha256: str, what: str) -> None:
    """Raise SourceError unless the file has that checksum."""
    found = sha256_of(path)
    if found != sha256:
        raise SourceError(
            f"not what the suite pins: sha256 is {found}, expected {sha256}",
            where=what,
            remedy="do not use it; if the file was changed on purpose, pin the new checksum",
        )


def _only_one(sha256: str) -> Iterator[None]:
    locks = paths.cache() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"{sha256}.lock", timeout=WAIT_S):
        yield

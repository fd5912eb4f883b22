"""What a build computed of a record, kept by the checksum of the record's file.

One SQLite file, which several builds may use at once and CI may carry from run to run. Deleting it
loses nothing but time. It is never trusted: an entry has a checksum of its own, is decoded by its
type, and is found under a key that holds the edition of the code; what does not fit is computed
again.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import sys
import time
import zlib
from collections.abc import Iterator
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path

_MAX_BYTES = 4 * 1024**3
"""A larger file is begun anew."""
_MAX_AGE_S = 30 * 24 * 3600
"""Files of other editions go when nothing has used them for so long."""
_LIBRARIES = ("msgspec", "numpy", "jinja2", "markupsafe", "altair", "vl-convert-python")
"""What else decides the bytes of what is kept."""
_SEAL = 16
_BATCH = 500
"""Entries that are written in one transaction."""


class Cache:
    """Bytes by a kind and a checksum; without a folder, for one build, in a temporary file."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / f"records-{edition()}.sqlite"
        found = _opened(self._path) if self._path else None
        if found is None:
            self._path = None
        self._database = found or _connected("")
        self._puts = 0
        self._is_writable = True

    def get(self, kind: str, key: bytes) -> bytes | None:
        """Return what was kept; None where there is nothing, or not what was put there."""
        with self._errors():
            found = self._database.execute(
                "SELECT data FROM kept WHERE key = ?", (_key(kind, key),)
            ).fetchone()
            if found and isinstance(found[0], bytes):
                return _unsealed(found[0], kind, key)
        return None

    def put(self, kind: str, key: bytes, data: bytes) -> None:
        """Keep some bytes; where that is not possible, they are computed again next time."""
        if not self._is_writable:
            return
        with self._errors():
            self._database.execute(
                "INSERT OR REPLACE INTO kept VALUES (?, ?)",
                (_key(kind, key), _seal(data, kind, key) + data),
            )
            self._puts += 1
            if self._puts % _BATCH == 0:
                self._database.commit()

    def close(self) -> None:
        """Write what is not on the disk yet."""
        with self._errors():
            self._database.commit()
        self._database.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Go on without the file where it is broken, full, or held by another build for long."""
        try:
            yield
        except sqlite3.Error as error:
            self._is_writable = False
            if self._path and not isinstance(error, sqlite3.OperationalError):
                self._path.unlink(missing_ok=True)  # broken: the next build begins anew
                self._path = None


@cache
def edition() -> str:
    """Return what decides what is computed of a record: our code, and the libraries beneath."""
    libraries = [f"{name} {metadata.version(name)}" for name in _LIBRARIES]
    digest = hashlib.sha256(repr((sys.version, zlib.ZLIB_RUNTIME_VERSION, libraries)).encode())
    for package in ("ovreport", "ovreport_sitegen"):
        for path in sorted(_sources(resources.files(package)), key=str):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for path in folder.iterdir():
        if path.is_dir():
            found += _sources(path)
        elif path.name.endswith(".py"):
            found.append(path)
    return found


def _opened(path: Path) -> sqlite3.Connection | None:
    """Return a database; None where there can be none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        return _connected(str(path))
    except (OSError, sqlite3.OperationalError):  # read-only, full, held by another build
        return None
    except sqlite3.DatabaseError:  # damaged, or something else of that name
        return _begun_anew(path)


def _begun_anew(path: Path) -> sqlite3.Connection | None:
    try:
        path.unlink(missing_ok=True)
        return _connected(str(path))
    except (OSError, sqlite3.Error):
        return None


def _connected(name: str) -> sqlite3.Connection:
    """Return a connection to a file, or to a temporary one where the name is empty."""
    database = sqlite3.connect(name, timeout=1)
    try:
        # What a crash of the machine loses is computed again.
        database.execute("PRAGMA synchronous = OFF")
        database.execute("CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, data BLOB)")
        database.execute("SELECT key, data FROM kept LIMIT 1")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _sweep(current: Path) -> None:
    """Remove files that nothing uses any more, and one that has grown too large."""
    for path in current.parent.glob("records-*.sqlite"):
        found = path.stat()
        is_old = path != current and time.time() - found.st_mtime > _MAX_AGE_S
        if is_old or found.st_size > _MAX_BYTES:
            path.unlink(missing_ok=True)


def _key(kind: str, key: bytes) -> bytes:
    return kind.encode() + b"\0" + key


def _seal(data: bytes, kind: str, key: bytes) -> bytes:
    return hashlib.blake2b(_key(kind, key) + data, digest_size=_SEAL).digest()


def _unsealed(sealed: bytes, kind: str, key: bytes) -> bytes | None:
    data = sealed[_SEAL:]
    return data if sealed[:_SEAL] == _seal(data, kind, key) else None

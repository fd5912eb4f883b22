"""Files of a branch or a tag: which commit it was when it was first fetched, and their checksums.

    <cache>/unpinned/<owner>--<name>@<branch>.json    its commit, and path → SHA-256
    <cache>/files/<sha256>/<name>                     the files, as all others

All files of a repository come from one commit, that of the first; so a network and its weights
fit each other. From then on they are as good as pinned: a record holds commit and checksum.
Delete the .json to follow the branch to where it is by now.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
from filelock import FileLock

from ovreport import paths as folders
from ovreport.errors import SourceError
from ovreport_collector.sources import cache
from ovreport_collector.sources.address import OnHub, parse
from ovreport_collector.suite.model import File


class Snapshot(msgspec.Struct, frozen=True):
    """What a branch was when it was first fetched."""

    commit: str
    files: dict[str, str] = {}
    """Path in the repository → SHA-256."""
    folders: dict[str, list[str]] = {}
    """Path of a file whose whole folder was fetched → names of the others in it."""


def snapshot_path(address: OnHub) -> Path:
    """Return the file that holds the snapshot of a branch."""
    name = f"{address.repository.replace('/', '--')}@{address.revision}.json"
    return folders.cache() / "unpinned" / name


def as_fetched(file: File) -> File:
    """Return a file with the commit and the checksum that were found; itself where none were."""
    if not file.unpinned:
        return file
    address = parse(file.uri)
    found = _snapshot(address) if isinstance(address, OnHub) else None
    if found is None or not isinstance(address, OnHub) or address.path not in found.files:
        return file
    if file.folder and address.path not in found.folders:
        return file
    return msgspec.structs.replace(
        file, uri=address.at(found.commit).uri, sha256=found.files[address.path], unpinned=False
    )


def obtain(address: OnHub, fetch: Callable[[OnHub, Path], str]) -> Path:
    """Return a file of a branch, fetched first where it is not there yet; its snapshot has it.

    `fetch` writes the file of an address to a path, and returns the commit it is of. SourceError
    where it cannot be had.
    """
    note = snapshot_path(address)
    note.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{note}.lock", timeout=cache.WAIT_S):
        found = _snapshot(address)
        sha256 = found.files.get(address.path, "") if found else ""
        kept = cache.file_path(sha256, address.name)
        if sha256 and cache.holds(kept, sha256):
            return kept
        arrived = note.with_suffix(".part")
        commit = fetch(address.at(found.commit) if found else address, arrived)
        digest = cache.sha256_of(arrived)
        if sha256:  # damaged in the cache: a commit never changes
            cache.check(arrived, sha256, address.uri)
        kept = cache.file_path(digest, address.name)
        kept.parent.mkdir(parents=True, exist_ok=True)
        arrived.replace(kept)
        found = found or Snapshot(commit=commit)
        _write(note, msgspec.structs.replace(found, files={**found.files, address.path: digest}))
    return kept


def beside(address: OnHub, look: Callable[[OnHub], list[str]]) -> list[OnHub]:
    """Return the other files of the folder that a fetched file lies in, at its commit.

    `look` returns the names beside a file of a commit; it is called once.
    """
    note = snapshot_path(address)
    with FileLock(f"{note}.lock", timeout=cache.WAIT_S):
        found = _snapshot(address)
        if found is None:
            raise SourceError("not fetched yet", where=address.uri, remedy="run the command again")
        names = found.folders.get(address.path)
        if names is None:
            names = look(address.at(found.commit))
            folders_of = {**found.folders, address.path: names}
            _write(note, msgspec.structs.replace(found, folders=folders_of))
    return [address.beside(name) for name in names]


def parts(file: File) -> list[File]:
    """Return a file, and of a whole folder what is known to be in it; all as they were fetched."""
    address = parse(file.uri)
    found = _snapshot(address) if file.folder and isinstance(address, OnHub) else None
    if found is None or not isinstance(address, OnHub):
        return [as_fetched(file)]
    names = found.folders.get(address.path, [])
    others = [msgspec.structs.replace(file, uri=address.beside(n).uri, folder=False) for n in names]
    return [as_fetched(one) for one in (file, *others)]


def _snapshot(address: OnHub) -> Snapshot | None:
    try:
        return msgspec.json.decode(snapshot_path(address).read_bytes(), type=Snapshot)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(note: Path, found: Snapshot) -> None:
    temporary = note.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(msgspec.json.encode(found))
    temporary.replace(note)

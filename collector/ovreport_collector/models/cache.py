"""Files that were built, kept by their recipe: each is built once, and verified on each use.

    <cache>/made/<key>/recipe.json    everything that decides the outcome
    <cache>/made/<key>/files.json     name → SHA-256 of every file beside it
    <cache>/made/<key>/…              what was built

The key is the checksum of the recipe, so another recipe is another folder. A folder appears whole
or not at all; one whose files changed since is built again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from filelock import FileLock

from ovreport import paths
from ovreport.record import Optimized, Origin
from ovreport_collector.sources.cache import WAIT_S, sha256_of

_RECIPE, _FILES = "recipe.json", "files.json"
_FIELDS = msgspec.json.Decoder(dict[str, object])
_NAMES = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True)
class ModelFile:
    """A model file that can be measured, and its origin."""

    file: Path
    origin: Origin | Optimized


def folder_of(recipe: Mapping[str, object]) -> Path:
    """Return a recipe's folder, whether it is there or not."""
    key = hashlib.sha256(msgspec.json.encode(recipe, order="sorted")).hexdigest()[:32]
    return paths.cache() / "made" / key


def obtain(recipe: Mapping[str, object], build: Callable[[Path], None]) -> Path:
    """Return a recipe's folder, built first where it is missing or damaged.

    `build` writes plain files into the empty folder it is given. What it raises passes through,
    and nothing is kept then. Processes that want the same folder wait for each other: `Timeout`
    of filelock after half an hour.
    """
    folder = folder_of(recipe)
    if _is_whole(folder):
        return folder
    locks = paths.cache() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"made-{folder.name}.lock", timeout=WAIT_S):
        if not _is_whole(folder):  # another process may just have built it
            _build(folder, recipe, build)
    return folder


def has_been_built(**fields: object) -> bool:
    """Return whether something was built by a recipe with these fields, whatever its others are.

    For what is said before a recipe is known; `obtain` decides.
    """
    return newest(**fields) is not None


def newest(**fields: object) -> Path | None:
    """Return the folder that was built last by a recipe with these fields; None: there is none."""
    built: dict[Path, float] = {}
    for recipe in (paths.cache() / "made").glob(f"*/{_RECIPE}"):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            found = _FIELDS.decode(recipe.read_bytes())
            if all(found.get(name) == value for name, value in fields.items()):
                built[recipe.parent] = recipe.stat().st_mtime
    return max(built, key=lambda folder: built[folder], default=None)


def _build(folder: Path, recipe: Mapping[str, object], build: Callable[[Path], None]) -> None:
    work = paths.cache() / "tmp" / f"made-{folder.name}"
    shutil.rmtree(work, ignore_errors=True)  # what a killed process may have left
    work.mkdir(parents=True)
    try:
        build(work)
        sums = {path.name: sha256_of(path) for path in sorted(work.iterdir())}
        (work / _RECIPE).write_bytes(msgspec.json.encode(recipe, order="sorted"))
        (work / _FILES).write_bytes(msgspec.json.encode(sums))
        shutil.rmtree(folder, ignore_errors=True)  # damaged
        folder.parent.mkdir(parents=True, exist_ok=True)
        os.rename(work, folder)  # noqa: PTH104 (the one that fails where something is in its place)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    try:
        sums = _NAMES.decode((folder / _FILES).read_bytes())
        return bool(sums) and all(sha256_of(folder / name) == sums[name] for name in sums)
    except (OSError, msgspec.MsgspecError):
        return False

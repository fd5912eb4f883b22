"""The folders of caches and of stopped runs, and folders whose names survive a loss of power.

Syncing a file makes its content last; its name lasts once the folder that holds it is synced
(fsync(2), "does not necessarily ensure that the entry in the directory … has also reached disk").
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

from ovreport.errors import StoreError

CACHE, STATE = "OVREPORT_CACHE", "OVREPORT_STATE"
VARIABLES: dict[str, str] = {
    CACHE: "Folder of fetched models and data, and of what builds drew and computed; default: "
    "the user's cache folder. Deleting it loses nothing but time.",
    STATE: "Folder of interrupted runs, and of the lock that lets one collect run at a time; "
    "default: the user's state folder.",
}
"""Environment variables that name other folders, and what each is for."""


def cache() -> Path:
    """Return the folder of models, data and drawings; deleting it loses nothing but time.

    StoreError for a user without a home, unless the environment names one.
    """
    return _chosen(CACHE) or _of_user(platformdirs.user_cache_path)


def state() -> Path:
    """Return the folder of stopped runs and of the lock. StoreError as above."""
    return _chosen(STATE) or _of_user(platformdirs.user_state_path)


def _chosen(variable: str) -> Path | None:
    named = os.environ.get(variable)
    return _at_home(lambda: Path(named).expanduser().absolute()) if named else None


def _of_user(find: Callable[..., Path]) -> Path:
    """Return ovreport's folder among those of a kind that platformdirs knows."""
    return _at_home(lambda: find("ovreport", appauthor=False))


def _at_home(find: Callable[[], Path]) -> Path:
    """Return what a function finds; StoreError where it asks for a home, and there is none."""
    try:
        path = find()
        if path.is_absolute():
            return path
    except RuntimeError:
        pass
    raise StoreError(
        "this user has no home folder",
        remedy=f"Set HOME; or name folders that can be written in {CACHE} and {STATE}.",
    )


def make_folder(path: Path) -> None:
    """Make a folder and those above it; every new name is on the disk when this returns."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

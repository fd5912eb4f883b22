"""The folders of caches and of stopped runs, and folders whose names survive a loss of power.

Syncing a file makes its content last; its name lasts once the folder that holds it is synced
(fsync(2), "does not necessarily ensure that the entry in the directory … has also reached disk").
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from ovreport.errors import StoreError

CACHE, STATE = "OVREPORT_CACHE", "OVREPORT_STATE"
VARIABLES: dict[str, str] = {
    CACHE: "Folder of fetched models, data and drawings; default: the user's cache folder. "
    "Deleting it loses nothing but time.",
    STATE: "Folder of interrupted runs, and of the lock that lets one collect run at a time; "
    "default: the user's state folder.",
}
"""Environment variables that name other folders, and what each is for."""


def cache() -> Path:
    """Return the folder of models, data and drawings; deleting it loses nothing but time.

    StoreError for a user without a home, unless the environment names one.
    """
    return _chosen(CACHE) or _at_home(platformdirs.user_cache_path("ovreport", appauthor=False))


def state() -> Path:
    """Return the folder of stopped runs and of the lock. StoreError as above."""
    return _chosen(STATE) or _at_home(platformdirs.user_state_path("ovreport", appauthor=False))


def _chosen(variable: str) -> Path | None:
    named = os.environ.get(variable)
    # Unlike Path.expanduser this raises nothing where there is no home.
    return _at_home(Path(os.path.expanduser(named))).absolute() if named else None  # noqa: PTH111


def _at_home(path: Path) -> Path:
    """Return the path; StoreError where its `~` stands for no folder."""
    if path.parts[:1] and path.parts[0].startswith("~"):
        raise StoreError(
            "this user has no home folder",
            remedy=f"Set HOME; or name folders that can be written in {CACHE} and {STATE}.",
        )
    return path


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

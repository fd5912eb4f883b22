"""The folders of caches, and of runs that were stopped."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

CACHE, STATE = "OVREPORT_CACHE", "OVREPORT_STATE"
"""Environment variables that name other folders."""


def cache() -> Path:
    """Return the folder of models, data and drawings; deleting it loses nothing but time."""
    return _chosen(CACHE) or platformdirs.user_cache_path("ovreport", appauthor=False)


def state() -> Path:
    """Return the folder of stopped runs and of the lock."""
    return _chosen(STATE) or platformdirs.user_state_path("ovreport", appauthor=False)


def _chosen(variable: str) -> Path | None:
    named = os.environ.get(variable)
    return Path(named).expanduser().absolute() if named else None

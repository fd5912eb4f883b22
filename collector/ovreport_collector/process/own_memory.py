"""Memory that this program's own modules take in a measuring process, told from the engine's.

The worker imports this module before all others, and calls `note` once the job's module is there
and no engine yet. What came in between is ours; Python and numpy, which a user's script has too,
were there before.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np  # noqa: F401 (so that it is there)

_STATUS = Path("/proc/self/status")
ANONYMOUS, FILE_BACKED = "RssAnon", "RssFile"
_own: dict[str, int] = {}


def status() -> dict[str, int]:
    """Return the sizes of /proc/self/status in bytes; or raise OSError."""
    sizes = {}
    for line in _STATUS.read_text().splitlines():
        key, _, value = line.partition(":")
        if value.endswith(" kB"):
            sizes[key] = int(value.split()[0]) * 1024
    return sizes


def note() -> None:
    """Note what was imported since this module as ours."""
    with contextlib.suppress(OSError, KeyError):  # where there is no /proc nothing is measured
        now = status()
        _own.update({key: max(0, now[key] - _before[key]) for key in (ANONYMOUS, FILE_BACKED)})


def own(key: str) -> int:
    """Return how many bytes are ours: `ANONYMOUS` or `FILE_BACKED`; 0 where it was not noted."""
    return _own.get(key, 0)


def _found() -> dict[str, int]:
    try:
        return status()
    except OSError:
        return {}


_before = _found()

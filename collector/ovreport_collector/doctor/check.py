"""What a check of the machine says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Status = Literal["ok", "warn", "bad", "unknown"]
"""`bad`: it spoils results, as its effect says. `warn`: it may. `unknown`: the machine does not
report it."""

DISTURBED = "Latency and throughput are marked disturbed where no quiet moment is found."
NOISY = "Every result is marked noisy."
SMALLER = "Results are those of a smaller machine."

_FROM_BEST = ("ok", "unknown", "warn", "bad")


class Check(Struct, frozen=True, kw_only=True):
    """One thing about the machine."""

    id: str
    title: str
    status: Status
    value: str
    """What was found; may hold foreign text, such as a program's name."""
    why: str
    """Why it matters."""
    effect: str = ""
    """What it does to results as it is now, as a sentence; empty: it changes none by itself, or
    nothing can be done about it."""
    remedy: str = ""
    """What to do, with a command where there is one; empty where nothing needs doing."""


def worst(checks: Sequence[Check]) -> Status:
    """Return the worst status of checks."""
    return max((check.status for check in checks), key=_FROM_BEST.index, default="ok")


def share(value: float) -> str:
    """Return a share as a percentage."""
    return f"{round(100 * value, 1):g} %"


def gib(size_bytes: float) -> str:
    """Return a size in GiB."""
    return f"{size_bytes / 2**30:.1f} GiB"

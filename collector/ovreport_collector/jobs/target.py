"""What every measuring process has to load, and how it fails."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ovreport.record import Cause

Driver = Literal["threads", "async-queue"]


class JobFailed(Struct, frozen=True, kw_only=True, tag="failed"):
    """The process could not do its job."""

    reason: str
    cause: Cause
    unsupported: bool = False
    """True when the engine said that it cannot do this, rather than failing at it."""
    stderr_tail: str = ""

"""What an engine's exception says: its words, and whether it lacks a feature."""

from __future__ import annotations

_UNSUPPORTED = (
    "not supported",
    "unsupported",
    "not implemented",
    "not_implemented",
    "conversion is failed",
    "no translator",
    "could not be converted",
    "cannot be converted",
)


def message(error: Exception) -> str:
    """Return what an exception says, in one line."""
    lines = [line.strip() for line in str(error).splitlines()]
    # OpenVINO puts the places in its own source first.
    meaningful = [line for line in lines if line and not line.startswith("Exception from ")]
    return f"{type(error).__name__}: {' '.join(meaningful or lines)}"[:2000]


def cannot_be_done(error: Exception) -> bool:
    """Return whether the engine said that it lacks a feature, rather than failing at it."""
    text = str(error).lower()
    return any(words in text for words in _UNSUPPORTED)

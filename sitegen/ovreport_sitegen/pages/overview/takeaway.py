"""One finding of the overview."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Takeaway:
    """A number in large type with one sentence."""

    topic: str
    """What it answers: how fast, say."""
    value: str
    text: str
    href: str

"""Numbers with what they count, as sentences have them."""

from __future__ import annotations


def plural(n: int, one: str) -> str:
    """Return a number of things, such as `1 case` or `1,024 cases`."""
    return f"{n:,} {one if n == 1 else one + 's'}"

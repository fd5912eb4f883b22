"""Names of users' files and inputs, as suites can hold them."""

from __future__ import annotations

import json
import re

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST = 60


def key(name: str) -> str:
    """Return a name as a TOML document has it for a key."""
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name)


def slug(stem: str) -> str:
    """Return the id of a model after the name of its file, without the suffix."""
    safe = re.sub(r"[^a-z0-9.]+", "-", stem.lower()).strip("-.")
    return safe[:_LONGEST] or "model"

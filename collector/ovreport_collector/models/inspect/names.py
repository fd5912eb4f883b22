"""Names of inputs, as suites can hold them."""

from __future__ import annotations

import json
import re

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def key(name: str) -> str:
    """Return a name as a TOML document has it for a key."""
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name)

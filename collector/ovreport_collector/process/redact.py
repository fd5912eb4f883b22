"""Takes out of messages what names this machine or its user: a record may be published."""

from __future__ import annotations

import contextlib
import getpass
import re
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path


def redacted(text: str, folders: Iterable[str | Path] = ()) -> str:
    """Return text without this user's and machine's name and without local folders.

    `folders` are hidden besides home, the working folder and Python's own.
    """
    hidden = {str(folder) for folder in folders if len(str(folder)) > 1}
    for folder in sorted(hidden, key=len, reverse=True):  # the longest first: one may be in another
        text = text.replace(folder, "…")
    for secret, stands_for in _private_words():
        text = text.replace(secret, stands_for)
    host = socket.gethostname()
    return re.sub(rf"\b{re.escape(host)}\b", "<host>", text) if _names_a_machine(host) else text


def _private_words() -> Iterator[tuple[str, str]]:
    words = {sys.prefix: "<python>", str(Path.home()): "~", str(Path.cwd()): "."}
    with contextlib.suppress(KeyError, OSError):  # a user id without a name
        words[f"/{getpass.getuser()}/"] = "/<user>/"
    return ((secret, stands_for) for secret, stands_for in words.items() if len(secret) > 1)


def _names_a_machine(host: str) -> bool:
    """Return whether a host's name tells anything: `localhost` does not, and is in messages."""
    return len(host) > 3 and not host.startswith("localhost")

"""Takes out of messages what names this machine or its user: a record may be published."""

from __future__ import annotations

import contextlib
import getpass
import re
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def redacted(text: str, folders: Iterable[str | Path] = ()) -> str:
    """Return text without this user's and machine's name and without local folders.

    `folders` are hidden, and home, the working folder and Python's own.
    """
    hidden = {str(folder) for folder in folders if len(str(folder)) > 1}
    for folder in sorted(hidden, key=len, reverse=True):  # the longest first: one may be in another
        text = text.replace(folder, "…")
    for secret, stands_for in _private_names():
        text = text.replace(secret, stands_for)
    host = socket.gethostname()
    return re.sub(rf"\b{re.escape(host)}\b", "<host>", text) if _names_a_machine(host) else text


def redacted_data(data: Any, folders: Iterable[str | Path] = ()) -> Any:  # noqa: ANN401
    """Return JSON-like data with every string in it redacted, keys of objects included.

    A single word is a name (of a port, a metric, a type) and stays, even where it is the host's.
    """
    match data:
        case str():
            return data if re.fullmatch(r"[\w.:-]*", data) else redacted(data, folders)
        case list():
            return [redacted_data(item, folders) for item in data]
        case dict():
            return {
                redacted_data(key, folders): redacted_data(value, folders)
                for key, value in data.items()
            }
    return data


def folders_of(data: Any) -> set[Path]:  # noqa: ANN401
    """Return the folders of all absolute paths in JSON-like data: messages may name them."""
    match data:
        case str():
            return {Path(data).parent} if data.startswith("/") else set()
        case list():
            return {folder for item in data for folder in folders_of(item)}
        case dict():
            return folders_of(list(data.values()))
    return set()


def _private_names() -> Iterator[tuple[str, str]]:
    names = {sys.prefix: "<python>", str(Path.home()): "~", str(Path.cwd()): "."}
    with contextlib.suppress(KeyError, OSError):  # a user id without a name
        names[f"/{getpass.getuser()}/"] = "/<user>/"
    return ((secret, stands_for) for secret, stands_for in names.items() if len(secret) > 1)


def _names_a_machine(host: str) -> bool:
    """Return whether a host's name identifies a machine: `localhost`, a common word, does not."""
    return len(host) > 3 and not host.startswith("localhost")

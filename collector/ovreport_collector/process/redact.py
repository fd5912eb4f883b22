"""Takes out of messages what names this machine or its user, or quotes data.

A record may be published.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import socket
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ovreport.errors import OvreportError

_PACKAGE = Path(__file__).parents[1]
_QUOTES_NOTHING = (OvreportError, OSError, ImportError)


def redacted(text: str, folders: Iterable[str | Path] = ()) -> str:
    """Return text without secrets, this user's and machine's name and without local folders.

    `folders` are hidden, and home, the working folder and Python's own; secrets are the values of
    environment variables that are called so, and what an address has before its host.
    """
    text = _without_secrets(text)
    hidden = {str(folder): "…" for folder in folders if len(str(folder)) > 1}
    for folder in sorted(hidden, key=len, reverse=True):  # the longest first: one may be in another
        text = text.replace(folder, hidden[folder])
    text = without_folders(text)
    for name, stands_for in _private_names():
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", stands_for, text)
    return text


def _without_secrets(text: str) -> str:
    """Return text without tokens and passwords, such as of a private index of packages."""
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "<secret>")
    return _IN_ADDRESS.sub(r"\1<secret>@", text)


def without_folders(text: str) -> str:
    """Return text without home, the working folder and Python's own."""
    for secret, stands_for in _private_folders():
        text = re.sub(rf"(?<![\w.]){re.escape(secret)}(?![\w-])", stands_for, text)
    return text


def told(error: Exception) -> str:
    """Return what may be told of an exception that reading data raised: nothing that they hold.

    Errors of ours are worded so, and the system's name files alone. The words of any other may
    quote a line of a file (`could not convert string to float: 'secret'`): its type is told, and
    where in this package it came up.
    """
    if isinstance(error, _QUOTES_NOTHING):
        return f"{type(error).__name__}: {error}"
    frames = reversed(traceback.extract_tb(error.__traceback__))
    ours = next((one for one in frames if Path(one.filename).is_relative_to(_PACKAGE)), None)
    place = f" at {Path(ours.filename).relative_to(_PACKAGE)}:{ours.lineno}" if ours else ""
    return f"{type(error).__name__}{place} (its words may quote the data, and are left out)"


def redacted_data(data: Any, folders: Iterable[str | Path] = ()) -> Any:  # noqa: ANN401
    """Return JSON-like data with every string in it redacted, keys of objects included.

    A single word is a name (of a port, a metric, a type) and stays, even where it is the host's;
    a secret never does.
    """
    match data:
        case str():
            is_name = re.fullmatch(r"[\w.:-]*", data)
            return _without_secrets(data) if is_name else redacted(data, folders)
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


def _private_folders() -> Iterator[tuple[str, str]]:
    """Yield folders and what stands for them; as whole paths, no part of a longer name."""
    folders = {sys.prefix: "<python>"}
    with contextlib.suppress(RuntimeError):  # a user without a home
        folders[str(Path.home())] = "~"
    folders[str(Path.cwd())] = "."
    yield from ((folder, stands_for) for folder, stands_for in folders.items() if len(folder) > 1)


def _private_names() -> Iterator[tuple[str, str]]:
    """Yield names and what stands for them; as whole words only."""
    with contextlib.suppress(KeyError, OSError):  # a user id without a name
        user = getpass.getuser()
        if user not in _COMMON and len(user) >= _SHORTEST:
            yield user, "<user>"
        yield f"/{user}/", "/<user>/"
    host = socket.gethostname()
    for name in dict.fromkeys((host, host.partition(".")[0])):
        if name not in _COMMON and len(name) >= _SHORTEST and not name.startswith("localhost"):
            yield name, "<host>"


_SECRET_NAME = re.compile(r"(TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY)$", re.IGNORECASE)
_SHORTEST_SECRET = 8
"""Characters: a shorter value, such as `1`, is a setting, and a word of many messages."""
_IN_ADDRESS = re.compile(r"(https?://)[^\s/@'\"]+@")

_SHORTEST = 4
"""Characters of a name that tells somebody from others."""
_COMMON = frozenset(
    {
        *("root", "user", "admin", "administrator", "guest", "nobody", "test", "tester"),
        *("ubuntu", "debian", "fedora", "docker", "runner", "jenkins", "build", "builder"),
        *("openvino", "ovreport", "intel", "model", "models", "data", "bench", "benchmark"),
    }
)
"""Names that tell nobody apart, and that messages have as words."""

"""Addresses of files, as a suite writes them: read strictly, nothing is looked up.

    pypi:NAME==VERSION/path/in/wheel             one file of a wheel
    pypi:NAME==VERSION/path/to/a.zip!/file       one file of an archive inside a wheel
    pypi:NAME==VERSION/                          the wheel itself, an archive of data files
    hf:OWNER/NAME@COMMIT/path/in/repository      one file of a repository on the model hub
    hf:OWNER/NAME@BRANCH/path                    the same, where it may change
    https://host/path/file                       one file
    file:path                                    a file on this machine

Whatever these functions accept is safe to use: no path leaves the archive it names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from ovreport_collector.sources.wheel import AddressError, is_pin

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HUB = re.compile(
    r"(?P<repository>[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95})"
    r"@(?P<revision>[A-Za-z0-9][A-Za-z0-9._-]{0,99})/(?P<path>.+)"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class InWheel:
    """A file of a wheel on the package index, or the wheel itself."""

    wheel: str
    """`NAME==VERSION`, as written: the key into the suite's wheels."""
    member: str
    """Path inside the wheel; empty: the wheel itself."""
    inner: str = ""
    """Path inside the archive that `member` is; empty: `member` itself is meant."""

    @property
    def name(self) -> str:
        """Return the file name of what is addressed; empty for the wheel itself."""
        return PurePosixPath(self.inner or self.member).name


@dataclass(frozen=True)
class Remote:
    """A file on a web server."""

    url: str

    @property
    def uri(self) -> str:
        """Return the address as a suite writes it."""
        return self.url

    @property
    def name(self) -> str:
        """Return the file name in the address."""
        return PurePosixPath(urlsplit(self.url).path).name


@dataclass(frozen=True)
class OnHub:
    """A file of a repository on the model hub, at a commit, a branch or a tag."""

    repository: str
    """`OWNER/NAME`."""
    revision: str
    """Of a commit, all 40 digits; else the name of a branch or a tag."""
    path: str

    @property
    def name(self) -> str:
        """Return the file name in the path."""
        return PurePosixPath(self.path).name

    @property
    def uri(self) -> str:
        """Return the address as a suite writes it."""
        return f"hf:{self.repository}@{self.revision}/{self.path}"

    @property
    def is_pinned(self) -> bool:
        """Return whether it names one commit, which always is the same file."""
        return _COMMIT.fullmatch(self.revision) is not None

    def at(self, commit: str) -> OnHub:
        """Return the same file at a commit."""
        return replace(self, revision=commit)

    def beside(self, name: str) -> OnHub:
        """Return another file, by its path below the folder of this one."""
        return replace(self, path=str(PurePosixPath(self.path).parent / name))


@dataclass(frozen=True)
class Local:
    """A file on this machine."""

    path: str
    """Absolute, or below the folder of the suite."""

    @property
    def name(self) -> str:
        """Return the file name in the path."""
        return PurePosixPath(self.path).name


Address = InWheel | OnHub | Remote | Local


def parse(uri: str) -> Address:
    """Return what an address means; AddressError when it cannot be used."""
    if _CONTROL.search(uri):
        raise AddressError("the address holds a control character", "write it on one line")
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme not in _READERS:
        raise AddressError(*_unknown_scheme(scheme if colon else ""))
    return _READERS[scheme](rest)


def is_sha256(text: str) -> bool:
    """Return whether the text is a SHA-256 as suites write it: 64 lower-case hex digits."""
    return _SHA256.fullmatch(text) is not None


def is_inside(path: str) -> bool:
    """Return whether a relative path stays below where it starts, on any system."""
    parts = path.split("/")
    return "\\" not in path and not any(part in ("", ".", "..") for part in parts)


def _in_wheel(rest: str) -> InWheel:
    pin, slash, path = rest.partition("/")
    if not is_pin(pin) or not slash:
        raise AddressError(
            f'"pypi:{rest}" is not pypi:NAME==VERSION/path/in/wheel',
            "pin one version with == and say which file of the wheel; / alone means all of it",
        )
    member, nested, inner = path.partition("!/")
    inside = [member] if not nested else [member, inner]
    if path and not all(is_inside(part) for part in inside):
        raise AddressError(
            f'"{path}" is not a path inside a wheel',
            "write it as the wheel lists it: no leading /, no . or .., no backslash",
        )
    if nested and not member.endswith(".zip"):
        raise AddressError(f'"{member}" is not a .zip', "use !/ only after an inner .zip archive")
    return InWheel(wheel=pin, member=member, inner=inner)


def _on_hub(rest: str) -> OnHub:
    found = _HUB.fullmatch(rest)
    if not found:
        raise AddressError(
            f'"hf:{rest}" is not hf:OWNER/NAME@COMMIT/path/in/repository',
            "name a commit by its 40 hex digits, or a branch where the suite says unpinned = true",
        )
    if not is_inside(found["path"]):
        raise AddressError(
            f'"{found["path"]}" is not a path inside a repository',
            "write it as the repository lists it: no leading /, no . or .., no backslash",
        )
    return OnHub(found["repository"], found["revision"], found["path"])


def _remote(rest: str) -> Remote:
    url = f"https:{rest}"
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises where it is no number
    except ValueError as error:
        raise AddressError(f'"{url}" is not an address: {error}', "check the address") from None
    if not rest.startswith("//") or not host or " " in url or "\\" in url:
        raise AddressError(f'"{url}" names no host', "write https://host/path/file")
    if parts.username is not None or parts.password is not None:
        raise AddressError(
            "the address holds a user name or a password",
            "leave it out: addresses are published with the records",
        )
    if PurePosixPath(parts.path).name in ("", ".", ".."):
        raise AddressError(f'"{url}" names no file', "write https://host/path/file")
    return Remote(url)


def _local(rest: str) -> Local:
    path = rest[2:] if rest.startswith("///") else rest
    below = path.removeprefix("./")
    relative = below if not path.startswith("/") else path.strip("/")
    if not is_inside(relative):
        raise AddressError(
            f'"{rest}" is not a safe path',
            "put the file beside the suite or in a folder below it, or write its full path; "
            "no .. and no backslash",
        )
    return Local(path)


def _unknown_scheme(scheme: str) -> tuple[str, str]:
    known = f"use {', '.join(f'{name}:' for name in _READERS)}"
    if scheme == "http":
        return "http: is refused: anyone on the way can read and change it", "use https:"
    if not scheme:
        return "the address names no scheme", f"{known}; a local file is file:model.onnx"
    return f'unknown scheme "{scheme}:"', known


_READERS: dict[str, Callable[[str], Address]] = {
    "pypi": _in_wheel,
    "hf": _on_hub,
    "https": _remote,
    "file": _local,
}
"""Scheme → what reads the rest of the address."""

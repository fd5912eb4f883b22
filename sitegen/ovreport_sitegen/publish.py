"""Check a finished site, and put it in its place: whole, or not at all."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from ovreport.errors import InputError, StoreError

MARKER = ".ovreport-site"
"""A file in every site that ovreport built; only folders that have it are replaced."""
_REMEDY = "Free space or give write permission, then build again: the old site is untouched."


def refuse_foreign(out: Path) -> None:
    """Raise InputError for a folder with files that are not a site built by ovreport."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(
            "is not a folder", where=str(out), remedy="Name another folder with --out."
        )
    try:
        foreign = out.is_dir() and any(out.iterdir()) and not (out / MARKER).is_file()
    except OSError as error:
        raise _refused(error, out) from error
    if foreign:
        raise InputError(
            "holds files that are not a site built by ovreport, and would be replaced as a whole",
            where=str(out),
            remedy="Name another folder with --out, or empty this one.",
        )


class NewSite:
    """A site that is being written beside the old one: a file at a time, nothing of it kept.

    Of each page only ids and links are remembered, until every link can be followed.
    """

    def __init__(self, out: Path, folder: Path) -> None:
        self.sizes: dict[str, int] = {}
        """Bytes of each file by its address in the site."""
        self._out = out
        self._folder = folder
        self._checks = _Checks()

    @property
    def pages(self) -> int:
        """The number of pages."""
        return sum(name.endswith(".html") for name in self.sizes)

    def add(
        self,
        name: str,
        data: bytes,
        asides: Mapping[str, tuple[bytes, bytes]] | None = None,
        *,
        looked: Looked | None = None,
    ) -> None:
        """Write a file; StoreError where the disk refuses.

        `asides`: further files that a page needs, each with the HTML that a script adds from it.
        `looked`: what is in a page, where that is known already.
        """
        if name.endswith(".html"):
            self._checks.take(name, looked or looked_at(name, data))
        for address, (script, html) in (asides or {}).items():
            self._checks.take_part(name, looked_at(name, html, is_part=True))
            self.add(address, script)
        with _refusals(self._out):
            self._path(name).write_bytes(data)
        self.sizes[name] = len(data)

    def add_parts(self, name: str, parts: Iterable[bytes]) -> None:
        """Write a file, no page, part by part, as they come; StoreError where the disk refuses."""
        with _refusals(self._out), self._path(name).open("wb") as file:
            self.sizes[name] = sum(map(file.write, parts))

    def faults(self) -> list[PageFault]:
        """Return the faults of all pages; empty where there are none."""
        return self._checks.faults(self.sizes)

    def publish(self) -> None:
        """Swap the old site and this one; the old one is whole where that raises StoreError."""
        with _refusals(self._out):
            text = "Built by ovreport; replaced as a whole by the next build.\n"
            (self._folder / MARKER).write_text(text)
            self._folder.chmod(0o755)
            _swap(self._folder, self._out)

    def _path(self, name: str) -> Path:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@contextmanager
def new_site(out: Path) -> Iterator[NewSite]:
    """Yield a new site to be written, which is gone afterwards unless it was published.

    Raises InputError and StoreError as `refuse_foreign` does.
    """
    refuse_foreign(out)
    out = out.absolute()
    with _refusals(out.parent):
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-new-"))
    try:
        yield NewSite(out, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _swap(new: Path, out: Path) -> None:
    """Rename the old site away and the new one into its place; undo if that fails."""
    if not out.exists():
        new.rename(out)
        return
    old = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-old-"))
    old.rmdir()
    out.rename(old)
    try:
        new.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _refusals(where: Path) -> Iterator[None]:
    """Turn what the disk refuses into StoreError."""
    try:
        yield
    except OSError as error:
        raise _refused(error, where) from error


def _refused(error: OSError, where: Path) -> StoreError:
    what = os.strerror(error.errno) if error.errno else str(error)
    return StoreError(f"the site could not be written: {what}", where=str(where), remedy=_REMEDY)


# ---------------------------------------------------------------- the checks

# Quotes in text are escaped, so that an attribute can only be found inside a tag.
_ATTRIBUTE = re.compile(rb'\s(id|href|src|on[a-z]+|style|srcset|action)="([^"]*)"')
_LOADING = re.compile(rb'<(?:link|script|img|image|use|iframe)\s[^>]*?(?:href|src)="([^"]*)"')
_CANONICAL = b'<link rel="canonical"'
_POLICY = b"default-src 'none'; script-src 'self'; style-src 'self'"


@dataclass(frozen=True)
class PageFault:
    """One thing that is wrong with a page."""

    page: str
    """Its name in the site."""
    what: str
    words: str
    """What of the page it is about: the address of a link, an id."""

    def __str__(self) -> str:
        return f"{self.page}: {self.what}"


class Looked(Struct, frozen=True, array_like=True):
    """What a page, or a part that a script adds to one, has in it for the checks."""

    faults: list[tuple[str, str]]
    """What is wrong with it, and the words that it is about."""
    ids: list[str]
    links: list[tuple[str, str, str]]
    """Into the site: page, fragment, and the link as it is written."""


def looked_at(name: str, html: bytes, *, is_part: bool = False) -> Looked:
    """Return what is in a page of a name, or in a part of it."""
    attributes = _ATTRIBUTE.findall(html)
    ids = Counter(value.decode() for key, value in attributes if key == b"id")
    faults = [] if is_part else list(_page_faults(html, ids))
    links = []
    for key, value in sorted({(k, v) for k, v in attributes if k != b"id"}):
        words = unescape(value.decode())
        if fault := _fault(key.decode(), words):
            faults.append((fault, words))
        elif link := _link(words, name):
            links.append(link)
    return Looked(faults, list(ids), links)


def _fault(key: str, value: str) -> str:
    """Return what is wrong with an attribute; a link into the site is followed later."""
    if key not in {"href", "src"}:
        return f"an element has an attribute {key}"
    parts = urlsplit(value)
    if (parts.scheme or parts.netloc) and parts.scheme not in {"http", "https"}:
        return f"a link leads to {value[:80]}"
    return ""


def _link(value: str, page: str) -> tuple[str, str, str] | None:
    """Return where a link of a page leads; None out of the site."""
    parts = urlsplit(value)
    if parts.scheme or parts.netloc or (page == "404.html" and parts.path.startswith("/")):
        return None
    return unquote(parts.path) or page, unquote(parts.fragment), value


class _Checks:
    """What is wrong with pages, and where their links lead."""

    def __init__(self) -> None:
        self._wrong: list[PageFault] = []
        self._ids: dict[str, frozenset[str]] = {}
        self._links: dict[tuple[str, str], tuple[str, str]] = {}
        """Page and fragment that a link leads to → the first page with such a link, as it says."""

    def take(self, name: str, page: Looked) -> None:
        """Note what is in a page, of which some can only be checked when all pages are there."""
        self._ids[name] = frozenset(page.ids)
        self.take_part(name, page)

    def take_part(self, name: str, part: Looked) -> None:
        """Note what is in a part that a script adds to a page."""
        self._wrong += [PageFault(name, *fault) for fault in part.faults]
        for target, fragment, words in part.links:
            self._links.setdefault((target, fragment), (name, words))

    def faults(self, files: Container[str]) -> list[PageFault]:
        """Return the faults of a site of these files."""
        return self._wrong + [
            PageFault(page, f"a link leads nowhere: {words[:80]}", words)
            for (target, fragment), (page, words) in self._links.items()
            if target not in files or (fragment and not self._has(target, fragment))
        ]

    def _has(self, page: str, fragment: str) -> bool:
        ids = self._ids.get(page, frozenset())
        is_state = "=" in fragment and "answer" in ids  # of the answer table
        return fragment in ids or is_state


def _page_faults(data: bytes, ids: Counter[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong, and the words of the page that it is about."""
    if _POLICY not in data:
        yield "no Content-Security-Policy", ""
    for one, count in ids.items():
        if count > 1:
            yield f"the id {one[:80]} is used {count} times", one
    for match in _LOADING.finditer(data):
        if b":" in match[1].split(b"/")[0] and not match[0].startswith(_CANONICAL):
            yield f"loads from elsewhere: {match[1][:80].decode()}", match[1].decode()

"""Check a finished site, and put it in its place: whole, or not at all."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

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


def replace(out: Path, files: Mapping[str, bytes]) -> None:
    """Write all files beside the old site, then swap the two.

    Raises StoreError where the disk refuses; the old site is whole then.
    """
    refuse_foreign(out)
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-new-"))
    except OSError as error:
        raise _refused(error, out.parent) from error
    try:
        _write(new, files)
        _swap(new, out)
    except OSError as error:
        raise _refused(error, out) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name in {str(Path(name).parent) for name in files}:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / MARKER).write_text("Built by ovreport; replaced as a whole by the next build.\n")
    folder.chmod(0o755)


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


def faults(files: Mapping[str, bytes]) -> list[PageFault]:
    """Return the faults of a site; empty where there are none."""
    pages = {name: data for name, data in files.items() if name.endswith(".html")}
    found = {name: _ATTRIBUTE.findall(data) for name, data in pages.items()}
    ids = {
        name: Counter(value.decode() for key, value in attributes if key == b"id")
        for name, attributes in found.items()
    }
    wrong = []
    for name, data in pages.items():
        wrong += [PageFault(name, *fault) for fault in _page_faults(data, ids[name])]
        for key, value in sorted({(k, v) for k, v in found[name] if k != b"id"}):
            words = unescape(value.decode())
            fault = _fault(key.decode(), words, name, files, ids)
            if fault:
                wrong.append(PageFault(name, fault, words))
    return wrong


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


def _fault(
    key: str, value: str, page: str, files: Mapping[str, bytes], ids: Mapping[str, Counter[str]]
) -> str:
    if key not in {"href", "src"}:
        return f"an element has an attribute {key}"
    parts = urlsplit(value)
    if parts.scheme or parts.netloc:
        return "" if parts.scheme in {"http", "https"} else f"a link leads to {value[:80]}"
    if page == "404.html" and parts.path.startswith("/"):
        return ""
    target = unquote(parts.path) or page
    fragment = unquote(parts.fragment)
    found: Counter[str] = ids.get(target, Counter())
    is_state = "=" in fragment and "answer" in found  # of the answer table
    known = target in files and (not fragment or fragment in found or is_state)
    return "" if known else f"a link leads nowhere: {value[:80]}"

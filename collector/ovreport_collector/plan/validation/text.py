"""Rules for texts: names, titles, checksums, web addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ovreport_collector.plan.validation import Fault
from ovreport_collector.sources.address import is_sha256

MAX_LENGTH = 2_000
"""Characters of a title, a licence, a reason."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")


def slug(path: str, text: str) -> Iterator[Fault]:
    """Yield a fault unless the text is safe as an id: file names and pages are made of it."""
    if not _SLUG.fullmatch(text):
        what = f'"{text[:80]}" is not a safe name'
        remedy = "use a–z, 0–9, dots and hyphens, at most 64, starting with a letter or digit"
        yield Fault(path, what, remedy)


def lines(path: str, **texts: str) -> Iterator[Fault]:
    """Yield a fault for each text that is not one line of printable characters."""
    for name, text in texts.items():
        at = f"{path}.{name}"
        if not text.isprintable():
            yield Fault(at, "not one plain line", "remove line breaks and control characters")
        elif len(text) > MAX_LENGTH:
            yield Fault(at, f"longer than {MAX_LENGTH:,} characters", "shorten it")


def sha256(path: str, text: str) -> Iterator[Fault]:
    """Yield a fault unless the text is a SHA-256."""
    if not text:
        yield Fault(path, "missing checksum", "add the output of sha256sum for this file")
    elif not is_sha256(text):
        remedy = "write 64 lower-case hex digits, as sha256sum prints them"
        yield Fault(path, f'"{text[:80]}" is not a SHA-256', remedy)


def homepage(path: str, text: str) -> Iterator[Fault]:
    """Yield a fault unless the text is a web address or empty."""
    if text and not (text.startswith(("https://", "http://")) and text.isprintable()):
        remedy = "write https://…, or remove the field"
        yield Fault(path, f'"{text[:80]}" is not a web address', remedy)


def link(path: str, text: str) -> Iterator[Fault]:
    """Yield a fault unless the text is an https:// address."""
    if not (text.startswith("https://") and text.isprintable()):
        remedy = "write the https:// address where a reader finds it"
        yield Fault(path, f'"{text[:80]}" is not an https:// address', remedy)

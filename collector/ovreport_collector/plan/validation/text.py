"""Texts of a suite: names, lines, checksums, web addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ovreport_collector.plan.validation.fault import Fault
from ovreport_collector.sources.address import is_sha256

MAX_TEXT = 2_000

_SLUG = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")


def slug(path: str, text: str) -> Iterator[Fault]:
    """Tell of what is no safe name."""
    if not _SLUG.fullmatch(text):
        remedy = "use a–z, 0–9, dot and hyphen, at most 64, a letter or digit first"
        yield Fault(path, f'"{text[:80]}" is not a safe name', remedy)


def lines(path: str, **texts: str) -> Iterator[Fault]:
    """Tell of texts that would disturb a terminal or a page: they are one plain line each."""
    for name, text in texts.items():
        if not text.isprintable() or len(text) > MAX_TEXT:
            what = f"more than one plain line, or more than {MAX_TEXT:,} characters"
            yield Fault(f"{path}.{name}", what, "write one line, without control characters")


def sha256(path: str, text: str) -> Iterator[Fault]:
    """Tell of what is no checksum."""
    if not text:
        yield Fault(path, "missing checksum", "add the output of sha256sum for this very file")
    elif not is_sha256(text):
        remedy = "write 64 lower-case hex digits, as sha256sum prints them"
        yield Fault(path, f'"{text[:80]}" is not a SHA-256', remedy)


def homepage(path: str, text: str) -> Iterator[Fault]:
    """Tell of what is no web address; a suite may leave it out."""
    if text and not (text.startswith(("https://", "http://")) and text.isprintable()):
        yield Fault(path, f'"{text[:80]}" is not a web address', "write https://…, or leave it out")

"""Text that becomes a link or a command: only of a form that can do no harm."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from ovreport.checks.fault import Fault
from ovreport.record import Record

SOURCES = ("pypi", "hf", "https", "http", "file")
"""Kinds of addresses that a model can be fetched from."""
_PATHS = ("--dataset", "--plugin", "--allow-outside")
"""Options whose values are on the user's disk: commands say PATH instead."""
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_FLAGS = ("--aa",)
"""Options without a value."""
_CHOICES = (
    *("suite", "model", "variant", "device", "engine", "precision", "tier", "rounds", "time"),
    *("seed", "skip", "samples", "shape", "input", "openvino", "arm"),
)
"""Options that choose what is measured, and how."""
_OURS = re.compile("|".join([*(f"--{name}" for name in _CHOICES), *_PATHS]))
_THEIRS = re.compile(r"-[a-z][a-z_]*")
"""Options of `ovreport collect`, and of `benchmark_app`; each has a value."""
_WORD = re.compile(r"[\w@%+=:,./-]+|'[^']*'(?:\"'\"'[^']*')*", re.ASCII)
"""A word as `shlex.quote` writes it: as it is, or between quotes."""


def links(record: Record) -> Iterator[Fault]:
    """Yield addresses that are no web pages, and a local file that is named with its folder."""
    pages = [("$.model.homepage", record.model.homepage)]
    for index, one in enumerate(record.model.published):
        pages.append((f"$.model.published[{index}].url", one.url))
    for path, url in pages:
        if url and not is_web_page(url):
            yield Fault(path, "not an address of a web page: it begins with https:// or http://")
    kind, _, name = record.model.source.partition(":")
    if kind == "file" and "/" in name:
        yield Fault("$.model.source", "a local file is named without its folder")
    if kind not in SOURCES:
        yield Fault("$.model.source", f"not an address of a file: {', '.join(SOURCES)}")


def is_web_page(url: str) -> bool:
    """Return whether an address is one of a web page."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable()
    except ValueError:
        return False


def commands(record: Record) -> Iterator[Fault]:
    """Yield repeat commands that are not what the collector makes of the case."""
    options = ours_options(record)
    if options is None:
        yield Fault("$.repeat.ovreport", "not `ovreport collect` with its options alone")
    else:
        yield from _of_case(record, options)
    theirs = record.repeat.benchmark_app
    if theirs and _options(theirs, ("benchmark_app",), _THEIRS) is None:
        yield Fault("$.repeat.benchmark_app", "not `benchmark_app` with its options alone")


def ours_options(record: Record) -> dict[str, list[str]] | None:
    """Return the values of each option of the record's own command; None where it is another."""
    return _options(record.repeat.ovreport, ("ovreport", "collect"), _OURS)


def _options(
    command: str, begin: tuple[str, ...], option: re.Pattern[str]
) -> dict[str, list[str]] | None:
    """Return the values of each option of a command; None where it is any other command.

    A shell takes its words as they are: nothing is expanded, redirected, or run besides.
    """
    words = _words(command)
    if words is None or words[: len(begin)] != begin:
        return None
    found: dict[str, list[str]] = {}
    rest = iter(words[len(begin) :])
    for word in rest:
        if word in _FLAGS:
            found[word] = []
            continue
        value = next(rest, None) if option.fullmatch(word) else ""
        if value is None or value[:2] == "--" or (not value and word[:1] == "-"):
            return None
        found.setdefault(word, []).append(value)
    return found


@lru_cache(maxsize=1 << 12)
def _words(command: str) -> Sequence[str] | None:
    """Return what a shell takes as the words of a command; None where it does anything else.

    What `shlex.join` makes of words, a shell takes for them. (`shlex.split` reads letter by letter,
    and records of one case have the same commands.)
    """
    words = tuple(
        word[1:-1].replace("'\"'\"'", "'") if word[0] == "'" else word
        for word in _WORD.findall(command)
    )
    return words if shlex.join(words) == command and command.isprintable() else None


def _of_case(record: Record, options: Mapping[str, list[str]]) -> Iterator[Fault]:
    case, path = record.case, "$.repeat.ovreport"
    for name, measured in (
        ("--model", case.model),
        ("--device", case.device),
        ("--tier", record.tier.name),
        ("--precision", case.precision),
    ):
        if options.get(name, [measured]) != [measured]:
            yield Fault(path, f"{name} is not what was measured: {measured[:80]}")
    if any("/" in word for word in options if not _OURS.fullmatch(word)):
        yield Fault(path, "a model's file is named without its folder")
    # A file may have any name: a shell takes it as it is, whatever it holds.
    if any("/" in suite or suite.startswith("-") for suite in options.get("--suite", [])):
        yield Fault(path, "--suite is no name of a suite, or of its file: a folder, or an option")
    if not all(map(_RELEASE.fullmatch, options.get("--openvino", []))):
        yield Fault(path, "--openvino names neither a release nor PATH, as records name wheels")
    for name in _PATHS:
        if not all(value.rpartition("=")[2] == "PATH" for value in options.get(name, [])):
            yield Fault(path, f"{name} names a path, where PATH stands in a record")

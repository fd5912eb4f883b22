"""Text that becomes a link or a command: only of a form that can do no harm."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from ovreport.checks.fault import Fault
from ovreport.record import Record

SOURCES = ("pypi", "hf", "https", "http", "file")
"""Kinds of addresses that a model can be fetched from."""
_SUITE = re.compile(r"[\w][\w .+-]*")
"""The name of a suite, or of its file: no folder, no option."""
_WORD = re.compile(r"[\w.,:=@+/ ()\[\]-]*")
_OURS = frozenset(
    ["--suite", "--tier", "--model", "--variant", "--device", "--precision", "--engine", "--seed", "--skip", "--dataset", "--samples", "--plugin", "--rounds", "--time", "--shape", "--input"]
)
_THEIRS = frozenset(["-m", "-d", "-hint", "-t", "-shape", "-data_shape", "-infer_precision", "-api", "-nireq", "-b", "-i"])


def links(record: Record) -> Iterator[Fault]:
    """Yield addresses that are no web pages."""
    for path, url in (
        ("$.model.homepage", record.model.homepage),
        *((f"$.model.published[{i}].url", one.url) for i, one in enumerate(record.model.published)),
    ):
        if url and not is_web_page(url):
            yield Fault(path, "not an address of a web page: it begins with https:// or http://")
    kind = record.model.source.partition(":")[0]
    if kind not in SOURCES:
        yield Fault("$.model.source", f"not an address of a file: one begins with {SOURCES}")


def is_web_page(url: str) -> bool:
    """Return whether an address is one of a web page."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable()
    except ValueError:
        return False


def commands(record: Record) -> Iterator[Fault]:
    """Yield repeat commands that are not what the collector makes of the case."""
    words = _words(record.repeat.ovreport)
    options = _options(words[2:], _OURS) if words[:2] == ["ovreport", "collect"] else None
    if options is None:
        yield Fault("$.repeat.ovreport", "not `ovreport collect` with its options alone")
    else:
        yield from _of_case(record, options)
    theirs = _words(record.repeat.benchmark_app) if record.repeat.benchmark_app else []
    if record.repeat.benchmark_app and (
        theirs[:1] != ["benchmark_app"] or _options(theirs[1:], _THEIRS) is None
    ):
        yield Fault("$.repeat.benchmark_app", "not `benchmark_app` with its options alone")


def _words(command: str) -> list[str]:
    """Return the words of a command that a shell takes as they are; none of any other."""
    try:
        words = shlex.split(command)
    except ValueError:
        return []
    plain = shlex.join(words) == command and all(_WORD.fullmatch(word) for word in words)
    return words if plain else []


def _options(words: list[str], known: frozenset[str]) -> dict[str, list[str]] | None:
    """Return the values of each option; None where anything else stands there."""
    names, values = words[::2], words[1::2]
    if len(names) != len(values) or not set(names) <= known:
        return None
    found: dict[str, list[str]] = {}
    for name, value in zip(names, values, strict=True):
        found.setdefault(name, []).append(value)
    return found


def _of_case(record: Record, options: Mapping[str, list[str]]) -> Iterator[Fault]:
    case = record.case
    expected = {
        "--model": [case.model],
        "--device": [case.device],
        "--tier": [record.tier.name],
        "--precision": [case.precision],
    }
    for name, values in expected.items():
        if name in options and options[name] != values:
            yield Fault("$.repeat.ovreport", f"{name} is not what was measured: {values[0]}")
    if any(not _SUITE.fullmatch(suite) for suite in options.get("--suite", [])):
        yield Fault("$.repeat.ovreport", "--suite is no name of a suite")

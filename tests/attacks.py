"""Hostile text, and records that hold it in every string that may be any text."""

from __future__ import annotations

import contextlib
import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from ovreport.checks import faults
from ovreport.errors import RecordError
from ovreport.record import Record
from ovreport.store import decode, write
from tests.factories import (
    a_failed_record,
    a_made_record,
    a_native_record,
    a_published_record,
    a_record,
    energy,
)
from tests.language_factories import language_records

HIT = "window.hit=1;alert(1)"
ATTACKS = {
    "script": f"<script>{HIT}</script>",
    "end of script": f"</script><script>{HIT}</script><!--<script>",
    "attribute": f"x onmouseover={HIT} onfocus={HIT} autofocus",
    "quotes": f"\" onmouseover=\"{HIT}\" x='\" ' onfocus='{HIT}' autofocus='",
    "image": f"<img src=x onerror={HIT}><svg onload={HIT}>",
    "address": f"javascript:{HIT}",
    "data address": f"data:text/html,<script>{HIT}</script>",
    "template": "{{ 7*191 }}{% raw %}{{ cycler.__init__ }}",
    "markdown": f"[x](javascript:{HIT}) ![x](http://evil.example/a) <details open ontoggle={HIT}>",
    "expression": json.dumps({"expr": HIT, "data": {"url": "http://evil.example/a.json"}}),
    "style": "</style><style>@import 'http://evil.example/a.css';body{display:none}</style>",
    "close": "--></title></textarea></template></table></svg><iframe src=http://evil.example/>",
    "directions": "\u202egnp.exe\u2066 \u200f ]]> \x00\x01\x1b \ufffe",
    "unseen": "A\u200b\u2060\ufeff\u00ad\u3164\ufe0f" + "".join(chr(0xE0000 + ord(c)) for c in HIT),
    "formula": "\uff1dcmd|' /C calc'!A0",
    "mention": "@octocat @a/team #1 GH-1 a/b#1 x@evil.example www.evil.example http://evil.example/a",
    "fence": "\n```\n~~~\n\n## h\n- [ ] `a` ``b`` | c |\n|---|---|\n<!-- \u2028> q\u0085\n[1]: http://x",
    "terminal": "\x1b]0;title\x07\x1b[2J\x1b[31m\x9b31m\r\b\x7f\u2029\u202e[bold red]x[/]\\[red]",
    "long": "W" * 5_000,
    "long words": "wide " * 1_000,
}
TOGETHER = " ".join(text for text in ATTACKS.values() if len(text) < 300)
"""All that are short, one after another."""

_OPEN = {"properties", "packages", "noise_unreadable", "effective", "requested"}
_OPEN_MADE = {("made", "settings"), ("made", "software")}
"""Tables of a record whose keys are free text too."""


Paths = frozenset[tuple[str, ...]]
"""Places in a record, without the indices of lists."""


def hostile(record: Record, text: str, paths: Paths | None = None) -> Record:
    """Return the record with every string at the paths replaced: by default all free text."""
    document = json.loads(msgspec.json.encode(record))
    changed = _replaced(document, text, free_paths() if paths is None else paths)
    return decode(json.dumps(changed).encode(), where="attack")


_WHY = (
    {"status": "failed", "reason": "r", "cause": "crash", "stderr_tail": "s"},
    {"status": "unsupported", "reason": "r", "remedy": "m"},
)


def without(record: Record, why: dict[str, str], *, parts: bool) -> Record:
    """Return a record whose measurements, or whose `parts` of them, are missing for a reason."""
    document = json.loads(msgspec.json.encode(record))
    places = [value for value in document.values() if isinstance(value, dict)]
    for place in places if parts else [document]:
        for key, value in place.items():
            if isinstance(value, dict) and "status" in value and key != "outcome":
                place[key] = why
    document["verdicts"] = {}
    return decode(json.dumps(document).encode(), where="made")


@cache
def samples() -> tuple[Record, ...]:
    """Return records of every kind, which together have the strings that a record can have."""
    language, *_ = language_records()
    kinds = [
        a_record(energy=energy()),
        a_failed_record(),
        a_made_record(),
        a_published_record(),
        a_native_record(),
        *language_records(),
    ]
    missing = [
        without(record, why, parts=parts)
        for record in (a_record(), language)
        for why in _WHY
        for parts in (False, True)
    ]
    return (*kinds, *missing)


def _replaced(value: Any, text: str, paths: Paths, path: tuple[str, ...] = ()) -> Any:
    if isinstance(value, dict):
        made = {k: _replaced(v, text, paths, (*path, k)) for k, v in value.items()}
        if path and (path[-1] in _OPEN or path[-2:] in _OPEN_MADE):
            made[text] = text
        return made
    if isinstance(value, list):
        return [_replaced(v, text, paths, path) for v in value]
    return text if isinstance(value, str | None) and path in paths else value


@cache
def free_paths() -> Paths:
    """Return the places where a sound record may hold any text, found by trying."""
    known: set[tuple[str, ...]] = set()
    for record in samples():
        document = json.loads(msgspec.json.encode(record))
        _try_strings(document, document, (), known)
    return frozenset(known)


def _try_strings(
    document: Any, value: Any, path: tuple[str, ...], known: set[tuple[str, ...]]
) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        here = (*path, key) if isinstance(key, str) else path
        if isinstance(inner, dict | list):
            _try_strings(document, inner, here, known)
        elif isinstance(inner, str | None) and here not in known:
            value[key] = "<any text>"
            with contextlib.suppress(RecordError):
                if not any(faults(decode(json.dumps(document).encode(), where="trial"))):
                    known.add(here)
            value[key] = inner


def _sound_paths(record: Record) -> Paths:
    """Return the places that can all hold any text in a record that is sound all the same."""
    found: Paths = frozenset()
    for path in sorted(free_paths()):
        with contextlib.suppress(RecordError):
            if not any(faults(hostile(record, "<any text>", found | {path}))):
                found |= {path}
    return found


def attacked_records() -> Iterator[Record]:
    """Yield records with one attack each in every string, and of every kind with all of them."""
    for i, text in enumerate(ATTACKS.values()):
        common = {"seed": i, "machine": f"machine-{i}"}
        for made in (
            a_published_record(model=f"attack-{i}", **common),
            a_record(model=f"attack-{i}", precision="default", **common),
            a_made_record(model=f"attack-{i}", **common),
            a_failed_record(model=f"failed-{i}", **common),
        ):
            yield hostile(made, text)
    for i, sample in enumerate(samples()):
        machine = msgspec.structs.replace(sample.machine, id=f"kind-{i}")
        yield hostile(msgspec.structs.replace(sample, machine=machine), TOGETHER)


def attacked_twice(folder: Path) -> tuple[Path, Path]:
    """Write records of two days with one attack each; return the folders of both.

    Of each attack, a case got slower, one failed since, and one has a device that is named so; all
    but the last are sound.
    """
    paths, paths_failed = _sound_paths(a_record()), _sound_paths(a_failed_record())
    for i, text in enumerate([*ATTACKS.values(), TOGETHER]):
        common = {"machine": f"machine-{i}", "model": f"m-{i}", "seed": i}
        before = {**common, "measured_at": "2026-11-01T10:00:00Z"}
        after = {**common, "measured_at": "2026-11-02T10:00:00Z", "median_ms": 6.0}
        for precision in ("f32", "default"):
            old = hostile(a_record(precision=precision, **before), text, paths)
            plain = msgspec.structs.replace(old, software=a_record().software)
            write(plain, folder / "old")
        write(hostile(a_record(**after), text, paths), folder / "new")
        failed = a_failed_record(precision="default", **after)
        write(hostile(failed, text, paths_failed), folder / "new")
        for knobs, name in ((before, "old"), (after, "new")):
            write(a_record(precision="f16", device=text, **knobs), folder / name)
    return folder / "old", folder / "new"


def is_harmless(field: str) -> bool:
    """Return whether a spreadsheet takes a field for text or for a number."""
    if re.fullmatch(r"-?[\d.,]+(e-?\d+)?", field):
        return True
    return not re.match(r"[=+\-@\uff1d\uff0b\uff0d\uff20]", field.strip())


def unseen(text: str) -> set[str]:
    """Return what of a text would control a terminal, turn its direction, or are not seen."""
    return {c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}}


_LINKED = re.compile(r"(?<!\w)@[a-z\d]|(?<!\w)GH-\d|#\d|\w@[\da-f]{7}", re.IGNORECASE)
"""What GitHub makes a link of in the text of a rendered page: people, issues, commits."""
_OURS = {"all", "h2", "h3", "p", "ul", "li", "strong", "code", "br"} | {
    *("table", "thead", "tbody", "tr", "th", "td")
}


def assert_plain(text: str) -> None:
    """Assert that a Markdown text is only of what we write: lists, tables, headings, code."""
    gfm = pytest.importorskip("cmarkgfm", reason="cmarkgfm is not installed: extra `test`")
    html = gfm.github_flavored_markdown_to_html(text, gfm.cmark.Options.CMARK_OPT_UNSAFE)
    whole = html.replace("<br>", "<br/>")  # which cells of ours have
    root = ElementTree.fromstring(f"<all>{whole}</all>")  # noqa: S314 (of our own)
    assert {element.tag for element in root.iter()} <= _OURS
    for table in root.iter("table"):
        assert len({len(row) for row in table.iter("tr")}) == 1
    outside = " ".join(re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL).split())
    assert _LINKED.findall(re.sub(r"&#?\w+;", "?", outside)) == []
    assert not unseen(text.replace("\u2060", ""))  # which keeps mentions from being any

"""Hostile text, and records that hold it in every string that may be any text."""

from __future__ import annotations

import contextlib
import json
from functools import cache
from typing import Any

import msgspec

from ovreport.checks import faults
from ovreport.errors import RecordError
from ovreport.record import Record
from ovreport.store import decode
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
    "long": "W" * 5_000,
    "long words": "wide " * 1_000,
}
TOGETHER = " ".join(text for text in ATTACKS.values() if len(text) < 300)
"""All that are short, one after another."""

_OPEN = {"properties", "packages", "noise_unreadable", "effective", "requested"}
_OPEN_MADE = {("made", "settings"), ("made", "software")}
"""Tables of a record whose keys are free text too."""


def hostile(record: Record, text: str) -> Record:
    """Return the record with every string that is free text replaced."""
    document = json.loads(msgspec.json.encode(record))
    changed = json.loads(json.dumps(_replaced(document, text)))
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


def _replaced(value: Any, text: str, path: tuple[str, ...] = ()) -> Any:
    if isinstance(value, dict):
        made = {k: _replaced(v, text, (*path, k)) for k, v in value.items()}
        if path and (path[-1] in _OPEN or path[-2:] in _OPEN_MADE):
            made[text] = text
        return made
    if isinstance(value, list):
        return [_replaced(v, text, path) for v in value]
    return text if isinstance(value, str | None) and path in free_paths() else value


@cache
def free_paths() -> frozenset[tuple[str, ...]]:
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

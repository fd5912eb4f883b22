"""Checks of a finished site before it replaces the old one: links, ids, and what is loaded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html import unescape
from urllib.parse import unquote, urlsplit

# Quotes in text are escaped, so that an attribute can only be found inside a tag.
_ATTRIBUTE = re.compile(rb'\s(id|href|src|on[a-z]+|style|srcset|action)="([^"]*)"')
_LOADING = re.compile(rb'<(?:link|script|img|image|use|iframe)\s[^>]*?(?:href|src)="([^"]*)"')
_CANONICAL = b'<link rel="canonical"'
_POLICY = b"default-src 'none'; script-src 'self'; style-src 'self'"


def faults(files: Mapping[str, bytes]) -> list[str]:
    """Return the faults of a site, a line each; empty where there are none."""
    pages = {name: data for name, data in files.items() if name.endswith(".html")}
    found = {name: _ATTRIBUTE.findall(data) for name, data in pages.items()}
    ids = {
        name: Counter(value.decode() for key, value in attributes if key == b"id")
        for name, attributes in found.items()
    }
    wrong = []
    for name, data in pages.items():
        wrong += [f"{name}: {fault}" for fault in _page_faults(data, ids[name])]
        for key, value in sorted({(k, v) for k, v in found[name] if k != b"id"}):
            fault = _fault(key.decode(), unescape(value.decode()), name, files, ids)
            if fault:
                wrong.append(f"{name}: {fault}")
    return wrong


def _page_faults(data: bytes, ids: Counter[str]) -> Iterator[str]:
    if _POLICY not in data:
        yield "no Content-Security-Policy"
    double = [i for i, n in ids.items() if n > 1]
    if double:
        yield f"ids are not unique: {', '.join(double[:5])}"
    for match in _LOADING.finditer(data):
        if b":" in match[1].split(b"/")[0] and not match[0].startswith(_CANONICAL):
            yield f"loads from elsewhere: {match[1][:80].decode()}"


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
    known = target in files and (not fragment or fragment in ids.get(target, {}))
    return "" if known else f"a link leads nowhere: {value[:80]}"

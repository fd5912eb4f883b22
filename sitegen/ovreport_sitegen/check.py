"""What must hold for a finished site before it replaces the old one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from urllib.parse import unquote, urlsplit

_TAG = re.compile(rb"<[a-zA-Z](?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_ATTRIBUTE = re.compile(r'\s(id|href|src|on[a-z]+|style|srcset|action)="([^"]*)"')
_TELLING = re.compile(rb"\s(?:id|href|src|on[a-z]+|style|srcset|action)=")
_POLICY = b"default-src 'none'; script-src 'self'; style-src 'self'"
_LOADED = ("link", "script", "img", "image", "use", "iframe")


def faults(files: Mapping[str, bytes]) -> list[str]:
    """Return what is wrong with a site, one line a fault; empty where all is well."""
    pages = {name: data for name, data in files.items() if name.endswith(".html")}
    parsed = {name: list(_attributes(data)) for name, data in pages.items()}
    ids = {
        name: [value for _, key, value in found if key == "id"] for name, found in parsed.items()
    }
    wrong = []
    for name, found in parsed.items():
        if _POLICY not in pages[name]:
            wrong.append(f"{name}: no Content-Security-Policy")
        if len(set(ids[name])) < len(ids[name]):
            double = sorted({i for i in ids[name] if ids[name].count(i) > 1})
            wrong.append(f"{name}: ids are not unique: {', '.join(double[:5])}")
        for tag, key, value in found:
            fault = _fault(tag, key, value, name, files, ids)
            if fault:
                wrong.append(f"{name}: {fault}")
    return wrong


def _attributes(data: bytes) -> Iterator[tuple[str, str, str]]:
    for match in _TAG.finditer(data):
        if not _TELLING.search(match[0]):
            continue
        text = match[0].decode()
        tag = re.match(r"<([a-zA-Z]+)", text)
        assert tag is not None  # noqa: S101 - the pattern above has just matched it
        for key, value in _ATTRIBUTE.findall(text):
            yield tag[1].lower(), key, unescape(value)


def _fault(
    tag: str, key: str, value: str, page: str, files: Mapping[str, bytes],
    ids: Mapping[str, list[str]],
) -> str:  # fmt: skip
    if key == "id":
        return ""
    if key.startswith("on") or key in {"style", "srcset", "action"}:
        return f"<{tag}> has an attribute {key}"
    parts = urlsplit(value)
    if parts.scheme or parts.netloc:
        if tag in _LOADED and not (tag == "link" and parts.scheme in {"http", "https"}):
            return f"<{tag}> loads from elsewhere: {value[:80]}"
        return "" if parts.scheme in {"http", "https"} else f"<{tag}> leads to {value[:80]}"
    if page == "404.html" and parts.path.startswith("/"):
        return ""
    target = unquote(parts.path) or page
    if target not in files:
        return f"<{tag}> leads nowhere: {value[:80]}"
    if parts.fragment and unquote(parts.fragment) not in ids.get(target, ()):
        return f"<{tag}> leads to a place that does not exist: {value[:80]}"
    return ""

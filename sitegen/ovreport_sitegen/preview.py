"""The picture that a link to the site shows where it is shared: a PNG, made at build time."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from textwrap import wrap

from ovreport_sitegen.text import line

FILE = "preview.png"
WIDTH, HEIGHT = 1200, 630
"""Pixels, as Open Graph and Twitter cards ask for."""
_LEFT = 80
_TITLE, _VALUE, _TEXT = 34, 60, 34
"""Font sizes."""
_VALUE_COLUMNS, _TEXT_COLUMNS = 32, 58
"""Characters in a line of that size."""


def png(title: str, topic: str, value: str, text: str) -> bytes:
    """Return the picture: the site's title, and below it a finding in large type.

    `topic`: what the finding answers; `value`: its number or name; `text`: the sentence.
    """
    import vl_convert  # heavy, and only needed where a site has an address

    return bytes(vl_convert.svg_to_png(svg(title, topic, value, text)))


def svg(title: str, topic: str, value: str, text: str) -> str:
    """Return the drawing behind `png`, all texts escaped and cut where they would not fit."""
    head = _lines([line(title, 60)], 118, _TITLE, "600", "#17212b", _LEFT + 64)
    large = _wrapped(value, _VALUE_COLUMNS, 2)
    small = _wrapped(text, _TEXT_COLUMNS, 4)
    below = 295 + len(large) * 78
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="Liberation Sans,Arial,sans-serif">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<rect width="{WIDTH}" height="14" fill="#0068b5"/>'
        f'<g transform="translate({_LEFT} 82) scale(2.4)">'
        '<rect width="20" height="20" rx="4" fill="#0068b5"/>'
        '<path d="M6 15V9M10 15V5M14 15v-4" stroke="#fff" stroke-width="2.4"/></g>'
        f"{head}{_lines([line(topic, 60)], 220, 30, '600', '#005b9f')}"
        f"{_lines(large, 300, _VALUE, '700', '#17212b')}"
        f"{_lines(small, below, _TEXT, '400', '#4f5d6b')}</svg>"
    )


def _wrapped(text: str, columns: int, most: int) -> list[str]:
    found = wrap(line(text, columns * most), columns)
    return found if len(found) <= most else [*found[: most - 1], f"{found[most - 1][:-1]}…"]


def _lines(
    texts: Sequence[str], y: int, size: int, weight: str, colour: str, x: int = _LEFT
) -> str:
    return "".join(
        f'<text x="{x}" y="{y + i * size * 1.3:.0f}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}">{escape(text)}</text>'
        for i, text in enumerate(texts)
    )

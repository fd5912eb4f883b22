"""Pages on paper: black on white, nothing to press, no number lost in details or beyond an edge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

_SHEET = 1047
"""Width of a landscape sheet of A4 within its margins, in CSS pixels."""
_CONTROLS = "nav a, .buttons, form, .tools, .command button, [data-more], .sort"
_SEEN = "found => found.filter(e => e.checkVisibility()).length"
_CLOSED = "document.querySelectorAll('main details:not([open])').length"


def test_pages_are_printed_whole(watch: Any, site_folder: Path) -> None:
    """A dark page, printed by a reader: closed details are open on paper, and closed again."""
    watched = watch(color_scheme="dark", viewport={"width": _SHEET, "height": 800})
    page = watched.page
    for path in sorted(site_folder.glob("*.html")):
        watched.open(path.as_uri())
        closed = page.evaluate(_CLOSED)
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate(_CLOSED) == 0, path.name
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
        assert page.eval_on_selector_all(_CONTROLS, _SEEN) == 0, path.name
        assert page.evaluate("document.documentElement.scrollWidth") <= _SHEET, path.name
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.evaluate(_CLOSED) == closed, path.name
        page.emulate_media(media="screen")

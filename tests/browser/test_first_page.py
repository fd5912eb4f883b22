"""The first page in a real browser: its table is a list of cards on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

_ROW = "#answer-table tbody:not(.mean) tr:not(.group)"


def test_rows_are_cards_on_a_phone(watch: Any, site_folder: Path) -> None:
    """Every value stands under its column's name, within the screen; the head is not seen."""
    watched = watch(viewport={"width": 390, "height": 844})
    watched.open((site_folder / "index.html").as_uri())
    row = watched.page.locator(_ROW).first
    values = row.locator("td")
    assert values.count()
    for value in values.all():
        name = value.evaluate("e => getComputedStyle(e, '::before').content")
        assert name.strip('"') == value.get_attribute("data-label")
        box = value.bounding_box()
        assert box is None or 0 <= box["x"] <= box["x"] + box["width"] <= 390


def test_rows_are_a_table_on_a_wide_screen(watch: Any, site_folder: Path) -> None:
    """The names stand in its head."""
    watched = watch()
    watched.open((site_folder / "index.html").as_uri())
    page = watched.page
    value = page.locator(f"{_ROW} td").first
    assert value.evaluate("e => getComputedStyle(e, '::before').content") == "none"
    assert page.locator("#answer-table th", has_text="Example").first.is_visible()


def test_every_mark_of_the_table_opens_its_meaning(watch: Any, site_folder: Path) -> None:
    """By keyboard too."""
    watched = watch()
    watched.open((site_folder / "index.html").as_uri())
    page = watched.page
    mark = page.locator("#answer button[popovertarget]").first
    mark.focus()
    page.keyboard.press("Enter")
    assert page.locator(f"#{mark.get_attribute('popovertarget')}").is_visible()

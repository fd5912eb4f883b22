"""The first page in a real browser: its table is a list of cards on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

_ROW = ".answers tbody tr"


def test_rows_are_cards_on_a_phone(watch: Any, site_folder: Path) -> None:
    """Every value stands under its name, within the screen; the head of the table is not seen."""
    watched = watch(viewport={"width": 390, "height": 844})
    watched.open((site_folder / "index.html").as_uri())
    row = watched.page.locator(_ROW).first
    labels = row.locator(".label")
    assert labels.count() > 4
    assert labels.first.is_visible()
    for value in (row.locator("td").nth(i) for i in range(labels.count())):
        box = value.bounding_box()
        assert box is None or 0 <= box["x"] <= box["x"] + box["width"] <= 390


def test_rows_are_a_table_on_a_wide_screen(watch: Any, site_folder: Path) -> None:
    """The names stand in its head; a click sorts."""
    watched = watch()
    watched.open((site_folder / "index.html").as_uri())
    page = watched.page
    assert not page.locator(f"{_ROW} .label").first.is_visible()
    head = page.locator("#answers-table th", has_text="Latency").first
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    sorts = (
        "() => [...document.querySelectorAll('.answers tbody tr')].map(r => r.cells[1].dataset.s)"
    )
    values = [float(value) for value in page.locator(_ROW).evaluate_all(sorts) if value is not None]
    assert values == sorted(values)


def test_every_mark_of_the_table_opens_its_meaning(watch: Any, site_folder: Path) -> None:
    """By keyboard too."""
    watched = watch()
    watched.open((site_folder / "index.html").as_uri())
    page = watched.page
    mark = page.locator(".answers button[popovertarget]").first
    mark.focus()
    page.keyboard.press("Enter")
    assert page.locator(f"#{mark.get_attribute('popovertarget')}").is_visible()

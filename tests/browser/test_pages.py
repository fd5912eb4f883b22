"""Every page in a real browser: it fits, it is quiet, it needs nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def pages(folder: Path) -> list[str]:
    """Return the names of all pages."""
    return sorted(path.name for path in folder.glob("*.html"))


def test_every_page_fits_and_is_quiet(watch: Any, site_folder: Path) -> None:
    """From file://, at both widths, light and dark: no horizontal scroll, enough contrast.

    No error, no violation, no request elsewhere. A page is opened once, and shown four ways.
    """
    watched = watch()
    page = watched.page
    for name in pages(site_folder):
        watched.open((site_folder / name).as_uri())
        for opened in ("false", "true"):
            page.evaluate(f"document.querySelectorAll('details').forEach(d => d.open = {opened})")
            watched.check_looks(f"{name}, details open: {opened}")
        assert not watched.errors, name
    assert not watched.outside


def test_pages_work_under_a_sub_path(watch: Any, site_folder: Path, address: str) -> None:
    """Served below a folder: every page and every internal link works."""
    watched = watch()
    statuses: list[int] = []
    watched.page.on("response", lambda response: statuses.append(response.status))
    for name in pages(site_folder):
        if name != "404.html":  # its addresses start at the site's root, by design
            watched.open(f"{address}/{name}")
    assert set(statuses) <= {200, 304}
    assert not watched.errors
    assert not watched.outside


def test_everything_is_readable_without_scripts(watch: Any, site_folder: Path) -> None:
    """No JavaScript: numbers, charts, reasons and commands are there; dead controls are not."""
    watched = watch(java_script_enabled=False)
    watched.open((site_folder / "index.html").as_uri())
    page = watched.page
    assert page.locator("#answer-table tbody:not(.mean) tr:not(.group)").count() == 4
    assert page.locator("svg.chart").first.is_visible()
    assert not page.locator("#answer form").is_visible()
    assert not page.locator("#answer .asks").is_visible()
    assert not page.locator("#theme").is_visible()
    page.locator("#answer-table td a").first.click()
    assert "model-" in page.url
    page.locator("details.result > summary").first.click()
    assert page.locator("details.result pre").first.is_visible()


def test_the_theme_is_kept(watch: Any, address: str) -> None:
    """The button switches colours, and the choice holds on the next page."""
    watched = watch(color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    watched.open(f"{address}/index.html")
    light = watched.page.evaluate(ground)
    watched.page.click("#theme")
    dark = watched.page.evaluate(ground)
    assert dark != light
    watched.open(f"{address}/latency.html")
    assert watched.page.evaluate(ground) == dark
    assert watched.page.inner_text("#theme") == "Light"


def test_tables_can_be_sorted_and_searched(watch: Any, site_folder: Path, address: str) -> None:
    """Sorting keeps missing values last both ways; searching counts what it leaves."""
    watched = watch()
    name = next(site_folder.glob("device-example-cpu-9000-*.html")).name
    watched.open(f"{address}/{name}")
    page = watched.page
    head = page.locator("#results th", has_text="Latency").first
    cells = (
        "() => [...document.querySelectorAll('#results tbody tr')]"
        ".map(r => r.cells[2].dataset.s).map(s => s === undefined ? null : Number(s))"
    )
    for order, word in ((False, "ascending"), (True, "descending")):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == word
        values = page.evaluate(cells)
        numbers = [v for v in values if v is not None]
        assert numbers == sorted(numbers, reverse=order)
        assert values[len(numbers) :] == [None, None]
    page.fill(".tools[data-for=results] input", "silero")
    assert page.locator("#results tbody tr").count() == 2
    assert page.inner_text("#results-count") == "2 of 7 rows"
    page.click(".tools[data-for=results] [type=reset]")
    page.select_option(".tools[data-for=results] select[data-key=p]", "default")
    assert page.locator("#results tbody tr").count() == 3


def test_an_address_opens_the_result_it_names(watch: Any, address: str) -> None:
    """A link to a result shows it opened, with the command that repeats it."""
    watched = watch()
    watched.open(f"{address}/index.html")
    watched.page.locator("#answer-table td a").first.click()
    watched.page.wait_for_selector("details.result[open]")
    assert watched.page.locator("details.result[open] .command").first.is_visible()


def test_the_keyboard_reaches_what_the_mouse_does(watch: Any, address: str) -> None:
    """The first tab stop skips to the content; boxes that scroll take the focus."""
    watched = watch()
    watched.open(f"{address}/index.html")
    watched.page.keyboard.press("Tab")
    assert watched.page.evaluate("document.activeElement.className") == "skip"
    assert watched.page.locator(".scroll:not([tabindex])").count() == 0

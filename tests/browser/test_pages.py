"""Every page in a real browser: it fits, it is quiet, it needs nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ovreport.store import write
from ovreport_sitegen.build import build
from tests.browser.conftest import Whole
from tests.factories import a_record

pytestmark = pytest.mark.browser


def pages(folder: Path) -> list[str]:
    """Return the names of all pages."""
    return sorted(path.name for path in folder.glob("*.html"))


def test_every_page_fits_and_is_quiet(watch: Any, whole: Whole) -> None:
    """From file://, at both widths, light and dark: no horizontal scroll, enough contrast.

    No error, no violation, no request elsewhere. A page is opened once, and shown four ways.
    """
    watched = watch()
    page = watched.page
    for name in whole.kinds:
        # The page for wrong addresses names its parts from the root of a server.
        base = whole.address if name == "404.html" else whole.folder.as_uri()
        watched.open(f"{base}/{name}")
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
    assert "/result-" in page.url
    assert page.locator(".numbers li").first.is_visible()
    assert page.locator(".command pre").first.is_visible()


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


def test_tables_can_be_sorted_and_searched(watch: Any, address: str) -> None:
    """Sorting keeps missing values last both ways; searching counts what it leaves."""
    watched = watch()
    watched.open(f"{address}/accuracy.html")
    page = watched.page
    head = page.locator("#agreement-table th", has_text="Cosine").first
    place = head.evaluate("head => head.cellIndex")
    cells = (
        "place => [...document.querySelectorAll('#agreement-table tbody tr')]"
        ".map(r => r.cells[place]?.dataset.s).map(s => s === undefined ? null : Number(s))"
    )
    for order, word in ((False, "ascending"), (True, "descending")):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == word
        values = page.evaluate(cells, place)
        numbers = [v for v in values if v is not None]
        assert numbers == sorted(numbers, reverse=order)
        assert not any(values[len(numbers) :])
    rows = page.locator("#agreement-table tbody tr")
    every = rows.count()
    page.fill(".tools[data-for=agreement-table] input", "silero")
    assert 0 < rows.count() < every
    assert page.inner_text("#agreement-table-count") == f"{rows.count()} of {every} rows"
    page.click(".tools[data-for=agreement-table] [type=reset]")
    page.select_option(".tools[data-for=agreement-table] select[data-key=p]", "default")
    assert 0 < rows.count() < every


def test_later_rows_come_when_a_reader_asks(
    watch: Any, site_folder: Path, address: str, tmp_path: Path
) -> None:
    """From a server and from a disk alike; a table says how many rows it has before."""
    for number in range(25):
        write(a_record(model=f"m{number}", title=f"M{number}"), tmp_path / "site" / "records")
    many = build(tmp_path / "site", [], site_folder.parent / "many", cache=tmp_path / "cache").out
    for base in (f"{address.rpartition('/')[0]}/many", many.as_uri()):
        watched = watch()
        watched.open(f"{base}/latency.html")
        page = watched.page
        table = page.locator("table[data-rows]").first
        name, total = table.get_attribute("id"), int(table.get_attribute("data-total"))
        rows = page.locator(f"#{name} tbody tr")
        assert rows.count() < total
        assert str(total) in page.locator(f"#{name}-count").text_content()
        page.evaluate("id => document.querySelector(`[data-more=${id}]`).click()", name)
        # A function: the page's policy refuses to evaluate a text more than once.
        page.wait_for_function(
            "([id, n]) => document.querySelectorAll(`#${id} tbody tr`).length === n",
            arg=[name, total],
        )
        assert not watched.errors


def test_a_number_leads_to_the_command_that_repeats_it(watch: Any, address: str) -> None:
    """It stands on the first screen of the result's page, wide and narrow, and can be copied."""
    watched = watch(permissions=["clipboard-read", "clipboard-write"])
    page = watched.page
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        watched.open(f"{address}/index.html")
        page.locator("#answer-table td a").first.click()
        page.wait_for_url("**/result-*")
        command = page.locator(".command").first
        box = command.bounding_box()
        assert box["y"] + box["height"] < 900
        command.locator("button").click()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == command.locator("code").text_content()


def test_an_old_address_of_a_result_leads_to_its_page(
    watch: Any, site_folder: Path, address: str
) -> None:
    """Results once were on their model's page; without a script that page has a link to it."""
    watched = watch()
    name = next(site_folder.glob("model-*.html")).name
    watched.open(f"{address}/{name}")
    anchors = watched.page.locator(".results li")
    anchor = anchors.first.get_attribute("id")
    there = anchors.first.locator("a").get_attribute("href")
    watched.open(f"{address}/index.html")
    watched.open(f"{address}/{name}#{anchor}")
    watched.page.wait_for_url(f"**/{there}")
    bare = watch(java_script_enabled=False)
    bare.open(f"{address}/{name}#{anchor}")
    assert bare.page.locator(f"#{anchor} a").is_visible()


def test_the_table_of_a_model_or_device_stays_with_it(
    watch: Any, site_folder: Path, address: str
) -> None:
    """Whatever else is asked of it."""
    watched = watch()
    page = watched.page
    rows = page.locator("#answer-table tbody:not(.mean) tr:not(.group)")
    for name in ("model-magika-v3.3.html", next(site_folder.glob("device-*.html")).name):
        watched.open(f"{address}/{name}")
        count = rows.count()
        page.select_option("[name=metric]", "throughput_ips")
        page.wait_for_selector('#answer[data-shown="metric=throughput_ips"]')
        assert rows.count() <= count
        assert not watched.errors


def test_the_keyboard_reaches_what_the_mouse_does(watch: Any, address: str) -> None:
    """The first tab stop skips to the content; boxes that scroll take the focus."""
    watched = watch()
    watched.open(f"{address}/index.html")
    watched.page.keyboard.press("Tab")
    assert watched.page.evaluate("document.activeElement.className") == "skip"
    assert watched.page.locator(".scroll:not([tabindex])").count() == 0


def test_pages_have_few_elements_at_first(watch: Any, site_folder: Path) -> None:
    """At most 2,000, until the reader asks for more."""
    watched = watch()
    counts = {}
    for name in pages(site_folder):
        watched.open((site_folder / name).as_uri())
        counts[name] = watched.page.evaluate("document.querySelectorAll('*').length")
    assert {name: count for name, count in counts.items() if count > 2000} == {}

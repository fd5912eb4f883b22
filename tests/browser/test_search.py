"""The search in a real browser: by keyboard, from a disk, and not without a script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ovreport.store import write
from ovreport_sitegen.build import build
from tests.factories import a_record

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>'


def found(page: Any) -> list[str]:
    """Return the texts of what was found."""
    page.wait_for_function("document.querySelector('#search [role=status]').textContent")
    return [" ".join(text.split()) for text in page.locator("#search li").all_inner_texts()]


def test_search_works_by_keyboard_alone(watch: Any, site_folder: Path) -> None:
    """From file://: a slash opens it, arrows move, Enter follows, Escape closes."""
    watched = watch()
    page = watched.page
    watched.open((site_folder / "accuracy.html").as_uri())
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.closest('#search') !== null")
    page.keyboard.type("resnet")
    assert any("ResNet-50" in text for text in found(page))
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.tagName") == "A"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    assert not page.locator("#search").is_visible()
    page.keyboard.press("/")
    page.keyboard.type("resnet")
    page.keyboard.press("Enter")
    page.wait_for_url("**/model-resnet-50.html")
    assert not watched.errors
    assert not watched.outside


@pytest.mark.parametrize(
    ("words", "address"),
    [("example cpu", "device-"), ("throughput", "throughput.html"), ("p99", "metric=latency_p99")],
)
def test_devices_pages_and_metrics_are_found(
    watch: Any, address: str, words: str, site_folder: Path
) -> None:
    """A metric leads to the table that shows it."""
    watched = watch()
    watched.open((site_folder / "index.html").as_uri())
    watched.page.click("#search-open")
    watched.page.keyboard.type(words)
    found(watched.page)
    links = watched.page.locator("#search li a")
    assert any(address in str(links.nth(i).get_attribute("href")) for i in range(links.count()))


def test_a_slash_in_a_field_is_a_slash(watch: Any, site_folder: Path) -> None:
    """Whoever types is not interrupted."""
    watched = watch()
    watched.open((site_folder / "accuracy.html").as_uri())
    watched.page.locator(".tools input").first.press("/")
    assert not watched.page.locator("#search").is_visible()


def test_hostile_names_are_text(watch: Any, tmp_path: Path) -> None:
    """In the index as in the list."""
    write(a_record(title=HOSTILE, model="evil"), tmp_path / "site" / "records")
    out = build(tmp_path / "site", [], tmp_path / "out", cache=tmp_path / "charts").out
    watched = watch()
    watched.open((out / "index.html").as_uri())
    watched.page.keyboard.press("/")
    watched.page.keyboard.type("img src")
    (text, *_) = found(watched.page)
    assert "<img src=x" in text
    assert watched.page.locator("#search img").count() == 0
    assert not watched.errors


def test_without_a_script_there_is_no_search(watch: Any, site_folder: Path) -> None:
    """Nothing stands there that would not work."""
    watched = watch(java_script_enabled=False)
    watched.open((site_folder / "index.html").as_uri())
    assert not watched.page.locator("#search-open").is_visible()
    assert not watched.page.locator("#search").is_visible()


def test_the_comparisons_of_the_overview_are_found(watch: Any, answers: Path) -> None:
    """Who types INT8 wants what it buys and costs, not only a model of that name."""
    watched = watch()
    watched.open((answers / "index.html").as_uri())
    watched.page.click("#search-open")
    watched.page.keyboard.type("int8")
    assert any("buys" in text for text in found(watched.page))

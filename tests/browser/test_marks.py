"""Marks explain themselves where they stand: by mouse, keyboard and touch, without scripts too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ovreport.store import write
from ovreport_sitegen.build import build
from tests.factories import a_record
from tests.language_factories import a_language_record

pytestmark = pytest.mark.browser

PAGES = ("index", "latency", "throughput", "accuracy", "efficiency", "language-models")


@pytest.fixture(scope="module")
def shaky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site of which no result can be relied on."""
    base = tmp_path_factory.mktemp("shaky")
    for i, (model, ms) in enumerate((("magika", 0.6), ("squeezenet", 4.0), ("bert", 22.0))):
        for seed, precision in enumerate(("f32", "default")):
            made = {"model": model, "title": model.capitalize(), "median_ms": ms}
            record = a_record(**made, precision=precision, noise=0.5, seed=10 * i + seed)
            write(record, base / "site" / "records")
    write(a_language_record(noise=0.5), base / "site" / "records")
    return build(base / "site", [], base / "out", cache=base / "charts").out


def opened(page: Any) -> list[str]:
    """Return the ids of the explanations that are open."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('[popover]:popover-open')].map(e => e.id)"
    )
    return found


@pytest.mark.parametrize("name", PAGES)
def test_every_mark_has_its_explanation_once(watch: Any, shaky: Path, name: str) -> None:
    """Each button leads to one explanation, and a key names it."""
    watched = watch()
    watched.open((shaky / f"{name}.html").as_uri())
    marks = set(
        watched.page.evaluate(
            "[...document.querySelectorAll('main [popovertarget]')]"
            ".map(e => e.getAttribute('popovertarget'))"
        )
    )
    meanings = watched.page.evaluate("[...document.querySelectorAll('[popover]')].map(e => e.id)")
    named = watched.page.evaluate(
        "[...document.querySelectorAll(':is(.marks, .key) [popovertarget]')]"
        ".map(e => e.getAttribute('popovertarget'))"
    )
    assert marks == set(meanings) == set(named)
    assert len(meanings) == len(set(meanings))
    assert "mark-unreliable" in marks
    assert not watched.errors


def test_a_mark_is_explained_by_mouse_without_scripts(watch: Any, shaky: Path) -> None:
    """A click opens the explanation beside the mark; a click elsewhere closes it."""
    watched = watch(java_script_enabled=False)
    watched.open((shaky / "latency.html").as_uri())
    page = watched.page
    page.locator("#latency button[popovertarget=mark-unreliable]").first.click()
    meaning = page.locator("#mark-unreliable")
    assert meaning.is_visible()
    page.locator("h1").click()
    assert not meaning.is_visible()


def test_a_mark_is_explained_by_keyboard(watch: Any, shaky: Path) -> None:
    """Enter opens the explanation, Escape closes it, and the focus stays on the mark."""
    watched = watch()
    watched.open((shaky / "latency.html").as_uri())
    page = watched.page
    page.locator("#latency button[popovertarget=mark-unreliable]").first.focus()
    page.keyboard.press("Enter")
    assert opened(page) == ["mark-unreliable"]
    page.keyboard.press("Escape")
    assert opened(page) == []
    assert page.evaluate("document.activeElement.getAttribute('popovertarget')") is not None


def test_a_mark_is_explained_by_touch_within_a_phone(watch: Any, shaky: Path) -> None:
    """A tap on the verdict opens an explanation that lies within the screen."""
    watched = watch(has_touch=True, viewport={"width": 390, "height": 844})
    watched.open((shaky / "latency.html").as_uri())
    page = watched.page
    page.locator("#answer .key button").first.tap()
    (shown,) = opened(page)
    box = page.locator(f"#{shown}").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert 0 <= box["y"] <= 844 - box["height"]


def test_marks_are_large_enough_for_a_finger(watch: Any, shaky: Path) -> None:
    """24 pixels each way, as WCAG 2.2 asks."""
    watched = watch(viewport={"width": 390, "height": 844})
    watched.open((shaky / "latency.html").as_uri())
    small = watched.page.evaluate(
        "[...document.querySelectorAll('button[popovertarget]')].filter(e => e.checkVisibility())"
        ".map(e => e.getBoundingClientRect()).filter(r => r.width < 23.9 || r.height < 23.9).length"
    )
    assert small == 0


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_struck_through(watch: Any, shaky: Path, name: str) -> None:
    """An unreliable number is grey with a sign in front, and readable."""
    watched = watch()
    watched.open((shaky / f"{name}.html").as_uri())
    struck = watched.page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e =>"
        " getComputedStyle(e).textDecorationLine.includes('line-through')).length"
    )
    assert struck == 0


def test_every_result_is_in_the_chart(watch: Any, shaky: Path) -> None:
    """Charts of unreliable results are drawn, with ≈ at each value."""
    watched = watch()
    watched.open((shaky / "latency.html").as_uri())
    texts = watched.page.evaluate(
        "[...document.querySelectorAll('#latency svg.chart text')].map(e => e.textContent)"
    )
    assert sum(text.startswith("≈") for text in texts) == 3

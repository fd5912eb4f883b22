"""A page of every kind as it is loaded, used, read without a script, and by keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Whole

pytestmark = pytest.mark.browser

_SLOWLY = 0.3
"""Seconds after which scripts arrive: by then the page is on the screen."""
_WATCH_SHIFTS = """
  window.shifts = [];
  new PerformanceObserver(list => list.getEntries().forEach(entry => shifts.push(
    `${entry.value.toFixed(4)} ${entry.sources.map(s => s.node?.outerHTML?.slice(0, 80))}`)))
    .observe({type: "layout-shift", buffered: true});
"""
_WATCH_POLICY = """
  window.refused = [];
  addEventListener("securitypolicyviolation", event =>
    refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
_USE = """() => {
  const seen = selector =>
    [...document.querySelectorAll(selector)].filter(e => e.checkVisibility());
  for (const summary of seen("details:not([open]) > summary")) summary.click();
  for (const select of seen("select")) {
    select.selectedIndex = select.options.length - 1;
    select.dispatchEvent(new Event("change", {bubbles: true}));
    select.dispatchEvent(new Event("input", {bubbles: true}));
  }
  for (const field of seen("input")) {
    if (field.type === "checkbox") field.click(); else field.value = "a";
    field.dispatchEvent(new Event("input", {bubbles: true}));
  }
  for (const button of seen("button")) button.click();
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_when_scripts_come_late(watch: Any, whole: Whole, width: int) -> None:
    """What they add has its place before."""
    watched = watch(viewport={"width": width, "height": 900})
    page = watched.page
    page.add_init_script(_WATCH_SHIFTS)

    def late(route: Any) -> None:
        page.wait_for_timeout(1000 * _SLOWLY)
        route.continue_()

    page.route("**/*.js", late)
    moved = {}
    for name in whole.kinds:
        watched.open(f"{whole.address}/{name}")
        page.wait_for_timeout(100)
        if shifts := page.evaluate("shifts"):
            moved[name] = shifts
    assert moved == {}


def test_the_policy_of_content_holds_while_a_page_is_used(watch: Any, whole: Whole) -> None:
    """Whatever is pressed, chosen or typed: no violation, no error, nothing asked for elsewhere."""
    watched = watch(permissions=["clipboard-read", "clipboard-write"])
    page = watched.page
    page.add_init_script(_WATCH_POLICY)
    for name in whole.kinds:
        watched.open(f"{whole.address}/{name}")
        assert page.locator("meta[http-equiv=Content-Security-Policy]").count() == 1
        page.evaluate(_USE)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("refused") == [], name
        assert not watched.errors, name
    assert not watched.outside


def test_without_a_script_numbers_are_there_and_no_dead_controls(watch: Any, whole: Whole) -> None:
    """A control that works needs none: it opens an explanation, or a part that is folded."""
    read, bare = watch(), watch(java_script_enabled=False)
    for name in whole.kinds:
        for watched in (read, bare):
            watched.open(f"{whole.address}/{name}")
        dead = bare.page.locator(":is(button:not([popovertarget]), input, select):visible")
        assert [one.text_content() for one in dead.all()] == [], name
        numbers = "main td, main li, main dd, main svg.chart text"
        assert bare.page.locator(numbers).count() == read.page.locator(numbers).count(), name
        assert bare.page.locator("a[href]:visible").count() > 5, name


def test_reduced_motion_is_respected(watch: Any, whole: Whole) -> None:
    """Nothing glides, fades or scrolls smoothly for whoever asks for that."""
    watched = watch(reduced_motion="reduce")
    page = watched.page
    for name in whole.kinds:
        watched.open(f"{whole.address}/{name}")
        page.evaluate(_USE)
        assert page.evaluate("document.getAnimations().length") == 0, name
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_an_address_that_leads_nowhere_shows_the_page_for_it(watch: Any, whole: Whole) -> None:
    """However deep below the site's folder: with its looks, its search and ways back."""
    for wrong in ("nowhere.html", "deep/er/nowhere.html"):
        watched = watch()
        page = watched.page
        statuses: dict[str, int] = {}
        page.on("response", lambda one, into=statuses: into.update({one.url: one.status}))
        address = f"{whole.address}/{wrong}"
        watched.open(address)
        assert statuses.pop(address) == 404
        assert set(statuses.values()) == {200}
        page.keyboard.press("/")
        page.keyboard.type("magika")
        page.wait_for_function("document.querySelector('#search [role=status]').textContent")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{whole.address}/model-magika-v3.3.html")
        watched.open(address)
        page.locator("main a").click()
        page.wait_for_url(f"{whole.address}/index.html")
        assert not watched.outside


# ---------------------------------------------------------------- by keyboard alone

_FOCUSED = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    what: `${element.localName} ${element.className} ${element.textContent.slice(0, 30)}`.trim(),
    place: element.closest("header, main, footer")?.localName ?? "",
    isKnown: element.matches(".sort, .scroll, summary, select, td a, [popovertarget]")
      && element.localName + (element.className || ""),
    isMarked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    isSeen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
  };
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_every_stop_of_the_keyboard_is_seen(watch: Any, whole: Whole, width: int) -> None:
    """From the link that skips to the content, through what can be worked, to the foot."""
    watched = watch(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page = watched.page
    for name in ("index.html", "latency.html", "model-magika-v3.3.html", "changes.html"):
        watched.open(f"{whole.address}/{name}")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate(_FOCUSED)["isSeen"]
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        stops = []
        while (stop := page.evaluate(_FOCUSED))["place"] == "main":
            stops.append(stop)
            assert len(stops) < 1000, "a trap"
            page.keyboard.press("Tab")
        assert stop["place"] == "footer", stop
        assert [one["what"] for one in stops if not (one["isMarked"] and one["isSeen"])] == [], name
        assert len({one["isKnown"] for one in stops}) > 3, name

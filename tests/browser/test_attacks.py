"""Records from anybody: hostile text in every string does nothing in a real browser."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import markdown
import pytest

from ovreport.store import write
from ovreport_sitegen.build import build
from tests.attacks import ATTACKS, assert_plain, attacked_records, is_harmless
from tests.factories import a_record

pytestmark = pytest.mark.browser


def _writable(text: str) -> str:
    return "".join(c for c in text if c.isprintable() or ord(c) > 0x7F)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site of records with one attack each in every string."""
    base = tmp_path_factory.mktemp("attacked")
    records = base / "site" / "records"
    records.mkdir(parents=True)
    for record in attacked_records():
        write(record, records)
    name = "N" * 10_000
    write(a_record(title=name, full_name=name, model="long", machine="long-name"), records)
    (base / "site" / "content").mkdir()
    (base / "site" / "content" / "words.md").write_text(
        f"# {ATTACKS['script']}\n\n" + "\n\n".join(map(_writable, ATTACKS.values()))
    )
    (records / "not-a-record.json").write_text(json.dumps({ATTACKS["image"]: 1, "format": 1}))
    (base / "site" / "ovreport.toml").write_text(
        "title = '''" + ATTACKS["script"] + "'''\n"
        "owner = '''" + ATTACKS["image"] + "'''\n"
        "[devices.'" + ATTACKS["script"] + "']\ntdp_w = 3\n"
        "source = '''" + ATTACKS["address"] + "'''\n"
    )
    built = build(base / "site", [], base / "out", cache=base / "charts")
    assert "not-a-record.json" in built.faults[0].where
    return built.out


@pytest.mark.parametrize("bypass_csp", [False, True], ids=["policy", "no policy"])
def test_attacks_do_nothing(watch: Any, attacked: Path, bypass_csp: bool) -> None:
    """No script ran, nothing was asked for elsewhere, no page is wider than the screen.

    The policy of content in each page is a second wall: all holds without it.
    """
    watched = watch(bypass_csp=bypass_csp)
    page = watched.page
    for path in sorted(attacked.glob("*.html")):
        watched.open(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.evaluate(
            "document.querySelectorAll('main *').forEach(e => {"
            "for (const t of ['mouseover', 'focus', 'toggle', 'load', 'error'])"
            " e.dispatchEvent(new Event(t, {bubbles: true})); })"
        )
        assert page.evaluate("window.hit") is None, path.name
        assert page.evaluate("document.querySelectorAll('iframe, img, main style').length") == 0
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        links = page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.protocol)")
        assert set(links) <= {"file:", "http:", "https:"}, path.name
    assert not watched.errors
    assert not watched.outside


_SHOWN = "document.getElementById('answer').dataset.shown"


@pytest.mark.parametrize(
    "state",
    [
        "metric=throughput_ips&all=1",
        "columns=choice&precision=any&all=1",
        "columns=weights&precision=any&baseline=published",
        f"models={ATTACKS['image']}&metric={ATTACKS['script']}&device={ATTACKS['quotes']}",
    ],
)
def test_the_answer_table_draws_attacks_as_text(watch: Any, attacked: Path, state: str) -> None:
    """What the script draws, and what an address asks it to draw, is text too."""
    watched = watch()
    page = watched.page
    watched.open((attacked / "index.html").as_uri() + f"#{state}")
    page.wait_for_function(f"() => {_SHOWN} !== undefined")
    assert page.locator("#answer-table tbody tr").count() > 0
    page.locator("#answer-table .sort").first.click()
    page.wait_for_function(f"() => {_SHOWN}.includes('sort')")
    assert page.evaluate("window.hit") is None
    assert page.evaluate("document.querySelectorAll('iframe, img, main style').length") == 0
    links = page.evaluate("[...document.querySelectorAll('#answer a')].map(a => a.protocol)")
    assert set(links) <= {"file:", "http:", "https:"}
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not watched.errors
    assert not watched.outside


def test_attacks_are_shown_as_text(watch: Any, attacked: Path) -> None:
    """What was sent is what is seen: escaped, shortened, and never evaluated."""
    watched = watch()
    watched.open((attacked / "models.html").as_uri())
    text = watched.page.inner_text("main")
    assert "<script>window.hit=1;alert(1)</script>" in text
    assert "{{ 7*191 }}" in text
    assert "1337" not in text
    assert "\u202e" not in text
    assert "W" * 200 not in text


def test_attacks_are_found_as_text(watch: Any, attacked: Path) -> None:
    """The index of the search is a script: names in it are strings."""
    watched = watch(bypass_csp=True)
    page = watched.page
    watched.open((attacked / "index.html").as_uri())
    page.keyboard.press("/")
    page.keyboard.type("script")
    page.wait_for_function("document.querySelector('#search [role=status]').textContent")
    assert page.locator("#search li").count() > 0
    assert page.locator("#search li *:not(a, small)").count() == 0
    assert page.evaluate("window.hit") is None
    assert not watched.errors
    assert not watched.outside


def test_attacks_in_pictures_do_nothing(watch: Any, attacked: Path) -> None:
    """Badges, opened as documents of their own, which have no policy."""
    watched = watch()
    badges = sorted((attacked / "badges").glob("*.svg"))
    assert badges
    for path in badges:
        parts = {element.tag.rpartition("}")[2] for element in _elements(path)}
        assert not parts & {"script", "foreignObject", "image", "a", "style", "use"}
        watched.open(path.as_uri())
        assert watched.page.evaluate("window.hit") is None
    assert not watched.errors
    assert not watched.outside


def _elements(path: Path) -> Iterator[ElementTree.Element]:
    return ElementTree.parse(path).iter()  # noqa: S314 (of our own build)


def test_attacks_in_a_table_that_is_downloaded_are_no_formulas(watch: Any, attacked: Path) -> None:
    """What the answer table gives away as CSV."""
    watched = watch()
    watched.open((attacked / "index.html").as_uri() + "#columns=choice&precision=any&all=1")
    watched.page.wait_for_function(f"() => {_SHOWN} !== undefined")
    with watched.page.expect_download() as download:
        watched.page.locator("#answer [data-do=csv]").click()
    lines = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))
    assert len(lines) > len(ATTACKS)
    assert len({len(line) for line in lines}) == 1
    assert [field for line in lines for field in line if not is_harmless(field)] == []


def test_attacks_that_are_copied_as_markdown_are_text(watch: Any, attacked: Path) -> None:
    """Where GitHub renders it, and where a renderer lets HTML through."""
    watched = watch(permissions=["clipboard-read", "clipboard-write"])
    page = watched.page
    watched.open((attacked / "index.html").as_uri() + "#columns=choice&precision=any&all=1")
    page.wait_for_function(f"() => {_SHOWN} !== undefined")
    page.locator("#answer [data-do=markdown]").click()
    page.wait_for_function("() => document.querySelector('#answer [role=status]').textContent")
    copied = page.evaluate("navigator.clipboard.readText()")
    page.goto("about:blank")
    page.set_content(markdown.markdown(copied, extensions=["tables"]))
    assert page.locator("td").count() > 10
    assert page.locator("img, iframe, script, style, a, svg, details, input").count() == 0
    assert page.evaluate("window.hit") is None
    assert not watched.errors
    assert not watched.outside
    assert "octocat" in copied
    assert_plain(copied)

"""Links, Markdown and CSV that a reader takes away: of exactly what the answer table shows."""

from __future__ import annotations

import csv
import html
import io
import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.reader import PHONE, WIDE, rows, wait

pytestmark = pytest.mark.browser

STATES = [
    "metric=throughput_ips",
    "models=task:text-recognition&columns=weights&precision=any&baseline=published",
    "columns=choice&precision=any&sort=model&stable=1",
    "columns=precision&precision=any&weights=published&baseline=f32",
    "columns=metric&precision=default",
    "metric=accuracy&precision=any&weights=int8",
    "sort=-model&device=",
]
_SHOWN = """() => {
  const text = element => element?.textContent.replace(/\\s+/g, " ").trim() ?? "";
  const rest = element => text(element).slice(text(element?.querySelector("b")).length).trim();
  const cell = td => {
    const [value] = td.querySelectorAll(":scope > a, :scope > b:not(.ran)");
    const interval = td.querySelector(":scope > small:not(.ran, .ratio)");
    const ran = td.querySelector(".ran"), ratio = td.querySelector(".ratio");
    return [value ? text(value) : "", text(interval),
      text(ran?.localName === "b" ? ran : ran?.querySelector("b")),
      text(ran?.querySelector("span")), text(ratio?.querySelector("b")), rest(ratio)];
  };
  const table = document.getElementById("answer-table");
  return {
    heads: [...table.querySelectorAll("thead th .sort")].map(text),
    rows: [...table.querySelectorAll("tbody tr:not(.group)")].map(row => ({
      name: text(row.querySelector("th a")) || row.querySelector("th").firstChild.data.trim(),
      cells: [...row.querySelectorAll("td")].map(cell),
    })),
  };
}"""
"""Return names of columns, and of each row its name and cells: value, interval, what ran, cost,
ratio, interval of the ratio."""


@pytest.fixture
def page(request: pytest.FixtureRequest, watch: Any, answers: Path) -> Any:
    """Return the first page, where the clipboard may be used; a parameter is its size."""
    watched = watch(
        viewport=getattr(request, "param", WIDE),
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
    )
    watched.open((answers / "index.html").as_uri())
    yield watched.page
    assert not watched.errors
    assert not watched.outside


def show(page: Any, state: str) -> dict[str, Any]:
    """Ask for a state by the address; return what is shown then."""
    page.evaluate("state => { location.hash = state; }", state)
    wait(page, state.split("&", maxsplit=1)[0].split("=", maxsplit=1)[0])
    shown: dict[str, Any] = page.evaluate(_SHOWN)
    assert shown["rows"]
    return shown


def press(page: Any, what: str) -> str:
    """Press one of the buttons that copy; return what is on the clipboard."""
    page.locator(f"#answer [data-do={what}]").click()
    page.wait_for_function("() => document.querySelector('#answer [role=status]').textContent")
    return str(page.evaluate("navigator.clipboard.readText()"))


@pytest.mark.parametrize("state", STATES)
def test_a_csv_holds_exactly_what_is_shown(page: Any, state: str) -> None:
    """Row by row and cell by cell, as numbers that a program reads, and no formula."""
    shown = show(page, state)
    with page.expect_download() as download:
        page.locator("#answer [data-do=csv]").click()
    text = Path(download.value.path()).read_text("utf-8")
    head, *lines = list(csv.reader(io.StringIO(text)))
    assert head[:3] == ["model", "task", "device"]
    assert [name.rpartition(": ")[0] for name in head[3::7]] == shown["heads"][1:]
    assert [_unguarded(line[0]) for line in lines] == [row["name"] for row in shown["rows"]]
    for line, row in zip(lines, shown["rows"], strict=True):
        for i, cell in enumerate(row["cells"]):
            value, interval, level, *more = map(_unguarded, line[3 + 7 * i : 10 + 7 * i])
            assert value == re.sub(r"^≈ |,(?=\d{3}\b)", "", cell[0])
            assert level in {"", "stable", "noisy", "unreliable"}
            assert (level == "unreliable") == cell[0].startswith("≈")
            assert [interval, *more] == cell[1:]


def _unguarded(field: str) -> str:
    """Return a field without the quote that keeps a spreadsheet from taking it for a formula."""
    return field[1:] if re.match(r"'[=+\-@]", field) else field


def test_what_is_taken_away_names_what_it_is_compared_with(page: Any) -> None:
    """A ratio says nothing without it."""
    show(page, "columns=precision&precision=any&weights=published&baseline=f32")
    assert "Compared with f32." in press(page, "markdown")
    with page.expect_download() as download:
        page.locator("#answer [data-do=csv]").click()
    head = Path(download.value.path()).read_text("utf-8").splitlines()[0]
    assert "bf16: ratio to f32" in head


@pytest.mark.parametrize("state", STATES)
def test_markdown_holds_exactly_what_is_shown(page: Any, state: str) -> None:
    """A table of the same rows, and the link that shows it to anybody."""
    shown = show(page, state)
    text = press(page, "markdown")
    assert text.rstrip().endswith(page.url)
    head, _, *lines = [line for line in text.splitlines() if line.startswith("|")]
    assert _parts(head) == [[name] for name in shown["heads"]]
    assert len(lines) == len(shown["rows"])
    for line, row in zip(lines, shown["rows"], strict=True):
        (name,), *cells = _parts(line)
        assert name.startswith(row["name"])
        for found, (value, interval, ran, cost, ratio, ratio_interval) in zip(
            cells, row["cells"], strict=True
        ):
            wanted = [_with(value, interval), ran, cost, _with(ratio, ratio_interval)]
            assert found == ([part for part in wanted if part] or ["–"])


def _with(text: str, interval: str) -> str:
    return f"{text} ({interval})" if interval else text


def _parts(line: str) -> list[list[str]]:
    """Return the lines of each cell of a row in Markdown, as they are read."""
    cells = line.strip("|").split(" | ")
    return [
        [
            html.unescape(part).replace("\u2060", "").replace("\u00a0", " ")
            for part in cell.split("<br>")
        ]
        for cell in map(str.strip, cells)
    ]


@pytest.mark.parametrize("page", [WIDE, PHONE], ids=["wide", "phone"], indirect=True)
def test_a_link_shows_the_same_to_anybody(page: Any, watch: Any) -> None:
    """After a filter, another baseline and an order: the same cells, order and controls."""
    if page.locator("#answer .fold").is_visible():
        page.locator("#answer .fold").click()
    page.select_option("[name=columns]", "weights")
    wait(page, "columns")
    page.select_option("[name=precision]", "any")
    wait(page, "precision")
    page.select_option("[name=baseline]", "published")
    wait(page, "baseline")
    page.evaluate("document.querySelectorAll('#answer-table .sort')[1].click()")
    wait(page, "sort")
    link = press(page, "link")
    assert link == page.url
    state = (
        "() => [[...document.querySelectorAll('#answer select, #answer input')]"
        ".map(e => e.type === 'checkbox' ? e.checked : e.value),"
        " [...document.querySelectorAll('#answer-table th')].map(e => e.ariaSort)]"
    )
    again = watch(viewport=page.viewport_size)
    again.open(link)
    wait(again.page, "sort")
    assert rows(again.page) == rows(page)
    assert again.page.evaluate(state) == page.evaluate(state)
    assert again.page.url == link
    assert not again.errors


@pytest.mark.parametrize(
    "name", ["latency", "throughput", "accuracy", "efficiency", "model-magika*", "device-*"]
)
def test_an_address_restores_its_state_on_every_page_with_a_table(
    watch: Any, answers: Path, name: str
) -> None:
    """In a page that was not open before, and again when it is loaded again or come back to."""
    watched = watch()
    page, address = watched.page, next(answers.glob(f"{name}.html")).as_uri()
    state = "metric=peak_memory_bytes&precision=any&sort=-model"
    page.goto(f"{address}#{state}")
    for step in (lambda: None, page.reload, lambda: (page.goto("about:blank"), page.go_back())):
        step()
        wait(page, "sort")
        assert page.locator("#answer [name=metric]").input_value() == "peak_memory_bytes"
        assert page.locator("#answer [name=precision]").input_value() == "any"
        assert page.locator("#answer-table thead th").first.get_attribute("aria-sort")
        assert len(rows(page)) > 1
        assert page.url == f"{address}#{state}"
    assert not watched.errors

"""The answer table in a browser: drawn twice alike, links, what is taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ovreport.store import Loaded, Stored, write
from ovreport_sitegen.answer.cells import AnswerCell
from ovreport_sitegen.answer.presets import presets
from ovreport_sitegen.answer.state import DEFAULT_STATE, State
from ovreport_sitegen.answer.table import Answer, answer
from ovreport_sitegen.build import build
from ovreport_sitegen.config import Config
from ovreport_sitegen.data.catalogue import Catalogue, make
from tests.browser.reader import PHONE, WIDE, records, rows, wait
from tests.sitegen.test_answer import eight_machines

replace = msgspec.structs.replace
pytestmark = pytest.mark.browser


def found() -> Catalogue:
    """Return the catalogue of these records."""
    return make(Config(), Loaded([Stored(record, Path("x.json")) for record in records()]))


@pytest.fixture
def table(watch: Any, answers: Path) -> Any:
    """Return a function that opens the first page in a state, and returns the browser's page."""
    opened = []

    def at(fragment: str = "", page: str = "index.html", **options: Any) -> Any:
        watched = watch(**{"viewport": WIDE, **options})
        opened.append(watched)
        watched.open((answers / page).as_uri() + (f"#{fragment}" if fragment else ""))
        if fragment:
            wait(watched.page)
        return watched.page

    yield at
    for watched in opened:
        assert not watched.errors
        assert not watched.outside


def cell_text(cell: AnswerCell | None) -> str:
    """Return the text of a cell as the template has it."""
    if cell is None:
        return "–"
    ratio = f"{cell.ratio.text} {cell.ratio.interval}".strip() if cell.ratio else ""
    ran = f"{cell.ran} {cell.cost.text}".strip()
    text = f"{cell.text} {cell.interval}".strip()
    return "".join((text, ran, ratio)).replace("\u00a0", " ")


def expected(shown: Answer) -> list[list[str]]:
    """Return the texts of the rows of a table, without the first cell."""
    every = [*shown.means, *shown.rows]
    return [[cell_text(cell) for cell in row.cells] for row in every]


# ---------------------------------------------------------------- one table, drawn twice


@pytest.mark.parametrize(
    "state",
    [
        *(preset.state for preset in presets(found())),
        State("throughput_ips", precision="any"),
        State("accuracy", "choice", "any"),
        State("peak_memory_bytes", weights="int8"),
        State(models="task:face-detection", stable=True),
        State("latency_p99_ms", "weights", "f32", baseline="published"),
        State(columns="metric", precision="default"),
    ],
    ids=lambda state: state.fragment(DEFAULT_STATE),
)
def test_the_script_draws_what_the_build_would(table: Any, state: State) -> None:
    """Rules, numbers and words are the same in both."""
    page = table(state.fragment(DEFAULT_STATE))
    shown = [row[1:] for row in rows(page)[1:]]
    assert shown == expected(answer(found(), state))


def test_the_script_compares_no_numbers_of_different_methods(watch: Any, tmp_path: Path) -> None:
    """Peak memory of an older method is not compared, whoever draws the table."""
    older = [replace(r, method=1) if r.machine.id == "old-8c" else r for r in records()]
    for record in older:
        write(record, tmp_path / "site" / "records")
    watched = watch(viewport=WIDE)
    state = State("peak_memory_bytes", precision="f32", baseline=found().devices[-1].slug)
    out = build(tmp_path / "site", [], tmp_path / "out", cache=tmp_path / "charts").out
    watched.open((out / "index.html").as_uri() + "#" + state.fragment(DEFAULT_STATE))
    wait(watched.page)
    table = answer(make(Config(), Loaded([Stored(r, Path("x.json")) for r in older])), state)
    shown = [row[1:] for row in rows(watched.page)[1:]]
    assert shown == expected(table)
    assert any("no comparison" in cell for row in shown for cell in row)


def test_the_first_state_is_whole_without_a_script(table: Any) -> None:
    """And the script draws it no differently."""
    bare = table(java_script_enabled=False)
    written = rows_without_script(bare)
    page = table()
    page.locator("[name=metric]").select_option("throughput_ips")
    wait(page, "throughput")
    page.locator("[type=reset]").click()
    wait(page, "default")
    assert [" ".join(row) for row in rows(page)[1:]] == written


def rows_without_script(page: Any) -> list[str]:
    """Return the texts of all rows; nothing can be evaluated there."""
    found = page.locator("#answer-table tbody tr:not(.group)")
    texts = []
    for i in range(found.count()):
        cells = found.nth(i).locator("th, td")
        parts = (cells.nth(n).text_content() for n in range(cells.count()))
        texts.append(" ".join(" ".join(part.replace("\u00a0", " ").split()) for part in parts))
    return texts


# ---------------------------------------------------------------- links, keys, and looks


def test_back_and_forward_restore_states(table: Any) -> None:
    """Each change is an entry of the history; the controls follow."""
    page = table()
    page.locator("[name=metric]").select_option("throughput_ips")
    wait(page, "throughput")
    page.locator("[name=weights]").select_option("int8")
    wait(page, "int8")
    page.go_back()
    page.wait_for_function(
        "() => !document.getElementById('answer').dataset.shown.includes('int8')"
    )
    assert page.locator("[name=weights]").input_value() == ""
    page.go_back()
    wait(page, "default")
    assert page.locator("[name=metric]").input_value() == "latency_ms"
    page.go_forward()
    wait(page, "throughput")
    assert page.locator("[name=metric]").input_value() == "throughput_ips"


def test_everything_by_keyboard(table: Any) -> None:
    """A list, the head of a column, the devices and what leads back."""
    page = table()
    page.locator("[name=metric]").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => location.hash.includes('metric=')")
    head = page.locator("#answer-table .sort").nth(1)
    head.focus()
    page.keyboard.press("Enter")
    wait(page, "sort")
    assert page.evaluate("document.activeElement.dataset.sort") is not None
    page.locator(".devices summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "device"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.hash.includes('device=')")
    assert page.locator("#answer-table thead th").count() == 2
    page.keyboard.press("Escape")
    assert not page.locator("#answer fieldset").is_visible()
    page.locator("[type=reset]").focus()
    page.keyboard.press("Enter")
    wait(page, "default")
    assert "#" not in page.url


def test_what_would_leave_nothing_is_dimmed_and_said(table: Any) -> None:
    """An option that fits nothing cannot be chosen; an address that fits nothing says so."""
    page = table("weights=int8")
    assert page.locator("[name=precision] option[value=default]").is_disabled()
    empty = table("weights=int8&precision=default")
    assert empty.locator(".empty").is_visible()
    empty.locator(".empty button").click()
    wait(empty, "default")
    assert not empty.locator(".empty").is_visible()


@pytest.mark.parametrize(
    "fragment",
    [
        "",
        "columns=weights&precision=f32&baseline=published",
        "columns=metric",
        "weights=nonsense&x=<b>",
    ],
)
def test_states_fit_and_can_be_read(watch: Any, answers: Path, fragment: str) -> None:
    """In both themes, wide and narrow, devices open; nonsense in an address does no harm."""
    watched = watch()
    watched.open((answers / "index.html").as_uri() + f"#{fragment}")
    if fragment:
        wait(watched.page)
    watched.page.evaluate("document.querySelectorAll('.devices').forEach(d => d.open = true)")
    watched.check_looks(fragment)
    assert not watched.errors


@pytest.mark.parametrize("name", ["index", "latency", "throughput", "accuracy", "efficiency"])
def test_pages_are_small(watch: Any, answers: Path, name: str) -> None:
    """Up to 150 kB and 2,000 elements before the reader asks for more."""
    path = answers / f"{name}.html"
    watched = watch()
    watched.open(path.as_uri())
    assert path.stat().st_size <= 150_000
    assert watched.page.evaluate("document.querySelectorAll('*').length") <= 2_000


def test_a_baseline_that_a_filter_removes_is_said_to_be_gone(table: Any) -> None:
    """The address no longer names it, nor a column to sort by that is not there."""
    new, old, *_ = (device.slug for device in found().devices)
    page = table(f"device={new}&baseline={old}&sort={old}")
    assert page.locator("[name=baseline]").input_value() == ""
    assert page.locator("#answer [role=status]").text_content()
    assert page.evaluate("location.hash") == f"#device={new}"


@pytest.mark.parametrize("fragment", ["%E0%A4%A", "metric=%ff&columns=constructor&sort=__proto__"])
def test_a_broken_address_shows_the_first_state(table: Any, fragment: str) -> None:
    """Cut or edited by hand: no error, and the table is whole."""
    page = table()
    page.evaluate("hash => { location.hash = hash; }", fragment)
    page.wait_for_timeout(300)
    assert [row[1:] for row in rows(page)[1:]] == expected(answer(found()))


# ---------------------------------------------------------------- many devices


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_any_of_many_devices_is_found_by_typing(
    watch: Any, tmp_path: Path, viewport: dict[str, int]
) -> None:
    """Also one that the table does not begin with; then a second one, then all again."""
    for record in eight_machines():
        write(record, tmp_path / "site" / "records")
    out = build(tmp_path / "site", [], tmp_path / "out", cache=tmp_path / "cache").out
    watched = watch(viewport=viewport)
    watched.open((out / "index.html").as_uri())
    page = watched.page

    def heads() -> list[str]:
        names: list[str] = page.locator("#answer-table thead th").all_text_contents()
        return [name.split(" CPU")[0] for name in names[1:]]

    assert "Processor 0" not in heads()
    page.click("[data-do=devices]")
    page.locator(".devices [type=search]").type("sor 0")
    boxes = page.locator(".devices [name=device]:visible")
    assert boxes.count() == 1
    page.locator(".devices [data-only]:visible").click()
    wait(page, "device=")
    assert heads() == ["Processor 0"]
    page.fill(".devices [type=search]", "5")
    boxes.check()
    page.wait_for_function("() => document.querySelectorAll('#answer-table thead th').length === 3")
    assert heads() == ["Processor 5", "Processor 0"]
    page.click(".devices [data-do=every]")
    wait(page, "default")
    assert len(heads()) == 6
    assert not watched.errors

"""What readers come for: each question takes at most two clicks and one screen of scrolling.

Wide and on a phone, from the first page, or from the number or the chart that is asked about.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ovreport.store import write
from ovreport_sitegen.build import build
from tests.browser.reader import PHONE, WIDE, Reader, model_rows, records, replace, rows, wait

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site of two machines, one of which was measured before with the last release."""
    base = tmp_path_factory.mktemp("questions")
    for record in records():
        write(record, base / "site" / "records")
        if record.machine.id == "new-2c":
            software = replace(record.software, openvino="2026.3.0-1-abc")
            before = replace(record, software=software, measured_at="2026-10-02T10:00:00Z")
            write(before, base / "site" / "records")
    return build(base / "site", [], base / "out", cache=base / "charts").out


@pytest.fixture(params=[WIDE, PHONE], ids=["wide", "phone"])
def reader(request: pytest.FixtureRequest, watch: Any, site: Path) -> Any:
    """Return somebody who has the first page before them."""
    watched = watch(
        viewport=request.param,
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    watched.open((site / "index.html").as_uri())
    reader = Reader(watched.page)
    yield reader
    reader.check()
    assert not watched.errors
    assert not watched.outside


def test_which_device_is_fastest_for_text_recognition(reader: Reader) -> None:
    """The search finds the task; its models' latencies on both devices are beside one another."""
    reader.search("text rec", "Text recognition")
    wait(reader.page, "text-recognition")
    ((_, new, old),) = rows(reader.page)[1:]
    assert float(new.split()[0]) < float(old.split()[0])
    reader.see(reader.page.locator("#answer-table td").first)


def test_what_bf16_costs_in_accuracy(reader: Reader) -> None:
    """The loss stands in the cell, beside the ratio."""
    reader.ask("bf16 against f32")
    assert reader.page.locator("#answer-table .ratio.good").count() > 0
    reader.see(reader.page.locator("#answer-table .bad:has-text('points')"))


def test_one_machine_against_another(reader: Reader) -> None:
    """Ratios with intervals, and that the runs were separate."""
    reader.ask("New 9 against Old 9")
    mean = rows(reader.page)[1]
    assert "Geometric mean" in mean[0]
    assert "as fast" in mean[1]
    assert "separate runs" in reader.page.inner_text("#answer .counts")
    reader.see(reader.page.locator("#answer-table .mean td").first)


def test_any_two_machines_are_found_by_search(reader: Reader) -> None:
    """Not only those that the page offers."""
    reader.search("old 9 against", "against")
    wait(reader.page, "baseline")
    reader.see(reader.page.locator("#answer-table td .ratio").first)


def test_what_changed_since_the_last_measurement(reader: Reader) -> None:
    """The first page has the link; the page begins with the answer."""
    reader.click(reader.page.locator("a", has_text="What changed since"))
    reader.page.wait_for_url("**/changes.html")
    reader.see(reader.page.locator("main h2").first)
    assert reader.page.locator("main table, main .finding").count() > 0


def test_only_int8_by_throughput_as_a_link(reader: Reader, watch: Any) -> None:
    """The best comes first, and the link that is copied shows the same to anybody."""
    reader.ask("INT8, highest throughput first")
    shown = rows(reader.page)
    assert all("int8" in text for row in model_rows(reader.page) for text in row[1:])
    key = reader.page.evaluate("new URLSearchParams(location.hash.slice(1)).get('sort')")
    place = reader.page.evaluate(
        "key => [...document.querySelectorAll('#answer-table thead th')]"
        ".findIndex(th => th.dataset.key === key)",
        key,
    )
    numbers = [float(row[place].split()[0].replace(",", "")) for row in model_rows(reader.page)]
    assert numbers == sorted(numbers, reverse=True)
    if reader.page.locator("#answer .fold").is_hidden():  # a phone has a share button of its own
        reader.click(reader.page.locator("[data-do=link]"))
        link = reader.page.evaluate("navigator.clipboard.readText()")
    else:
        link = reader.page.url
    again = watch()
    again.open(link)
    wait(again.page, "int8")
    assert rows(again.page) == shown


def test_the_numbers_of_one_chart(reader: Reader) -> None:
    """From the chart on the first page to itself with its table."""
    card = reader.page.locator("#latency")
    card.scroll_into_view_if_needed()
    reader.click(card.locator(".foot a[href='latency.html#latency']"))
    reader.page.wait_for_url("**/latency.html#latency")
    reader.click(reader.page.locator("#latency summary", has_text="Table and source"))
    reader.see(reader.page.locator("#latency table tbody td:visible").first)


def test_how_to_repeat_a_number(reader: Reader) -> None:
    """From the number to its page, which has the command on its first screen."""
    number = reader.page.locator("#answer-table td a").first
    number.scroll_into_view_if_needed()
    reader.click(number)
    reader.page.wait_for_url("**/result-*")
    command = reader.page.locator(".command").first
    reader.see(command)
    assert "ovreport collect" in command.inner_text()


def test_which_precision_to_deploy_for_a_model_on_a_device(reader: Reader) -> None:
    """The model's page begins with it: a fast precision that loses accuracy is not named."""
    reader.search("magika", "Magika")
    reader.page.wait_for_url("**/model-magika*")
    advice = reader.page.locator(".findings li").first
    assert "f32 on New 9" in advice.inner_text()
    reader.see(advice)


def test_what_int8_buys_and_what_it_costs(reader: Reader) -> None:
    """Ratio and points lost, in one cell."""
    reader.ask("INT8 against the published weights")
    cell = reader.page.locator("#answer-table td:has(.ratio):has(.bad)").first
    reader.see(cell)


def test_this_release_against_the_last(reader: Reader) -> None:
    """Both releases beside one another, with a ratio."""
    reader.ask("This release against the last")
    heads = reader.page.locator("#answer-table thead th").all_text_contents()
    assert [head.split()[1] for head in heads[1:]] == ["2026.4.1", "2026.3.0"]
    reader.see(reader.page.locator("#answer-table td .ratio").first)

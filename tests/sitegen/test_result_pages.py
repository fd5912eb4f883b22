"""A result's page: an address that holds, its numbers first, and its history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from ovreport import record as r
from ovreport_sitegen.pages import result
from ovreport_sitegen.pages.page import View
from tests.factories import a_failed_record, a_native_record, a_record
from tests.language_factories import language_records
from tests.sitegen.conftest import a_collection, catalogue

BuildOf = Callable[[list[r.Record]], Path]


def addresses(records: Iterable[r.Record]) -> set[str]:
    """Return the addresses of all results of a site."""
    return {shown.href for shown in catalogue(*records).everything}


def page(*records: r.Record) -> result.ResultView:
    """Return the page of the first result of a site."""
    found = catalogue(*records)
    view: View = result.PAGE.view(found, found.everything[0])
    assert isinstance(view, result.ResultView)
    return view


def test_an_address_is_settled_by_the_case_alone() -> None:
    """Neither a newer record of the case, nor what else the site has, changes it."""
    first = a_record(measured_at="2026-11-01T10:00:00Z")
    again = a_record(measured_at="2026-11-09T10:00:00Z", seed=5, median_ms=3.0)
    (address,) = addresses([first])
    assert addresses([again]) == addresses([first, again]) == {address}
    assert address in addresses([*a_collection(), again])


def test_an_address_names_what_was_measured() -> None:
    """Model, variant, precision, device, machine and engine can be read from it."""
    (address,) = addresses([a_record(model="magika", precision="default")])
    shown = catalogue(a_record(model="magika", precision="default")).results[0]
    case = shown.record.case
    for part in (case.model, case.variant, case.precision, shown.device.key.machine, case.engine):
        assert f"-{part}-" in address
    assert re.fullmatch(r"[a-z0-9.-]+", address)


def test_no_two_cases_share_an_address() -> None:
    """Names that are alike as file names, or only in their first characters, are told apart."""
    long = "m" * 300
    records = [
        *a_collection(),
        *language_records(),
        a_native_record(),
        *(a_record(model=name) for name in ("a b", "a-b", "A-B", f"{long}1", f"{long}2")),
    ]
    found = catalogue(*records)
    assert len({shown.href for shown in found.everything}) == len(found.everything)
    assert all(len(shown.href) < 255 for shown in found.everything)


def test_the_numbers_come_first_with_unit_and_verdict() -> None:
    """Of a case that failed there are none, but the reason."""
    numbers = page(a_record()).numbers
    assert [n.label for n in numbers[:2]] == ["Latency", "Throughput"]
    assert (numbers[0].unit, numbers[0].level) == ("ms", "stable")
    failed = page(a_failed_record(model="b"), a_record(model="c"))
    assert failed.numbers == ()
    assert failed.full.failure


def test_earlier_records_of_the_case_are_its_history() -> None:
    """The newest first; another case has its own."""
    days = [f"2026-11-0{day}T10:00:00Z" for day in (1, 2, 3)]
    records = [a_record(measured_at=at, seed=i) for i, at in enumerate(days)]
    history = page(*records, a_record(precision="default", measured_at=days[0])).history
    assert history is not None
    assert [row.cells[0].text for row in history.rows] == ["2 Nov 2026", "1 Nov 2026"]
    assert page(records[0]).history is None


def test_pages_are_small(build_of: BuildOf) -> None:
    """No page is over 150 kB, whatever kinds of results there are."""
    out = build_of([*a_collection(), *language_records()])
    sizes = {path.name: path.stat().st_size for path in out.glob("*.html")}
    assert {name: size for name, size in sizes.items() if size > 150_000} == {}

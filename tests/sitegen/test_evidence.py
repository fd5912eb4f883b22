"""Noise readings on a result's page, and the reasons for verdicts on the method page."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ovreport import record as r
from ovreport.metrics.evidence import READINGS
from ovreport.metrics.reasons import REASONS
from ovreport.store import Loaded, Stored
from ovreport_sitegen.config import Config
from ovreport_sitegen.data.catalogue import Catalogue, make
from ovreport_sitegen.pages import method
from ovreport_sitegen.pages.result import full as result
from tests.factories import a_record


def found_with(unreadable: dict[str, str], **readings: float) -> Catalogue:
    """Return a catalogue of one record whose rounds have these readings."""
    noise = [
        r.ProcessNoise(process=i, started_at="2026-11-23T12:00:00Z", readings=readings)
        for i in range(7)
    ]
    # In the factory's words `noise` is how far rounds differ.
    record = msgspec.structs.replace(a_record(), noise=noise, noise_unreadable=unreadable)
    return make(Config(), Loaded([Stored(record, Path("x.json"))]))


def evidence(catalogue: Catalogue) -> list[list[str]]:
    """Return the rows of the table."""
    rows = result.view(catalogue.results[0]).noise
    return [[cell.text for cell in row.cells] for row in rows]


def test_readings_are_in_one_order_with_the_unknown_last() -> None:
    """Whatever the order in the record; a reading of a later release has its key as its name."""
    rows = evidence(found_with({}, of_tomorrow=1.0, steal_share=0.0, foreign_cpu_share=0.01))
    assert [row[0] for row in rows] == [
        READINGS["foreign_cpu_share"],
        READINGS["steal_share"],
        "of tomorrow",
    ]


def test_shares_and_counts_look_like_what_they_are() -> None:
    """Per cent for shares, whole numbers for counts, three digits for the rest."""
    rows = evidence(
        found_with(
            {}, foreign_cpu_peak_share=0.125, looks=24.0, cgroup_cpus=1.5, swap_pages=20000.0
        )
    )
    shown = {row[0]: row[1] for row in rows}
    assert shown[READINGS["foreign_cpu_peak_share"]] == "12.5 %"
    assert shown[READINGS["looks"]] == "24"
    assert shown[READINGS["cgroup_cpus"]] == "1.50"
    assert shown[READINGS["swap_pages"]] == "20,000"


def test_a_reason_is_given_once_for_all_that_is_missing_for_it() -> None:
    """Two readings that no sensor gives, one reason."""
    why = "no frequency is readable"
    missing = {"frequency_mhz": why, "temperature_c": "no sensor", "frequency_min_mhz": why}
    shown = result.view(found_with(missing).results[0])
    assert shown.unreadable == (
        (why, (READINGS["frequency_mhz"], READINGS["frequency_min_mhz"])),
        ("no sensor", (READINGS["temperature_c"],)),
    )


def test_every_reason_code_is_on_the_methods_page_with_its_count() -> None:
    """In words, also those that speak against nothing here."""
    shown = method.view(found_with({}, cgroup_throttled_periods=3, cgroup_cpus=1.5))
    assert [code for code, _, _ in shown.reasons] == list(REASONS)
    counts = {code: n for code, _, n in shown.reasons if n}
    assert counts["cgroup-throttled"] == counts["limited-cores"] == 1
    assert set(counts) <= {"cgroup-throttled", "limited-cores", "disturbed", "too-few-rounds"}

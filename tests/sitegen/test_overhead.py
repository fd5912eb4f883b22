"""What measuring costs: for the fastest case, and as a share of each tier's time."""

from __future__ import annotations

from ovreport import record as r
from ovreport_sitegen.pages.method import overhead
from tests.factories import QUICK, a_failed_record, a_record
from tests.sitegen.conftest import catalogue


def section(*records: r.Record) -> overhead.OverheadView:
    """Return the section for these records."""
    return overhead.section(catalogue(*records))


def a_time(measuring_s: float, wall_s: float) -> r.MeasuringTime:
    """Return how long a case took, and how much of it was measuring."""
    return r.MeasuringTime(wall_s=wall_s, measuring_s=measuring_s)


def test_the_overhead_is_that_of_the_fastest_case() -> None:
    """Where a model takes least, what the call adds weighs most; its interval and n are shown."""
    found = section(
        a_record(), a_record(model="silero", title="Silero VAD", median_ms=0.06, seed=2)
    )
    assert found.call is not None
    assert "Silero VAD" in found.call.what
    assert dict(found.call.facts)["n"] == "7 rounds · 237,000 inferences"
    assert "1.0 %" in found.finding


def test_shares_are_of_all_cases_of_a_tier() -> None:
    """Seconds are added up, not percentages; tiers are kept apart."""
    long = a_record(measuring_time=a_time(90, 100))
    short = a_record(model="b", seed=2, measuring_time=a_time(10, 100))
    quick = a_record(model="c", seed=3, tier=QUICK, measuring_time=a_time(1, 4))
    tiers = {t.tier: t for t in section(long, short, quick).tiers}
    assert (tiers["standard"].share, tiers["standard"].cases) == ("50 %", "2 cases")
    assert (tiers["quick"].share, tiers["quick"].cases) == ("25 %", "1 case")


def test_records_without_their_time_have_no_share() -> None:
    """Nothing is made up of failed or of older records."""
    found = section(a_failed_record(measuring_time=r.Skipped(reason="failed before")))
    assert found.finding
    assert found.call is None
    assert found.tiers == ()


def test_the_page_of_a_result_has_what_it_took(build_of) -> None:
    """How long, and the share of it that was measuring."""
    out = build_of([a_record()])
    (page,) = out.glob("result-*.html")
    assert "3 min, 80 %" in page.read_text()

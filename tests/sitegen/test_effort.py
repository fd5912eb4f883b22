"""What the measuring itself costs: told of the fastest case, and of each tier's wall time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovreport import record as r
from ovreport_sitegen.pages.method import overhead
from tests.factories import QUICK, a_failed_record, a_record
from tests.sitegen.test_views import catalogue


def an_effort(**parts_s: float) -> r.MeasuringTime:
    """Return an effort of these parts."""
    known = {name.replace("_", "-"): seconds for name, seconds in parts_s.items()}
    measuring = sum((s for name, s in known.items() if name in r.MEASURING), 0.0)
    return r.MeasuringTime(wall_s=sum(known.values()), measuring_s=measuring, parts_s=known)


def view(*records: r.Record) -> overhead.MeasuringTimeView:
    """Return the section for these records."""
    return overhead.view(catalogue(*records))


def test_the_overhead_is_told_of_the_fastest_case() -> None:
    """Where a model takes least, what the call adds weighs most; its range and n are shown."""
    found = view(a_record(), a_record(model="silero", title="Silero VAD", median_ms=0.06, seed=2))
    assert found.call is not None
    assert "Silero VAD" in found.call.what
    facts = dict(found.call.facts)
    assert "[" in facts["Of it, not the runtime's own"]
    assert facts["n"] == "7 rounds · 7,000 inferences"
    assert "1.0 %" in found.finding


def test_shares_are_of_all_cases_of_a_tier() -> None:
    """Seconds are added up, not percentages; tiers are kept apart."""
    long = a_record(measuring_time=an_effort(timed_loops=80, warm_up=10, process=10))
    short = a_record(model="b", seed=2, measuring_time=an_effort(timed_loops=10, process=90))
    quick = a_record(
        model="c", seed=3, tier=QUICK, measuring_time=an_effort(timed_loops=1, process=3)
    )
    tiers = {t.tier: t for t in view(long, short, quick).tiers}
    assert (tiers["standard"].share, tiers["standard"].n) == ("50 %", "2 cases")
    assert (tiers["quick"].share, tiers["quick"].n) == ("25 %", "1 case")
    labels = [(p.label, p.share) for p in tiers["standard"].parts]
    assert labels == [("timed loops", "45 %"), ("warm-up", "5.0 %"), ("processes", "50 %")]


def test_a_part_that_is_not_known_is_shown_as_other() -> None:
    """What a record names is anybody's text: it never reaches the page."""
    (tier,) = view(a_record(measuring_time=an_effort(**{"<script>": 5, "timed_loops": 5}))).tiers
    assert [p.label for p in tier.parts] == ["timed loops", "other"]


def test_records_without_effort_say_so() -> None:
    """Nothing is made up of failed or of older records."""
    found = view(a_failed_record(measuring_time=r.Skipped(reason="failed before")))
    assert found == overhead.MeasuringTimeView(
        "No record here tells what its measuring cost.", None, ()
    )


@given(st.dictionaries(st.text(max_size=20), st.floats(0, 1e6), max_size=15))
def test_the_bar_is_never_longer_than_itself(parts_s: dict[str, float]) -> None:
    """Whatever the parts, their pieces lie side by side within 100 %."""
    found = r.MeasuringTime(wall_s=sum(parts_s.values()), measuring_s=0, parts_s=parts_s)
    assert overhead.effort_words(found)
    for tier in view(a_record(measuring_time=found)).tiers:
        assert all(0 <= p.x <= 100.01 for p in tier.parts)
        assert sum(p.width for p in tier.parts) == pytest.approx(100, abs=0.2) or not tier.parts


def test_a_page_of_a_result_tells_what_it_took(build_of) -> None:
    """How long, and the share of it that was measuring."""
    out = build_of([a_record()])
    (page,) = out.glob("model-*.html")
    assert "3 min, 80 % of it measuring: timed loops 70 %, processes 20 %" in page.read_text()

"""Undisturbed and observed: side by side, never mixed; processor time as evidence."""

from __future__ import annotations

import msgspec

from ovreport import record as r
from ovreport_sitegen.answer.state import State
from ovreport_sitegen.answer.table import answer
from ovreport_sitegen.pages import efficiency, latency, throughput
from ovreport_sitegen.pages.result import full as result_view
from tests.factories import a_record
from tests.sitegen.conftest import a_reference, catalogue, visited

replace = msgspec.structs.replace
ALL = range(12)


def quiet(**knobs: object) -> r.Record:
    """Return a record of twelve quiet rounds in three processes."""
    return visited(a_record(**{"rounds": 12, **knobs}))


def loaded(**knobs: object) -> r.Record:
    """Return one whose every round saw other load."""
    return visited(a_record(**{"rounds": 12, "seed": 2, **knobs}), ALL)


def test_a_page_says_how_many_are_undisturbed_and_why_the_others_are_not() -> None:
    """Of latency, throughput and start-up."""
    view = latency.view(catalogue(quiet(), loaded(model="b", title="B")))
    assert view.quiet.startswith("1 of 2 ")
    assert "observed" in view.quiet
    assert "observed" not in latency.view(catalogue(quiet())).quiet
    assert throughput.view(catalogue(loaded())).quiet.startswith("No ")
    assert view.quiet_starts


def test_observed_has_columns_of_its_own() -> None:
    """The headline is of the quiet rounds; the observed value and the percentiles are of all."""
    record = visited(
        a_record(factors=[1.0, 1.01, 0.99, 1.8] * 3), busy=[i for i in ALL if i % 4 == 3]
    )
    (result,) = catalogue(record).results
    headline, every = result.metric_value("latency_ms"), result.metric_value("latency_observed_ms")
    assert headline is not None
    assert every is not None
    assert (headline.kind, every.kind) == ("undisturbed", "measured")
    assert headline.value < every.value
    table = answer(catalogue(record), State(columns="metric"))
    columns = [column.label for column in table.columns]
    assert columns.index("Latency") < columns.index("Observed latency") < columns.index("p90")


def test_only_undisturbed_latencies_are_compared_with_observed_ones() -> None:
    """One without is its own observed value: the ratio would be 1, and mean nothing."""
    view = latency.view(catalogue(quiet(), loaded(model="b", title="B")))
    (card,) = [card for card in view.cards if card.id == "observed"]
    assert card.chart is not None
    assert len(card.chart.rows) == 1
    cards = latency.view(catalogue(loaded())).cards
    assert not [card for card in cards if card.id == "observed"]


def test_tails_are_compared_with_the_observed_median() -> None:
    """A percentile is over all rounds, and so is what it stands beside."""
    found = catalogue(quiet())
    headline, every = (
        found.results[0].metric_value(key) for key in ("latency_ms", "latency_observed_ms")
    )
    (card,) = [card for card in latency.view(found).cards if card.id == "tail"]
    assert headline is not None
    assert every is not None
    assert headline.value != every.value
    assert card.chart is not None
    assert [row.other for row in card.chart.rows] == [every.value]


# ---------------------------------------------------------------- rounds as a picture


def test_a_result_shows_its_rounds_in_order() -> None:
    """A mark a round, filled where it was quiet; a line between processes."""
    (result,) = catalogue(visited(a_record(rounds=12), busy=[5])).results
    latencies, throughputs = result_view.view(result).pictures
    assert [one.is_quiet for one in latencies.rounds] == [i != 5 for i in ALL]
    assert [one.process for one in throughputs.rounds] == [0] * 4 + [1] * 4 + [2] * 4
    svg = latencies.svg
    assert svg.count("<circle") == 12
    assert svg.count('fill="var(--card)"') == 1
    assert svg.count('stroke="var(--control)"') == 2
    assert "11 of 12 rounds quiet" in svg


def test_equal_rounds_and_a_single_round_can_be_drawn() -> None:
    """No division by a range of zero."""
    for record in (a_record(factors=[1.0] * 3), a_record(rounds=1)):
        for picture in result_view.view(catalogue(record).results[0]).pictures:
            assert "nan" not in picture.svg


# ---------------------------------------------------------------- processor time


def test_processor_time_has_a_section_with_its_cost() -> None:
    """What an inference costs with one request and with many."""
    found = catalogue(quiet())
    one, many = (found.results[0].metric_value(k) for k in ("latency_cpu_ms", "throughput_cpu_ms"))
    section = efficiency.view(found).processor
    assert not section.missing
    assert one is not None
    assert many is not None
    assert section.card is not None
    assert section.card.chart is not None


def test_records_without_processor_time_say_so_once() -> None:
    """Older ones have none."""
    record = a_record()
    rounds = [replace(one, cpu_s=0.0) for one in record.latency.rounds]
    many = [replace(one, cpu_s=0.0) for one in record.throughput.rounds]
    old = replace(
        record,
        latency=replace(record.latency, rounds=rounds),
        throughput=replace(record.throughput, rounds=many),
    )
    section = efficiency.view(catalogue(old)).processor
    assert section.missing
    assert (section.card, section.findings) == (None, ())


def test_processor_time_is_evidence_where_wall_time_was_disturbed() -> None:
    """The ratio of two precisions is labelled as one of processor time, and no speedup."""
    f32 = visited(a_reference(rounds=12), ALL)
    half = visited(a_record(precision="default", median_ms=2.5, rounds=12, seed=2), ALL)
    (finding,) = efficiency.view(catalogue(f32, half)).processor.findings
    assert "processor time" in finding
    calm = efficiency.view(
        catalogue(
            visited(a_reference(rounds=12)),
            visited(a_record(precision="default", median_ms=2.5, rounds=12, seed=2)),
        )
    )
    assert not calm.processor.findings


def test_a_ratio_of_processor_times_knows_how_rounds_of_its_run_follow_each_other() -> None:
    """The more they are alike, the less they are worth."""

    def half_width(autocorrelation: float) -> float:
        spread = r.RunSpread(cases=9, deviation=0.02, degrees=50, autocorrelation=autocorrelation)
        records = a_reference(rounds=12), a_record(precision="default", rounds=12, seed=2)
        (pair,) = catalogue(
            *(replace(one, run_spread={"latency_cpu_ms": spread}) for one in records)
        ).speedups
        assert pair.processor_time is not None
        return pair.processor_time.ratio.half_width

    assert half_width(0.8) > 1.3 * half_width(0.0)

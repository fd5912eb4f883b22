"""The end-to-end page: shares, both ways, and what is said of them."""

from __future__ import annotations

import msgspec
import pytest

from ovreport import record as r
from ovreport.metrics import MetricValue, metric_values
from ovreport_sitegen.pages import end_to_end
from tests.factories import a_failed_record, a_record
from tests.sitegen.conftest import a_collection, catalogue

replace = msgspec.structs.replace


def changed(record: r.Record, **fields: object) -> r.Record:
    """Return the record with fields of its end-to-end measurement changed."""
    return replace(record, end_to_end=replace(record.end_to_end, **fields))


def test_the_first_sentence_is_the_finding() -> None:
    """5 of 8.15 ms are inference."""
    view = end_to_end.view(catalogue(a_record()))
    assert "61 %" in view.head.lede
    assert "1 model on Example CPU 9000" in view.head.lede


def test_both_ways_stand_in_a_models_chart() -> None:
    """Two bars: the host's has five parts, the graph's four, each of its own length."""
    (card,) = end_to_end.view(catalogue(a_record(noise=0.0))).models
    assert card.chart is not None
    host, graph = card.chart.rows
    assert [part.name for part in host.parts] == list(r.STAGES)
    assert "preprocess" not in {part.name for part in graph.parts}
    assert (
        sum(part.length for part in host.parts) == pytest.approx(host.value) == pytest.approx(8.15)
    )
    assert "61 %" in card.finding
    assert "decoding" in card.finding
    assert "1.1×" in card.finding


def test_what_costs_more_than_inference_is_said() -> None:
    """One millisecond of inference beside two of decoding."""
    (card,) = end_to_end.view(catalogue(a_record(median_ms=1))).models
    assert "decoding takes longer" in card.finding


def test_one_round_claims_nothing() -> None:
    """Its times have no interval: no share is stated, no way is called faster."""
    record = a_record(rounds=1)
    view = end_to_end.view(catalogue(record, a_record(model="other", rounds=1)))
    assert "%" not in view.head.lede
    assert "one round" in view.head.lede
    found = metric_values(record)["end_to_end_ms"]
    assert isinstance(found, MetricValue)
    assert found.verdict.level == "unreliable"
    assert [reason.code for reason in found.verdict.reasons] == ["too-few-rounds"]
    finding = view.models[0].finding
    assert "one round" in finding
    assert "takes" not in finding
    assert "[" not in finding
    assert "interval unknown" in view.table.rows[0].html


def test_ratios_are_recommended_only_where_they_have_intervals() -> None:
    """Of one round nothing has one."""
    once, often = (catalogue(a_record(rounds=n, noise=0.5)) for n in (1, 5))
    assert "interval" in end_to_end.view(often).head.warning
    assert "unreliable" in end_to_end.view(once).head.warning
    assert "interval" not in end_to_end.view(once).head.warning


def test_three_rounds_are_too_few_for_a_finding() -> None:
    """A ratio needs five pairs; until then it is an outline, and insufficient data."""
    view = end_to_end.view(catalogue(a_record(rounds=3)))
    assert "insufficient data" in view.models[0].finding
    assert "insufficient data" in view.speedups[0].finding
    assert view.speedups[0].chart is not None
    assert all(row.faint for row in view.speedups[0].chart.rows)


def test_significant_speedups_are_named() -> None:
    """The pipeline makes 1.3 times as many images in every round."""
    view = end_to_end.view(catalogue(a_record()))
    assert view.speedups[1].finding.startswith("Pipelined: faster")
    assert "Magika v3.3" in view.speedups[1].finding


def test_outputs_that_differ_are_marked() -> None:
    """Over 5 % of relative error is no agreement, whatever the speed."""
    record = a_record()
    worse = replace(record.end_to_end.agreement[0], relative_rmse=0.2)
    (row,) = end_to_end.view(catalogue(changed(record, agreement=[worse]))).table.rows
    assert "differ" in row.html
    (row,) = end_to_end.view(catalogue(record)).table.rows
    assert "agree" in row.html


def test_an_unreliable_time_is_pale_and_says_so() -> None:
    """Its shares are still shown: they are of the same rounds."""
    view = end_to_end.view(catalogue(a_record(noise=0.5)))
    (card,) = view.models
    assert card.chart is not None
    assert all(row.faint and row.label.startswith("≈") for row in card.chart.rows)
    assert "Pale" in card.legend
    assert view.table.rows[0].cells[3].tone == "unreliable"
    assert "end-to-end" in view.head.warning


def test_a_way_that_was_not_measured_says_why() -> None:
    """The graph's cells carry the device's reason; the host's keep their numbers."""
    record = a_record()
    host = [p for p in record.end_to_end.pipelines if p.way == "host"]
    view = end_to_end.view(
        catalogue(changed(record, pipelines=host, missing={"graph": "no u8 here"}, agreement=[]))
    )
    (row,) = view.table.rows
    assert "no u8 here" in row.html
    assert "unsupported" in row.html
    assert view.speedups[0].chart is None
    assert "Nothing" in view.speedups[0].finding


def test_models_without_images_have_their_reason() -> None:
    """A model of sound is in the table with the reason, and in no chart."""
    why = r.Unsupported(reason="voice-activity is no image task")
    view = end_to_end.view(
        catalogue(a_record(), a_record(model="vad", title="VAD", end_to_end=why))
    )
    assert view.without == ("VAD",)
    assert len(view.models) == 1
    assert any("voice-activity is no image task" in row.html for row in view.table.rows)


def test_a_site_without_image_models_is_a_page_too() -> None:
    """No charts, no numbers: the sentence says so."""
    view = end_to_end.view(catalogue(a_record(end_to_end=r.Skipped(reason="left out"))))
    assert not view.speedups
    assert not view.models
    assert view.head.lede.startswith("No image")


def test_rows_have_as_many_cells_as_columns() -> None:
    """Spans included, failed and unsupported cases too."""
    tables = [end_to_end.view(catalogue(*a_collection(), a_failed_record(model="b"))).table]
    why = r.Unsupported(reason="no image")
    view = end_to_end.view(catalogue(a_record(), a_record(model="c", end_to_end=why)))
    tables += [view.table, *(card.table for card in view.models if card.table)]
    for table in tables:
        for row in table.rows:
            assert sum(cell.span for cell in row.cells) == len(table.columns), table.id

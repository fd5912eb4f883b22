"""Accuracy against speed: which choices are optimal, in charts, tables and on pages."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from ovreport import record as r
from ovreport_sitegen.charts import Drawer, Plane, Point
from ovreport_sitegen.charts.plane import fill
from ovreport_sitegen.compare import SpeedMeasurement
from ovreport_sitegen.components import accuracy_cells
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.pages import accuracy, device, model
from ovreport_sitegen.pages.accuracy import choices, pareto, tradeoff
from ovreport_sitegen.pages.accuracy.table import published_table
from ovreport_sitegen.pages.model import optimization
from tests.factories import a_failed_record, a_made_record, a_record
from tests.sitegen.conftest import a_reference, catalogue


def records(**knobs: object) -> list[r.Record]:
    """Return one model in f32, bf16, INT8 and FP16; bf16 loses, INT8 is fastest."""
    return [
        a_reference(**knobs),
        a_record(seed=2, precision="default", median_ms=3, top1=0.841, **knobs),
        a_made_record("int8", seed=3, precision="default", median_ms=2, top1=0.968, **knobs),
        a_made_record("fp16", seed=4, median_ms=5.5, top1=0.969, **knobs),
    ]


def words(found: Catalogue, measurement: SpeedMeasurement = "latency") -> dict[str, str]:
    """Return name → standing of the only model's choices."""
    (chosen,) = pareto.every(found)
    standings = chosen.rankings[measurement].standings
    return {chosen.names[id(r)]: standings[id(r)].word for r in chosen.usable(measurement)}


def another_hour(record: r.Record) -> r.Record:
    """Return a record whose rounds ran alternately with none of the others."""
    noise = [
        msgspec.structs.replace(n, started_at=f"2026-11-23T15:0{n.process}:00Z")
        for n in record.noise
    ]
    return msgspec.structs.replace(record, noise=noise)


def with_published(record: r.Record, **changes: str) -> r.Record:
    """Return a record whose model carries a published result."""
    usual = {"variant": "FP32", "source": "Its README", "url": "https://example.org", **changes}
    theirs = r.Published(metric="top1", value=0.751, **usual)
    return msgspec.structs.replace(
        record, model=msgspec.structs.replace(record.model, published=[theirs])
    )


# ---------------------------------------------------------------- the front


@pytest.mark.parametrize("measurement", ["latency", "throughput"])
def test_what_nothing_beats_is_optimal(measurement: SpeedMeasurement) -> None:
    """INT8 is fastest and f32 most accurate; bf16 is significantly behind INT8 in both."""
    found = words(catalogue(*records()), measurement)
    assert found["int8 · i8"] == "optimal"
    assert found["fp32 · f32"] == "optimal"
    assert found["fp32 · bf16"] == "beaten"
    assert found["fp16 · f32"] == "beaten"


def test_two_that_cannot_be_told_apart_are_too_close_to_call() -> None:
    """Ahead in both by value, in neither significantly."""
    ahead = a_made_record("fp16", seed=4, factors=[1.0] * 7, top1=0.971)
    behind = a_record(seed=1, factors=[1.0, 1.1, 0.95, 1.2, 1.0, 1.05, 1.1], top1=0.9699)
    found = words(catalogue(behind, ahead))
    assert found == {"fp32 · f32": "too close to call", "fp16 · f32": "optimal"}


def test_equal_choices_are_both_optimal() -> None:
    """Neither is better at anything."""
    same = a_made_record("fp16", seed=1)
    assert set(words(catalogue(a_reference(), same)).values()) == {"optimal"}


def test_a_choice_of_another_hour_has_no_place() -> None:
    """Rounds that did not alternate give no speedup, whatever the times are; the card says why."""
    f32, bf16, int8, _ = records()
    found = catalogue(f32, bf16, another_hour(int8))
    assert words(found) == {"fp32 · f32": "optimal", "fp32 · bf16": "optimal"}
    (card,) = tradeoff.site_cards(found)
    (reason,) = card.left_out
    assert reason.startswith("int8 · i8: ")
    assert "did not alternate" in reason


def test_speedups_decide_where_absolute_times_are_unreliable() -> None:
    """Both swing by half from round to round, together: the ratio is not affected."""
    swing = [1.0, 1.5, 0.7, 1.3, 0.8, 1.6, 1.1]
    int8 = a_made_record("int8", seed=3, median_ms=2, factors=swing, top1=0.968)
    found = catalogue(a_reference(factors=swing), int8)
    assert {r.verdict("latency").level for r in found.results} == {"unreliable"}  # type: ignore[union-attr]
    (card,) = tradeoff.site_cards(found)
    assert isinstance(card.chart, Plane)
    assert card.left_out == ()
    at = {m.label: m.x for m in card.chart.points}
    assert at["fp32 · f32"] == 1
    assert at["int8 · i8"] == pytest.approx(2.5, rel=0.02)
    assert "unreliable" in card.chart.points[0].tip
    assert "INT8" in card.finding
    assert "2.50×" in card.finding
    assert "unreliable" not in card.footer


def test_the_standing_tells_the_ratio_of_the_two() -> None:
    """Of their own rounds, not of two ratios."""
    (chosen,) = pareto.every(catalogue(*records()))
    bf16 = next(x for x in chosen.results if x.executed == "bf16")
    standing = chosen.rankings["latency"].standings[id(bf16)]
    assert standing.by is not None
    assert standing.by.variant == "int8"
    assert standing.ratio is not None
    assert standing.ratio.ratio.value == pytest.approx(1.5, rel=0.03)
    table = choices.choices_table(catalogue(*records()), chosen, "latency", "t")
    assert "behind int8 · i8\n1.5" in table.rows[1].html


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([a_reference(), a_made_record(seed=3, rounds=4)], "int8 · i8: insufficient data: 4 pairs"),
        (
            [a_reference(), a_made_record(seed=3, factors=[1, 2, 0.5, 1, 0.4, 1.7, 1])],
            "anything from 0.",
        ),
        ([a_failed_record(), a_made_record(seed=3)], "i8: the baseline failed"),
    ],
)
def test_an_unusable_speedup_has_its_reason(others: list[r.Record], said: str) -> None:
    """Too few pairs, too wide an interval, no f32 to compare with."""
    bf16 = a_record(seed=2, precision="default", median_ms=3)
    found = catalogue(*others, bf16)
    (card, *_) = tradeoff.model_cards(found, found.models[0])
    assert any(said in text for text in card.left_out), card.left_out


def test_a_loss_is_a_finding_without_a_speedup() -> None:
    """What did not run alternately has no speed here; what it costs is known all the same."""
    f32, bf16, *_ = records()
    found = catalogue(f32, another_hour(bf16))
    view = accuracy.view(found)
    (finding,) = view.findings
    assert "loses 12.9" in finding
    assert "no comparison" in finding
    assert "unpaired" in finding
    assert view.tradeoffs == ()
    assert "One model" in view.tradeoffs_note


def test_one_chart_has_the_reason_why_there_is_no_other() -> None:
    """Only throughput can be drawn: the reasons against latency stand below it."""
    one_sided = a_made_record(seed=3, median_ms=2, latency=r.Unsupported(reason="not here"))
    found = catalogue(a_reference(), one_sided)
    (card,) = tradeoff.model_cards(found, found.models[0])
    assert "throughput" in card.title
    (reason,) = card.left_out
    assert reason.startswith("By latency, int8 · i8: ")


def test_the_throughput_card_speaks_of_throughput() -> None:
    """And the other one does not."""
    found = catalogue(*records())
    first, second = tradeoff.model_cards(found, found.models[0])
    assert "2.51× as fast" in first.finding
    assert "2.51× the throughput" in second.finding
    assert first.chart != second.chart


def test_what_ran_alike_is_one_choice() -> None:
    """f32 as the default is no second choice; INT8 with another rest is, and says so."""
    alike = catalogue(a_reference(), a_record(seed=2, precision="default", executed="f32"))
    (only,) = pareto.distinct(alike.results)
    assert only.is_baseline  # what others are compared with speaks for both
    assert pareto.every(alike) == ()
    int8 = a_made_record("int8", seed=3)
    execution = int8.execution
    assert isinstance(execution, r.Execution)
    rest = r.LayerCount(device="CPU", precision="bf16", compute=True, count=2)
    other = a_made_record(
        "int8",
        seed=4,
        precision="default",
        execution=msgspec.structs.replace(execution, layers=[*execution.layers, rest]),
    )
    assert set(words(catalogue(a_record(), int8, other))) == {
        "fp32 · f32",
        "int8 · i8 (f32)",
        "int8 · i8 (default)",
    }


def test_the_fastest_within_one_per_cent_is_the_pick() -> None:
    """bf16 would be faster than FP16 but is not eligible."""
    (chosen,) = pareto.every(catalogue(*records()))
    picked = pareto.fastest_kept(chosen, "latency")
    assert picked is not None
    assert picked.variant == "int8"
    strict = pareto.fastest_kept(chosen, "latency", 0.999)
    assert strict is not None
    assert strict.is_baseline  # INT8 keeps 99.8 %


def test_f32_is_the_pick_unless_another_is_significantly_faster() -> None:
    """A value above 1 is not enough."""
    wobble = [1.0, 1.05, 0.9, 1.04, 0.92, 1.06, 0.9]
    close = a_made_record("int8", seed=3, factors=wobble, median_ms=4.95)
    found = catalogue(a_reference(), close)
    (chosen,) = pareto.every(found)
    assert len(chosen.usable("latency")) == 2
    picked = pareto.fastest_kept(chosen, "latency")
    assert picked is not None
    assert picked.is_baseline
    (row,) = choices.device_table(found, found.devices[0]).rows
    assert "no clear difference from int8" in row.html


def test_a_pick_stands_beside_the_next_one() -> None:
    """By how much, from the rounds of both."""
    found = catalogue(*records())
    (row,) = choices.device_table(found, found.devices[0]).rows
    assert "2.5" in row.html
    assert "× as fast as fp32 · f32" in row.html


def test_the_reference_is_a_choice_without_a_difference() -> None:
    """It is compared with nothing, stands at zero, and says what it is."""
    found = catalogue(*records())
    reference = found.results[0]
    assert accuracy_cells.cost_cell(reference).text == "reference"
    assert accuracy_cells.eligible_cell(reference).text == "reference"
    slow = [a_reference(), a_record(seed=2, precision="default", median_ms=9, top1=0.8)]
    (chosen,) = pareto.every(catalogue(*slow))
    assert pareto.fastest_kept(chosen, "latency") is chosen.results[0]


def test_an_unusable_speedup_is_drawn_and_not_on_the_front() -> None:
    """It is an outline marked as approximate; its row says why."""
    noisy = a_made_record("int8", seed=3, median_ms=5, noise=0.5)
    found = catalogue(a_reference(), a_record(seed=2, precision="default"), noisy)
    (card,) = tradeoff.site_cards(found)
    assert isinstance(card.chart, Plane)
    (unclear,) = [m for m in card.chart.points if m.label.startswith("≈")]
    assert len(card.chart.points) == 3
    assert not unclear.filled
    assert "not ranked" in unclear.tip
    assert card.table is not None
    assert len(card.table.rows) == 3
    assert "anything from" in card.table.rows[-1].html
    (row,) = choices.device_table(found, found.devices[0]).rows
    assert "1 without" in row.html
    alone = catalogue(a_reference(), noisy)
    (row,) = choices.device_table(alone, alone.devices[0]).rows
    assert "no other usable" in row.html  # INT8 keeps as much


def test_a_model_without_two_usable_speedups_ranks_none(
    build_of: Callable[[Sequence[r.Record]], Path],
) -> None:
    """The chart and the table have all; without any speedup there is no chart."""
    lost = [r.FailedRound(round=i, reason="out of memory", cause="killed") for i in range(3, 7)]
    shaky = a_record(seed=2, precision="default", rounds=3, failed_rounds=lost)
    found = catalogue(a_reference(), shaky)
    (first, _) = tradeoff.model_cards(found, found.models[0])
    assert isinstance(first.chart, Plane)
    assert [m.filled for m in first.chart.points] == [True, False]
    assert "certain enough" in first.finding
    (reason,) = first.left_out
    assert reason.startswith("bf16: insufficient data: 3 pairs")
    assert len(tradeoff.site_cards(found)) == 1
    apart = catalogue(a_reference(), another_hour(shaky))
    assert [card.chart for card in tradeoff.model_cards(apart, apart.models[0])] == [None]
    assert tradeoff.site_cards(apart) == ()
    assert len(choices.device_table(found, found.devices[0]).rows) == 1
    assert build_of([a_reference(), shaky]).is_dir()  # every link leads somewhere


# ---------------------------------------------------------------- charts


def test_the_chart_is_sound_named_and_marks_the_best_by_shape(tmp_path: Path) -> None:
    """Diamonds filled for the best, triangles beyond the tolerance; hostile names stay text."""
    (card,) = tradeoff.site_cards(catalogue(*records()))
    chart = card.chart
    assert isinstance(chart, Plane)
    best = {m.label for m in chart.points if m.filled}
    assert best == {"int8 · i8", "fp32 · f32"}
    assert {m.label for m in chart.points if m.outside} == {"fp32 · bf16"}
    svg = str(Drawer(tmp_path).svg(chart))
    ET.fromstring(svg)  # noqa: S314 (our own)
    assert "Points against the f32 reference" in svg
    assert svg.count("<title>") == 4
    assert chart.tolerance == pytest.approx(0.97)
    hostile = renamed(chart, '<script>"&x')
    assert "<script>" not in str(Drawer(None).svg(hostile))


def renamed(chart: Plane, text: str) -> Plane:
    """Return a chart with that text everywhere."""
    from dataclasses import replace

    points = tuple(replace(m, label=text, tip=text) for m in chart.points)
    return replace(chart, title=text, description=text, points=points)


def test_unbounded_intervals_and_equal_marks_can_be_drawn() -> None:
    """One round gives no bound; all marks at one place still give an axis."""
    inf = float("inf")
    mark = Point(5, 0, x_low=0, x_high=inf, y_low=-inf, y_high=inf, label="a", tip="a")
    for marks in ((mark, mark), (mark,)):
        chart = Plane("t", "d", "x", "y", marks, 0.0)
        svg = str(Drawer(None).svg(chart))
        assert "NaN" not in svg
        ET.fromstring(svg)  # noqa: S314 (our own)


def test_a_name_stands_on_no_line_where_there_is_room() -> None:
    """Beside the mark would be on the line of the reference: it goes below."""
    marks = (
        Point(1, 0, label="f32", tip="f32"),
        Point(2, -3, x_low=1.8, x_high=2.2, y_low=-4, y_high=-2, label="int8", tip="int8"),
    )
    rows = fill(Plane("t", "d", "x", "y", marks, 0.5)).rows
    f32, int8 = (row for row in rows if row["k"] == "mark")
    assert f32["ly"] < 0
    assert int8["ly"] != int8["y"]  # nor on its own interval


def test_a_page_has_a_limited_number_of_charts_and_says_so() -> None:
    """The other models are made no card of."""
    many = [x for i in range(3) for x in records(model=f"m-{i}", title=f"Model {i}")]
    found = catalogue(*many)
    assert tradeoff.site_note(found) == ""
    assert [c.title for c in tradeoff.site_cards(found, most=2)] == ["Model 0", "Model 1"]
    assert "first 2 of 3" in tradeoff.site_note(found, most=2)


def test_a_site_without_a_choice_has_a_sentence_and_no_chart() -> None:
    """Only f32 was measured: no empty chart."""
    for found in (
        catalogue(a_reference()),
        catalogue(a_reference(), a_record(seed=2, precision="default", executed="f32")),
    ):
        view = accuracy.view(found)
        assert not view.tradeoffs
        assert "only in f32" in view.no_choice
        assert model.view(found, found.models[0]).tradeoffs == ()
        assert device.view(found, found.devices[0]).choices is None


# ---------------------------------------------------------------- whole pages


def test_rows_have_as_many_cells_as_columns() -> None:
    """Spans included."""
    found = catalogue(*map(with_published, records()))
    size, others = optimization.size_table(found, found.models[0]), published_table(found)
    tables = [card.table for card in tradeoff.site_cards(found)]
    tables += [choices.device_table(found, d) for d in found.devices]
    for table in (size, others, *tables):
        assert table is not None
        for row in table.rows:
            assert sum(cell.span for cell in row.cells) == len(table.columns), table.id


def test_fifteen_models_stay_below_150_kb(build_of: Callable[[Sequence[r.Record]], Path]) -> None:
    """The accuracy page has the charts of some models, and is light; its ids are unique."""
    many = [x for i in range(15) for x in records(model=f"m-{i}", title=f"Model {i}")]
    page = build_of(many) / "accuracy.html"
    assert page.stat().st_size < 150_000
    assert page.read_text().count('class="chart"') == 6

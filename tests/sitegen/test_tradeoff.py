"""Accuracy against speed: which choice nothing beats, in pictures, tables and on every page."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from ovreport import record as r
from ovreport_sitegen import downloads
from ovreport_sitegen.catalogue import Catalogue
from ovreport_sitegen.charts import Drawer, Mark, Tradeoff
from ovreport_sitegen.views import (
    accuracy,
    accuracy_cells,
    device,
    latency,
    making,
    model,
    overview,
    pareto,
    published,
    throughput,
    tradeoff,
)
from tests.factories import a_made_record, a_record
from tests.sitegen.test_headlines import a_reference, catalogue, surely


def records(**knobs: object) -> list[r.Record]:
    """Return one model in f32, bf16, INT8 and FP16; bf16 loses, INT8 is fastest."""
    return [
        a_reference(**knobs),
        a_record(seed=2, precision="default", median_ms=3, top1=0.841, **knobs),
        a_made_record("int8", seed=3, precision="default", median_ms=2, top1=0.968, **knobs),
        a_made_record("fp16", seed=4, median_ms=5.5, top1=0.969, **knobs),
    ]


def words(found: Catalogue, aspect: pareto.Aspect = "latency") -> dict[str, str]:
    """Return name → standing of the only model's choices."""
    chosen = pareto.choices(found.results)
    names, standing = pareto.names(chosen), pareto.standings(chosen, aspect)
    return {names[id(r)]: standing[id(r)].word for r in chosen if id(r) in standing}


# ---------------------------------------------------------------- the front


@pytest.mark.parametrize("aspect", ["latency", "throughput"])
def test_what_nothing_beats_is_optimal(aspect: pareto.Aspect) -> None:
    """INT8 is fastest and f32 most accurate; bf16 is surely behind INT8 in both."""
    found = words(catalogue(*records()), aspect)
    assert found["int8 · i8"] == "optimal"
    assert found["fp32 · f32"] == "optimal"
    assert found["fp32 · bf16"] == "beaten"
    assert found["fp16 · f32"] == "beaten"


def test_two_that_cannot_be_told_apart_are_too_close_to_call() -> None:
    """Ahead in both by value, in neither for certain."""
    ahead = a_made_record("fp16", seed=4, factors=[1.0] * 7, top1=0.971)
    behind = a_record(seed=1, factors=[1.0, 1.1, 0.95, 1.2, 1.0, 1.05, 1.1], top1=0.9699)
    found = words(catalogue(behind, ahead))
    assert found == {"fp32 · f32": "too close to call", "fp16 · f32": "optimal"}


def test_equal_choices_are_both_optimal() -> None:
    """Neither is better at anything."""
    same = a_made_record("fp16", seed=1)
    assert set(words(catalogue(a_reference(), same)).values()) == {"optimal"}


def test_of_two_hours_the_intervals_decide() -> None:
    """Rounds that did not alternate are compared by figures whose intervals are apart."""
    f32, *_, fp16 = records()
    later = [msgspec.structs.replace(n, started_at="2026-11-23T15:00:00Z") for n in fp16.noise]
    fp16 = surely(msgspec.structs.replace(fp16, noise=later), -0.01, 0.01)
    assert words(catalogue(f32, fp16))["fp16 · f32"] == "beaten"


def test_what_ran_alike_is_one_choice() -> None:
    """f32 as the default is no second choice; INT8 with another rest is, and says so."""
    alike = catalogue(a_reference(), a_record(seed=2, precision="default", executed="f32"))
    assert list(words(alike)) == ["f32"]
    int8 = a_made_record("int8", seed=3)
    execution = int8.execution
    assert isinstance(execution, r.Execution)
    rest = r.LayerCount(device="CPU", precision="bf16", compute=True, count=2)
    other = a_made_record(
        "int8", seed=4, precision="default",
        execution=msgspec.structs.replace(execution, layers=[*execution.layers, rest]),
    )  # fmt: skip
    assert list(words(catalogue(a_record(), int8, other)))[1:] == [
        "int8 · i8 (f32)", "int8 · i8 (default)",
    ]  # fmt: skip


def test_the_fastest_within_one_per_cent_is_the_pick() -> None:
    """bf16 would be faster than FP16 but is not eligible."""
    found = catalogue(*records())
    chosen = pareto.choices(found.results)
    picked = pareto.fastest_kept(chosen, "latency")
    assert picked is not None
    assert picked.variant == "int8"
    assert pareto.fastest_kept([x for x in chosen if x.executed == "bf16"], "latency") is None


def test_the_reference_is_a_choice_without_a_difference() -> None:
    """It is compared with nothing, stands at zero, and says what it is."""
    found = catalogue(*records())
    reference = found.results[0]
    assert accuracy_cells.cost_cell(reference).text == "reference"
    assert accuracy_cells.eligible_cell(reference).text == "reference"
    slow = [a_reference(), a_record(seed=2, precision="default", median_ms=9, top1=0.8)]
    chosen = pareto.choices(catalogue(*slow).results)
    assert pareto.fastest_kept(chosen, "latency") is chosen[0]


def test_an_invalid_speed_is_in_the_table_and_not_on_the_front() -> None:
    """A point that cannot be trusted is not drawn; its row says why."""
    noisy = a_made_record("int8", seed=3, median_ms=2, noise=0.5)
    found = catalogue(a_reference(), a_record(seed=2, precision="default"), noisy)
    (card,) = tradeoff.site_cards(found)
    assert isinstance(card.chart, Tradeoff)
    assert len(card.chart.marks) == 2
    assert "1 without a speed to trust" in card.key
    assert card.table is not None
    assert len(card.table.rows) == 3


def test_a_model_without_two_speeds_to_trust_has_a_sentence(
    build_of: Callable[[Sequence[r.Record]], Path],
) -> None:
    """The table has all; links from other pages still lead to it."""
    shaky = a_record(seed=2, precision="default", noise=0.5)
    found = catalogue(a_reference(), shaky)
    (first,) = tradeoff.model_cards(found, found.models[0])
    assert first.chart is None
    assert first.finding == (
        "Only one of 2 choices has a speed that can be trusted: nothing is drawn."
    )
    assert tradeoff.site_cards(found) == ()
    assert len(tradeoff.device_table(found, found.devices[0]).rows) == 1
    assert build_of([a_reference(), shaky]).is_dir()  # every link leads somewhere


# ---------------------------------------------------------------- pictures


def test_the_picture_is_sound_named_and_marks_the_best_by_shape(tmp_path: Path) -> None:
    """Diamonds filled for the best, triangles beyond the tolerance; hostile names stay text."""
    (card,) = tradeoff.site_cards(catalogue(*records()))
    chart = card.chart
    assert isinstance(chart, Tradeoff)
    best = {m.label for m in chart.marks if m.best}
    assert best == {"int8 · i8", "fp32 · f32"}
    assert {m.label for m in chart.marks if m.beyond} == {"fp32 · bf16"}
    svg = str(Drawer(tmp_path).svg(chart))
    ET.fromstring(svg)  # noqa: S314 (our own)
    assert "Points against the f32 reference" in svg
    assert svg.count("<title>") == 4
    assert chart.tolerance == pytest.approx(0.97)
    hostile = renamed(chart, '<script>"&x')
    assert "<script>" not in str(Drawer(None).svg(hostile))


def renamed(chart: Tradeoff, text: str) -> Tradeoff:
    """Return a picture with that text everywhere."""
    from dataclasses import replace

    marks = tuple(replace(m, label=text, tip=text) for m in chart.marks)
    return replace(chart, title=text, description=text, marks=marks)


def test_unbounded_intervals_and_equal_marks_can_be_drawn() -> None:
    """One round gives no bound; all marks at one place still give an axis."""
    mark = Mark(5, 0, float("inf"), 0, float("-inf"), float("inf"), label="a", tip="a")
    for marks in ((mark, mark), (mark,)):
        chart = Tradeoff("t", "d", "x", "y", marks, 0.0, lower=True)
        svg = str(Drawer(None).svg(chart))
        assert "NaN" not in svg
        ET.fromstring(svg)  # noqa: S314 (our own)


def test_a_site_without_a_choice_has_a_sentence_and_no_picture() -> None:
    """Only f32 was measured: no empty chart."""
    for found in (
        catalogue(a_reference()),
        catalogue(a_reference(), a_record(seed=2, precision="default", executed="f32")),
    ):
        view = accuracy.view(found)
        assert not view.tradeoffs
        assert not view.choices
        assert "ran in one way only" in view.no_choice
        assert model.view(found, found.models[0]).tradeoffs == ()
        assert device.view(found, found.devices[0]).choices is None


# ---------------------------------------------------------------- variants on every page


def test_charts_of_all_models_show_the_published_file_only() -> None:
    """A variant never stands beside another model's published file unnamed."""
    found = catalogue(*records())
    for card in (latency.view(found).cards[0], throughput.view(found).cards[0],
                 overview.view(found).cards[1]):  # fmt: skip
        assert card.chart is not None
        assert [row.name for row in card.chart.rows] == ["Magika v3.3 · fp32 · bf16"]
    (kept,) = [t for t in overview.view(found).takeaways if "99 %" in t.text]
    assert kept.value == "0 of 1"  # bf16; the variants are not counted


def test_tables_name_the_variant_and_can_be_filtered_by_it() -> None:
    """Every row of the overview says which weights it is of."""
    table = overview.view(catalogue(*records())).table
    assert [row.filters[3] for row in table.rows] == [
        "fp32 weights", "fp32 weights", "fp16 weights", "int8",
    ]  # fmt: skip
    assert all(row.filters[3] in row.html for row in table.rows)
    assert table.choices(3) == ["fp16 weights", "fp32 weights", "int8"]


def test_a_model_of_one_variant_does_not_name_it_in_charts() -> None:
    """fp32 alone is no news; int8 alone is."""
    assert catalogue(a_record()).results[0].ran == "f32"
    published_int8 = catalogue(a_record(variant="int8", executed="i8")).results[0]
    assert published_int8.ran == "int8 · i8"
    assert published_int8.is_published


def test_gains_of_variants_are_over_the_published_file() -> None:
    """The same baseline for all: f32 of what was published."""
    found = catalogue(*records())
    gains = {t.default.variant: t.latency.ratio.value for t in found.trades if t.latency}
    assert gains["int8"] == pytest.approx(2.5, rel=0.03)
    assert all(t.f32.is_published and t.f32.asked == "f32" for t in found.trades)


def test_downloads_have_a_row_a_variant() -> None:
    """The column tells them apart."""
    text = downloads.all_files(catalogue(*records()))["data/figures.csv"].decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["variant"] for row in rows} == {"fp32", "int8", "fp16"}


# ---------------------------------------------------------------- how files were made


def test_a_models_page_tells_how_its_files_were_made() -> None:
    """Method, settings, calibration, software, time, memory and size; published files are none."""
    found = catalogue(*records())
    fp16, int8 = model.view(found, found.models[0]).made
    assert (fp16.title, int8.title) == ("fp16 weights", "int8")
    facts = dict(int8.facts)
    assert facts["Method"] == "post-training quantization"
    assert "300 samples" in facts["Calibration"]
    assert dict(fp16.facts)["Calibration"] == "needs no data"
    assert "12.5 s" in facts["Took"]
    assert facts["Size"] == "3.30 MB → 0.858 MB as OpenVINO IR, 0.260× the size"
    assert facts["Made of"] == "the published file"


def test_a_converted_file_names_its_converter() -> None:
    """Published weights that no engine reads as they are."""
    how = r.Converted(converter="torch", software={"torch": "2.9"}, seconds=3, peak_bytes=10**9)
    record = a_record()
    record = msgspec.structs.replace(record, model=msgspec.structs.replace(record.model, made=how))
    (only,) = making.made(catalogue(record).results)
    assert dict(only.facts)["Method"] == "converted from the published weights by torch"
    assert catalogue(record).results[0].is_published


def test_size_stands_beside_memory() -> None:
    """Before and after, and the peak against the published file by round; none for one variant."""
    found = catalogue(*records())
    table = making.size_table(found, found.models[0])
    assert table is not None
    assert {cell.text for cell in table.rows[-1].cells} >= {"0.858", "3.30", "int8"}
    assert making.size_finding(found, found.models[0]) == (
        "INT8 makes the file 0.26× as large; its peak memory is not distinguishable from that of "
        "f32."
    )
    one = catalogue(a_record())
    assert making.size_table(one, one.models[0]) is None
    assert making.size_finding(one, one.models[0]) == ""


# ---------------------------------------------------------------- other metrics, other people


def with_published(record: r.Record, **changes: str) -> r.Record:
    """Return a record whose model carries a published figure."""
    told = {"variant": "FP32", "source": "Its README", "url": "https://example.org", **changes}
    figure = r.Published(metric="top1", value=0.751, **told)
    return msgspec.structs.replace(
        record, model=msgspec.structs.replace(record.model, published=[figure])
    )


def test_a_published_figure_stands_beside_ours_and_in_no_finding() -> None:
    """Marked, with its source; it changes neither headline nor chart."""
    plain, told = catalogue(*records()), catalogue(*map(with_published, records()))
    table = published.table(told)
    assert table is not None
    (row,) = table.rows
    assert "published" in row.html
    assert ">75.1<" in row.html
    assert ">97.0<" in row.html
    assert 'href="https://example.org"' in row.html
    assert published.table(plain) is None
    before, after = accuracy.view(plain), accuracy.view(told)
    assert before.findings == after.findings
    assert [c.finding for c in before.cards] == [c.finding for c in after.cards]


def test_a_published_address_that_is_none_becomes_no_link() -> None:
    """Only http and https are followed; what we did not measure says so."""
    record = with_published(a_record(architecture_only=True), url="javascript:alert(1)")
    table = published.table(catalogue(record))
    assert table is not None
    assert "javascript" not in table.rows[0].html
    assert "not measured" in table.rows[0].html


def test_ours_is_the_accuracy_in_the_published_metric() -> None:
    """A further metric too, where the figure is of that."""
    record = with_published(a_reference())
    assert isinstance(record.accuracy, r.Accuracy)
    other = msgspec.structs.replace(record.accuracy, metric="frame_f1", value=0.5, low=0.4)
    found = catalogue(msgspec.structs.replace(
        record, accuracy=other, further_accuracy=[record.accuracy]
    ))  # fmt: skip
    table = published.table(found)
    assert table is not None
    assert ">97.0<" in table.rows[0].html


def test_rows_have_as_many_cells_as_columns() -> None:
    """Spans included."""
    found = catalogue(*map(with_published, records()))
    view = accuracy.view(found)
    size, told = making.size_table(found, found.models[0]), published.table(found)
    pictures = [card.table for card in view.tradeoffs]
    for table in (view.table, *view.choices, size, told, *pictures):
        assert table is not None
        for row in table.rows:
            assert sum(cell.span for cell in row.cells) == len(table.columns), table.id


def test_fifteen_models_stay_below_a_megabyte(
    build_of: Callable[[Sequence[r.Record]], Path],
) -> None:
    """The accuracy page with a picture for each model is light, and its ids are unique."""
    many = [x for i in range(15) for x in records(model=f"m-{i}", title=f"Model {i}")]
    page = build_of(many) / "accuracy.html"
    assert page.stat().st_size < 1_000_000
    assert page.read_text().count('class="chart"') == 17

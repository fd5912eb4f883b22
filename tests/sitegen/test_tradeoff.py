"""Accuracy against speed: which choice nothing beats, in pictures, tables and on every page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from ovreport import record as r
from ovreport_sitegen.catalogue import Catalogue
from ovreport_sitegen.charts import Drawer, Mark, Tradeoff
from ovreport_sitegen.views import (
    accuracy,
    accuracy_cells,
    device,
    making,
    model,
    pareto,
    published,
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


def with_published(record: r.Record, **changes: str) -> r.Record:
    """Return a record whose model carries a published figure."""
    told = {"variant": "FP32", "source": "Its README", "url": "https://example.org", **changes}
    figure = r.Published(metric="top1", value=0.751, **told)
    return msgspec.structs.replace(
        record, model=msgspec.structs.replace(record.model, published=[figure])
    )


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


# ---------------------------------------------------------------- whole pages


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

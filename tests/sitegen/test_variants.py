"""Variants on every page: named, never mixed, with how they were made and what others say."""

from __future__ import annotations

import msgspec
import pytest

from ovreport import record as r
from ovreport_sitegen.answer.state import State
from ovreport_sitegen.answer.table import answer
from ovreport_sitegen.pages import accuracy, latency, model, overview, throughput
from ovreport_sitegen.pages.accuracy.table import published_table
from ovreport_sitegen.pages.model import optimization
from tests.factories import a_made_record, a_record
from tests.sitegen.conftest import a_reference, catalogue, figure_rows
from tests.sitegen.test_tradeoff import records, with_published

# ---------------------------------------------------------------- variants on every page


def test_charts_of_all_models_show_the_published_file_only() -> None:
    """A variant never stands beside another model's published file unnamed."""
    found = catalogue(*records())
    for card in (
        latency.view(found).cards[0],
        throughput.view(found).cards[0],
        overview.view(found).cards[1],
    ):
        assert card.chart is not None
        names = [row.name.removesuffix(" · below 99 % accuracy") for row in card.chart.rows]
        assert names == ["Magika v3.3 · fp32 · bf16"]
    (kept,) = [t for t in overview.view(found).takeaways if t.topic == "How right"]
    assert kept.value == "0 of 1"  # bf16; the variants are not counted


def test_tables_name_the_variant_and_can_be_filtered_by_it() -> None:
    """A column for each of the weights; one of them alone, where the reader asks for it."""
    found = catalogue(*records())
    columns = answer(found, State(columns="weights", precision="any")).columns
    assert [column.label for column in columns] == ["As published", "fp16 weights", "int8"]
    ((cell,),) = [row.cells for row in answer(found, State(weights="int8", precision="any")).rows]
    assert cell is not None
    assert cell.ran.startswith("int8")


def test_a_model_of_one_variant_does_not_name_it_in_charts() -> None:
    """fp32 alone is no news; int8 alone is."""
    assert catalogue(a_record()).results[0].short_label == "f32"
    published_int8 = catalogue(a_record(variant="int8", executed="i8")).results[0]
    assert published_int8.short_label == "int8 · i8"
    assert published_int8.is_published


def test_speedups_of_variants_are_over_the_published_file() -> None:
    """The same baseline for all: f32 of what was published."""
    found = catalogue(*records())
    ratios = {t.candidate.variant: t.latency.ratio.value for t in found.speedups if t.latency}
    assert ratios["int8"] == pytest.approx(2.5, rel=0.03)
    assert all(t.baseline.is_published and t.baseline.requested == "f32" for t in found.speedups)


def test_downloads_have_a_row_a_variant() -> None:
    """A column names the variant."""
    rows = figure_rows(catalogue(*records()))
    assert {row["variant"] for row in rows} == {"fp32", "int8", "fp16"}


# ---------------------------------------------------------------- how files were made


def test_a_models_page_has_how_its_files_were_optimized() -> None:
    """Method, settings, calibration, software, time, memory and size; published files are none."""
    found = catalogue(*records())
    fp16, int8 = model.view(found, found.models[0]).optimizations
    assert (fp16.title, int8.title) == ("fp16 weights", "int8")
    facts = dict(int8.facts)
    assert facts["Method"] == "post-training quantization"
    assert "300 samples" in facts["Calibration"]
    assert dict(fp16.facts)["Calibration"] == "needs no data"
    assert "12.5 s" in facts["Time"]
    assert facts["Size"] == "3.30 MB → 0.858 MB as OpenVINO IR, 0.260× the size"
    assert facts["From"] == "the published file"


def test_a_models_page_has_the_recipe_and_the_source_of_the_error() -> None:
    """The least error with those of the others; rounding and kernels separately."""
    record = a_made_record("int8")
    how = record.model.origin
    facts = dict(optimization.optimizations(catalogue(record).results)[0].facts)
    assert facts["Recipe"].startswith("activations_range = minmax: of 2")
    assert facts["Recipe"].index("0.0500") < facts["Recipe"].index("0.300")
    assert "kernels add" not in facts["Source of the error"]
    lossy = [msgspec.structs.replace(how.trials[1], error=0.2)]
    facts = dict(
        optimization.optimizations(catalogue(_with(record, trials=lossy)).results)[0].facts
    )
    assert facts["Recipe"].startswith("activations_range = minmax, the only")
    assert "kernels add" in facts["Source of the error"]
    facts = dict(optimization.optimizations(catalogue(_with(record, trials=[])).results)[0].facts)
    assert not {"Recipe", "Source of the error"} & set(facts)


def _with(record: r.Record, **changes: object) -> r.Record:
    made = msgspec.structs.replace(record.model.origin, **changes)
    return msgspec.structs.replace(record, model=msgspec.structs.replace(record.model, origin=made))


def test_a_converted_file_names_its_converter() -> None:
    """Published weights that no engine reads as they are."""
    how = r.Converted(converter="torch", software={"torch": "2.9"}, seconds=3, peak_bytes=10**9)
    record = a_record()
    record = msgspec.structs.replace(
        record, model=msgspec.structs.replace(record.model, origin=how)
    )
    (only,) = optimization.optimizations(catalogue(record).results)
    assert dict(only.facts)["Method"].endswith("by torch")
    assert catalogue(record).results[0].is_published


def test_size_stands_beside_memory() -> None:
    """Before and after, and the peak against the published file by round; none for one variant."""
    found = catalogue(*records())
    table = optimization.size_table(found, found.models[0])
    assert table is not None
    assert {cell.text for cell in table.rows[-1].cells} >= {"0.858", "3.30", "int8"}
    finding = optimization.size_finding(found, found.models[0])
    assert "0.26×" in finding
    assert "not clearly different" in finding
    one = catalogue(a_record())
    assert optimization.size_table(one, one.models[0]) is None
    assert optimization.size_finding(one, one.models[0]) == ""


# ---------------------------------------------------------------- other metrics, other people


def test_a_published_result_is_next_to_ours_and_in_no_finding() -> None:
    """Marked, with its source; it changes neither headline nor chart."""
    plain, others = catalogue(*records()), catalogue(*map(with_published, records()))
    table = published_table(others)
    assert table is not None
    (row,) = table.rows
    assert "published" in row.html
    assert ">75.1 <" in row.html
    assert ">97.0<" in row.html
    assert 'href="https://example.org"' in row.html
    assert published_table(plain) is None
    before, after = accuracy.view(plain), accuracy.view(others)
    assert before.findings == after.findings
    assert [c.finding for c in before.cards] == [c.finding for c in after.cards]


def test_a_published_address_that_is_none_becomes_no_link() -> None:
    """Only http and https are followed; what we did not measure says so."""
    record = with_published(a_record(architecture_only=True), url="javascript:alert(1)")
    table = published_table(catalogue(record))
    assert table is not None
    assert "javascript" not in table.rows[0].html
    assert "not measured" in table.rows[0].html


def test_ours_is_the_accuracy_in_the_published_metric() -> None:
    """An additional metric too, where the published result is in that one."""
    record = with_published(a_reference())
    assert isinstance(record.accuracy, r.Accuracy)
    other = msgspec.structs.replace(record.accuracy, metric="frame_f1", value=0.5, low=0.4)
    found = catalogue(
        msgspec.structs.replace(record, accuracy=other, additional_accuracy=[record.accuracy])
    )
    table = published_table(found)
    assert table is not None
    assert ">97.0<" in table.rows[0].html


def test_a_model_without_inputs_or_weights_is_said_to_have_none() -> None:
    """What is not there was not overlooked."""
    made = a_record(variant="none")
    outputs = [r.Port(name="y", dtype="f32", shape=[], sized_by_data=True)]
    bare = msgspec.structs.replace(
        made.model, parameters=0, weights={}, inputs=[], outputs=outputs, files=[]
    )
    found = catalogue(msgspec.structs.replace(made, model=bare))
    shown = model.view(found, found.models[0]).about
    assert dict(shown.facts)["Parameters"] == "none"
    assert not shown.inputs
    assert "scalar" not in shown.outputs[0]
    assert "fp32" not in found.results[0].label

"""The answer table: which result a cell shows, what it costs, how it compares, in which words."""

from __future__ import annotations

import json

import msgspec
import pytest

from ovreport import record as r
from ovreport.metrics import METRICS
from ovreport.metrics.ratio_words import ratio_words
from ovreport.stats.comparison import compare_apart
from ovreport.stats.intervals import Interval
from ovreport_sitegen.answer import data
from ovreport_sitegen.answer.choice import ACCURACY
from ovreport_sitegen.answer.columns import MOST_COLUMNS
from ovreport_sitegen.answer.presets import presets
from ovreport_sitegen.answer.section import section
from ovreport_sitegen.answer.state import State
from ovreport_sitegen.answer.table import MOST_CELLS, Answer, answer
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.pages import accuracy
from tests.factories import a_failed_record, a_native_record, a_record
from tests.sitegen.conftest import a_reference, catalogue, visited

replace = msgspec.structs.replace


def on(machine: str, cpu: str, **knobs: object) -> r.Record:
    """Return a record of a machine with that processor, measured in quiet rounds."""
    made = visited(a_record(rounds=12, machine=machine, full_name=cpu, **knobs))
    return replace(made, machine=replace(made.machine, cpu=cpu))


def two_machines(ratio: float = 2.0) -> list[r.Record]:
    """Return three models on two machines, the newer of which takes `ratio` times as long."""
    return [
        on(machine, cpu, model=model, title=model, median_ms=ms, seed=seed, measured_at=at)
        for seed, model in enumerate(("a", "b", "c"))
        for machine, cpu, ms, at in (
            ("old-8c", "Old 9", 5.0, "2026-11-23T12:00:00Z"),
            ("new-2c", "New 9", 5.0 * ratio, "2026-11-30T12:00:00Z"),
        )
    ]


def eight_machines() -> list[r.Record]:
    """Return two models in two precisions on eight machines, the last measured the slowest."""
    return [
        on(
            f"m{n}-2c",
            f"Processor {n}",
            model=model,
            title=model,
            median_ms=2.0 + n,
            seed=n,
            precision=precision,
            executed=executed,
            measured_at=f"2026-11-{10 + n}T12:00:00Z",
        )
        for n in range(8)
        for model in "ab"
        for precision, executed in (("f32", "f32"), ("default", "bf16"))
    ]


def texts(table: Answer) -> dict[str, list[str]]:
    """Return the texts of the cells by the model of their row."""
    return {row.model.title: [c.text if c else "" for c in row.cells] for row in table.rows}


# ---------------------------------------------------------------- which result


def test_a_fast_wrong_result_never_wins() -> None:
    """The default cell shows f32 where the faster precision loses more than 1 %."""
    wrong = a_record(precision="default", executed="bf16", median_ms=2.0, top1=0.8, seed=2)
    (row,) = answer(catalogue(a_reference(), wrong)).rows
    assert row.cells[0] is not None
    assert row.cells[0].ran.startswith("f32")
    (row,) = answer(catalogue(a_reference(), wrong), State(precision="any")).rows
    assert row.cells[0] is not None
    assert row.cells[0].ran == "bf16"
    assert row.cells[0].cost.is_bad
    assert "points" in row.cells[0].cost.text


def test_the_best_that_keeps_its_accuracy_is_shown() -> None:
    """A precision that is clearly faster and keeps 99 %."""
    good = a_record(precision="default", executed="bf16", median_ms=2.0, top1=0.97, seed=2)
    (row,) = answer(catalogue(a_reference(), good)).rows
    assert row.cells[0] is not None
    assert row.cells[0].ran == "bf16"


def test_what_is_not_clearly_better_does_not_replace_f32() -> None:
    """The better of two by chance is no choice."""
    alike = a_record(precision="default", executed="bf16", top1=0.97, noise=0.1, seed=3)
    (row,) = answer(catalogue(a_reference(noise=0.1), alike)).rows
    assert row.cells[0] is not None
    assert row.cells[0].ran.startswith("f32")


def test_a_loss_is_said_where_nothing_else_was_measured() -> None:
    """Only INT8, which does not keep 99 %: the cell says so, and leads to the result."""
    int8 = a_record(variant="int8", executed="i8", top1=0.8, seed=2)
    (row,) = answer(catalogue(a_reference(), int8), State(weights="int8")).rows
    cell = row.cells[0]
    assert cell is not None
    assert cell.value is None
    assert "99 %" in cell.text
    assert cell.cost.is_bad
    assert cell.href


def test_a_failure_is_a_row_with_its_reason() -> None:
    """It is no zero and no empty row."""
    (row,) = answer(catalogue(a_failed_record(), a_failed_record(model="b", seed=2))).rows[:1]
    cell = row.cells[0]
    assert cell is not None
    assert cell.text == "failed"
    assert "SIGSEGV" in cell.tip


# ---------------------------------------------------------------- columns and rows


def test_a_row_a_model_a_column_a_device() -> None:
    """The machine that was measured last comes first; rows are grouped by task."""
    table = answer(catalogue(*two_machines()))
    assert [column.label for column in table.columns] == ["New 9", "Old 9"]
    assert list(texts(table)) == ["a", "b", "c"]
    assert all(row.device is None for row in table.rows)
    assert len(table.groups) == 1


@pytest.mark.parametrize(
    ("columns", "labels"),
    [
        ("precision", ["f32", "bf16", "i8"]),
        ("weights", ["As published", "int8"]),
        ("choice", ["fp32 · f32", "fp32 · bf16", "int8 · i8"]),
    ],
)
def test_columns_are_what_the_reader_asks_for(columns: str, labels: list[str]) -> None:
    """In the order from full to reduced precision."""
    found = catalogue(
        a_reference(),
        a_record(precision="default", executed="bf16", seed=2),
        a_record(variant="int8", executed="i8", seed=3),
    )
    table = answer(found, State(columns=columns, precision="any"))
    assert [column.label for column in table.columns] == labels


def test_rows_name_their_device_where_columns_are_something_else() -> None:
    """One device alone needs no name."""
    records = [*two_machines(), on("old-8c", "Old 9", model="a", precision="default", seed=9)]
    table = answer(catalogue(*records), State(columns="precision", precision="any"))
    assert {row.device.label for row in table.rows if row.device} == {"New 9", "Old 9"}
    one = answer(
        catalogue(*records),
        State(columns="precision", device=(table.rows[0].device.slug,)),  # type: ignore[union-attr]
    )
    assert all(row.device is None for row in one.rows)


def test_native_frameworks_and_earlier_releases_only_as_columns() -> None:
    """Charts and tables of OpenVINO's newest release hold nothing else."""
    before = replace(a_record(seed=4), measured_at="2026-10-01T00:00:00Z")
    before = replace(before, software=replace(before.software, openvino="2026.3.0-1"))
    found = catalogue(a_reference(), a_native_record(seed=5), before)
    assert len(answer(found).columns) == 1
    engines = answer(found, State(columns="engine", precision="f32"))
    assert [column.label for column in engines.columns] == ["OpenVINO", "Native framework"]
    releases = answer(found, State(columns="release", precision="f32"))
    assert [column.label for column in releases.columns][-1] == "OpenVINO 2026.3.0"
    assert len(releases.columns) == 2


def test_metrics_of_a_kind_stand_side_by_side() -> None:
    """Percentiles beside the latency: the same result in every column."""
    table = answer(catalogue(a_record()), State(columns="metric"))
    labels = [column.label for column in table.columns]
    assert labels[:2] == [METRICS["latency_ms"].label, METRICS["latency_observed_ms"].label]
    (row,) = table.rows
    assert len({cell.href for cell in row.cells if cell}) == 1


def test_no_more_than_six_columns_before_the_reader_asks() -> None:
    """The baseline is always among them."""
    found = catalogue(*(on(f"m{i}-2c", f"CPU {i}", seed=i) for i in range(9)))
    assert len(answer(found).columns) == MOST_COLUMNS
    assert answer(found).more_columns == 3
    last = found.devices[-1].slug
    keys = [column.key for column in answer(found, State(baseline=last)).columns]
    assert last in keys
    assert len(keys) == MOST_COLUMNS


def test_accuracy_is_a_metric_whatever_the_task_calls_it() -> None:
    """Each row says by which one; there is no mean of different ones."""
    table = answer(catalogue(a_reference()), State(metric=ACCURACY))
    (row,) = table.rows
    assert row.note == METRICS["top1"].label
    assert not table.means


def test_a_model_or_a_device_can_be_fixed() -> None:
    """What a page of one model shows: a row a device."""
    found = catalogue(*two_machines())
    table = answer(found, State(columns="choice", precision="any", models="a"))
    assert [row.device.label for row in table.rows if row.device] == ["New 9", "Old 9"]
    slug = found.devices[0].slug
    assert len(answer(found, State(device=(slug,))).columns) == 1


def test_only_stable_values() -> None:
    """Others are named, not shown."""
    found = catalogue(a_record(noise=0.6))
    (row,) = answer(found, State(stable=True)).rows
    assert row.cells[0] is not None
    assert row.cells[0].value is None
    assert "not shown" in row.cells[0].text


# ---------------------------------------------------------------- ratios


def compared(found: Catalogue, **state: object) -> Answer:
    """Return a table with its last device as the baseline."""
    return answer(found, State(baseline=found.devices[-1].slug, **state))  # type: ignore[arg-type]


def test_devices_are_compared_by_the_intervals_of_both() -> None:
    """They are of separate runs, and the table says so; the mean has its own interval."""
    table = compared(catalogue(*two_machines()))
    for row in table.rows:
        cell = row.cells[0]
        assert cell is not None
        assert cell.ratio is not None
        assert cell.ratio.text.endswith("% slower")
        assert cell.ratio.tone == "bad"
        assert cell.ratio.tip == "separate runs"
    (mean,) = table.means
    assert "3 models" in mean.note
    assert mean.cells[0] is not None
    assert mean.cells[0].ratio is not None
    assert mean.cells[0].ratio.tone == "bad"
    assert "3 of separate runs" in table.counts
    assert f"Compared with {table.columns[-1].label}." in table.reading


def test_the_mean_counts_failed_and_unsupported_models_apart() -> None:
    """A device that cannot run a model did not fail at it."""
    unsupported = r.Unsupported(reason="the device has no such operation")
    on_old = {"machine": "old-8c", "full_name": "Old 9", "measured_at": "2026-11-23T12:00:00Z"}
    lost = [a_failed_record(model=model, title=model, **on_old) for model in ("d", "e", "f")]
    lost[0] = replace(lost[0], outcome=unsupported)
    old = two_machines()[0].machine
    whole = [on("new-2c", "New 9", model=m, title=m, seed=9) for m in ("d", "e", "f")]
    found = catalogue(*two_machines(), *whole, *(replace(one, machine=old) for one in lost))
    (mean,) = compared(found).means
    assert "2 failed" in mean.note
    assert "1 unsupported" in mean.note


def test_no_clear_difference_is_said() -> None:
    """Equal machines."""
    (mean,) = compared(catalogue(*two_machines(1.0))).means
    assert mean.cells[0] is not None
    assert mean.cells[0].ratio is not None
    assert mean.cells[0].ratio.text == "no clear difference"


def test_values_of_disturbed_separate_runs_are_not_compared() -> None:
    """Their intervals do not hold what the machine did to one of them."""
    records = [
        a_record(machine=f"m{i}-2c", full_name=f"CPU {i}", rounds=2, seed=i) for i in range(2)
    ]
    (row,) = compared(catalogue(*records)).rows
    assert row.cells[0] is not None
    assert row.cells[0].ratio is not None
    assert row.cells[0].ratio.text == "no comparison"
    assert row.cells[0].ratio.tip


def test_other_inputs_are_not_compared() -> None:
    """They are other work."""
    records = two_machines()
    other = replace(records[0], inputs=replace(records[0].inputs, seed=99))
    table = compared(catalogue(other, records[1]))
    (cell, _) = table.rows[0].cells
    assert cell is not None
    assert cell.ratio is not None
    assert cell.ratio.text == "no comparison"


def test_means_of_values_and_of_ratios_are_of_the_same_models() -> None:
    """One of three models has no comparison: the mean leaves it out, and says so."""
    first, *others = two_machines()
    table = compared(catalogue(replace(first, inputs=replace(first.inputs, seed=99)), *others))
    (mean,) = table.means
    assert "2 models" in mean.note
    assert "1 without a comparison" in mean.note
    cell, base = mean.cells
    assert cell is not None
    assert base is not None
    assert cell.value is not None
    assert base.value is not None
    assert cell.ratio is not None
    assert str(round(100 * (1 - base.value / cell.value))) in cell.ratio.text


def test_two_metrics_of_one_run_are_not_called_paired_by_round() -> None:
    """The memory of two modes is a value each."""
    found = catalogue(*two_machines())
    both = ("peak_memory_latency_bytes", "peak_memory_bytes")
    table = answer(found, State(both[1], "metric", baseline=both[0]))
    assert "of one run" in table.counts
    assert "paired" not in table.counts


def test_rounds_that_alternated_are_paired() -> None:
    """A ratio of one run holds even where the values are noisy."""
    found = catalogue(
        a_reference(), a_record(precision="default", executed="bf16", median_ms=2.5, seed=2)
    )
    table = answer(found, State(columns="precision", precision="any", baseline="f32"))
    cell = table.rows[0].cells[1]
    assert cell is not None
    assert cell.ratio is not None
    assert cell.ratio.tip.startswith("paired")
    assert cell.ratio.text.endswith("as fast")


def test_rows_with_nothing_to_compare_are_left_out() -> None:
    """A comparison is of what both have."""
    found = catalogue(
        a_reference(),
        a_record(precision="default", executed="bf16", seed=2),
        a_record(model="b", seed=3),
    )
    table = answer(found, State(columns="precision", precision="any", baseline="f32"))
    assert [row.model.id for row in table.rows] == ["magika-v3.3"]


@pytest.mark.parametrize(
    ("metric", "ratio", "words"),
    [
        ("latency_ms", Interval(1.5, 1.4, 1.6), ("1.50× as fast", "1.40 – 1.60×")),
        ("latency_ms", Interval(0.7, 0.6, 0.8), ("30 % slower", "20 – 40 %")),
        ("throughput_ips", Interval(2.0, 1.5, 2.5), ("2.00× as much", "1.50 – 2.50×")),
        ("peak_memory_bytes", Interval(2.0, 1.6, 2.5), ("50 % less", "38 – 60 %")),
        ("peak_memory_bytes", Interval(0.5, 0.4, 0.625), ("2.00× as much", "1.60 – 2.50×")),
        ("latency_cpu_ms", Interval(0.5, 0.4, 0.625), ("2.00× as much", "1.60 – 2.50×")),
    ],
)
def test_ratios_in_words(metric: str, ratio: Interval, words: tuple[str, str]) -> None:
    """Above 1 the candidate is better: faster, or with less of what costs."""
    assert ratio_words(METRICS[metric], ratio) == words


def test_unpaired_ratios_need_intervals() -> None:
    """Errors of both add in quadrature; a value without an interval is insufficient data."""
    value, wide = Interval(2.0, 1.9, 2.1), Interval(1.0, 0.0, float("inf"))
    assert compare_apart(value, Interval(1.0, 0.99, 1.01)).outcome == "different"
    assert compare_apart(value, Interval(2.01, 1.9, 2.1)).outcome == "no clear difference"
    assert compare_apart(value, wide).outcome == "insufficient data"
    both = compare_apart(value, Interval(2.0, 1.9, 2.1)).ratio
    assert 0.90 < both.low < 0.95
    assert 1.05 < both.high < 1.10


# ---------------------------------------------------------------- links and files


def test_only_comparisons_that_the_records_can_answer_are_offered() -> None:
    """A link leads to a table that is not empty."""
    alone = {p.label for p in presets(catalogue(a_record(energy=None)))}
    assert not any("against f32" in label or "INT8" in label for label in alone)
    found = catalogue(
        a_reference(),
        a_record(precision="default", executed="bf16", seed=2),
        a_record(variant="int8", executed="i8", seed=3),
        *two_machines(),
    )
    offered = presets(found)
    assert {"bf16 against f32", "New 9 against Old 9"} <= {p.label for p in offered}
    assert any("INT8" in p.label for p in offered)
    for preset in offered:
        assert answer(found, preset.state).rows, preset.label


def test_a_fragment_names_what_differs() -> None:
    """Short and readable; the first state has none."""
    assert State().fragment(State()) == ""
    state = State("throughput_ips", weights="int8", device=("a", "b"))
    assert state.fragment(State()) == "metric=throughput_ips&weights=int8&device=a&device=b"


def test_controls_show_the_first_state() -> None:
    """Every list has one that is chosen."""
    shown = section(catalogue(*two_machines()), "T", State("throughput_ips")).controls
    for groups in (shown.metric, shown.columns, shown.precision, shown.weights, shown.models):
        assert sum(option.is_chosen for group in groups for option in group.options) == 1
    assert [option.is_chosen for option in shown.device] == [True, True]


def test_the_files_hold_the_values_and_no_markup() -> None:
    """JSON in a classic script, with the pairs of rounds that alternated."""
    bad = "</script><script>alert(1)</script>"
    found = catalogue(
        a_reference(title=bad),
        a_record(title=bad, precision="default", executed="bf16", median_ms=2.5, seed=2),
    )
    files, names = data.files(found)
    assert set(names.values()) == set(files)
    script = files[names["latency_ms"]].decode()
    values = json.loads(script.removeprefix('ovreportData("latency_ms",').removesuffix(");\n"))
    assert len(values["value"]) == len(values["at"]) == 2
    ((_, _, ratio, low, high, outcome, pairs),) = values["pairs"]
    assert low < ratio < high
    assert outcome == 0
    assert pairs == 7
    assert data.files(found)[0] == files


def test_no_more_rows_than_a_page_can_hold() -> None:
    """The rest is said to be there."""
    found = catalogue(*(a_record(model=f"m{i}", title=f"M {i}", seed=i) for i in range(70)))
    table = answer(found)
    assert len(table.rows) == MOST_CELLS
    assert table.more_rows == 70 - MOST_CELLS


def test_of_many_devices_a_table_says_which_it_begins_with() -> None:
    """Those measured last; comparisons within a device begin with one, as accuracies do."""
    found = catalogue(*eight_machines())
    shown = section(found, "")
    assert [c.label for c in shown.answer.columns] == [f"Processor {n}" for n in range(7, 1, -1)]
    assert len(shown.answer.columns) == MOST_COLUMNS
    assert "6 of 8" in shown.part
    assert len(answer(found, whole=True).columns) == 8
    first = (found.main_device.slug,)
    within = [p.state for p in presets(found) if p.state.columns == "precision"]
    assert within
    assert {state.device for state in within} == {first}
    accuracies = accuracy.view(found).section
    assert accuracies is not None
    assert accuracies.answer.state.device == first
    assert found.main_device.label in accuracies.part
    few = catalogue(*two_machines())
    assert section(few, "").part == ""
    assert not any(p.state.device for p in presets(few) if p.state.columns != "device")


def test_frameworks_stand_beside_the_openvino_of_their_run() -> None:
    """Though OpenVINO was measured again alone: the rounds of that run alternated."""
    pair = [a_record(precision="f32", seed=1), a_native_record(seed=2)]
    again = a_record(precision="f32", seed=3, measured_at="2026-12-01T12:00:00Z")
    noise = [replace(n, started_at="2026-12-01T15:00:00Z") for n in again.noise]
    again = replace(again, noise=noise)
    found = catalogue(*pair, again)
    table = answer(found, State(columns="engine", precision="f32", baseline="native"))
    cell = table.rows[0].cells[0]
    assert cell is not None
    assert cell.result is not None
    assert cell.result.record.measured_at == pair[0].measured_at
    assert cell.ratio is not None
    assert cell.ratio.tip.startswith("paired")
    assert answer(found).rows[0].cells[0].result.record is again  # type: ignore[union-attr]

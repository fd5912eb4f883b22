"""`ovreport.load`: records and their figures, for notebooks and scripts."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import ovreport
from ovreport import store
from ovreport.errors import InputError, RecordError
from ovreport.metrics import METRICS, MetricValue, metric_values
from tests.factories import a_failed_record, a_record
from tests.language_factories import language_records


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a case measured twice, one that failed, and a language model."""
    old = a_record(seed=2, measured_at="2026-01-01T00:00:00Z")
    for record in (a_record(), old, a_failed_record(model="silero"), language_records()[0]):
        store.write(record, tmp_path)
    return tmp_path


def test_records_come_typed_with_their_paths(folder: Path) -> None:
    results = ovreport.load(folder)
    assert len(results.records) == len(results.stored) == 4
    assert all(one.path.is_file() for one in results.stored)
    assert not results.faults
    assert len(repr(results)) < 100  # what a notebook shows


def test_a_figure_is_a_metric_value_in_its_unit(folder: Path) -> None:
    """With its case, interval and verdict, as the site shows it."""
    record = a_record()
    expected = metric_values(record)
    rows = {
        row.metric: row
        for row in ovreport.load(folder).figures()
        if row.model == record.case.model and row.current
    }
    assert rows.keys() == expected.keys()
    for key, row in rows.items():
        value, metric = expected[key], METRICS[key]
        assert (row.unit, row.better) == (metric.unit, metric.direction)
        if isinstance(value, MetricValue):
            assert row.value == pytest.approx(value.value * metric.scale)
            assert row.verdict == value.verdict.level
            assert row.kind == value.kind
        else:
            assert row.value is None
            assert value.reason in row.missing


def test_history_is_told_from_what_is_current(folder: Path) -> None:
    times = {row.measured_at: row.current for row in ovreport.load(folder).figures()}
    assert [at for at, current in times.items() if not current] == ["2026-01-01T00:00:00Z"]


def test_a_case_that_failed_says_why_in_each_row(folder: Path) -> None:
    rows = [row for row in ovreport.load(folder).figures() if row.model == "silero"]
    assert rows
    assert all(row.kind == "missing" and row.missing.startswith("failed: ") for row in rows)


def test_files_folders_and_strings_can_be_named_together(folder: Path, tmp_path_factory) -> None:
    other = store.write(a_record(seed=9), tmp_path_factory.mktemp("other"))
    assert len(ovreport.load(str(folder), other).records) == 5


def test_a_bad_record_is_named_and_left_out(folder: Path) -> None:
    """A notebook goes on with the others, and says so; a script that must not asks for it."""
    (folder / "bad.json").write_text("{")
    with pytest.warns(ovreport.RecordWarning, match=r"bad\.json"):
        results = ovreport.load(folder)
    assert len(results.records) == 4
    assert len(results.faults) == 1
    with pytest.raises(RecordError, match=r"bad\.json"):
        ovreport.load(folder, strict=True)


def test_a_record_that_was_renamed_is_refused_only_when_asked_for(folder: Path) -> None:
    """As `ovreport validate` does of what others send."""
    path = ovreport.load(folder, strict=True).stored[0].path
    path.rename(path.with_name("renamed.json"))
    assert len(ovreport.load(folder).records) == 4
    with pytest.raises(RecordError, match=r"renamed\.json"):
        ovreport.load(folder, strict=True)


def test_many_bad_records_make_one_warning(folder: Path) -> None:
    for index in range(30):
        (folder / f"bad-{index}.json").write_text("{")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert len(ovreport.load(folder).faults) == 30
    assert len(caught) == 1
    assert len(str(caught[0].message).splitlines()) < 15


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A mistyped path is no empty collection; a folder without records is one."""
    with pytest.raises(InputError):
        ovreport.load(tmp_path / "nowhere")
    assert ovreport.load(tmp_path).figures() == []


def test_to_pandas_has_a_row_a_figure(folder: Path) -> None:
    """Numbers are numbers, times are times, and what is missing is missing."""
    pytest.importorskip("pandas", reason="pandas is in the extra `test`")
    results = ovreport.load(folder)
    frame = results.to_pandas()
    assert list(frame.columns) == list(ovreport.Figure.__struct_fields__)
    assert len(frame) == len(results.figures())
    assert frame["value"].dtype.kind == "f"
    assert frame["measured_at"].dtype.kind == "M"
    assert frame["n"].isna().any()


def test_an_empty_collection_has_the_same_columns(tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="pandas is in the extra `test`")
    frame = ovreport.load(tmp_path).to_pandas()
    assert frame.empty
    assert list(frame.columns) == list(ovreport.Figure.__struct_fields__)


def test_importing_ovreport_is_cheap() -> None:
    """The command imports it first, and needs none of what reads records."""
    code = "import sys, ovreport; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "msgspec", "openvino", "pandas"} & set(ran.stdout.split())


def test_what_is_offered_is_listed() -> None:
    assert {"load", "Results", "Figure", "RecordWarning"} <= set(dir(ovreport))
    with pytest.raises(AttributeError):
        ovreport.nothing  # noqa: B018

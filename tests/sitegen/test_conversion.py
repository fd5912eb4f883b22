"""What converting a published file costs: against the framework that runs it as published."""

from __future__ import annotations

import msgspec
import pytest

from ovreport import record as r
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages import accuracy, model
from ovreport_sitegen.pages.accuracy import conversion
from tests.factories import a_native_record, a_record
from tests.sitegen.conftest import catalogue


def native(top1: float, **changes: object) -> Result:
    """Return ONNX Runtime's result, where OpenVINO in f32 has 97 %."""
    (found,) = catalogue(a_record(precision="f32"), changed(top1, **changes)).native
    return found


def changed(top1: float, **changes: object) -> r.Record:
    """Return ONNX Runtime's record, fields of its accuracy changed."""
    record = a_native_record(precision="f32", top1=top1)
    return msgspec.structs.replace(
        record, accuracy=msgspec.structs.replace(record.accuracy, **changes)
    )


def test_the_difference_is_openvino_s_against_the_framework_s() -> None:
    """The framework has 99 %, OpenVINO 97: two points are lost, though its record says +2."""
    found = conversion.finding(native(0.99))
    assert "99.0 %" in found
    assert "97.0 %" in found
    assert "−2.00 points" in found
    (row,) = conversion.table([native(0.99)]).rows
    assert [cell.text for cell in row.cells[1:4]] == ["99.0 %", "97.0", "−2.00"]
    assert row.cells[3].sub == "−3.00 … −1.00"


def test_an_interval_that_holds_zero_is_no_difference() -> None:
    """Half a point, give or take one."""
    assert "no clear difference" in conversion.finding(native(0.975))


@pytest.mark.parametrize(
    "changes",
    [{"metric": "map_iou"}, {"reference": r.Skipped(reason="the f32 reference failed")}],
    ids=["no labels", "no reference"],
)
def test_where_nothing_is_known_nothing_is_said(changes: dict[str, object]) -> None:
    """OpenVINO's own outputs are no labels to lose accuracy against."""
    found = native(0.99, **changes)
    assert conversion.finding(found) == ""
    assert conversion.table([found]) is None


def test_pages_have_it_where_a_framework_was_measured() -> None:
    """The accuracy page a table, the model's page a sentence; neither without a framework."""
    ours = a_record(precision="f32")
    for records, known in (((ours,), False), ((ours, changed(0.99)), True)):
        found = catalogue(*records)
        assert (accuracy.view(found).conversion is not None) == known
        said = [f for f in model.view(found, found.models[0]).findings if "as published" in f]
        assert bool(said) == known

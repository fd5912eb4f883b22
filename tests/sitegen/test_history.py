"""What a newer run left out on purpose is shown from the run before, with its day."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ovreport.record import Curve, Failed, Skipped
from ovreport.store import Loaded, Stored
from ovreport_sitegen.config import Config
from ovreport_sitegen.data import catalogue
from ovreport_sitegen.pages.model import result as result_view
from tests.factories import a_record

LEFT_OUT = Skipped(reason="left out: --skip curve")
OLD, NEW = "2026-11-01T10:00:00Z", "2026-11-20T10:00:00Z"


def runs(**newer):
    """Return a whole run of a case, and a newer one changed so."""
    whole = msgspec.structs.replace(a_record(), measured_at=OLD)
    changes = {"curve": LEFT_OUT, **newer}
    return whole, msgspec.structs.replace(a_record(), measured_at=NEW, **changes)


def shown(*records):
    """Return the one result of a site of these records."""
    stored = [Stored(path=Path("r.json"), record=record) for record in records]
    made = catalogue.make(Config(), Loaded(stored))
    (result,) = made.results
    return result


def test_what_was_left_out_is_the_earlier_runs():
    """Its measurement, its values and its date; everything else is of the newest run."""
    whole, newer = runs()
    result = shown(newer, whole)
    assert result.record.curve == whole.curve
    assert result.metric_value("curve_best_ips") == shown(whole).metric_value("curve_best_ips")
    assert result.measured_at("curve") == OLD
    assert result.measured_at() == result.measured_at("open_loop") == NEW
    assert "curve: 2026-11-01 10:00:00 UTC" in dict(result_view.view(result).facts).values()


def test_what_went_wrong_is_not_papered_over():
    """A failure of today is not hidden behind a success of yesterday."""
    why = Failed(reason="crashed", cause="crash")
    whole, newer = runs(curve=why)
    assert shown(newer, whole).record.curve == why


@pytest.mark.parametrize("other", ["build", "file"])
def test_another_build_or_file_lends_nothing(other):
    """What OpenVINO was, or the model, is part of every number."""
    whole, newer = runs()
    if other == "build":
        software = msgspec.structs.replace(whole.software, openvino="2026.3.0-1-other")
        whole = msgspec.structs.replace(whole, software=software)
    else:
        model = msgspec.structs.replace(whole.model, sha256="0" * 64)
        whole = msgspec.structs.replace(whole, model=model)
    assert shown(newer, whole).record.curve == LEFT_OUT


def test_the_newest_of_several_earlier_runs_lends():
    """Not the first one that ever had it."""
    whole, newer = runs()
    between = msgspec.structs.replace(whole, measured_at="2026-11-10T10:00:00Z")
    result = shown(whole, newer, between)
    assert isinstance(result.record.curve, Curve)
    assert result.measured_at("curve") == "2026-11-10T10:00:00Z"

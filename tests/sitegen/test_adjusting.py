"""Adjusted figures on a site: learned session by session, beside the raw ones, never instead."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ovreport import record as r
from ovreport.store import Loaded, Stored
from ovreport_sitegen import calibration_study
from ovreport_sitegen.adjusting import adjustments, sessions
from ovreport_sitegen.calibration_study import CalibrationStudy
from ovreport_sitegen.catalogue import Catalogue, make
from ovreport_sitegen.config import Config
from ovreport_sitegen.views import calibration_method
from ovreport_sitegen.views import result as result_view
from tests.factories import a_record, calibration

SKIPPED = r.Skipped(reason="left out: --skip calibration")


def following(name: str, *, slope: float = 0.6, seed: int = 1, **knobs: object) -> r.Record:
    """Return a case whose figures follow the machine's wandering speed by that slope."""
    rng = np.random.default_rng(seed)
    speeds = np.exp(rng.normal(0, 0.1, 7)).tolist()
    factors = [s**slope * math.exp(rng.normal(0, 0.01)) for s in speeds]
    asked = {"model": name, "title": name.capitalize(), "seed": seed, "factors": factors, **knobs}
    return a_record(**asked, calibration=calibration(speeds))


def a_session(cases: int = 5, **knobs: object) -> list[r.Record]:
    """Return cases that were measured alternately."""
    return [following(f"model-{i}", seed=i, **knobs) for i in range(cases)]


def catalogue(records: Sequence[r.Record]) -> Catalogue:
    """Return a catalogue of records."""
    return make(Config(), Loaded([Stored(record, Path("x.json")) for record in records]))


def at(record: r.Record, hour: int) -> r.Record:
    """Return the record measured at another hour."""
    noise = [
        msgspec.structs.replace(n, started_at=f"2026-11-23T{hour:02}:{n.round:02}:00Z")
        for n in record.noise
    ]
    return msgspec.structs.replace(record, noise=noise)


def test_what_ran_alternately_on_one_device_is_a_session() -> None:
    """Another hour, machine, device or tier is another session; uncalibrated cases are in none."""
    together = a_session(2)
    later = [at(record, 20) for record in a_session(2)]
    elsewhere = following("model-0", machine="another")
    without = a_record(calibration=SKIPPED)
    found = sessions([*together, *later, elsewhere, without])
    assert sorted(len(session) for session in found) == [1, 2, 2]


def test_cases_that_follow_the_machine_are_adjusted() -> None:
    """Each by what the others teach, to an interval that is much narrower."""
    records = a_session()
    found = adjustments(records)
    for record in records:
        adjustment = found[id(record)]["latency"]
        assert adjustment.control.slope == pytest.approx(0.6, abs=0.1)
        assert adjustment.control.cases == 4
        assert adjustment.adjusted is not None
        assert adjustment.adjusted.width < 0.9


def test_throughput_falls_where_latency_rises() -> None:
    """Its slope is negative, and it is adjusted as well."""
    adjustment = next(iter(adjustments(a_session()).values()))["throughput"]
    assert adjustment.control.slope == pytest.approx(-0.6, abs=0.1)
    assert adjustment.adjusted is not None


@pytest.mark.parametrize(
    "records", [a_session(3), a_session(5, slope=0.0)], ids=["few cases", "no correlation"]
)
def test_where_it_does_not_hold_there_is_only_the_raw_figure(records: list[r.Record]) -> None:
    """And the result says why."""
    result = catalogue(records).results[0]
    assert result.adjustments["latency"].adjusted is None
    view = result_view.view(result)
    assert view.calibration.findings[0].startswith("Latency is not adjusted: ")
    assert not any("adjusted" in row.cells[0].text for g in view.groups for row in g.rows)


def test_the_adjusted_figure_stands_beside_the_raw_one() -> None:
    """Next row, marked, with a link to what it means; figures themselves are untouched."""
    records = a_session()
    result, plain = (
        catalogue(made).results[0]
        for made in (
            records,
            [msgspec.structs.replace(one, calibration=SKIPPED) for one in records],
        )
    )
    assert result.figures == plain.figures
    rows = [row for group in result_view.view(result).groups for row in group.rows]
    labels = [row.cells[0].text for row in rows]
    assert labels[:2] == ["Latency", "Latency, adjusted"]
    assert labels[labels.index("Throughput") + 1] == "Throughput, adjusted"
    assert rows[1].cells[0].href == "method.html#adjusted"
    assert "as wide as the raw one" in rows[1].cells[2].sub


def test_a_ratio_is_adjusted_beside_the_raw_one() -> None:
    """Learned from the other pairs; the comparison that headlines use stays raw."""
    records = [
        following(f"model-{i}", seed=10 * i + j, precision=precision, slope=0.6)
        for i in range(5)
        for j, precision in enumerate(("f32", "default"))
    ]
    for gain in catalogue(records).speedups:
        adjusted = gain.adjusted("latency")
        assert adjusted is not None
        assert gain.latency is not None
        assert adjusted.interval.low <= 1 <= adjusted.interval.high
        assert adjusted.width < 0.7


def test_pages_show_it(build_of: Callable[[Sequence[r.Record]], Path]) -> None:
    """The result's place, the evidence, and the explanation that both link to."""
    out = build_of(a_session())
    page = (out / "model-model-0.html").read_text()
    assert "Latency, adjusted" in page
    assert "small model on the device, before" in page
    assert "Latency is adjusted: the slope of the 4 other cases" in page
    assert 'id="adjusted"' in (out / "method.html").read_text()


def test_a_reason_is_shown_where_there_is_no_calibration() -> None:
    """It is text from a record: one line, cleaned."""
    failed = r.Failed(reason="ended by\n<b>SIGKILL</b>", cause="killed")
    view = result_view.view(catalogue([a_record(calibration=failed)]).results[0])
    assert view.calibration.missing == "failed: ended by <b>SIGKILL</b>"
    assert not view.calibration.rows


def test_the_study_is_told_with_its_figures() -> None:
    """The study that the package carries has a table for each figure and says where it was run."""
    view = calibration_method.view()
    assert view.source
    assert len(view.tables) == len(view.findings) > 2
    assert all(table.rows for table in view.tables)


def test_what_a_load_did_is_told_with_its_rounds() -> None:
    """Raw and adjusted stand side by side, and the sentence compares them."""
    row = calibration_study.CalibrationRow(
        figure="latency", model="<m>", precision="f32", device="CPU", rounds=16, spread=0.1,
        device_correlation=0.9, host_correlation=0.8, slope=0.6, left_own=0.4, left_others=0.45,
        left_later=0.5, width=0.5, adjusted=True,
        load=calibration_study.LoadShift(rounds=8, raw=1.25, adjusted=1.04),
    )  # fmt: skip
    study = CalibrationStudy(
        measured_at="2026-11-23T12:00:00Z", machine="m", openvino="o", conditions="q",
        command="c", rows=[row], simulated=[],
    )  # fmt: skip
    view = calibration_method.of(study)
    assert "45 % for latency" in view.headline
    assert "by a factor of 1.25, adjusted 1.04" in view.findings[0]
    html = view.tables[0].rows[0].html
    assert "8 rounds" in html
    assert "<m>" not in html


def test_a_study_without_load_or_rows_is_shown_too() -> None:
    """Nothing is divided by nothing."""
    study = CalibrationStudy(
        measured_at="2026-11-23T12:00:00Z", machine="m", openvino="o", conditions="q",
        command="c", rows=[], simulated=[],
    )  # fmt: skip
    view = calibration_method.of(study)
    assert view.tables == view.findings == ()

"""What a newer run left out on purpose is shown from the run before, with its day."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ovreport.record import Curve, Failed, Skipped
from ovreport.store import Loaded, Stored
from ovreport_sitegen.components import cells
from ovreport_sitegen.config import Config
from ovreport_sitegen.data import catalogue
from ovreport_sitegen.data.collection import FOLLOWED
from ovreport_sitegen.data.timeline import DRAWN
from ovreport_sitegen.pages import data as data_page
from ovreport_sitegen.pages.result import full as result_view
from tests.factories import a_record
from tests.sitegen.conftest import figure_rows

LEFT_OUT = Skipped(reason="left out: --skip curve")
OLD, NEW = "2026-11-01T10:00:00Z", "2026-11-20T10:00:00Z"


def runs(**newer):
    """Return a whole run of a case, and a newer one changed so."""
    whole = msgspec.structs.replace(a_record(), measured_at=OLD)
    changes = {"curve": LEFT_OUT, **newer}
    return whole, msgspec.structs.replace(a_record(), measured_at=NEW, **changes)


def of_file(sha256, record=None):
    """Return a record of a model whose file has another checksum."""
    record = record or a_record()
    model = msgspec.structs.replace(record.model, sha256=sha256, source="file:model.onnx")
    return msgspec.structs.replace(record, model=model)


def catalogue_of(*records):
    """Return the catalogue of a site of these records."""
    stored = [Stored(path=Path("r.json"), record=record) for record in records]
    return catalogue.make(Config(), Loaded(stored))


def results(*records):
    """Return OpenVINO's results of a site of these records."""
    return catalogue_of(*records).results


def shown(*records):
    """Return the one result of a site of these records."""
    (result,) = results(*records)
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
        whole = of_file("1" * 64, whole)
    of_newer = [r for r in results(newer, whole) if r.record.measured_at == NEW]
    assert [r.record.curve for r in of_newer] == [LEFT_OUT]


def test_the_newest_of_several_earlier_runs_lends():
    """Not the first one that ever had it."""
    whole, newer = runs()
    between = msgspec.structs.replace(whole, measured_at="2026-11-10T10:00:00Z")
    result = shown(whole, newer, between)
    assert isinstance(result.record.curve, Curve)
    assert result.measured_at("curve") == "2026-11-10T10:00:00Z"


# ---------------------------------------------------------------- what a failure leaves in sight


def test_a_run_that_could_not_fetch_the_model_hides_no_result():
    """No network, a full disk: that is no result of the model."""
    good = msgspec.structs.replace(a_record(), measured_at=OLD)
    model = msgspec.structs.replace(good.model, size_bytes=0)
    why = Failed(reason="pip could not fetch it", cause="error")
    bad = msgspec.structs.replace(good, measured_at=NEW, outcome=why, model=model)
    result = shown(bad, good)
    assert result.completed
    assert result.measured_at() == OLD


def test_a_case_that_failed_says_when_it_ran_last():
    """The failure is the result; the older success is told beside it, in table and in full."""
    good = msgspec.structs.replace(a_record(), measured_at=OLD)
    why = Failed(reason="SIGSEGV", cause="crash")
    result = shown(msgspec.structs.replace(good, measured_at=NEW, outcome=why), good)
    assert not result.completed
    assert "1 Nov 2026" in cells.failure_cell(result, 3).sub
    told = dict(result_view.view(result).facts)["Ran last"]
    assert OLD[:10] in told
    assert "latency" in told


# ---------------------------------------------------------------- several models of one id


class TestSharedId:
    """Two files under one id are two models, whatever the id says."""

    @pytest.fixture
    def made(self):
        """Return a site of two machines, each of which measured a file of its own."""
        first = of_file("0123456789abcdef" * 4, a_record(machine="alpha-8c"))
        default = of_file(
            "0123456789abcdef" * 4, a_record(machine="alpha-8c", precision="default", seed=3)
        )
        other = of_file("123456789abcdef0" * 4, a_record(machine="beta-8c", seed=2))
        return catalogue_of(first, default, other)

    def test_they_have_names_and_pages_of_their_own(self, made):
        assert len({m.href for m in made.models}) == len(made.models) == 2
        assert sorted(m.title.rpartition(" ")[2] for m in made.models) == ["01234567)", "12345678)"]
        assert [[other.id for other in made.namesakes(m)] for m in made.models] == [
            [made.models[1].id],
            [made.models[0].id],
        ]

    def test_none_is_counted_ranked_or_compared_with_the_other(self, made):
        assert [len(made.of_model(m)) for m in made.models] == [2, 1]
        for pair in made.speedups:
            assert pair.baseline.record.model.sha256 == pair.candidate.record.model.sha256
        assert made.baseline(made.of_model(made.models[1])[0]).model == made.models[1]

    def test_pages_build_and_the_reader_is_told(self, tmp_path, build_of):
        records = [
            of_file("0123456789abcdef" * 4, a_record(machine="alpha-8c")),
            of_file("123456789abcdef0" * 4, a_record(machine="beta-8c", seed=2)),
        ]
        out = build_of(records)
        pages = sorted(out.glob("model-*.html"))
        assert [page.stem.rpartition("-")[2] for page in pages] == ["01234567", "12345678"]
        for page, other in zip(pages, pages[::-1], strict=True):
            assert f'href="{other.name}"' in page.read_text()
        (row,) = data_page.view(catalogue_of(*records)).faults.shown
        assert "2 different models" in row.what
        rows = figure_rows(catalogue_of(*records))
        assert len({row["model_sha256"] for row in rows}) == 2

    def test_a_newer_file_does_not_replace_the_older_one(self):
        old = of_file("0123456789abcdef" * 4, msgspec.structs.replace(a_record(), measured_at=OLD))
        new = of_file("123456789abcdef0" * 4, msgspec.structs.replace(a_record(), measured_at=NEW))
        assert len(results(old, new)) == 2
        assert not catalogue_of(old, new).older


def test_what_is_drawn_over_time_is_kept_apart_of_every_record() -> None:
    """Else a line would be without its earlier points."""
    assert set(DRAWN) <= set(FOLLOWED)

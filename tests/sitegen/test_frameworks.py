"""OpenVINO beside native frameworks: what is compared, what is said, and what stays apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from ovreport import record as r
from ovreport.errors import InputError
from ovreport_sitegen.pages import frameworks, latency, model
from tests.factories import a_failed_record, a_native_record, a_record
from tests.sitegen.conftest import catalogue, figure_rows

MODELS = {"gained": 10.0, "lost": 2.5, "even": 5.0}
"""Model → the framework's latency in ms; OpenVINO takes 5 ms for each."""


def both(model_id: str, native_ms: float, **knobs: object) -> tuple[r.Record, r.Record]:
    """Return a model's records of OpenVINO and ONNX Runtime, of one session."""
    ours = a_record(model=model_id, title=model_id.capitalize(), seed=1, **knobs)
    theirs = a_native_record(
        model=model_id, title=model_id.capitalize(), seed=2, median_ms=native_ms, **knobs
    )
    return ours, theirs


@pytest.fixture
def records() -> list[r.Record]:
    """Return a speedup above 1, one below, and one without a clear difference."""
    return [record for name, ms in MODELS.items() for record in both(name, ms)]


# ---------------------------------------------------------------- what is compared


def test_a_pair_is_compared_by_round(records: list[r.Record]) -> None:
    """Above 1 OpenVINO is faster, in latency and in throughput, with an interval."""
    found = {p.baseline.model.id: p for p in catalogue(*records).framework_speedups}
    assert found.keys() == MODELS.keys()
    for name, ms in MODELS.items():
        for comparison in (found[name].latency, found[name].throughput):
            assert comparison is not None
            assert comparison.pairs == 7
            assert comparison.ratio.low < ms / 5 < comparison.ratio.high
    outcomes = [found[name].latency.outcome for name in MODELS]
    assert outcomes == ["different", "different", "no clear difference"]


def test_a_round_that_was_slow_for_both_is_no_noise() -> None:
    """Latencies scatter by 30 %, their ratio does not: it is taken round by round."""
    ours = a_record(noise=0.3, seed=1)
    theirs = a_native_record(noise=0.3, seed=1, median_ms=10.0)  # the same rounds were slow
    (pair,) = catalogue(ours, theirs).framework_speedups
    for comparison in (pair.latency, pair.throughput):
        assert comparison is not None
        assert comparison.ratio.value == pytest.approx(2, rel=0.02)
        assert comparison.ratio.high / comparison.ratio.low < 1.05


def test_equal_threads_are_said_and_unequal_ones_named() -> None:
    """From the effective settings of both."""
    ours, native = both("gained", 10.0)
    assert "every pair" in frameworks.view(catalogue(ours, native)).threads
    settings = r.Settings(requested={}, effective={"intra_op_num_threads": "4"})
    latency_of_four = msgspec.structs.replace(native.latency, settings=settings)
    other = msgspec.structs.replace(native, latency=latency_of_four)
    assert "not equal for Gained" in frameworks.view(catalogue(ours, other)).threads


@pytest.mark.parametrize("what", ["other file", "other inputs", "other machine", "other hour"])
def test_what_is_not_alike_is_not_compared(what: str) -> None:
    """Another file, other inputs, another machine, or rounds that did not alternate."""
    ours, theirs = both("gained", 10.0)
    replace = msgspec.structs.replace
    changed = {
        "other file": lambda: replace(theirs, model=replace(theirs.model, sha256="0" * 64)),
        "other inputs": lambda: replace(theirs, inputs=replace(theirs.inputs, seed=8)),
        "other machine": lambda: replace(theirs, machine=replace(theirs.machine, id="another")),
        "other hour": lambda: replace(
            theirs, noise=[replace(n, started_at="2026-11-23T15:00:00Z") for n in theirs.noise]
        ),
    }[what]()
    assert len(catalogue(ours, theirs).framework_speedups) == 1
    found = catalogue(ours, changed)
    assert not found.framework_speedups
    missing = frameworks.view(found).missing
    assert missing is not None
    assert [row.cells[2].text for row in missing.rows] == ["no comparison"]


def test_openvino_measured_again_alone_leaves_the_last_pair() -> None:
    """The newest result is shown everywhere, and compared where it ran beside the framework."""
    ours, theirs = both("gained", 10.0)
    later = msgspec.structs.replace(
        ours,
        measured_at="2026-12-01T15:00:00Z",
        noise=[msgspec.structs.replace(n, started_at="2026-12-01T15:00:00Z") for n in ours.noise],
    )
    found = catalogue(later, ours, theirs)
    (pair,) = found.framework_speedups
    assert pair.candidate.record == ours
    assert [result.record for result in found.results] == [later]
    assert pair.candidate.href == found.results[0].href


def test_a_framework_that_failed_says_why() -> None:
    """It is listed with its reason, and compared with nothing."""
    found = catalogue(a_record(), a_failed_record(engine="litert"))
    view = frameworks.view(found)
    assert view.missing is not None
    (row,) = view.missing.rows
    assert [c.text for c in row.cells[1:3]] == ["LiteRT", "failed"]
    assert "SIGSEGV" in row.cells[3].text
    assert view.speed is None


# ---------------------------------------------------------------- what is said


def test_losses_are_counted_like_wins(records: list[r.Record]) -> None:
    """The finding counts all three outcomes, and its mean is over all pairs, with their n."""
    view = frameworks.view(catalogue(*records))
    counts = ("faster for 1 (Gained)", "slower for 1 (Lost)", "difference for 1 of 3")
    assert all(count in view.findings[0] for count in counts)
    ((_, cards),) = view.groups
    assert [card.title.rpartition(" ")[2] for card in cards] == ["latency", "throughput"]
    for card in cards:
        assert all(count in card.finding for count in counts)
        assert "0.999×" in card.finding
        assert "Lost, 0.499×" in card.finding
        assert [row.name for row in card.chart.rows] == [
            "Gained · ONNX Runtime",
            "Even · ONNX Runtime",
            "Lost · ONNX Runtime",
        ]
        assert [row.faint for row in card.chart.rows] == [False, True, False]


def test_too_few_rounds_are_no_finding() -> None:
    """Under five pairs of rounds nothing is called faster or slower."""
    view = frameworks.view(catalogue(*both("gained", 10.0, rounds=4)))
    assert "insufficient data" in view.findings[0]
    assert "faster" not in view.findings[0]


def test_of_many_pairs_the_losses_are_drawn_too() -> None:
    """A chart that cannot hold all shows as many of the worst as of the best."""
    many = [rec for i in range(40) for rec in both(f"m{i:02d}", 10.0 if i < 30 else 2.5)]
    ((_, cards),) = frameworks.view(catalogue(*many)).groups
    values = [row.value for row in cards[0].chart.rows]
    assert len(values) < 40
    assert sum(v > 1 for v in values) == sum(v < 1 for v in values)


def test_precisions_are_groups_of_their_own() -> None:
    """A mean never mixes OpenVINO in f32 and in its default precision."""
    ours, theirs = both("gained", 10.0)
    default = a_record(model="gained", title="Gained", precision="default", seed=3)
    view = frameworks.view(catalogue(ours, default, theirs))
    (like, _), (unlike, _) = view.groups
    assert "f32" in like
    assert "default" not in like
    assert "default" in unlike


def test_differing_outputs_are_a_finding(records: list[r.Record]) -> None:
    """A framework whose outputs are far from the reference is named with the reason."""
    ours, theirs = both("gained", 10.0)
    far = msgspec.structs.replace(theirs.agreement.outputs[0], relative_rmse=0.5)
    agreement = msgspec.structs.replace(theirs.agreement, outputs=[far])
    view = frameworks.view(catalogue(ours, msgspec.structs.replace(theirs, agreement=agreement)))
    assert any("Gained" in text and "RMSE" in text for text in view.findings)
    assert not any("RMSE" in t for t in frameworks.view(catalogue(*records)).findings)


def test_without_native_results_there_is_no_page() -> None:
    """The navigation leads to no page that has nothing to show."""
    assert not frameworks.PAGE.when(catalogue(a_record()))
    assert frameworks.PAGE.when(catalogue(a_record(), a_native_record()))


# ---------------------------------------------------------------- what stays apart


def test_openvino_pages_are_the_same_with_and_without(records: list[r.Record]) -> None:
    """Latency's cards and first table hold OpenVINO's results only."""
    ours = [rec for rec in records if rec.case.engine == "openvino"]
    with_native, without = catalogue(*records), catalogue(*ours)
    here, there = latency.view(with_native), latency.view(without)
    assert here.cards == there.cards
    texts = [
        [c and c.text for row in v.section.answer.rows for c in row.cells] for v in (here, there)
    ]
    assert texts[0] == texts[1]
    assert len(with_native.native) == 3


def test_a_model_page_shows_both(records: list[r.Record]) -> None:
    """Each result has a place of its own, and the framework's is marked."""
    found = catalogue(*records)
    view = model.view(found, found.models[0])
    assert len({shown.result.href for shown in view.results}) == 2
    assert "native frameworks" in view.head.lede
    assert "ONNX Runtime" in view.findings[-1]
    assert "no clear difference" in view.findings[-1]
    assert [shown.result.framework for shown in view.results] == ["", "ONNX Runtime"]


def test_downloads_tell_engines_apart(records: list[r.Record]) -> None:
    """The CSV has every engine's values, under its name."""
    engines = {row["engine"] for row in figure_rows(catalogue(*records))}
    assert engines == {"openvino", "onnxruntime"}


def test_the_built_page(
    build_of: Callable[[Sequence[r.Record]], Path], records: list[r.Record]
) -> None:
    """It is in the navigation, has its drawings, and repeats with a command."""
    out = build_of(records)
    page = (out / "frameworks.html").read_text()
    assert 'href="frameworks.html"' in (out / "index.html").read_text()
    assert page.count("<svg") >= 2
    assert "0.999×" in page
    assert records[1].repeat.ovreport in page


def test_a_site_needs_openvino(build_of: Callable[[Sequence[r.Record]], Path]) -> None:
    """Records of native frameworks alone are refused with what to do."""
    with pytest.raises(InputError, match="only of native frameworks") as error:
        build_of([a_native_record()])
    assert "--engine openvino --engine native" in error.value.remedy


def test_an_unpaired_result_breaks_nothing(build_of: Callable[[Sequence[r.Record]], Path]) -> None:
    """Records merged from several places: a model and a machine that OpenVINO never saw."""
    other = a_native_record(model="other", title="Other", machine="other-8c", seed=2)
    out = build_of([a_record(), other])
    assert "ONNX Runtime" in (out / "model-other.html").read_text()
    page = (out / "frameworks.html").read_text()
    assert 'href="result-other-' in page
    assert "no comparison" in page


def test_hostile_words_of_a_native_record_stay_words(
    build_of: Callable[[Sequence[r.Record]], Path],
) -> None:
    """Titles, reasons and settings become no markup."""
    attack = "<script>alert(1)</script>"
    settings = r.Settings(requested={attack: attack}, effective={"intra_op_num_threads": attack})
    native = a_native_record(seed=2, title=attack)
    native = msgspec.structs.replace(
        native, latency=msgspec.structs.replace(native.latency, settings=settings)
    )
    failed = a_failed_record(
        engine="litert", seed=3, title=attack, outcome=r.Unsupported(reason=attack)
    )
    out = build_of([a_record(title=attack), native, failed])
    for page in ("frameworks.html", "model-magika-v3.3.html"):
        text = (out / page).read_text()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text

"""A real collect with real measuring processes, in which an engine of known truth runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ovreport import paths, store
from ovreport.cli import run
from ovreport.pairing import latencies, throughputs
from ovreport.record import Completed, Failed, Record
from ovreport.stats.comparison import compare
from ovreport_collector.plan import tiers
from tests.collector import commands
from tests.collector.conftest import TINY, model_table
from tests.collector.suite_fixtures import document, write_suite
from tests.simulation.child_engine import environment
from tests.simulation.truth import Truth

pytestmark = [pytest.mark.slow, pytest.mark.alone]

TIER = msgspec.structs.replace(TINY, min_inferences=80, processes=2, max_processes=2)
CALM = Truth(median_ms=1, within=0.01, length=100)
Collect = Callable[..., list[Record]]


@pytest.fixture
def collect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collect:
    """Return a function that collects cases of known truth, named by their precision."""
    return _collector(tmp_path, monkeypatch)


def _collector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collect:
    monkeypatch.setenv(paths.STATE, str(tmp_path / "state"))
    monkeypatch.setenv(paths.CACHE, str(tmp_path / "cache"))
    (tmp_path / "model.onnx").write_bytes(b"nothing reads this")
    tables = [model_table("simulated", "model.onnx")]
    suite = write_suite(tmp_path / "my.toml", document(models=tables))

    def collect(*options: str, code: int = 0, tier=TIER, **truths: Truth) -> list[Record]:
        monkeypatch.setitem(tiers.TIERS, "quick", tier)
        for name, value in environment(truths).items():
            monkeypatch.setenv(name, value)
        requested = [word for precision in truths for word in ("--precision", precision)]
        out = tmp_path / "records"
        options = ("--device", "CPU", *requested, *options)
        assert run(commands.collect(suite, out, *options, without=commands.ALL)) == code
        loaded = store.read_all([out])
        assert not loaded.faults
        return loaded.records

    return collect


CRASHES, HANGS = (("f16", "crash", "ended by SIGSEGV"), ("bf16", "timeout", "no result after 10 s"))


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Record]:
    """Return the records of one collect of four cases that go wrong in as many ways.

    By precision: every process of the first slows down by a half while it is timed; the second of
    two processes of the others crashes, hangs, or answers wrongly.
    """
    with pytest.MonkeyPatch.context() as patch:
        collect = _collector(tmp_path_factory.mktemp("faulty"), patch)
        records = collect(
            "--timeout",
            "10",
            f32=msgspec.structs.replace(CALM, drift=0.5),
            f16=msgspec.structs.replace(CALM, fault="crash", fault_round=1),
            bf16=msgspec.structs.replace(CALM, fault="hang", fault_round=1),
            default=msgspec.structs.replace(CALM, fault="wrong-output", fault_round=1),
        )
    return {record.case.precision: record for record in records}


def reasons(record: Record, measurement: str = "latency") -> dict[str, str]:
    """Return code → detail of the measurement's verdict."""
    return {reason.code: reason.detail for reason in record.verdicts[measurement].reasons}


def test_a_true_ratio_is_found(collect: Collect) -> None:
    """Two cases, the second takes 1.5 times as long: the interleaved rounds say so."""
    tier = msgspec.structs.replace(TIER, processes=5, max_processes=5, min_inferences=20)
    records = collect(
        tier=tier,
        f32=msgspec.structs.replace(CALM, median_ms=4),
        default=msgspec.structs.replace(CALM, median_ms=6),
    )
    base, slower = sorted(records, key=lambda r: r.case.precision != "f32")
    found = compare(latencies(slower), latencies(base))
    assert (found.outcome, found.pairs) == ("different", 5)
    assert found.ratio.value == pytest.approx(1.5, rel=0.15)
    under_load = compare(throughputs(base), throughputs(slower))
    assert under_load.ratio.value == pytest.approx(1.5, rel=0.15)


def test_drift_turns_the_verdict(faulty: dict[str, Record]) -> None:
    """Every process slows down by a half while it is timed."""
    record = faulty["f32"]
    assert "drift" in reasons(record)
    assert record.verdicts["latency"].level != "stable"


@pytest.mark.parametrize(("precision", "cause", "words"), [CRASHES, HANGS])
def test_a_lost_round_is_reported_and_the_others_kept(
    faulty: dict[str, Record], precision: str, cause: str, words: str
) -> None:
    """One process of two dies or hangs in its loop; the record has the other, and says why."""
    record = faulty[precision]
    assert isinstance(record.outcome, Completed)
    assert [r.round for r in record.latency.rounds] == [0]
    (failed,) = record.failed_rounds
    assert (failed.round, failed.cause) == (1, cause)
    assert words in failed.reason
    assert "1 failed" in reasons(record)["failed-rounds"]


def test_a_wrong_answer_in_one_round_is_reported(faulty: dict[str, Record]) -> None:
    """A process answered fast and wrong: its loops are dropped, and the verdict tells."""
    record = faulty["default"]
    assert [r.round for r in record.latency.rounds] == [0]
    assert {f.round for f in record.failed_rounds} == {1}
    assert {f.cause for f in record.failed_rounds} == {"wrong-output"}
    assert "failed-rounds" in reasons(record)


def test_wrong_answers_throughout_are_a_failed_measurement(collect: Collect) -> None:
    """No round gave a right answer under time: no figure, and the cause."""
    tier = msgspec.structs.replace(TIER, processes=1, max_processes=1)
    truth = msgspec.structs.replace(CALM, fault="wrong-output")
    (record,) = collect(f32=truth, tier=tier, code=1)
    assert isinstance(record.latency, Failed)
    assert record.latency.cause == "wrong-output"

"""What makes two models the same: the checksum of all their files."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from ovreport.checks import faults
from ovreport.history import case_key, model_checksum, newest
from ovreport.record import Completed, Failed, Record, SourceFile, checksum_of
from ovreport.store import Stored
from tests.factories import a_record

GRAPH, WEIGHTS, OTHER = "0123456789abcdef" * 4, "123456789abcdef0" * 4, "23456789abcdef01" * 4


def a_file(name: str, sha256: str, size_bytes: int = 10) -> SourceFile:
    """Return a file of a model."""
    return SourceFile(name=name, sha256=sha256, size_bytes=size_bytes)


def of_files(*files: SourceFile, **changes: object) -> Record:
    """Return a record of a model of these files, which nobody pins."""
    record = a_record()
    model = msgspec.structs.replace(
        record.model,
        source=f"file:{files[0].name}",
        files=list(files),
        sha256=checksum_of(files),
        size_bytes=sum(one.size_bytes for one in files),
    )
    return msgspec.structs.replace(record, **{"model": model, **changes})


def not_had(record: Record, **changes: object) -> Record:
    """Return a record of a case whose model could not be fetched."""
    return msgspec.structs.replace(
        record,
        model=msgspec.structs.replace(record.model, size_bytes=0, files=[]),
        outcome=Failed(reason="no network", cause="error"),
        **changes,
    )


def stored(*records: Record) -> list[Stored]:
    """Return records as they are read from a folder."""
    return [Stored(record, Path(f"{i}.json")) for i, record in enumerate(records)]


class TestChecksum:
    """One definition for every format."""

    def test_of_one_file_it_is_that_files(self) -> None:
        assert checksum_of([a_file("model.onnx", GRAPH)]) == GRAPH

    def test_every_file_counts(self) -> None:
        base = [a_file("m.xml", GRAPH), a_file("m.bin", WEIGHTS)]
        tuned = [a_file("m.xml", GRAPH), a_file("m.bin", OTHER)]
        assert len({GRAPH, checksum_of(base), checksum_of(tuned)}) == 3

    def test_the_main_file_comes_first_and_the_others_in_any_order(self) -> None:
        main, one, two = a_file("m.xml", GRAPH), a_file("m.bin", WEIGHTS), a_file("t.json", OTHER)
        assert checksum_of([main, one, two]) == checksum_of([main, two, one])

    def test_an_ir_that_was_renamed_is_the_same_model(self) -> None:
        names = ("m", "openvino_model", "base.v2")
        sums = {
            checksum_of([a_file(f"{n}.xml", GRAPH), a_file(f"{n}.bin", WEIGHTS)]) for n in names
        }
        assert len(sums) == 1

    def test_two_files_that_changed_places_are_another_model(self) -> None:
        main = a_file("m.onnx", GRAPH)
        first = [main, a_file("a", WEIGHTS), a_file("b", OTHER)]
        second = [main, a_file("a", OTHER), a_file("b", WEIGHTS)]
        assert checksum_of(first) != checksum_of(second)


def test_records_that_list_their_files_contradict_nothing() -> None:
    """Their checksum and size are those of the files."""
    record = of_files(a_file("m.xml", GRAPH), a_file("m.bin", WEIGHTS, 3_000))
    assert not [fault for fault in faults(record) if "$.model" in str(fault)]


class TestCases:
    """Records are of one case only where they are of one model."""

    def test_other_weights_are_another_case(self) -> None:
        base = of_files(a_file("m.xml", GRAPH), a_file("m.bin", WEIGHTS))
        tuned = of_files(a_file("m.xml", GRAPH), a_file("m.bin", OTHER))
        current, older, _ = newest(stored(base, tuned))
        assert case_key(base) != case_key(tuned)
        assert {one.record.model.sha256 for one in current} == {
            base.model.sha256,
            tuned.model.sha256,
        }
        assert not older

    @pytest.mark.parametrize("known", [True, False])
    def test_a_run_that_could_not_have_the_file_hides_nothing(self, known: bool) -> None:
        """Whether the suite pins the file, or nothing is known of it."""
        good = a_record(measured_at="2026-11-01T00:00:00Z")
        bad = not_had(good, measured_at="2026-11-02T00:00:00Z")
        if not known:
            bad = msgspec.structs.replace(bad, model=msgspec.structs.replace(bad.model, sha256=""))
        current, older, _ = newest(stored(good, bad))
        assert [one.record for one in current] == [good]
        assert [one.record for one in older] == [bad]

    def test_where_it_never_could_that_is_what_there_is(self) -> None:
        first, second = (
            not_had(a_record(), measured_at=f"2026-11-0{day}T00:00:00Z") for day in (1, 2)
        )
        current, older, _ = newest(stored(first, second))
        assert [one.record for one in current] == [second]
        assert [one.record for one in older] == [first]

    def test_a_model_that_failed_is_a_result(self) -> None:
        """Its file was there."""
        good = a_record(measured_at="2026-11-01T00:00:00Z")
        bad = msgspec.structs.replace(
            good,
            measured_at="2026-11-02T00:00:00Z",
            outcome=Failed(reason="SIGSEGV", cause="crash"),
        )
        (current,), _, _ = newest(stored(good, bad))
        assert not isinstance(current.record.outcome, Completed)


def test_records_of_before_files_were_listed_are_of_the_model_that_their_suite_pins() -> None:
    """The built-in suites' models of several files: there, each file is pinned."""
    suites = resources.files("ovreport_collector") / "suite" / "builtin"
    tables = [
        table
        for name in ("quick", "standard", "llm")
        for table in tomllib.loads((suites / f"{name}.toml").read_text())["models"]
    ]
    for table in tables:
        entries = [table["file"], *table.get("files", {}).values()]
        files = [a_file(one["uri"].rpartition("/")[2], one["sha256"]) for one in entries]
        before = msgspec.structs.replace(a_record().model, sha256=files[0].sha256, files=[])
        now = msgspec.structs.replace(before, sha256=checksum_of(files), files=files)
        assert model_checksum(before) == model_checksum(now), table["id"]

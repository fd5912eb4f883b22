"""The journal of a run: finished steps survive a crash, half-written ones are dropped."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

import msgspec
import pytest

from ovreport.errors import StoreError
from ovreport_collector.measurements.no_mmap.run import NoMmapResult
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session import journal as journal_module
from ovreport_collector.session.journal import Journal
from ovreport_collector.session.steps import (
    FurtherDone,
    GivenUp,
    ProcessDone,
    ProcessFailed,
    Step,
    StepDone,
    Written,
)
from tests import factories
from tests.collector import conftest
from tests.collector.test_worker import TARGET

WHEN = "2026-11-23T12:00:00Z"
FAILURE = JobFailed(reason="it broke", cause="error")
GIVEN_UP = GivenUp(case="a", at=WHEN, failure=FAILURE)


def failed(number: int, case: str = "a") -> ProcessFailed:
    """Return a process that went wrong."""
    return ProcessFailed(case=case, process=number, round=0, started_at=WHEN, failure=FAILURE)


def encoded(step: Step) -> bytes:
    """Return a step as a line of the journal."""
    return msgspec.json.encode(step) + b"\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the journal is, in a folder that is not there yet."""
    return tmp_path / "runs" / "abc.jsonl"


def filled(path: Path, *steps: Step) -> Journal:
    """Return a journal that holds these steps."""
    journal = Journal(path)
    for step in steps:
        journal.add(step)
    return journal


def test_steps_are_there_again_after_a_restart(path: Path) -> None:
    """What was added is read back in order, and answers the same questions."""
    filled(path, GIVEN_UP, failed(0, "b"))
    again = Journal(path)
    assert again.steps == [GIVEN_UP, failed(0, "b")]
    assert again.given_up("a") == GIVEN_UP
    assert again.given_up("b") is None
    assert [process.number for process in again.processes("b")] == [0]
    assert again.processes("a") == []
    assert again.outputs("a") is None


def test_a_journal_that_is_not_there_is_empty(path: Path) -> None:
    """A first run begins with nothing, and reading creates no file."""
    assert Journal(path).steps == []
    assert not path.exists()


@pytest.mark.parametrize("cut", [1, 10, 30])
def test_a_line_cut_short_is_dropped(path: Path, cut: int) -> None:
    """The last line, cut anywhere, is not there; the next step does not run into it."""
    filled(path, failed(0), failed(1))
    os.truncate(path, path.stat().st_size - cut)
    again = Journal(path)
    assert again.steps == [failed(0)]
    again.add(failed(2))
    assert Journal(path).steps == [failed(0), failed(2)]


def test_a_cut_at_every_byte_keeps_every_whole_line(path: Path) -> None:
    """Wherever a crash cuts the file, the lines before are kept and nothing is made up."""
    filled(path, failed(0), failed(1))
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert len(Journal(path).steps) == (1 if size >= first else 0)


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(b'{"type":"round-done"}\n', id="an older version's round at the end"),
        pytest.param(b'{"type":"curve-done","case":"a"}\n', id="a newer version's step"),
        pytest.param(b"\0\0\0\0\n", id="damage"),
    ],
)
def test_a_journal_that_cannot_be_read_to_its_end_is_set_aside(path: Path, foreign: bytes) -> None:
    """Nothing of it is used, nothing of it is lost, and a new one begins; twice too."""
    for number, name in enumerate(["abc.jsonl.unreadable", "abc.jsonl.unreadable-2"], 1):
        filled(path, failed(0))
        with path.open("ab") as file:
            file.write(foreign + encoded(failed(1)))
        whole = path.read_bytes()
        again = Journal(path)
        assert again.steps == []
        assert again.set_aside == path.with_name(name)
        assert again.set_aside.read_bytes() == whole
        assert len(list(path.parent.iterdir())) == number


def test_a_last_line_of_another_version_is_no_cut_one(path: Path) -> None:
    """It is whole, so it is kept aside with the rest."""
    filled(path, failed(0))
    with path.open("ab") as file:
        file.write(b'{"type":"round-done"}\n')
    again = Journal(path)
    assert again.steps == []
    assert again.set_aside is not None


def test_a_last_line_of_zeros_is_dropped(path: Path) -> None:
    """A loss of power may have given a file its length, but not its content."""
    filled(path, failed(0))
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(bytes(40) + b"\n")
    again = Journal(path)
    assert again.steps == [failed(0)]
    assert again.set_aside is None
    assert path.stat().st_size == size


def test_a_new_journals_name_is_synced_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder and itself are new names; a second step is no new name."""
    synced: list[bool] = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
    )
    journal = filled(path, failed(0))
    assert synced == [True, False, True]
    journal.add(failed(1))
    assert synced == [True, False, True, False]


def test_a_long_journal_is_asked_quickly(path: Path) -> None:
    """Ten thousand steps answer ten thousand questions in well under a second."""
    journal = Journal(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        for number in range(10_000):
            journal.add(failed(number % 10, f"case {number // 10}"))
    began = time.process_time()
    for number in range(10_000):
        assert len(journal.processes(f"case {number // 10}")) == 10
    assert time.process_time() - began < 1


@pytest.mark.parametrize("at", ["fsync", "open"])
def test_a_disk_that_refuses_is_reported_and_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """A full disk gives a StoreError with path and remedy; the steps before are all there."""
    journal = filled(path, failed(0))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(*((journal_module.os, "fsync") if at == "fsync" else (Path, "open")), refuse)
        with pytest.raises(StoreError, match="No space left") as caught:
            journal.add(failed(1))
    assert caught.value.where == str(path)
    assert "same command" in caught.value.remedy
    assert journal.steps == [failed(0)]
    assert Journal(path).steps[0] == failed(0)


def test_a_journal_that_cannot_be_read_is_reported(path: Path) -> None:
    """A folder in the journal's place is named, with what to do."""
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="--fresh") as caught:
        Journal(path)
    assert caught.value.where == str(path)


def test_a_record_counts_as_written_only_where_it_is(path: Path, tmp_path: Path) -> None:
    """A record in another folder, or deleted since, is not written."""
    record = tmp_path / "one" / "m" / "r.json"
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    journal = filled(path, Written(case="a", path="m/r.json"))
    assert journal.written("a", tmp_path / "one") == record
    assert journal.written("a", tmp_path / "two") is None
    assert journal.written("b", tmp_path / "one") is None
    record.unlink()
    assert journal.written("a", tmp_path / "one") is None


def test_a_finished_run_is_forgotten(path: Path) -> None:
    """Closing removes the file, and may be done twice."""
    journal = filled(path, failed(0))
    journal.close()
    journal.close()
    assert not path.exists()


FURTHER = [
    FurtherDone(
        case="a", process=0, name="no_mmap", result=NoMmapResult(memory=factories.start_memory(0))
    ),
    FurtherDone(case="a", process=0, name="curve", result=FAILURE),
]


NAMES = ("start", "latency", "switch", "throughput", "end")


def steps(number: int = 0) -> list[StepDone]:
    """Return the steps of a process."""
    job = conftest.an_inference_job(TARGET, number)
    return [
        StepDone(
            case="a",
            process=number,
            name=name,
            started_at=WHEN,
            result=result,
            readings={"looks": 1.0},
        )
        for name, result in zip(NAMES, conftest.inference_steps(job), strict=True)
    ]


def test_results_are_read_back_as_what_they_are(path: Path) -> None:
    """Those of a process's steps, and of what follows it: the registry knows their types."""
    added = [*steps(), *FURTHER, ProcessDone(case="a", process=0)]
    filled(path, *added)
    assert Journal(path).steps == added


def test_a_process_is_put_together(path: Path) -> None:
    """Its steps, what follows it, and how it ended; by their numbers, whatever the order."""
    journal = filled(path, *steps(1)[:2], *steps(0), *FURTHER, ProcessDone(case="a", process=0))
    whole, cut = journal.processes("a")
    assert (whole.number, whole.is_over, whole.rounds) == (0, True, {0})
    assert list(whole.further) == ["no_mmap", "curve"]
    assert whole.steps == steps(0)
    assert (cut.number, cut.is_over, cut.rounds) == (1, False, {1})
    assert journal.driver("a") == "threads"


def test_a_result_of_an_unknown_measurement_sets_the_journal_aside(path: Path) -> None:
    """It is another version's."""
    filled(path, msgspec.structs.replace(FURTHER[1], name="another"))
    assert Journal(path).steps == []

"""A run: interleaved, stopped and resumed at any point, and never lost to one bad case."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct
from rich.console import Console

from ovreport import store
from ovreport.errors import StoreError
from ovreport.record import Completed, Failed, Record, Unsupported
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.measurements.outputs import DriverJob, DriverResult, OutputsJob
from ovreport_collector.measurements.startup.run import CachedStartJob
from ovreport_collector.plan.request import make_plan
from ovreport_collector.process.job import Job, JobFailed
from ovreport_collector.session import collect, progress
from ovreport_collector.session import journal as journal_module
from tests import factories
from tests.collector.conftest import FakeChild, a_device, a_request, a_round_result, names

CRASH = JobFailed(reason="ended by SIGSEGV", cause="crash", stderr_tail="Segmentation fault")


class Run:
    """Measures the suite of two models again and again, as a user repeats a command."""

    def __init__(self, suite: Path, out: Path, console: Console) -> None:
        self.suite, self.out, self.console = suite, out, console
        self.clock = time.monotonic

    def __call__(
        self, *, fresh: bool = False, out: Path | None = None, **requested
    ) -> list[Record]:
        """Plan and measure; return the records."""
        plan = make_plan(a_request(self.suite, **requested))
        out = out or self.out
        return collect.measure(
            plan, out, self.console, timeout_s=None, fresh=fresh, clock=self.clock
        ).records

    @property
    def stored(self) -> list[Record]:
        """The records on disk, all of which must be sound."""
        loaded = store.read_all([self.out])
        assert not loaded.faults
        return loaded.records


@pytest.fixture
def run(fake_child: FakeChild, suite_file: Path, own_folders: Path, console: Console, tier) -> Run:
    """Return a run of two models, two precisions and three rounds."""
    tier(processes=3, max_processes=3)
    return Run(suite_file, own_folders / "records", console)


def failing(
    kind: type[Job], model: str = "one", *, index: int | None = None, result: JobFailed = CRASH
) -> Callable[[Job], Struct | None]:
    """Return an answer that fails jobs of a kind for one model, and one round of it."""

    def answer(job: Job) -> Struct | None:
        hit = isinstance(job, kind) and Path(job.target.model).stem == model
        if hit and index is not None:
            hit = isinstance(job, InferenceJob | CachedStartJob) and job.round == index
        return result if hit else None

    return answer


def interrupting(after: int, error: type[BaseException] = KeyboardInterrupt):
    """Return an answer that raises at the round after so many."""
    seen = 0

    def answer(job: Job) -> None:
        nonlocal seen
        if isinstance(job, InferenceJob):
            seen += 1
            if seen > after:
                raise error

    return answer


# ---------------------------------------------------------------- order


def test_rounds_are_interleaved_and_turned_around(run: Run, fake_child: FakeChild) -> None:
    """Every case has its turn before any has its second; every other round backwards."""
    records = run()
    forward = [("one", "f32"), ("one", "default"), ("two", "f32"), ("two", "default")]
    order = [(m, p) for m, _, p, _ in fake_child.rounds]
    assert order == forward + forward[::-1] + forward
    assert [index for *_, index in fake_child.rounds] == [0] * 4 + [1] * 4 + [2] * 4
    assert names(records) == [(m, "CPU", p) for m, p in forward]
    assert all([r.round for r in record.latency.rounds] == [0, 1, 2] for record in records)


def test_each_model_is_judged_against_one_reference(run: Run, fake_child: FakeChild) -> None:
    """The f32 CPU outputs are made once a model, and are the f32 case's own."""
    fake_child.devices = [a_device(), a_device("SIMCPU")]
    records = run()
    made = [
        (Path(j.target.model).stem, j.target.device, j.target.precision)
        for j in fake_child.jobs
        if isinstance(j, OutputsJob)
    ]
    expected = [("CPU", "f32"), ("CPU", "default"), ("SIMCPU", "f32"), ("SIMCPU", "default")]
    assert made == [(m, *case) for m in ("one", "two") for case in expected]
    assert records[0].agreement.reason == "this is the reference"
    assert [o.relative_rmse for o in records[1].agreement.outputs] == [0]


def test_at_quick_the_costly_extras_run_once(run: Run, fake_child: FakeChild, tier) -> None:
    """Once for each case, after its first round that did not fail."""
    tier(processes=5, max_processes=5)
    fake_child.answers.append(failing(InferenceJob, "two", index=0))
    for record in run(precisions=("f32",)):
        first = int(record.case.model == "two")
        assert {one.round for point in record.curve.points for one in point.rounds} == {first}
        assert [one.round for one in record.open_loop.rounds] == [first]
    tier(name="standard", processes=7, max_processes=7)
    for record in run(precisions=("f32",)):
        assert len(record.open_loop.rounds) == 5


def test_a_driver_once_chosen_is_kept(run: Run, fake_child: FakeChild) -> None:
    """Rounds driven in different ways could not be compared: one pilot, before the first."""
    queue = DriverResult(driver="async-queue")
    fake_child.answers = [lambda job: queue if isinstance(job, DriverJob) else None]
    run(models=("one",), precisions=("f32",))
    assert sum(isinstance(job, DriverJob) for job in fake_child.jobs) == 1
    drivers = [job.driver for job in fake_child.jobs if isinstance(job, InferenceJob)]
    assert drivers == ["async-queue"] * 3


def test_the_model_cache_is_filled_before_it_is_measured(run: Run, fake_child: FakeChild) -> None:
    """One start more than rounds, each case in a cache of its own."""
    run(precisions=("f32",))
    starts = [job for job in fake_child.jobs if isinstance(job, CachedStartJob)]
    assert len(starts) == 2 * (1 + 3)
    caches = {Path(j.target.model).stem: j.cache_dir for j in starts}
    assert len(set(caches.values())) == 2


def test_rounds_are_added_while_an_interval_is_wide(run: Run, fake_child: FakeChild, tier) -> None:
    """A case that is settled stops; one that is not goes on, up to the cap."""
    tier(processes=3, max_processes=6)

    def noisy(job: Job) -> Struct | None:
        if not isinstance(job, InferenceJob) or Path(job.target.model).stem != "two":
            return None
        other = factories.a_record(median_ms=2.0 + job.round, rounds=job.round + 1, noise=0)
        latency = other.latency.rounds[-1]
        return msgspec.structs.replace(a_round_result(job), latency=latency)

    fake_child.answers = [noisy, _steady]
    records = run(precisions=("f32",))
    assert [len(r.latency.rounds) for r in records] == [3, 6]


def _steady(job: Job) -> Struct | None:
    if not isinstance(job, InferenceJob):
        return None
    made = factories.a_record(noise=0, rounds=job.round + 1)
    latency, throughput = made.latency.rounds[-1], made.throughput.rounds[-1]
    return msgspec.structs.replace(a_round_result(job), latency=latency, throughput=throughput)


# ---------------------------------------------------------------- failures


def test_a_case_that_crashes_does_not_stop_the_others(run: Run, fake_child: FakeChild) -> None:
    """Its record says how it ended, after two tries; the others are whole."""
    fake_child.answers = [failing(InferenceJob, "one")]
    records = run(precisions=("f32",))
    outcome = records[0].outcome
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.cause) == (CRASH.reason, "crash")
    assert outcome.stderr_tail == "Segmentation fault"
    assert [r.round for r in records[0].failed_rounds] == [0, 1]
    assert isinstance(records[1].outcome, Completed)
    assert len([r for r in fake_child.rounds if r[0] == "one"]) == 2
    assert collect.Collected(records, None).failed == records[:1]


def test_one_bad_round_does_not_lose_the_others(run: Run, fake_child: FakeChild) -> None:
    """The case completes with the other rounds, and tells of the one."""
    fake_child.answers = [failing(InferenceJob, "one", index=1)]
    record = run(precisions=("f32",))[0]
    assert isinstance(record.outcome, Completed)
    assert [r.round for r in record.latency.rounds] == [0, 2]
    assert [(r.round, r.cause) for r in record.failed_rounds] == [(1, "crash")]
    reasons = {reason.code for reason in record.verdicts["latency"].reasons}
    assert "failed-rounds" in reasons


def test_a_model_whose_outputs_cannot_be_had_is_not_timed(run: Run, fake_child: FakeChild) -> None:
    """Speed without an answer is no result."""
    fake_child.answers = [failing(OutputsJob, "two")]
    records = run()
    assert {model for model, *_ in fake_child.rounds} == {"one"}
    assert [type(r.outcome) for r in records] == [Completed, Completed, Failed, Failed]


def test_what_an_engine_cannot_do_is_unsupported(run: Run, fake_child: FakeChild) -> None:
    """An operation that is not implemented is no failure of ours."""
    cannot = JobFailed(reason="not implemented: FancyOp", cause="error", unsupported=True)
    fake_child.answers = [failing(OutputsJob, "two", result=cannot)]
    record = run(models=("two",), precisions=("f32",))[0]
    assert record.outcome == Unsupported(reason="not implemented: FancyOp")


def test_without_a_reference_the_rest_is_measured(run: Run, fake_child: FakeChild) -> None:
    """A model that the CPU cannot run in f32 may still run elsewhere."""
    simcpu = a_device("SIMCPU")
    fake_child.devices = [simcpu]

    def no_reference(job: Job) -> Struct | None:
        is_reference = isinstance(job, OutputsJob) and job.target.device == "CPU"
        return CRASH if is_reference else None

    fake_child.answers = [no_reference]
    record = run(models=("one",), precisions=("f32",))[0]
    assert isinstance(record.outcome, Completed)
    assert isinstance(record.agreement, Failed)
    assert "reference failed" in record.agreement.reason


def test_a_start_from_the_cache_that_fails_costs_only_itself(
    run: Run, fake_child: FakeChild
) -> None:
    """The measurement is failed with its cause; the others are there."""
    fake_child.answers = [failing(CachedStartJob, "one")]
    record = run(models=("one",), precisions=("f32",))[0]
    assert isinstance(record.startup_cached, Failed)
    assert record.startup_cached.cause == "crash"
    assert len(record.startup.rounds) == 3
    assert isinstance(record.outcome, Completed)


def test_a_model_that_cannot_be_made_ready_is_recorded(
    run: Run, own_folders: Path, fake_child: FakeChild
) -> None:
    """Bad options of a task fail that model's cases, without a checksum to pin them too."""
    text = run.suite.read_text()
    broken = text.replace('"id" = "two"', '"id" = "two", "options" = {"dtype.x" = "f99"}')
    assert broken != text
    run.suite.write_text(broken)
    records = run(precisions=("f32",))
    assert [type(r.outcome) for r in records] == [Completed, Failed]
    assert "f99" in records[1].outcome.reason
    assert len(records[1].model.sha256) == 64
    assert str(own_folders) not in store.encode(records[1]).decode()


# ---------------------------------------------------------------- stopping and going on


@pytest.mark.parametrize("after", [0, 1, 5, 11])
def test_a_stopped_run_goes_on_where_it_was(run: Run, fake_child: FakeChild, after: int) -> None:
    """Finished rounds are not measured again, and the records are those of a whole run."""
    fake_child.answers = [interrupting(after)]
    with pytest.raises(KeyboardInterrupt):
        run()
    measured = fake_child.rounds[:after]
    fake_child.answers, fake_child.jobs = [], []
    records = run()
    assert len(fake_child.rounds) == 12 - after
    assert not set(measured) & set(fake_child.rounds)
    assert not [j for j in fake_child.jobs if isinstance(j, OutputsJob)]
    assert all([r.round for r in record.latency.rounds] == [0, 1, 2] for record in records)
    assert sorted(names(run.stored)) == sorted(names(records))
    assert len(records) == 4


def test_a_run_stopped_again_and_again_ends(run: Run, fake_child: FakeChild) -> None:
    """One round a time makes the same records, none of them twice."""
    stops = 0
    for _ in range(20):
        fake_child.answers = [interrupting(1)]
        try:
            records = run()
            break
        except KeyboardInterrupt:
            stops += 1
    assert stops == 11
    assert len(fake_child.rounds) == 12 + stops  # each stop lost the round that it hit
    assert len(run.stored) == len(records) == 4


def test_the_display_may_be_what_is_interrupted(
    run: Run, fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C between a round and the next loses nothing."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(progress.PlainDisplay, "round_finished", stop)
        with pytest.raises(KeyboardInterrupt):
            run()
    run()
    assert len(fake_child.rounds) == 12
    assert len(set(fake_child.rounds)) == 12


def test_a_cut_journal_costs_one_round(run: Run, fake_child: FakeChild, own_folders: Path) -> None:
    """The round whose line was cut short is measured again."""
    fake_child.answers = [interrupting(5)]
    with pytest.raises(KeyboardInterrupt):
        run()
    (journal,) = (own_folders / "state" / "runs").iterdir()
    journal.write_bytes(journal.read_bytes()[:-20])
    last = fake_child.rounds[4]
    fake_child.answers, fake_child.jobs = [], []
    run()
    assert fake_child.rounds[0] == last
    assert len(fake_child.rounds) == 8


@pytest.mark.parametrize(
    "other", [{"seed": 21}, {"models": ("one",)}, {"precisions": ("default",)}], ids=str
)
def test_another_request_does_not_take_a_stopped_runs_rounds(
    run: Run, fake_child: FakeChild, other
) -> None:
    """It measures its own, and the stopped one is still there to go on."""
    fake_child.answers = [interrupting(5)]
    with pytest.raises(KeyboardInterrupt):
        run()
    fake_child.answers, fake_child.jobs = [], []
    records = run(**other)
    assert len(fake_child.rounds) == 3 * len(records)
    fake_child.jobs = []
    run()
    assert len(fake_child.rounds) == 12 - 5


def test_another_tier_does_not_take_a_stopped_runs_rounds(
    run: Run, fake_child: FakeChild, tier
) -> None:
    """Longer rounds are other rounds."""
    fake_child.answers = [interrupting(5)]
    with pytest.raises(KeyboardInterrupt):
        run()
    tier(processes=3, max_processes=3, min_seconds=0.06)
    fake_child.answers, fake_child.jobs = [], []
    run()
    assert len(fake_child.rounds) == 12


def test_fresh_forgets_a_stopped_run(run: Run, fake_child: FakeChild) -> None:
    """--fresh measures everything anew."""
    fake_child.answers = [interrupting(5)]
    with pytest.raises(KeyboardInterrupt):
        run()
    fake_child.answers, fake_child.jobs = [], []
    run(fresh=True)
    assert len(fake_child.rounds) == 12


def test_a_finished_run_is_measured_anew(run: Run, fake_child: FakeChild) -> None:
    """The same command after the end is a new measurement."""
    run()
    run()
    assert len(fake_child.rounds) == 24


def test_a_run_that_goes_on_elsewhere_writes_all_its_records_there(
    run: Run, fake_child: FakeChild, own_folders: Path
) -> None:
    """Records written before the stop are written to the new folder as well, unmeasured."""
    fake_child.answers = [failing(OutputsJob, "one"), interrupting(2)]
    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(run.stored) == 2  # those of the model that failed
    fake_child.answers, fake_child.jobs = [], []
    elsewhere = own_folders / "elsewhere"
    records = run(out=elsewhere)
    assert len(records) == 4
    assert sorted(names(store.read_all([elsewhere]).records)) == sorted(names(records))
    assert len(fake_child.rounds) == 6 - 2


def test_a_record_written_but_not_noted_is_not_written_twice(
    run: Run, fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash right after a record was written leaves one record, not two."""
    real = journal_module.Journal.add

    def crash(self: journal_module.Journal, step: journal_module.Step) -> None:
        if isinstance(step, journal_module.Written):
            raise SystemExit
        real(self, step)

    with monkeypatch.context() as context:
        context.setattr(journal_module.Journal, "add", crash)
        with pytest.raises(SystemExit):
            run()
    assert len(run.stored) == 1
    assert len(run()) == 4
    assert len(run.stored) == 4


# ---------------------------------------------------------------- disks


@pytest.mark.parametrize("where", ["journal", "record"])
def test_a_full_disk_is_reported_and_loses_nothing(
    run: Run, fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """The run stops with a StoreError; with room again, it goes on."""
    module = journal_module if where == "journal" else store
    calls = 0

    def full(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 7 or where == "record":
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(module, "os", _Os(full))
        with pytest.raises(StoreError, match="No space left on device") as caught:
            run()
    assert "again" in caught.value.remedy
    assert run.stored == []
    before = set(fake_child.rounds)
    fake_child.jobs = []
    assert len(run()) == 4
    # What the journal could not sync may be lost with the machine, but not more than it.
    assert len(before & set(fake_child.rounds)) <= 1


def test_a_folder_of_records_that_goes_away_is_reported_and_loses_nothing(
    run: Run, fake_child: FakeChild
) -> None:
    """A file in its place in mid-run stops the run; without it, all rounds become records."""

    def block(job: Job) -> None:
        if isinstance(job, InferenceJob) and job.round == 2 and run.out.is_dir():
            run.out.rmdir()
            run.out.write_text("in the way")

    fake_child.answers = [block]
    with pytest.raises(StoreError, match="cannot be written") as caught:
        run()
    assert "same command" in caught.value.remedy
    run.out.unlink()
    fake_child.answers, fake_child.jobs = [], []
    assert len(run()) == 4
    assert fake_child.rounds == []


def test_a_journal_of_another_version_is_set_aside_and_reported(
    run: Run, fake_child: FakeChild, own_folders: Path, console: Console
) -> None:
    """Its rounds are not used, its file is kept, and the user is told where."""
    fake_child.answers = [interrupting(5)]
    with pytest.raises(KeyboardInterrupt):
        run()
    (journal,) = (own_folders / "state" / "runs").iterdir()
    journal.write_bytes(journal.read_bytes() + b'{"type":"another"}\n')
    fake_child.answers, fake_child.jobs = [], []
    run()
    assert len(fake_child.rounds) == 12
    aside = journal.with_name(f"{journal.name}.unreadable")
    assert aside.exists()
    assert str(aside) in console.file.getvalue()


def test_what_a_stopped_run_took_is_counted_too(run: Run, fake_child: FakeChild) -> None:
    """Every finished round's time is in the record, whichever process it was measured in."""
    now = 0.0

    def wait(job: Job) -> None:
        nonlocal now
        now += 10.0 if isinstance(job, InferenceJob) else 0.0

    run.clock = lambda: now
    fake_child.answers = [wait, interrupting(5)]
    with pytest.raises(KeyboardInterrupt):
        run()
    fake_child.answers = [wait]
    for record in run():
        assert record.measuring_time.wall_s == pytest.approx(30)
        assert record.measuring_time.measuring_s == 0


class _Os:
    """The module os with another fsync."""

    def __init__(self, fsync: Callable[[int], None]) -> None:
        self.fsync = fsync

    def __getattr__(self, name: str) -> object:
        import os

        return getattr(os, name)


def test_a_folder_that_cannot_be_written_is_reported_before_measuring(
    run: Run, fake_child: FakeChild, own_folders: Path
) -> None:
    """A file in the way of --out is reported at once."""
    (own_folders / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        run(out=own_folders / "file" / "records")
    assert "--out" in caught.value.remedy
    assert fake_child.rounds == []
    assert (own_folders / "file").read_text() == "in the way"


def test_a_state_folder_that_cannot_be_written_is_reported(
    run: Run, fake_child: FakeChild, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a journal nothing is measured."""
    (own_folders / "file").write_text("in the way")
    monkeypatch.setenv("OVREPORT_STATE", str(own_folders / "file"))
    with pytest.raises(StoreError, match="cannot be written") as caught:
        run()
    assert "OVREPORT_STATE" in caught.value.remedy
    assert fake_child.rounds == []

"""A run: interleaved, stopped and resumed at any point, and never lost to one bad case."""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct
from rich.console import Console

from ovreport import store
from ovreport.checks import faults
from ovreport.errors import StoreError
from ovreport.record import Completed, Failed, Latency, Port, Record, Unsupported
from ovreport_collector.engines.types import OutputsResult, OutputTraits
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.measurements.results import (
    Ended,
    LatencyVisit,
    Started,
    Switched,
    ThroughputVisit,
)
from ovreport_collector.measurements.startup.run import CachedStartJob
from ovreport_collector.plan.request import make_plan
from ovreport_collector.process.job import AnyJob, JobFailed
from ovreport_collector.session import collect, progress, visits
from ovreport_collector.session import journal as journal_module
from ovreport_collector.session.steps import Step, Written
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks.base import Inputs
from ovreport_collector.tasks.generic import Generic
from tests import factories
from tests.collector.conftest import FakeChild, a_device, a_request, names
from tests.collector.test_worker import TARGET

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
        """The records on disk; they say what no machine measures, so that they are not checked."""
        return [store.read(path) for path in self.out.rglob("*.json")]


@pytest.fixture
def run(fake_child: FakeChild, suite_file: Path, own_folders: Path, console: Console, tier) -> Run:
    """Return a run of two models, two precisions and three rounds."""
    tier(processes=3, max_processes=3)
    return Run(suite_file, own_folders / "records", console)


def failing(
    kind: type[AnyJob], model: str = "one", *, index: int | None = None, result: JobFailed = CRASH
) -> Callable[[AnyJob], Struct | None]:
    """Return an answer that fails jobs of a kind for one model, or one process of it."""

    def answer(job: AnyJob) -> Struct | None:
        hit = isinstance(job, kind) and Path(job.target.model).stem == model
        if hit and index is not None:
            hit = isinstance(job, InferenceJob) and job.process == index
        return result if hit else None

    return answer


def interrupting(after: int, error: type[BaseException] = KeyboardInterrupt):
    """Return an answer to steps that raises at the step of a case after so many."""
    seen = 0

    def answer(job: AnyJob, _: Struct) -> None:
        nonlocal seen
        if isinstance(job, InferenceJob):
            seen += 1
            if seen > after:
                raise error

    return answer


def visits_of(record: Record) -> tuple[list[int], list[int]]:
    """Return the numbers of a record's rounds of latency and of throughput."""
    return [r.round for r in record.latency.rounds], [r.round for r in record.throughput.rounds]


# ---------------------------------------------------------------- order


FORWARD = [("one", "f32"), ("one", "default"), ("two", "f32"), ("two", "default")]


def test_rounds_are_interleaved_and_turned_around(run: Run, fake_child: FakeChild, tier) -> None:
    """Every case has its turn before any has its second; every other round backwards."""
    tier(processes=2, max_processes=2, rounds_per_process=3)
    records = run()
    for kind in (LatencyVisit, ThroughputVisit):
        visits = fake_child.visits(kind)
        assert [index for *_, index in visits] == [i for i in range(6) for _ in FORWARD]
        backward = FORWARD[::-1]
        assert [(m, p) for m, p, _ in visits] == (FORWARD + backward) * 3
    assert [number for *_, number in fake_child.processes] == [0] * 4 + [1] * 4
    assert [(m, p) for m, _, p, _ in fake_child.processes] == FORWARD + FORWARD[::-1]
    assert names(records) == [(m, "CPU", p) for m, p in FORWARD]
    for record in records:
        assert visits_of(record) == ([0, 1, 2, 3, 4, 5],) * 2
        assert [r.process for r in record.latency.rounds] == [0, 0, 0, 1, 1, 1]
        assert [r.round for r in record.startup.rounds] == [0, 1]
        assert [one.process for one in record.noise] == [0, 1]


def test_all_of_a_group_are_at_latency_before_any_is_at_throughput(
    run: Run, fake_child: FakeChild, tier
) -> None:
    """The steps of a generation, case by case: start, rounds, switch, rounds, end."""
    tier(processes=1, max_processes=1, rounds_per_process=2)
    run(precisions=("f32",))
    kinds = [type(result) for job, result in fake_child.made if isinstance(job, InferenceJob)]
    one = [Started, LatencyVisit, LatencyVisit, Switched, ThroughputVisit, ThroughputVisit, Ended]
    assert kinds == [kind for kind in one for _ in range(2)]
    assert fake_child.alive == []


@pytest.mark.parametrize(("left", "largest"), [(0.9, 4), (0.4, 1)])
def test_a_group_leaves_half_of_the_memory(
    run: Run, fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch, left: float, largest: int
) -> None:
    """Where the first process takes more than that, every case is a group of its own."""
    memory = {"MemAvailable": 1000}
    alive: list[int] = []

    def take(job: AnyJob, _: Struct) -> None:
        running = [p for p in fake_child.alive if isinstance(p.job, InferenceJob)]
        alive.append(len(running))
        memory["MemAvailable"] = round(1000 * left) if running else 1000

    def available(*_: object) -> dict[str, int]:
        running = any(isinstance(p.job, InferenceJob) for p in fake_child.alive)
        return {"MemAvailable": round(1000 * left) if running else 1000}

    monkeypatch.setattr(visits.procfs, "memory_bytes", available)
    fake_child.step_answers = [take]
    assert len(run()) == 4
    assert max(alive) == largest


def test_a_group_is_not_too_large(run: Run, fake_child: FakeChild, monkeypatch) -> None:
    """Cases of a large plan are groups of a few, one after the other."""
    monkeypatch.setattr(visits, "MOST_CASES", 3)
    alive: list[int] = []
    fake_child.step_answers = [lambda *_: alive.append(len(fake_child.alive))]
    assert len(run()) == 4
    assert max(alive) == 3


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
    """Rounds driven in different ways could not be compared: the first process finds out."""

    def queue(job: AnyJob, result: Struct) -> Struct | None:
        is_switch = isinstance(result, Switched)
        return msgspec.structs.replace(result, driver="async-queue") if is_switch else None

    fake_child.step_answers = [queue]
    run(models=("one",), precisions=("f32",))
    drivers = [job.driver for job in fake_child.jobs if isinstance(job, InferenceJob)]
    assert drivers == [None, "async-queue", "async-queue"]


def test_what_was_measured_before_a_limit_is_kept(run: Run, fake_child: FakeChild) -> None:
    """A model too slow for throughput has its latency, with a verdict."""

    def late(_: object, result: object) -> JobFailed | None:
        is_switch = isinstance(result, Switched)
        return JobFailed(reason="no result", cause="timeout") if is_switch else None

    fake_child.step_answers = [late]
    (record,) = run(models=("one",), precisions=("f32",))
    assert isinstance(record.outcome, Completed)
    assert isinstance(record.latency, Latency)
    assert "latency" in record.verdicts
    assert isinstance(record.throughput, Failed)
    assert record.throughput.cause == "timeout"


@pytest.mark.parametrize("traits", [OutputTraits(not_finite=[0]), OutputTraits(random=[0])])
def test_outputs_may_do_what_those_of_the_reference_do(
    run: Run, fake_child: FakeChild, traits: OutputTraits
) -> None:
    """What those do not is a wrong output, which is not timed."""

    def odd(precisions: set[str]) -> Callable[[InferenceJob, Struct], Struct | None]:
        def answer(job: InferenceJob, result: Struct) -> Struct | None:
            if not isinstance(result, OutputsResult) or job.target.precision not in precisions:
                return None
            return msgspec.structs.replace(result, traits=traits)

        return answer

    fake_child.step_answers = [odd({"default"})]
    f32, default = run(models=("one",))
    assert isinstance(f32.outcome, Completed)
    assert isinstance(default.outcome, Failed)
    assert default.outcome.cause == "wrong-output"
    fake_child.step_answers = [odd({"default", "f32"})]
    assert all(isinstance(r.outcome, Completed) for r in run(models=("one",), fresh=True))
    timed = [job.target.traits for job in fake_child.jobs if isinstance(job, InferenceJob)]
    assert timed[-1] == traits


def test_the_model_cache_is_filled_before_it_is_measured(run: Run, fake_child: FakeChild) -> None:
    """One start more than processes, each case in a cache of its own."""
    run(precisions=("f32",))
    starts = [job for job in fake_child.jobs if isinstance(job, CachedStartJob)]
    assert len(starts) == 2 * (1 + 3)
    caches = {Path(j.target.model).stem: j.cache_dir for j in starts}
    assert len(set(caches.values())) == 2


def test_rounds_are_added_while_an_interval_is_wide(run: Run, fake_child: FakeChild, tier) -> None:
    """A case that is settled stops; one that is not goes on, up to the cap."""
    tier(processes=3, max_processes=6)

    def noisy(job: AnyJob, result: Struct) -> Struct | None:
        if Path(getattr(job, "target", TARGET).model).stem != "two":
            return _steady(job, result)
        if not isinstance(result, LatencyVisit):
            return None
        other = factories.a_record(median_ms=2.0 + job.process, rounds=1, noise=0)
        return _as_measured(result, other.latency.rounds[0])

    fake_child.step_answers = [noisy]
    records = run(precisions=("f32",))
    assert [len(r.latency.rounds) for r in records] == [3, 6]


def _steady(_: AnyJob, result: Struct) -> Struct | None:
    made = factories.a_record(noise=0, rounds=1)
    if isinstance(result, LatencyVisit):
        return _as_measured(result, made.latency.rounds[0])
    if isinstance(result, ThroughputVisit):
        return _as_measured(result, made.throughput.rounds[0])
    return None


def _as_measured(visit: Struct, measured: Struct) -> Struct:
    """Return a visit that measured this, as the round that it is."""
    numbers = {"round": visit.measured.round, "process": visit.measured.process}
    return msgspec.structs.replace(visit, measured=msgspec.structs.replace(measured, **numbers))


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
    assert len([r for r in fake_child.processes if r[0] == "one"]) == 2
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


@pytest.mark.parametrize(
    ("kind", "kept"),
    [(Started, ([], [])), (LatencyVisit, ([0], [])), (ThroughputVisit, ([0, 1], [0]))],
)
def test_a_process_that_crashes_in_a_visit_keeps_what_it_measured(
    run: Run, fake_child: FakeChild, tier, kind: type[Struct], kept
) -> None:
    """The visit is the round that failed; the case goes on with its next process."""
    tier(processes=2, max_processes=2, rounds_per_process=2)

    def crash(job: AnyJob, result: Struct) -> Struct | None:
        is_it = isinstance(result, kind) and Path(job.target.model).stem == "one"
        last = getattr(result, "round", 1) == 1
        return CRASH if is_it and job.process == 0 and last else None

    fake_child.step_answers = [crash]
    one, two = run(precisions=("f32",))
    assert visits_of(one) == ([*kept[0], 2, 3], [*kept[1], 2, 3])
    assert [(r.round, r.cause) for r in one.failed_rounds] == [(int(kind is not Started), "crash")]
    assert isinstance(one.outcome, Completed)
    assert visits_of(two) == ([0, 1, 2, 3],) * 2
    assert two.failed_rounds == []
    assert [r.round for r in one.memory.rounds] == [1]
    assert fake_child.alive == []


def test_a_wrong_answer_in_one_visit_costs_that_round(
    run: Run, fake_child: FakeChild, tier
) -> None:
    """The process goes on with the next visit, and to throughput."""
    tier(processes=1, max_processes=1, rounds_per_process=3)
    why = Failed(reason="it answered something else", cause="wrong-output")

    def wrong(_: AnyJob, result: Struct) -> Struct | None:
        hit = isinstance(result, LatencyVisit) and result.round == 1
        return msgspec.structs.replace(result, measured=None, failed=why) if hit else None

    fake_child.step_answers = [wrong]
    (record,) = run(models=("one",), precisions=("f32",))
    assert visits_of(record) == ([0, 2], [0, 1, 2])
    assert [(r.round, r.cause) for r in record.failed_rounds] == [(1, "wrong-output")]


def test_a_model_whose_outputs_cannot_be_had_is_not_timed(run: Run, fake_child: FakeChild) -> None:
    """Speed without an answer is no result."""
    fake_child.answers = [failing(OutputsJob, "two")]
    records = run()
    assert {model for model, *_ in fake_child.processes} == {"one"}
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

    def no_reference(job: AnyJob) -> Struct | None:
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
    run: Run, own_folders: Path, fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that trips fails that model's cases, without a checksum to pin them too."""
    samples = Generic.samples

    def trips(self: Generic, model: Model, files: Files, **options: int) -> Inputs:
        if model.id == "two":
            raise ZeroDivisionError(f"of {own_folders}")
        return samples(self, model, files, **options)

    monkeypatch.setattr(Generic, "samples", trips)
    records = run(precisions=("f32",))
    assert [type(r.outcome) for r in records] == [Completed, Failed]
    assert "ZeroDivisionError" in records[1].outcome.reason
    assert len(records[1].model.sha256) == 64
    assert str(own_folders) not in store.encode(records[1]).decode()


# ---------------------------------------------------------------- stopping and going on


@pytest.mark.parametrize("after", [0, 1, 4, 5, 6, 11, 16, 23, 27, 28, 29, 60])
def test_a_stopped_run_goes_on_where_it_was(
    run: Run, fake_child: FakeChild, tier, after: int
) -> None:
    """Finished rounds are not measured again; a new process makes up for those that lack."""
    tier(processes=2, max_processes=2, rounds_per_process=2)
    fake_child.step_answers = [interrupting(after)]
    with contextlib.suppress(KeyboardInterrupt):
        run()
    assert fake_child.alive == []
    kinds = (LatencyVisit, ThroughputVisit)
    # The last one was made, and its answer was lost.
    lost = fake_child.made[-1][1] if after < 56 else None
    measured = [set(fake_child.visits(kind)) for kind in kinds]
    if isinstance(lost, kinds):
        measured[kinds.index(type(lost))].remove(fake_child.visits(type(lost))[-1])
    fake_child.forget()
    if after < 56:
        records = run()
        assert not [j for j in fake_child.jobs if isinstance(j, OutputsJob)]
        for visits_before, kind in zip(measured, kinds, strict=True):
            assert not visits_before & set(fake_child.visits(kind))
    else:
        records = run.stored
    for record in records:
        for measured_before, rounds in zip(measured, visits_of(record), strict=True):
            case = (record.case.model, record.case.precision)
            assert len(rounds) == 4
            assert {r for *its, r in measured_before if tuple(its) == case} <= set(rounds)
    assert sorted(names(run.stored)) == sorted(names(records))
    assert len(records) == 4


def test_a_run_stopped_again_and_again_ends(run: Run, fake_child: FakeChild, tier) -> None:
    """A few steps a time make the same records, none of them twice."""
    tier(processes=2, max_processes=2, rounds_per_process=2)
    for _ in range(60):
        fake_child.step_answers = [interrupting(14)]
        with contextlib.suppress(KeyboardInterrupt):
            records = run()
            break
    assert len(run.stored) == len(records) == 4
    for record in records:
        assert [len(rounds) for rounds in visits_of(record)] == [4, 4]


def test_the_display_may_be_what_is_interrupted(
    run: Run, fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C between a process and the next loses nothing."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(progress.PlainDisplay, "process_finished", stop)
        with pytest.raises(KeyboardInterrupt):
            run()
    run()
    visits_made = fake_child.visits(LatencyVisit)
    assert len(visits_made) == len(set(visits_made)) == 12


def test_a_cut_journal_costs_one_step(run: Run, fake_child: FakeChild, own_folders: Path) -> None:
    """The step whose line was cut short is made again, by another process."""
    fake_child.step_answers = [interrupting(6)]
    with pytest.raises(KeyboardInterrupt):
        run()
    (journal,) = (own_folders / "state" / "runs").iterdir()
    journal.write_bytes(journal.read_bytes()[:-20])
    fake_child.forget()
    records = run()
    assert all(len(rounds) == 3 for record in records for rounds in visits_of(record))
    # Of two rounds one was cut, one is there.
    assert len(fake_child.visits(LatencyVisit)) == 12 - 1


@pytest.mark.parametrize(
    "other", [{"seed": 21}, {"models": ("one",)}, {"precisions": ("default",)}], ids=str
)
def test_another_request_does_not_take_a_stopped_runs_rounds(
    run: Run, fake_child: FakeChild, other
) -> None:
    """It measures its own, and the stopped one is still there to go on."""
    fake_child.step_answers = [interrupting(6)]
    with pytest.raises(KeyboardInterrupt):
        run()
    fake_child.forget()
    records = run(**other)
    assert len(fake_child.visits(LatencyVisit)) == 3 * len(records)
    fake_child.forget()
    run()
    assert len(fake_child.visits(LatencyVisit)) == 12 - 2


def test_another_tier_does_not_take_a_stopped_runs_rounds(
    run: Run, fake_child: FakeChild, tier
) -> None:
    """Longer rounds are other rounds."""
    fake_child.step_answers = [interrupting(6)]
    with pytest.raises(KeyboardInterrupt):
        run()
    tier(processes=3, max_processes=3, min_seconds=0.06)
    fake_child.forget()
    run()
    assert len(fake_child.visits(LatencyVisit)) == 12


def test_fresh_forgets_a_stopped_run(run: Run, fake_child: FakeChild) -> None:
    """--fresh measures everything anew."""
    fake_child.step_answers = [interrupting(6)]
    with pytest.raises(KeyboardInterrupt):
        run()
    fake_child.forget()
    run(fresh=True)
    assert len(fake_child.visits(LatencyVisit)) == 12


def test_a_finished_run_is_measured_anew(run: Run, fake_child: FakeChild) -> None:
    """The same command after the end is a new measurement."""
    run()
    run()
    assert len(fake_child.visits(LatencyVisit)) == 24


def test_a_run_that_goes_on_elsewhere_writes_all_its_records_there(
    run: Run, fake_child: FakeChild, own_folders: Path
) -> None:
    """Records written before the stop are written to the new folder as well, unmeasured."""
    fake_child.answers = [failing(OutputsJob, "one")]
    fake_child.step_answers = [interrupting(4)]
    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(run.stored) == 2  # those of the model that failed
    fake_child.forget()
    elsewhere = own_folders / "elsewhere"
    records = run(out=elsewhere)
    assert len(records) == 4
    found = [store.read(path) for path in elsewhere.rglob("*.json")]
    assert sorted(names(found)) == sorted(names(records))
    assert len(fake_child.visits(LatencyVisit)) == 6 - 2


def test_a_record_written_but_not_noted_is_not_written_twice(
    run: Run, fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash right after a record was written leaves one record, not two."""
    real = journal_module.Journal.add

    def crash(self: journal_module.Journal, step: Step) -> None:
        if isinstance(step, Written):
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
    before = set(fake_child.visits(LatencyVisit))
    fake_child.forget()
    assert len(run()) == 4
    # What the journal could not sync may be lost with the machine, but not more than it.
    assert len(before & set(fake_child.visits(LatencyVisit))) <= 1


def test_a_folder_of_records_that_goes_away_is_reported_and_loses_nothing(
    run: Run, fake_child: FakeChild
) -> None:
    """A file in its place in mid-run stops the run; without it, all rounds become records."""

    def block(job: AnyJob) -> None:
        if isinstance(job, InferenceJob) and job.process == 2 and run.out.is_dir():
            run.out.rmdir()
            run.out.write_text("in the way")

    fake_child.answers = [block]
    with pytest.raises(StoreError, match="cannot be written") as caught:
        run()
    assert "same command" in caught.value.remedy
    run.out.unlink()
    fake_child.forget()
    assert len(run()) == 4
    assert fake_child.processes == []


def test_a_journal_of_another_version_is_set_aside_and_reported(
    run: Run, fake_child: FakeChild, own_folders: Path, console: Console
) -> None:
    """Its rounds are not used, its file is kept, and the user is told where."""
    fake_child.step_answers = [interrupting(6)]
    with pytest.raises(KeyboardInterrupt):
        run()
    (journal,) = (own_folders / "state" / "runs").iterdir()
    journal.write_bytes(journal.read_bytes() + b'{"type":"another"}\n')
    fake_child.forget()
    run()
    assert len(fake_child.visits(LatencyVisit)) == 12
    aside = journal.with_name(f"{journal.name}.unreadable")
    assert aside.exists()
    assert str(aside) in console.file.getvalue()


def test_what_a_stopped_run_took_is_counted_too(run: Run, fake_child: FakeChild) -> None:
    """Every finished round's time is in the record, whichever process it was measured in."""
    now = 0.0

    def wait(job: AnyJob) -> None:
        nonlocal now
        now += 10.0 if isinstance(job, InferenceJob) else 0.0

    run.clock = lambda: now
    fake_child.answers = [wait]
    fake_child.step_answers = [interrupting(12)]
    with pytest.raises(KeyboardInterrupt):
        run()
    fake_child.step_answers = []
    for record in run():
        # Four processes: one was stopped, another made up for what it lacked.
        assert record.measuring_time.wall_s == pytest.approx(40)
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
    assert fake_child.processes == []
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
    assert fake_child.processes == []


# ---------------------------------------------------------------- results that fit into no record


@pytest.mark.parametrize(
    "ports",
    [
        [Port(name=f"output-{i}" + "x" * 90, dtype="f32", shape=[1]) for i in range(5_000)],
        [Port(name="x" * 30_000, dtype="f32", shape=[1])],
    ],
    ids=["too large", "a name without end"],
)
def test_a_record_that_cannot_be_written_costs_no_other_case(
    run: Run, fake_child: FakeChild, ports: list[Port]
) -> None:
    """Its case has failed, which its record tells; the others have theirs."""

    def answer(job: AnyJob, result: Struct) -> Struct | None:
        if isinstance(result, OutputsResult) and Path(job.target.model).stem == "one":
            return msgspec.structs.replace(result, outputs=ports)
        return None

    fake_child.step_answers.append(answer)
    records = run()
    assert len(run.stored) == 4
    for record in (r for r in records if r.case.model == "one"):
        assert isinstance(record.outcome, Failed)
        assert "fits into no record" in record.outcome.reason
        assert not list(faults(record))
    assert all(isinstance(r.outcome, Completed) for r in records if r.case.model == "two")

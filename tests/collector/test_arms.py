"""Releases, builds and settings of OpenVINO that one run measures by turns."""

from __future__ import annotations

import shlex
import subprocess
import sys
import sysconfig
import venv
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from msgspec import Struct, structs
from rich.console import Console

from ovreport import checks, store
from ovreport.compare_command import compare
from ovreport.errors import IncompleteError, InputError
from ovreport.history import newest
from ovreport.pairing import in_turn
from ovreport.record import MEASUREMENTS, Completed, Failed, Latency, Record, Tier, Unsupported
from ovreport.store import Stored
from ovreport_collector import environments
from ovreport_collector.engines.types import OutputsResult
from ovreport_collector.environments import INSTALLED, Environment
from ovreport_collector.environments.environment import ask, installed
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.measurements.results import LatencyVisit, ThroughputVisit
from ovreport_collector.plan.arms import MOST_ARMS, Wanted, check
from ovreport_collector.plan.plan import Plan
from ovreport_collector.plan.request import make_plan
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session import collect, turns
from tests import factories
from tests.collector import commands, models
from tests.collector.conftest import FakeChild, a_request, model_table
from tests.collector.suite_fixtures import document, write_suite

OLD, NEW = "2025.4.1", "2026.4.1"


def python_of(release: str) -> Path:
    """Return the interpreter of a release's environment, which is not there."""
    return Path("/environments", release, "bin", "python")


@pytest.fixture
def releases(fake_child: FakeChild, monkeypatch: pytest.MonkeyPatch) -> FakeChild:
    """Return measuring processes of two releases, each in an environment of its own."""

    def prepare(wanted: Sequence[str], **_: object) -> tuple[Environment, ...]:
        return tuple(
            Environment(
                python=python_of(one),
                wanted=one,
                openvino=f"{one}-0-example",
                packages={"openvino": one, "numpy": "2.3.5"},
                lock_sha256=f"{index:064x}",
            )
            for index, one in enumerate(wanted, 10**9)
        )

    monkeypatch.setattr(environments, "prepare", prepare)
    fake_child.builds = {python_of(one): f"{one}-0-example" for one in (OLD, NEW)}
    return fake_child


class Run:
    """Measures the suite of two models with two releases, as a user repeats a command."""

    def __init__(self, suite: Path, out: Path, console: Console) -> None:
        self.suite, self.out, self.console = suite, out, console

    def plan(self, wanted: Wanted, **requested: object) -> Plan:
        """Return a plan of one precision."""
        return make_plan(
            a_request(self.suite, arms=wanted, **{"precisions": ("f32",), **requested})
        )

    def __call__(self, wanted: Wanted, **requested: object) -> list[Record]:
        """Plan and measure; return the records."""
        plan = self.plan(wanted, **requested)
        return collect.measure(plan, self.out, self.console, timeout_s=None, fresh=False).records

    @property
    def stored(self) -> list[Stored]:
        """What is on disk."""
        return [Stored(store.read(path), path) for path in self.out.rglob("*.json")]


@pytest.fixture
def run(releases: FakeChild, suite_file: Path, own_folders: Path, console: Console, tier) -> Run:
    """Return a run of two models in three processes."""
    tier(processes=3, max_processes=3, rounds_per_process=2)
    return Run(suite_file, own_folders / "records", console)


def names(records: list[Record]) -> list[tuple[str, str]]:
    """Return model and arm of each record."""
    return [(one.case.model, one.arm.name if one.arm else "") for one in records]


# ---------------------------------------------------------------- records


def test_each_release_has_a_record_of_its_own(run: Run, releases: FakeChild) -> None:
    """What a record says of its software is what ran it; the run is one."""
    records = run(Wanted(openvino=(OLD, NEW)))
    assert names(records) == [(m, a) for m in ("one", "two") for a in (OLD, NEW)]
    assert [r.software.openvino for r in records[:2]] == [f"{OLD}-0-example", f"{NEW}-0-example"]
    assert {r.software.packages["numpy"] for r in records} == {"2.3.5"}
    assert len({r.run for r in records}) == 1
    assert records[0].run
    assert [(r.arm.position, r.arm.count, r.arm.kind) for r in records[:2] if r.arm] == [
        (0, 2, "release"),
        (1, 2, "release"),
    ]
    assert {r.arm.prepared_with for r in records if r.arm} == {"2026.4.1-0-example"}
    assert len({path.path.name for path in run.stored}) == 4
    ran = [p for j, p in zip(releases.jobs, releases.pythons, strict=True) if _is_measuring(j)]
    assert Counter(ran) == {python_of(OLD): 6, python_of(NEW): 6}


def _is_measuring(job: object) -> bool:
    return isinstance(job, InferenceJob)


def test_a_plain_run_has_no_arm(run: Run) -> None:
    """It has a number all the same, which is another one each time."""
    first, second = run(Wanted()), run(Wanted())
    assert names(first) == [("one", ""), ("two", "")]
    assert first[0].run != second[0].run


def test_what_prepares_is_the_collects_own(run: Run, releases: FakeChild) -> None:
    """The reference outputs of a model are made once, by the OpenVINO of the collect."""
    records = run(Wanted(openvino=(OLD, NEW)), models=("one",))
    outputs = [
        python
        for job, python in zip(releases.jobs, releases.pythons, strict=True)
        if type(job).__name__ == "OutputsJob"
    ]
    assert outputs == [None, python_of(OLD), python_of(NEW)]
    assert all(not isinstance(r.agreement, str) and r.agreement for r in records)


def test_caches_of_arms_are_apart(run: Run, releases: FakeChild) -> None:
    """What one release compiled, no other reads."""
    run(Wanted(openvino=(OLD, NEW)), models=("one",))
    found = {
        python: job.cache_dir
        for job, python in zip(releases.jobs, releases.pythons, strict=True)
        if hasattr(job, "cache_dir")
    }
    assert len(set(found.values())) == 2


# ---------------------------------------------------------------- order


def test_arms_are_neighbours_and_each_is_first_as_often(run: Run, releases: FakeChild) -> None:
    """Within a process every second visit goes the other way, and every second generation too."""
    run(Wanted(openvino=(OLD, NEW)))
    order = [
        (Path(job.target.model).stem, python.parts[2], job.process)
        for job, python in zip(releases.jobs, releases.pythons, strict=True)
        if isinstance(job, InferenceJob) and python
    ]
    pairs = [order[at : at + 2] for at in range(0, len(order), 2)]
    assert all(a[0] == b[0] and a[2] == b[2] and a[1] != b[1] for a, b in pairs)
    for model in ("one", "two"):
        zero, first, _ = (a[1] for a, _ in pairs if a[0] == model)
        assert zero != first, "the second generation is the first one backwards"


def test_who_begins_is_drawn_by_the_seed(run: Run) -> None:
    """Over many generations each arm begins about as often, and every pair of them is turned."""
    plan = run.plan(Wanted(openvino=(OLD, NEW), again=True))
    orders = [turns.in_turn(plan.cases, number, 7) for number in range(200)]
    for forward, backward in zip(orders[::2], orders[1::2], strict=True):
        assert backward == forward[::-1]
    first = Counter(one[0].arm.name for one in orders[::2] if one[0].arm)
    assert len(first) == 3
    assert min(first.values()) > 15
    assert orders == [turns.in_turn(plan.cases, number, 7) for number in range(200)]
    assert orders != [turns.in_turn(plan.cases, number, 8) for number in range(200)]


# ---------------------------------------------------------------- what is the result of a case


def test_the_newest_release_is_the_result(run: Run) -> None:
    """Whatever the order of the command: others of the run are history of the case."""
    run(Wanted(openvino=(NEW, OLD), again=False))
    current, older, doubts = newest(run.stored)
    assert {one.record.software.openvino[:8] for one in current} == {NEW}
    assert {one.record.software.openvino[:8] for one in older} == {OLD}
    assert not doubts


def test_an_old_release_measured_later_is_history(run: Run) -> None:
    """Who fills a gap wants no older result."""
    run(Wanted(openvino=(NEW,)))
    run(Wanted(openvino=(OLD,)))
    current, older, _ = newest(run.stored)
    assert {one.record.software.openvino[:8] for one in current} == {NEW}
    assert {one.record.software.openvino[:8] for one in older} == {OLD}


def test_evidence_is_no_result(run: Run) -> None:
    """A release against itself, and settings of the user's, are neither newest nor history."""
    records = run(
        Wanted(openvino=(OLD, NEW), settings={"one-stream": {"NUM_STREAMS": "1"}}, again=True)
    )
    assert [a for m, a in names(records) if m == "one"] == [
        OLD,
        f"{OLD}-one-stream",
        NEW,
        f"{NEW}-one-stream",
        f"{NEW}-again",
    ]
    current, older, _ = newest(run.stored)
    shown = {one.record.arm.name for one in (*current, *older) if one.record.arm}
    assert shown == {OLD, NEW}


# ---------------------------------------------------------------- settings


def test_settings_reach_the_engine(run: Run, releases: FakeChild) -> None:
    """Of their arm alone."""
    run(Wanted(settings={"one-stream": {"NUM_STREAMS": "1"}}), models=("one",))
    found = [job.target.properties for job in releases.jobs if isinstance(job, InferenceJob)]
    assert Counter(map(str, found)) == {"{}": 3, "{'NUM_STREAMS': '1'}": 3}


def test_native_frameworks_are_measured_once_beside_the_arms(run: Run) -> None:
    """They do not depend on OpenVINO's release; of the same run, and no arm of it."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is in the extra `native`")
    wanted = Wanted(openvino=(OLD, NEW))
    records = run(wanted, models=("one",), engines=("openvino", "native"))
    found = [(record.case.engine, record.arm and record.arm.name) for record in records]
    assert found == [("openvino", OLD), ("openvino", NEW), ("onnxruntime", None)]
    assert len({record.run for record in records}) == 1
    assert all(isinstance(record.outcome, Completed) for record in records)
    with pytest.raises(InputError):
        run.plan(wanted, engines=("native",))


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(openvino=("not a release",)),
        Wanted(openvino=(OLD, OLD)),
        Wanted(settings={"default": {"NUM_STREAMS": "1"}}),
        Wanted(settings={"a b": {"NUM_STREAMS": "1"}}),
        Wanted(settings={"x": {}}),
        Wanted(settings={"x": {"INFERENCE_PRECISION_HINT": "f32"}}),
        Wanted(settings={"x": {"CACHE_DIR": "x"}}),
        Wanted(settings={"x": {"NUM_STREAMS": "/home/me"}}),
        Wanted(openvino=tuple(f"2026.{n}" for n in range(MOST_ARMS)), again=True),
    ],
)
def test_impossible_arms_are_refused_early(wanted: Wanted) -> None:
    """Before anything is downloaded for them."""
    with pytest.raises(InputError):
        check(wanted)


def test_wheels_are_called_by_version_and_build() -> None:
    """Two of one version are told apart."""
    check(Wanted(openvino=("a/openvino-2026.5.0-1-cp311-cp311-x.whl",) * 2))


# ---------------------------------------------------------------- repeating


def test_the_command_repeats_the_comparison(run: Run) -> None:
    """Of every record, and the check of records takes it."""
    wanted = Wanted(openvino=(OLD, NEW), settings={"x": {"NUM_STREAMS": "1"}}, again=True)
    for record in run(wanted, models=("one",)):
        words = shlex.split(record.repeat.ovreport)
        assert words.count("--openvino") == 2
        assert words[-1] == "--aa"
        assert words[words.index("--arm") + 1] == "x:NUM_STREAMS=1"
        assert not [f for f in checks.faults(record) if "repeat" in f.path]


# ---------------------------------------------------------------- stopped and resumed


def test_a_stopped_run_goes_on_with_the_arms_that_it_lacks(run: Run, releases: FakeChild) -> None:
    """At any of its steps: each arm has all of its rounds, in pairs, and the run is one."""
    for stop in range(1, 63, 3):
        wanted = Wanted(openvino=(OLD, NEW), again=True)
        seen = 0

        def interrupt(job: object, _: Struct, stop: int = stop) -> None:
            nonlocal seen
            seen += isinstance(job, InferenceJob)
            if seen > stop:
                raise KeyboardInterrupt

        releases.step_answers = [interrupt]
        with pytest.raises(KeyboardInterrupt):
            run(wanted, seed=stop, models=("one",))
        releases.step_answers = []
        records = run(wanted, seed=stop, models=("one",))
        assert [a for _, a in names(records)] == [OLD, NEW, f"{NEW}-again"]
        assert len({r.run for r in records}) == 1
        for name in ("latency", "throughput"):
            rounds = [{one.round for one in getattr(record, name).rounds} for record in records]
            assert len(set.intersection(*rounds)) == 6, (stop, rounds)
            assert max(map(len, rounds)) <= 8
        assert all(in_turn(records[0], other) for other in records[1:])


def test_another_order_of_releases_is_another_run(run: Run) -> None:
    """So are other settings: what was measured of the one is not taken for the other."""
    wanted = [
        Wanted(),
        Wanted(openvino=(OLD, NEW)),
        Wanted(openvino=(NEW, OLD)),
        Wanted(openvino=(OLD, NEW), again=True),
        Wanted(settings={"x": {"NUM_STREAMS": "1"}}),
        Wanted(settings={"x": {"NUM_STREAMS": "2"}}),
    ]
    assert len({run.plan(one).key for one in wanted}) == len(wanted)


def test_an_arm_that_fails_costs_the_others_nothing(run: Run, releases: FakeChild) -> None:
    """A release that cannot run a model has a record of that."""

    def crash(job: object) -> Struct | None:
        hit = isinstance(job, InferenceJob) and releases.pythons[-1] == python_of(OLD)
        return JobFailed(reason="ended by SIGSEGV", cause="crash") if hit else None

    releases.answers.append(crash)
    old, new = run(Wanted(openvino=(OLD, NEW)), models=("one",))
    assert isinstance(old.outcome, Failed)
    assert isinstance(new.outcome, Completed)


def test_a_process_that_is_killed_is_told_and_its_pairs_are_left_out(
    run: Run, releases: FakeChild
) -> None:
    """Those of the other processes are still in turn."""

    def kill(job: object, _: Struct) -> Struct | None:
        is_hit = isinstance(job, InferenceJob) and job.process == 1
        is_first = is_hit and job is not releases.alive[-1].job
        return JobFailed(reason="ended by SIGKILL", cause="killed") if is_first else None

    releases.step_answers.append(kill)
    records = run(Wanted(openvino=(OLD, NEW)), models=("one",))
    rounds = [{r.round for r in one.latency.rounds} for one in records]
    assert sorted(map(len, rounds)) == [4, 6]
    assert len(rounds[0] & rounds[1]) == 4
    assert in_turn(*records)
    assert [bool(one.failed_rounds) for one in records] == [len(one) == 4 for one in rounds]


def test_weights_are_those_of_the_file_however_a_release_reads_it(
    run: Run, releases: FakeChild
) -> None:
    """OpenVINO 2024.6 reads the fp16 weights of a TFLite file as fp32."""

    def read(_: object, result: Struct) -> Struct | None:
        if not isinstance(result, OutputsResult):
            return None
        dtype = "f32" if releases.pythons[-1] == python_of(OLD) else "f16"
        return structs.replace(result, weights={dtype: 100})

    releases.step_answers.append(read)
    records = run(Wanted(openvino=(OLD, NEW)), models=("one",))
    assert [one.model.weights for one in records] == [{"f16": 100}] * 2


def test_a_wide_arm_brings_the_others_along(run: Run, releases: FakeChild, tier) -> None:
    """What one needs for a narrower interval, all get: their rounds are paired."""
    tier(processes=3, max_processes=5, rounds_per_process=2)
    made = 0

    def noisy(job: object, result: Struct) -> Struct | None:
        nonlocal made
        if not (isinstance(result, LatencyVisit) and job.target.properties and result.measured):
            return None
        made += 1
        return slowed(result, 1 + made)

    releases.step_answers.append(noisy)
    records = run(Wanted(settings={"x": {"NUM_STREAMS": "1"}}), models=("one",))
    assert [len(r.latency.rounds) for r in records if isinstance(r.latency, Latency)] == [10, 10]


# ---------------------------------------------------------------- did my change help


def slowed(result: LatencyVisit | ThroughputVisit, times: float) -> LatencyVisit | ThroughputVisit:
    """Return a visit in which everything took so many times as long."""
    measured = result.measured
    assert measured is not None
    made = factories.a_record(
        precision="f32", median_ms=5 * times, seed=measured.process, rounds=measured.process + 1
    )
    part = made.latency if isinstance(result, LatencyVisit) else made.throughput
    numbers = {"round": measured.round, "process": measured.process, "cpu_s": measured.cpu_s}
    return structs.replace(result, measured=structs.replace(part.rounds[-1], **numbers))


@pytest.fixture
def changed(run: Run, releases: FakeChild, tier) -> Path:
    """Return the records of a run in which some settings take a quarter longer."""
    tier(processes=5, max_processes=5, rounds_per_process=2)

    def slow(job: object, result: Struct) -> Struct | None:
        is_slow = isinstance(job, InferenceJob) and job.target.properties
        is_timed = isinstance(result, LatencyVisit | ThroughputVisit)
        return slowed(result, 1.25) if is_slow and is_timed else None

    releases.step_answers.append(slow)
    run(Wanted(settings={"slow": {"NUM_STREAMS": "1"}}, again=True))
    return run.out


def test_compare_says_what_a_change_costs(changed: Path) -> None:
    """With an exit code for CI: of settings, and of nothing at all."""
    options = ["--fail-if-slower", "5%"]
    with pytest.raises(IncompleteError, match="worse than the limit"):
        compare.main([f"{changed}@default", "@slow", *options], standalone_mode=False)
    compare.main([f"{changed}@slow", "@default", *options], standalone_mode=False)
    compare.main([f"{changed}@default", "@default-again", *options], standalone_mode=False)


# ---------------------------------------------------------------- for real


@pytest.fixture
def another_release(tmp_path: Path) -> Path:
    """Return the interpreter of an environment whose OpenVINO says that it is another one."""
    folder = tmp_path / "environment"
    venv.create(folder, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    packages.joinpath("another.py").write_text(
        "from ovreport_collector.engines.runtime import openvino\n"
        "openvino.get_version = lambda: '2025.0.0-1-another'\n"
    )
    found = dict.fromkeys(path for path in sys.path if Path(path).is_dir())
    packages.joinpath("another.pth").write_text("\n".join([*found, "import another", ""]))
    return folder / "bin" / "python"


@pytest.mark.slow
@pytest.mark.alone
def test_another_environment_measures_for_real(
    another_release: Path,
    own_folders: Path,
    console: Console,
    monkeypatch: pytest.MonkeyPatch,
    tier: Callable[..., Tier],
) -> None:
    """Its own OpenVINO is what its records name; they are sound, and of one run with ours."""
    tier(processes=3, max_processes=3, rounds_per_process=2)
    models.save(models.classifier(), own_folders / "good.xml")
    suite = write_suite(own_folders / "my.toml", document(models=[model_table("good", "good.xml")]))
    monkeypatch.setattr(
        environments,
        "prepare",
        lambda wanted, **_: (ask(another_release, wanted[0], "f" * 64), installed()),
    )
    request = a_request(
        suite,
        precisions=("f32",),
        devices=("CPU",),
        skip=commands.LONG,
        arms=Wanted(openvino=("2025.0.0", INSTALLED), again=True),
    )
    out = own_folders / "records"
    made = collect.measure(make_plan(request), out, console, timeout_s=None, fresh=False)
    parts = [getattr(r, name) for r in made.failed for name in ("outcome", *MEASUREMENTS)]
    assert not [part.reason for part in parts if isinstance(part, Failed | Unsupported)]
    old, ours, again = made.records
    assert old.software.openvino == "2025.0.0-1-another"
    assert ours.software.openvino == again.software.openvino != old.software.openvino
    assert {r.run for r in made.records} == {ours.run}
    for record in made.records:
        assert not [str(fault) for fault in checks.faults(record)]
        assert isinstance(record.latency, Latency)
        assert len(record.latency.rounds) == 6, record.failed_rounds


@pytest.mark.network
def test_two_releases_measured(own_folders: Path) -> None:
    """Fetched, installed and measured by turns; one command says what differs."""
    options = ["--model", "magika-v3.3", "--precision", "f32", "--device", "CPU", "--rounds", "6"]
    releases = ["--openvino", OLD, "--openvino", NEW]
    out = own_folders / "records"
    words = commands.collect("quick", out, *options, *releases, without=commands.LONG)
    program = "from ovreport.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program, *words], check=False)
    assert done.returncode == 0
    records = [store.read(path) for path in out.rglob("*.json")]
    found = {record.arm.name: record for record in records if record.arm}
    for release, record in found.items():
        assert record.software.openvino.startswith(release)
        assert not list(checks.faults(record))
    compare.main([f"{out}@{OLD}", f"@{NEW}", "--json"], standalone_mode=False)

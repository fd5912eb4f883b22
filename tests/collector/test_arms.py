"""Releases, builds and settings of OpenVINO that one run measures by turns."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from ovreport import checks, store
from ovreport.errors import InputError
from ovreport.history import newest
from ovreport.record import Record
from ovreport.store import Stored
from ovreport_collector import environments
from ovreport_collector.environments import Environment
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.plan.arms import MOST_ARMS, Wanted, check
from ovreport_collector.plan.plan import Plan
from ovreport_collector.plan.request import make_plan
from ovreport_collector.session import collect, turns
from tests.collector.conftest import FakeChild, a_request

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

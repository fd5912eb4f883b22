"""A record made of what the journal holds: each measurement or why there is none."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path

import msgspec
import pytest

from ovreport import store
from ovreport.record import (
    Completed,
    Energy,
    Failed,
    Published,
    Record,
    Skipped,
    StartupCached,
    Unsupported,
)
from ovreport_collector.measurements.no_mmap.measurement import NoMmap
from ovreport_collector.measurements.no_mmap.run import NoMmapResult
from ovreport_collector.measurements.startup.run import CachedStartResult
from ovreport_collector.plan.plan import Plan
from ovreport_collector.plan.request import make_plan
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session import record_builder, reproduce
from ovreport_collector.session.journal import Journal
from ovreport_collector.session.steps import (
    FurtherDone,
    GivenUp,
    ProcessDone,
    ProcessFailed,
    StepDone,
)
from ovreport_collector.sources.cache import sha256_of
from ovreport_collector.sources.model_files import contents
from ovreport_collector.suite import model
from tests import factories
from tests.collector.conftest import FakeChild, a_request, an_inference_job, inference_steps
from tests.collector.test_worker import TARGET

NOT_READY = JobFailed(reason="it was not there", cause="error")


@pytest.fixture
def plan(fake_child: FakeChild, suite_file: Path) -> Plan:
    """Return a plan of one case."""
    return make_plan(
        a_request(
            suite_file,
            models=("one",),
            precisions=("f32",),
            seed=7,
            plugins={"MY CPU": "/opt/secret/lib.so"},
        )
    )


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Return an empty journal."""
    return Journal(tmp_path / "journal")


def steps(plan: Plan, number: int, **changes: dict[str, object]) -> list[StepDone]:
    """Return the steps of a process, with changes to results by the names of their kinds."""
    job = an_inference_job(TARGET, number)
    return [
        StepDone(
            case=plan.cases[0].key,
            process=number,
            name=name,
            started_at=f"2026-11-23T12:0{number}:00Z",
            result=msgspec.structs.replace(result, **changes.get(kind, {})),
            readings={"foreign_cpu_share": 0.01},
        )
        for kind, name, result in zip(KINDS, NAMES, inference_steps(job), strict=True)
    ]


NAMES = ("start", "latency", "switch", "throughput", "end")
KINDS = ("started", "latency", "switched", "throughput", "ended")


def add(
    plan: Plan,
    journal: Journal,
    number: int,
    *,
    cached: object = None,
    **changes: dict[str, object],
) -> None:
    """Add a process that came to its end to a journal."""
    key = plan.cases[0].key
    start = factories.a_record(rounds=number + 1).startup_cached.rounds[-1]
    whole = CachedStartResult(startup=start, loaded_from_cache=True, cache_bytes=10 + number)
    for step in steps(plan, number, **changes):
        journal.add(step)
    journal.add(
        FurtherDone(case=key, process=number, name="startup_cached", result=cached or whole)
    )
    journal.add(ProcessDone(case=key, process=number))


def made(plan: Plan, journal: Journal) -> Record:
    """Return the record, as it is after writing and reading."""
    record = record_builder.record(plan, plan.cases[0], NOT_READY, journal)
    return store.decode(store.encode(record), where="test")


def test_rounds_are_in_order_whatever_the_journals(plan: Plan, journal: Journal) -> None:
    """Every measurement has its rounds by number, and so has the noise."""
    for index in (2, 0, 1):
        add(plan, journal, index)
    record = made(plan, journal)
    assert isinstance(record.outcome, Completed)
    measurements = (
        record.startup,
        record.startup_cached,
        record.latency,
        record.throughput,
        record.memory,
    )
    for measurement in measurements:
        assert [r.round for r in measurement.rounds] == [0, 1, 2]
    assert [n.process for n in record.noise] == [0, 1, 2]
    assert record.startup_cached.cache_bytes == 12
    assert record.measured_at == "2026-11-23T12:02:00Z"
    assert set(record.verdicts) == {"latency", "throughput"}


def test_published_figures_of_the_suite_are_in_the_record(plan: Plan, journal: Journal) -> None:
    """Word by word; they are no accuracy of ours."""
    figure = {
        "metric": "top1",
        "value": 0.751,
        "variant": "FP32",
        "source": "A model card",
        "url": "https://example.org/card",
        "note": "Another set.",
    }
    add(plan, journal, 0)
    told = msgspec.structs.replace(plan.cases[0].model, published=[model.Published(**figure)])
    case = dataclasses.replace(plan.cases[0], model=told)
    record = record_builder.record(plan, case, NOT_READY, journal)
    assert record.model.published == [Published(**figure)]
    assert isinstance(record.accuracy, Skipped)


def test_a_record_made_again_is_the_same(plan: Plan, journal: Journal) -> None:
    """Nothing of it depends on when it is made."""
    add(plan, journal, 0)
    first = store.encode(made(plan, journal))
    assert store.encode(made(plan, Journal(journal.path))) == first


def test_a_case_given_up_says_why(plan: Plan, journal: Journal) -> None:
    """The cause and the last words are kept; nothing is measured."""
    failure = JobFailed(reason="SIGSEGV", cause="crash", stderr_tail="last words")
    journal.add(GivenUp(case=plan.cases[0].key, at="2026-11-23T11:00:00Z", failure=failure))
    record = made(plan, journal)
    assert record.outcome == Failed(reason="SIGSEGV", cause="crash", stderr_tail="last words")
    assert isinstance(record.latency, Skipped)
    assert isinstance(record.agreement, Skipped)
    assert record.noise == []
    assert record.measured_at == "2026-11-23T11:00:00Z"


def test_a_case_whose_rounds_all_failed_says_why_the_first_did(
    plan: Plan, journal: Journal
) -> None:
    """The later ones are listed too."""
    for index, cause in enumerate(("timeout", "killed")):
        journal.add(
            ProcessFailed(
                case=plan.cases[0].key,
                process=index,
                round=index,
                started_at=f"2026-11-23T12:0{index}:00Z",
                failure=JobFailed(reason=f"reason {index}", cause=cause),
            )
        )
    record = made(plan, journal)
    assert record.outcome == Failed(reason="reason 0", cause="timeout")
    assert [r.cause for r in record.failed_rounds] == ["timeout", "killed"]
    assert record.measured_at == "2026-11-23T12:01:00Z"


def test_a_measurement_that_always_failed_says_why(plan: Plan, journal: Journal) -> None:
    """The others are measured."""
    why = Failed(reason="the outputs changed", cause="wrong-output")
    for index in range(2):
        add(plan, journal, index, throughput={"measured": None, "failed": why})
    record = made(plan, journal)
    assert record.throughput == why
    assert len(record.latency.rounds) == 2
    assert set(record.verdicts) == {"latency"}


def test_a_measurement_has_the_rounds_in_which_it_went_well(plan: Plan, journal: Journal) -> None:
    """One failure among them does not lose the others."""
    why = Failed(reason="once", cause="error")
    add(plan, journal, 0, throughput={"measured": None, "failed": why})
    add(plan, journal, 1)
    assert [r.round for r in made(plan, journal).throughput.rounds] == [1]


def test_a_start_that_did_not_come_from_the_cache_is_not_called_one(
    plan: Plan, journal: Journal
) -> None:
    """LOADED_FROM_CACHE decides, in every round."""
    add(plan, journal, 0)
    start = factories.a_record(rounds=2).startup_cached.rounds[-1]
    cold = CachedStartResult(startup=start, loaded_from_cache=False, cache_bytes=0)
    add(plan, journal, 1, cached=cold)
    found = made(plan, journal).startup_cached
    assert isinstance(found, Unsupported)
    assert "LOADED_FROM_CACHE" in found.reason


def test_a_start_from_the_cache_that_crashed_is_failed(plan: Plan, journal: Journal) -> None:
    """With its cause and last words."""
    crash = JobFailed(reason="SIGSEGV", cause="crash", stderr_tail="oh")
    add(plan, journal, 0, cached=crash)
    record = made(plan, journal)
    assert record.startup_cached == Failed(reason="SIGSEGV", cause="crash", stderr_tail="oh")
    add(plan, journal, 1)
    assert not isinstance(made(plan, journal).startup_cached, StartupCached)


def test_what_this_machine_cannot_tell_is_explained(plan: Plan, journal: Journal) -> None:
    """Each missing reading has its reason."""
    add(plan, journal, 0)
    record = made(plan, journal)
    assert "steal_share" in record.noise_unreadable
    assert "foreign_cpu_share" not in record.noise_unreadable


def test_a_local_model_without_a_checksum_has_one_in_the_record(
    plan: Plan, journal: Journal, own_folders: Path
) -> None:
    """Even where it could not be made ready; none where it could not be had."""
    journal.add(GivenUp(case=plan.cases[0].key, at="2026-11-23T11:00:00Z", failure=NOT_READY))
    file = own_folders / "one.onnx"
    record = record_builder.record(
        plan, plan.cases[0], NOT_READY, journal, files=contents(file).files
    )
    assert record.model.sha256 == sha256_of(file)
    assert record.model.size_bytes == file.stat().st_size
    assert made(plan, journal).model.sha256 == ""


def test_the_commands_that_repeat_it_parse(plan: Plan) -> None:
    """Names with blanks stay whole; the path of a plugin is the reader's own."""
    again = reproduce.command(plan, plan.cases[0])
    words = shlex.split(again)
    assert words[-2:] == ["--plugin", "MY CPU=PATH"]
    assert words[words.index("--seed") + 1] == "7"
    assert "secret" not in again


# ---------------------------------------------------------------- energy and memory


def energy_of(index: int, *names: str) -> Energy:
    """Return one round's energy of these domains."""
    domains = {d.name: d for d in factories.energy(index + 1).domains}
    return Energy(
        method="powercap",
        domains=[
            msgspec.structs.replace(domains[n], rounds=domains[n].rounds[index:]) for n in names
        ],
    )


def test_each_domain_has_its_rounds(plan: Plan, journal: Journal) -> None:
    """The headline stays first; a round without a domain does not lose the others."""
    add(plan, journal, 0, ended={"energy": energy_of(0, "package", "dram")})
    add(plan, journal, 1, ended={"energy": energy_of(1, "package")})
    record = made(plan, journal)
    found = {d.name: [r.round for r in d.rounds] for d in record.energy.domains}
    assert list(found.items()) == [("package", [0, 1]), ("dram", [0])]


def test_energy_that_no_round_has_says_why(plan: Plan, journal: Journal) -> None:
    """The reason and the remedy of the measuring process are the record's."""
    why = Unsupported(reason="no counter", remedy="do this")
    add(plan, journal, 0, ended={"missing": {"energy": why}})
    assert made(plan, journal).energy == why


def test_other_ways_to_load_are_beside_the_memory(plan: Plan, journal: Journal) -> None:
    """The cached start's memory is of the processes that measured it; reasons are kept."""
    start = factories.a_record(rounds=1).startup_cached.rounds[-1]
    cached = CachedStartResult(
        startup=start, loaded_from_cache=True, cache_bytes=9, memory=factories.start_memory(0)
    )
    unreadable = {"memory_unreadable": {"cgroup_peak_bytes": "shared"}}
    add(plan, journal, 0, cached=cached, ended=unreadable)
    memory = made(plan, journal).memory
    assert memory.modes["cached"].rounds == [factories.start_memory(0)]
    assert isinstance(memory.modes["no-mmap"], Skipped)
    assert memory.unreadable == {"cgroup_peak_bytes": "shared"}


def test_the_mode_without_mmap_is_of_its_rounds() -> None:
    """A failed start among sound ones is left out; failures alone are the reason."""
    without_mmap, sound = NoMmap(), NoMmapResult(memory=factories.start_memory(0))
    crash = JobFailed(reason="it crashed", cause="crash")
    assert without_mmap.memory([crash, sound]).rounds == [sound.memory]
    assert without_mmap.memory([crash]) == Failed(reason="it crashed", cause="crash")
    blind = NoMmapResult(memory=None, why_not=Unsupported(reason="no /proc"))
    assert without_mmap.memory([blind]) == blind.why_not

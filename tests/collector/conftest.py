"""A plan and measuring processes that answer at once, for tests of what happens around them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec import Struct
from rich.console import Console

from ovreport import paths
from ovreport.engines import ENGINES, GENAI, EngineInfo
from ovreport.record import Device, Execution, LayerCount, Port, Record, Tier
from ovreport_collector.engines.arrays import save_arrays
from ovreport_collector.engines.types import OutputsResult, ProbeResult, Target
from ovreport_collector.machine.core_to_core import CoreToCore
from ovreport_collector.measurements.curve.run import CurveJob, CurveResult
from ovreport_collector.measurements.end_to_end.run import EndToEndJob, EndToEndResult
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.measurements.no_mmap.run import NoMmapJob, NoMmapResult
from ovreport_collector.measurements.open_loop.run import ArrivalsJob, ArrivalsResult
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.measurements.results import (
    Ended,
    InferenceStep,
    LatencyVisit,
    Started,
    Switched,
    ThroughputVisit,
)
from ovreport_collector.measurements.startup.run import CachedStartJob, CachedStartResult
from ovreport_collector.models import variants
from ovreport_collector.models.optimize.job import OptimizeJob
from ovreport_collector.models.optimize.request import OptimizeResult
from ovreport_collector.plan import tiers
from ovreport_collector.plan.plan import Plan
from ovreport_collector.plan.probe import ProbeJob
from ovreport_collector.plan.request import Request
from ovreport_collector.process import child, workspace
from ovreport_collector.process.job import AnyJob, JobFailed
from ovreport_collector.process.timing import Stopwatch
from ovreport_collector.session import collect, estimate, scheduler
from ovreport_collector.session.collect import prepare_all
from ovreport_collector.session.context import RunContext
from ovreport_collector.session.journal import Journal
from ovreport_collector.session.progress import LiveDisplay
from ovreport_collector.suite import language
from tests import factories
from tests.collector import models
from tests.collector.suite_fixtures import document, write_suite

TINY = Tier(
    name="quick",
    min_seconds=0.05,
    min_inferences=8,
    max_seconds=1,
    processes=1,
    max_processes=1,
    rounds_per_process=1,
    is_custom=True,
)


def a_device(name: str = "CPU", default: str = "bf16", **changes: Any) -> Device:
    """Return a device as a probe describes it."""
    device = Device(
        name=name,
        full_name=f"Example {name}",
        family="CPU",
        driver="built into OpenVINO",
        capabilities=["FP32", "BF16"],
        properties={"INFERENCE_PRECISION_HINT": default},
    )
    return msgspec.structs.replace(device, **changes)


def an_inference_job(target: Target, process: int = 0, **changes: Any) -> InferenceJob:
    """Return the job of a process that measures one round of latency and one of throughput."""
    base: dict[str, Any] = {
        "target": target,
        "process": process,
        "inputs": "",
        "seed": 1,
        "tier": TINY,
        "latency_rounds": [process],
        "throughput_rounds": [process],
        "driver": "threads",
    }
    return InferenceJob(**{**base, **changes})


def inference_steps(job: InferenceJob) -> Iterator[InferenceStep]:
    """Yield what a sound process measures, the same for the same job."""
    made = factories.a_record(precision="f32", seed=job.process, rounds=job.process + 1)
    # As many processors as this machine has at least: the record will be of it.
    cpu_s = {"cpu_s": made.latency.rounds[-1].duration_s / 2}
    numbers = {"process": job.process, **cpu_s}
    yield Started(
        execution=an_execution(job.target.device),
        startup=made.startup.rounds[-1],
        settings=made.latency.settings,
    )
    for index in job.latency_rounds:
        measured = msgspec.structs.replace(made.latency.rounds[-1], **{**numbers, "round": index})
        yield LatencyVisit(round=index, measured=measured)
    yield Switched(settings=made.throughput.settings, driver=job.driver or "threads")
    for index in job.throughput_rounds:
        loaded = msgspec.structs.replace(made.throughput.rounds[-1], **{**numbers, "round": index})
        yield ThroughputVisit(round=index, measured=loaded)
    yield Ended(memory=made.memory.rounds[-1], missing={})


def an_end_to_end_result(job: EndToEndJob) -> EndToEndResult:
    """Return what a sound process measures of both ways."""
    made = factories.a_record(rounds=job.round + 1).end_to_end
    return EndToEndResult(
        rounds={pipeline.way: pipeline.rounds[-1] for pipeline in made.pipelines},
        requests={pipeline.way: 3 for pipeline in made.pipelines},
        missing={},
        images=job.about,
        preprocessing=job.pipeline.steps,
        agreement=made.agreement,
    )


def a_curve_result(job: CurveJob) -> CurveResult:
    """Return the curve of a record, as this one round measured it."""
    curve = factories.a_record().curve
    points = [
        msgspec.structs.replace(
            p,
            rounds=[
                msgspec.structs.replace(
                    p.rounds[0], round=job.round, n=300, duration_s=3 * p.rounds[0].duration_s
                )
            ],
        )
        for p in curve.points
    ]
    return CurveResult(curve=msgspec.structs.replace(curve, points=points))


def an_arrivals_result(job: ArrivalsJob) -> ArrivalsResult:
    """Return the open loop of a record, as this one round measured it."""
    loop = factories.a_record().open_loop
    mine = msgspec.structs.replace(loop.rounds[0], round=job.round)
    return ArrivalsResult(open_loop=msgspec.structs.replace(loop, rounds=[mine]))


def an_optimize_result(job: OptimizeJob) -> OptimizeResult:
    """Write a file that says what it was made of, and return what that took."""
    original = Path(job.target.model).read_bytes()
    Path(job.file).write_bytes(b"optimized " + original)
    Path(job.file).with_suffix(".bin").write_bytes(b"weights")
    return OptimizeResult(
        seconds=2.5, peak_bytes=3_000, bytes_before=400, bytes_after=100, settings=job.settings
    )


def an_execution(device: str) -> Execution:
    """Return a runtime model of one f32 layer."""
    layer = LayerCount(device=device, precision="f32", compute=True, count=1)
    return Execution(devices=[device], precision="f32", layers=[layer])


class FakeProcess:
    """Stands for a measuring process: makes a step each time, or fails as the answers say."""

    def __init__(self, fake: FakeChild, job: AnyJob) -> None:
        self._fake, self.job, self._ended = fake, job, False
        self._steps = fake.steps_of(job)

    def __enter__(self) -> FakeProcess:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()

    def step(self, *, limit_s: float) -> Struct:
        """Return the result of the next step."""
        assert not self._ended, "a step of a process that has ended"
        result = next(self._steps)
        self._fake.made.append((self.job, result))
        for answer in self._fake.step_answers:
            result = answer(self.job, result) or result
        self._ended = isinstance(result, JobFailed)
        return result

    def measured_s(self) -> float:
        """Return that nothing was measured."""
        return 0.0

    def close(self) -> None:
        """Note that it has ended."""
        if self in self._fake.alive:
            self._fake.alive.remove(self)


@dataclass
class FakeChild:
    """Stands for `child.start`: notes the jobs, answers at once, or as `answers` says."""

    devices: list[Device] = field(default_factory=lambda: [a_device()])
    jobs: list[AnyJob] = field(default_factory=list)
    pythons: list[Path | None] = field(default_factory=list)
    """The interpreter of each job; None: our own."""
    builds: dict[Path | None, str] = field(default_factory=dict)
    """Interpreter → OpenVINO's build string there, where it is not ours."""
    answers: list[Callable[[AnyJob], Struct | None]] = field(default_factory=list)
    """Asked in order about the first step of a job; the first that is no None is its result. They
    may raise."""
    step_answers: list[Callable[[AnyJob, Struct], Struct | None]] = field(default_factory=list)
    """Asked about every step of a job, given its result; one that is no None comes in its place."""
    made: list[tuple[AnyJob, Struct]] = field(default_factory=list)
    """Each step that was made: its job and its result, as it was before the answers."""
    alive: list[FakeProcess] = field(default_factory=list)

    def __call__(self, job: AnyJob, work: Path, *, python: Path | None = None) -> FakeProcess:
        """Start a process that is none."""
        self.jobs.append(job)
        self.pythons.append(python)
        process = FakeProcess(self, job)
        self.alive.append(process)
        return process

    def steps_of(self, job: AnyJob) -> Iterator[Struct]:
        """Yield the results of a job's steps."""
        answered = (answer(job) for answer in self.answers)
        result = next((one for one in answered if one is not None), None)
        if result is not None:
            yield result
        elif isinstance(job, InferenceJob):
            yield from inference_steps(job)
        else:
            yield self._result(job)

    def _result(self, job: AnyJob) -> Struct:  # noqa: PLR0911 (a job, a return)
        match job:
            case ProbeJob():
                return self._probe(job)
            case OptimizeJob():
                return an_optimize_result(job)
            case OutputsJob():
                return _outputs(job)
            case CachedStartJob() | NoMmapJob():
                return _start(job)
            case EndToEndJob():
                return an_end_to_end_result(job)
            case CurveJob():
                return a_curve_result(job)
            case ArrivalsJob():
                return an_arrivals_result(job)
            case _:  # of a measurement that is newer than this
                reason = f"no answer to {type(job).__name__}"
                return JobFailed(reason=reason, cause="error", unsupported=True)

    @property
    def processes(self) -> list[tuple[str, str, str, int]]:
        """The processes that were asked for: model file, device, precision, number."""
        return [
            (Path(j.target.model).stem, j.target.device, j.target.precision, j.process)
            for j in self.jobs
            if isinstance(j, InferenceJob)
        ]

    def visits(self, kind: type[Struct]) -> list[tuple[str, str, int]]:
        """Return the visits of a kind in order: model file, precision, round."""
        return [
            (Path(job.target.model).stem, job.target.precision, result.round)
            for job, result in self.made
            if isinstance(result, kind)
        ]

    def forget(self) -> None:
        """Forget answers and what was done, as before the next command."""
        for kept in (self.answers, self.step_answers, self.jobs, self.pythons, self.made):
            kept.clear()

    def _probe(self, job: ProbeJob) -> ProbeResult:
        return ProbeResult(
            openvino=self.builds.get(self.pythons[-1], "2026.4.1-0-example"),
            available=[d.name for d in self.devices],
            devices=[d for d in self.devices if d.name in job.devices or not job.devices],
            unavailable=[],
        )


def _start(job: CachedStartJob | NoMmapJob) -> CachedStartResult | NoMmapResult:
    if isinstance(job, NoMmapJob):
        return NoMmapResult(memory=factories.start_memory(job.round))
    startup = factories.a_record(rounds=job.round + 1).startup_cached.rounds[-1]
    return CachedStartResult(
        startup=startup,
        loaded_from_cache=True,
        cache_bytes=9,
        memory=factories.start_memory(job.round),
    )


def _outputs(job: OutputsJob) -> OutputsResult:
    for path in job.outputs.values():
        save_arrays(Path(path), {"000": np.ones((4, 10), np.float32)})
    return OutputsResult(
        inputs=[Port(name="x", dtype="f32", shape=[1, models.FEATURES])],
        outputs=[Port(name="scores", dtype="f32", shape=[1, models.CLASSES])],
        parameters=100,
        execution=an_execution(job.target.device),
    )


@pytest.fixture
def fake_child(monkeypatch: pytest.MonkeyPatch) -> FakeChild:
    """Replace measuring processes by answers."""
    fake = FakeChild()
    monkeypatch.setattr(child, "start", fake)
    monkeypatch.setattr(collect, "preflight", lambda _: [])  # it takes a second
    # What a busy machine reads would decide which made-up rounds count.
    monkeypatch.setattr(CoreToCore, "round_trip_ns", lambda _: None)
    return fake


@pytest.fixture
def pretend_installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that says what is installed: OpenVINO GenAI, and which NNCF, if any."""

    def say(*, genai: bool = True, nncf: str = "3.4.0") -> None:
        is_installed = {**dict.fromkeys(ENGINES, True), GENAI: genai}
        monkeypatch.setattr(
            EngineInfo, "is_installed", property(lambda engine: is_installed[engine.id])
        )
        monkeypatch.setattr(
            language, "versions", lambda engines: {"openvino-genai": "1"} if list(engines) else {}
        )
        monkeypatch.setattr(variants, "has_nncf", lambda: bool(nncf))
        monkeypatch.setattr(variants, "nncf_version", lambda: nncf)

    return say


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep journals, caches and the working folder of a test to itself."""
    monkeypatch.setenv(paths.STATE, str(tmp_path / "state"))
    monkeypatch.setenv(paths.CACHE, str(tmp_path / "cache"))
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    return tmp_path


def model_table(name: str, file: str, **changes: Any) -> dict[str, Any]:
    """Return a model of a suite, with the classifier's input."""
    base = {
        "id": name,
        "title": name.capitalize(),
        "task": "generic",
        "file": {"uri": f"file:{file}"},
        "shapes": {"x": [1, models.FEATURES]},
    }
    return {**base, **changes}


@pytest.fixture
def suite_file(own_folders: Path) -> Path:
    """Return a suite of two models whose files nothing reads but the fake child."""
    for name in ("one", "two"):
        (own_folders / f"{name}.onnx").write_bytes(name.encode())
    tables = [model_table(name, f"{name}.onnx") for name in ("one", "two")]
    return write_suite(own_folders / "my.toml", document(models=tables))


@pytest.fixture
def tier(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Tier]:
    """Return a function that makes the quick tier another one, shorter than any."""

    def change(**changes: Any) -> Tier:
        changed = msgspec.structs.replace(TINY, **changes)
        monkeypatch.setitem(tiers.TIERS, "quick", changed)
        return changed

    return change


@pytest.fixture
def console() -> Iterator[Console]:
    """Return a console that no one sees."""
    with io.StringIO() as file:
        yield Console(file=file, width=120)


def a_request(suite: Path, **changes: Any) -> Request:
    """Return what a user asked for: the whole suite on every device."""
    base: dict[str, Any] = {
        "suite": str(suite),
        "tier": "quick",
        "models": (),
        "devices": (),
        "precisions": (),
        "plugins": {},
        "seed": 20,
    }
    return Request(**{**base, **changes})


def run_in_sight(plan: Plan, out: Path) -> float:
    """Measure a plan below a progress bar; return the share of the bar that is filled then."""
    nothing = estimate.NOTHING
    with workspace.working_folder() as work, io.StringIO() as screen:
        with LiveDisplay(Console(file=screen), plan, done=nothing) as bar:
            prepared = prepare_all(plan, work, bar, Stopwatch())
            context = RunContext(
                plan=plan,
                prepared=prepared.models,
                contents=prepared.contents,
                journal=Journal(out.with_suffix(".jsonl")),
                work=work,
                display=bar,
            )
            scheduler.Run(context, out).measure()
        return bar.share


def names(records: list[Record]) -> list[tuple[str, str, str]]:
    """Return model, device and precision of each record."""
    return [(r.case.model, r.case.device, r.case.precision) for r in records]

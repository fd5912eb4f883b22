"""What a measuring process does, in this process, with an engine that misbehaves on demand."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ovreport.record import Failed, Port, Settings, Unsupported
from ovreport_collector import engines, worker
from ovreport_collector.engines import arrays
from ovreport_collector.engines.base import WrongOutputError
from ovreport_collector.engines.types import OutputsResult, ProbeResult, Target
from ovreport_collector.loadgen import checks, loops
from ovreport_collector.machine import energy
from ovreport_collector.machine.energy import measurement
from ovreport_collector.measurements.inference.measurement import Inference
from ovreport_collector.measurements.no_mmap.run import NoMmapJob, NoMmapResult
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.measurements.results import Ended, InferenceResult
from ovreport_collector.measurements.startup.run import CachedStartJob, CachedStartResult
from ovreport_collector.plan.probe import ProbeJob
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session import accuracy
from tests.collector import models
from tests.collector.conftest import an_execution, an_inference_job
from tests.collector.fake_sysfs import Machine
from tests.collector.jobs import done

Answer = Callable[[int, int], np.ndarray]
"""(number of inferences so far in this mode, sample) → output."""


def right(_: int, sample: int) -> np.ndarray:
    """Return what the sample's output should be."""
    return np.full((1, 3), sample + 1.0, np.float32)


class Engine:
    """An engine, a network, a compiled model and a request in one, in pure Python."""

    inputs = (Port(name="x", dtype="f32", shape=[1, 2]),)
    parameters = 6
    optimal_requests, streams, loaded_from_cache = 2, 2, True
    runtime_ms = 0.1
    settings = Settings(requested={}, effective={})
    execution = an_execution("CPU")

    def __init__(self, latency: Answer = right, throughput: Answer = right) -> None:
        self.answers = {"latency": latency, "throughput": throughput}

    def read(self, *_: object) -> Engine:
        """Be the network."""
        network = Engine(**self.answers)
        network.outputs = [Port(name="y", dtype="f32", shape=[1, 3])]
        return network

    def compile(self, device: str, mode: str, *_: object) -> Engine:
        """Be the compiled model."""
        compiled = Engine(**self.answers)
        compiled.answer = self.answers[mode]
        return compiled

    def request(self, samples: Sequence[dict[str, np.ndarray]]) -> Engine:
        """Be the request."""
        request = Engine()
        request.answer, request.samples, request.n = self.answer, samples, 0
        request.outputs = lambda: [request.last]
        request.feed(0)
        return request

    def queue(self, *_: object) -> None:
        """Have no queue."""

    def feed(self, index: int) -> None:
        """Take the sample's own number, which is its content: samples are rotated."""
        self.index = int(self.samples[index]["x"].flat[0])

    def infer(self) -> None:
        """Answer."""
        self.n += 1
        self.last = self.answer(self.n, self.index)


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Return four samples, each holding its number."""
    path = tmp_path / "samples.npz"
    numbered = np.arange(4, dtype=np.float32)[:, None, None] * np.ones((1, 1, 2), np.float32)
    arrays.save_arrays(path, {"x": numbered})
    return path


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch):
    """Return a function that makes another engine the one that jobs get."""
    monkeypatch.setattr(loops, "WARMUP_WINDOW_S", 0.002)
    monkeypatch.setattr(loops, "WARMUP_CAP_S", 0.05)
    monkeypatch.setattr(loops, "TRIAL_S", 0.01)
    return lambda engine: monkeypatch.setattr(engines, "create", lambda *_: engine)


TARGET = Target(engine="fake", model="m.onnx", shapes={"x": [1, 2]}, device="CPU", precision="f32")


@pytest.fixture(autouse=True)
def _meter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a machine whose package counts 30 mJ whenever energy is measured."""
    machine = Machine(tmp_path / "root")
    machine.zone("0", "package-0", power_w=30)
    monkeypatch.setattr(energy, "ROOT", machine.root)
    monkeypatch.setattr(measurement, "SETTLE_S", 0)
    monkeypatch.setitem(energy.IDLE_S, "quick", 0.02)

    class Counting(measurement.Watch):
        def __exit__(self, *error: Any) -> None:
            machine.advance(0.001)
            super().__exit__(*error)

    monkeypatch.setattr(measurement, "Watch", Counting)


def round_of(samples: Path) -> InferenceResult | JobFailed:
    """Have one process measure one round of each kind."""
    job = an_inference_job(TARGET, 1, inputs=str(samples), seed=20)
    *steps, last = worker.steps(job)
    if isinstance(last, JobFailed):
        return last
    result = Inference().result([*steps, last])
    assert result is not None
    return result


def outputs_of(samples: Path, tmp_path: Path) -> OutputsResult | JobFailed:
    """Have the outputs of all samples."""
    job = OutputsJob(
        target=TARGET,
        inputs={"samples": str(samples)},
        outputs={"samples": str(tmp_path / "out.npz")},
        task="generic",
    )
    return done(job)


def test_a_sound_round_misses_nothing(use, samples: Path) -> None:
    """Every measurement is there, under the round's number."""
    use(Engine())
    result = round_of(samples)
    assert isinstance(result, InferenceResult)
    assert result.missing == {}
    measurements = (result.startup, *result.latency, *result.throughput, result.memory)
    assert [a.round for a in measurements] == [1] * 4
    (package,) = result.energy.domains
    (taken,) = package.rounds
    assert (taken.round, taken.inferences) == (1, result.throughput[0].n)
    assert taken.energy_j == pytest.approx(0.03)


def _later(after: int, wrong: Callable[[np.ndarray], np.ndarray]) -> Answer:
    return lambda n, sample: wrong(right(n, sample)) if n > after else right(n, sample)


WRONG = {
    "other values": lambda y: y * 1.2,
    "zeros": np.zeros_like,
    "not a number": lambda y: y * np.nan,
    "infinite": lambda y: y * np.inf,
    "the answer to another sample": lambda y: y + 1,
    "another shape": lambda y: y[:, :2],
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("mode", ["latency", "throughput"])
def test_outputs_that_change_while_timed_fail_the_measurement(
    use, samples: Path, mode: str, wrong
) -> None:
    """A fast wrong answer is a failure; the other measurement keeps its result."""
    use(Engine(**{mode: _later(10, wrong)}))
    result = round_of(samples)
    assert isinstance(result, InferenceResult)
    assert getattr(result, mode) == []
    why = result.missing.pop(mode)
    assert list(result.missing) == (["energy"] if mode == "throughput" else [])
    assert isinstance(why, Failed)
    assert why.cause == "wrong-output"
    assert f"the {mode} run" in why.reason


def test_a_difference_within_the_tolerance_is_none(use, samples: Path) -> None:
    """Rounding in another mode is no fault."""
    use(Engine(throughput=lambda n, sample: right(n, sample) * 1.01))
    result = round_of(samples)
    assert isinstance(result, InferenceResult)
    assert result.missing == {}


def wrong_from_the_start(result: object, message: str) -> None:
    """Check how a job failed."""
    assert isinstance(result, JobFailed)
    assert result.cause == "wrong-output"
    assert message in result.reason
    assert "y" in result.reason


def test_outputs_of_another_shape_fail_the_job(use, samples: Path, tmp_path: Path) -> None:
    """Neither accuracy nor speed is had of an output that cannot be right."""

    def wide(*_: int) -> np.ndarray:
        return np.ones((1, 4), np.float32)

    use(Engine(latency=wide, throughput=wide))
    for result in (round_of(samples), outputs_of(samples, tmp_path)):
        wrong_from_the_start(result, "shape (1, 4), not [1, 3]")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_outputs_that_are_not_finite_are_told_and_not_timed(
    use, samples: Path, tmp_path: Path, value: float
) -> None:
    """Whether they may be is for the session to say, which knows the reference's."""

    def odd(*_: int) -> np.ndarray:
        return np.full((1, 3), value, np.float32)

    use(Engine(latency=odd, throughput=odd))
    wrong_from_the_start(round_of(samples), "not finite")
    told = outputs_of(samples, tmp_path)
    assert isinstance(told, OutputsResult)
    assert told.traits.not_finite == [0]


def test_outputs_that_differ_for_the_same_input_are_told(
    use, samples: Path, tmp_path: Path
) -> None:
    use(Engine(throughput=lambda n, _: np.full((1, 3), n, np.float32)))
    told = outputs_of(samples, tmp_path)
    assert isinstance(told, OutputsResult)
    assert told.traits.random == [0]


def test_an_error_under_load_keeps_the_latency(use, samples: Path) -> None:
    """What was measured before something broke is not lost."""

    def breaks(n: int, sample: int) -> np.ndarray:
        if n > 20:
            raise RuntimeError("the device is gone")
        return right(n, sample)

    use(Engine(throughput=breaks))
    result = round_of(samples)
    assert isinstance(result, InferenceResult)
    assert result.latency
    broken = Failed(reason="RuntimeError: the device is gone", cause="error")
    assert result.missing["throughput"] == broken
    assert isinstance(result.missing["energy"], Failed)


def test_energy_that_cannot_be_read_costs_nothing_else(
    use, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reason is reported, every other measurement is there."""
    use(Engine())
    monkeypatch.setattr(energy, "ROOT", tmp_path / "empty")
    result = round_of(samples)
    assert isinstance(result, InferenceResult)
    assert list(result.missing) == ["energy"]
    assert isinstance(result.missing["energy"], Unsupported)
    assert result.throughput


def test_outputs_are_kept_in_order(use, samples: Path, tmp_path: Path) -> None:
    """One row a sample, as the samples were given."""
    use(Engine())
    assert isinstance(outputs_of(samples, tmp_path), OutputsResult)
    with np.load(tmp_path / "out.npz") as arrays:
        assert arrays["000"][:, 0, 0].tolist() == [1, 2, 3, 4]


MESSAGES = [
    ("Operation FancyOp is not supported", True),
    ("Not Implemented: dynamic rank", True),
    ("OpConversionFailure: Model wasn't fully converted. No translator for X", True),
    ("out of memory", False),
]


@pytest.mark.parametrize(("message", "unsupported"), MESSAGES)
def test_what_cannot_be_done_is_told_from_what_went_wrong(
    use, samples: Path, message: str, unsupported: bool
) -> None:
    """An engine's own words decide; its places in its own source are left out."""

    def refuse(*_: object) -> np.ndarray:
        raise RuntimeError(f"Exception from src/core/x.cpp:1:\nException from y.cpp:2:\n{message}")

    use(Engine(latency=refuse))
    result = round_of(samples)
    assert isinstance(result, JobFailed)
    assert result.unsupported is unsupported
    assert result.reason == f"RuntimeError: {message}"
    assert result.cause == "error"


def test_each_round_rotates_the_samples_otherwise() -> None:
    """The order is the seed's, another in another round, and never loses a sample."""
    samples = [{"x": np.array(i)} for i in range(16)]
    orders = [[int(s["x"]) for s in arrays.rotated(samples, seed)] for seed in (20, 20, 21)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[2]) == list(range(16))


def test_nothing_detected_twice_is_the_same() -> None:
    """Two empty outputs agree, and outputs of different sizes cannot be compared."""
    empty, some = np.empty((0, 4)), np.ones((2, 4))
    assert arrays.relative_rmse(empty, empty) == 0
    with pytest.raises(ValueError, match="shape"):
        arrays.relative_rmse(empty, some)
    assert arrays.relative_rmse(some * 1.1, some) == pytest.approx(0.1)
    assert arrays.relative_rmse(some, some * 0) == 1  # nothing to be relative to


def test_a_changed_number_of_detections_is_a_wrong_output() -> None:
    """The message names the shapes and the run."""
    with pytest.raises(WrongOutputError, match="before the latency run"):
        checks.check_same([np.ones((2, 4))], [np.ones((3, 4))], "the latency run")


# ---------------------------------------------------------------- the real engine


@pytest.fixture
def real(tmp_path: Path) -> tuple[Target, Path]:
    """Return the classifier on the CPU, and samples for it."""
    return models.a_target(tmp_path)


def test_a_start_from_the_cache_is_verified(real: tuple[Target, Path], tmp_path: Path) -> None:
    """The first start fills the cache, the second comes out of it, as the plugin says."""
    target, samples = real
    cache = tmp_path / "cache"
    cache.mkdir()
    job = CachedStartJob(target=target, round=0, inputs=str(samples), seed=0, cache_dir=str(cache))
    first, second = done(job), done(job)
    assert isinstance(first, CachedStartResult)
    assert isinstance(second, CachedStartResult)
    assert (first.loaded_from_cache, second.loaded_from_cache) == (False, True)
    assert second.cache_bytes > 0
    assert [p.phase for p in second.memory.phases] == STARTING


def test_a_process_has_as_many_rounds_as_visits(real: tuple[Target, Path]) -> None:
    """Each with its own processor time and evidence; memory and energy are of the process."""
    target, samples = real
    job = an_inference_job(
        target,
        2,
        inputs=str(samples),
        latency_rounds=[8, 9, 10],
        throughput_rounds=[8, 9],
        driver=None,
    )
    *steps, last = worker.steps(job)
    assert isinstance(last, Ended)
    result = Inference().result([*steps, last])
    assert [r.round for r in result.latency] == [8, 9, 10]
    assert [r.round for r in result.throughput] == [8, 9]
    processors = os.cpu_count() or 1
    for loop in (*result.latency, *result.throughput):
        assert loop.process == 2
        assert 0 < loop.cpu_s <= 1.1 * loop.duration_s * processors + 0.05
        assert "waiting_share" in loop.readings
    assert [p.phase for p in result.memory.phases] == [*STARTING, "latency", "throughput"]
    (package,) = result.energy.domains
    assert [r.inferences for r in package.rounds] == [sum(r.n for r in result.throughput)]


STARTING = ["import", "read", "compile", "first-inference"]


def test_a_start_without_mmap_has_the_phases_of_a_start(real: tuple[Target, Path]) -> None:
    """Its memory can be set beside a round's, phase by phase."""
    target, samples = real
    result = done(NoMmapJob(target=target, round=3, inputs=str(samples), seed=1))
    assert isinstance(result, NoMmapResult)
    assert result.memory.round == 3
    assert [p.phase for p in result.memory.phases] == STARTING


def test_an_engine_that_maps_nothing_is_not_asked(use, samples: Path) -> None:
    """The reason says so."""
    use(Engine())
    result = done(NoMmapJob(target=TARGET, round=0, inputs=str(samples), seed=1))
    assert isinstance(result, JobFailed)
    assert result.unsupported


def test_a_shape_opens_what_is_dynamic(real: tuple[Target, Path], tmp_path: Path) -> None:
    """A model with an open dimension runs at the suite's shape, and without one says why not."""
    target, samples = real
    models.save(models.classifier(-1), Path(target.model))
    job = OutputsJob(
        target=target,
        inputs={"s": str(samples)},
        outputs={"s": str(tmp_path / "o.npz")},
        task="generic",
    )
    result = done(job)
    assert isinstance(result, OutputsResult)
    assert result.outputs[0].shape == [1, models.CLASSES]
    without = worker.msgspec.structs.replace(
        job, target=worker.msgspec.structs.replace(target, shapes={})
    )
    failed = done(without)
    assert isinstance(failed, JobFailed)
    assert "no shape for x" in failed.reason


def test_a_device_that_is_not_there_is_not_the_end_of_a_probe() -> None:
    """It is listed as unavailable, beside those that are there."""
    result = done(ProbeJob(devices=["CPU", "TPU"]))
    assert isinstance(result, ProbeResult)
    assert [d.name for d in result.devices] == ["CPU"]
    assert [u.name for u in result.unavailable] == ["TPU"]


@pytest.mark.parametrize("devices", [["X"], []], ids=["asked for", "by default"])
def test_a_plugin_that_is_no_library_is_reported(devices: list[str]) -> None:
    """A registered device that does not load is unavailable, with a reason, never just absent."""
    result = done(ProbeJob(devices=devices, plugins={"X": __file__}))
    assert isinstance(result, ProbeResult)
    assert [u.reason != "" for u in result.unavailable if u.name == "X"] == [True]


def test_what_is_kept_of_outputs_is_what_their_judge_wants(
    real: tuple[Target, Path], tmp_path: Path
) -> None:
    """Labelled sets go through `compact` of their judge, other sets stay whole."""
    target, samples = real
    names = ("samples", "labelled", "labelled-top5")
    outputs = {name: str(tmp_path / f"{name}-out.npz") for name in names}
    job = OutputsJob(
        target=target,
        inputs=dict.fromkeys(names, str(samples)),
        outputs=outputs,
        task="image-classification",
        evaluators={"labelled": "", "labelled-top5": "top5"},
    )
    assert isinstance(done(job), OutputsResult)
    whole, first, further = (accuracy.load_outputs(Path(path))[0] for path in outputs.values())
    assert whole.shape[1:] == (1, models.CLASSES)
    for kept in (first, further):
        assert kept.shape[1:] == (1, 5)
        np.testing.assert_array_equal(kept[..., 0], whole.argmax(axis=-1))


@pytest.mark.parametrize(
    "name", ["os:system", "tests.collector.models:save", "ovreport_collector.worker:run", "nothing"]
)
def test_only_jobs_of_the_collector_are_done(name: str) -> None:
    """Whatever the command line names."""
    with pytest.raises(ValueError, match="not a job"):
        worker.job_type(name)


def test_a_job_is_found_by_its_name() -> None:
    """Module and class."""
    name = "ovreport_collector.measurements.outputs:OutputsJob"
    assert worker.job_type(name) is OutputsJob

"""Native frameworks beside OpenVINO: planned, set up alike, and told apart."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ovreport.errors import InputError
from ovreport.metrics import metric_values
from ovreport.record import Completed, Port, Record, Unsupported
from ovreport_collector import engines, worker
from ovreport_collector.engines import native
from ovreport_collector.engines.arrays import load_samples, save_arrays
from ovreport_collector.engines.native import THREADS, in_openvino_order
from ovreport_collector.engines.types import OutputsResult, Target, ThreadSettings
from ovreport_collector.measurements.inference.measurement import Inference
from ovreport_collector.measurements.inference.run import InferenceJob
from ovreport_collector.measurements.outputs import OutputsJob, ThreadSettingsJob
from ovreport_collector.plan import load_suite
from ovreport_collector.plan.request import make_plan
from ovreport_collector.process.job import Job, JobFailed
from ovreport_collector.session import collect
from tests.collector.conftest import FakeChild, a_device, a_request, an_inference_job
from tests.collector.jobs import done

ALONGSIDE = ThreadSettings(
    latency_threads=2,
    throughput_threads=2,
    requests=2,
    outputs=[Port(name="scores", dtype="f32", shape=[1, 10])],
)


def an_onnx_model(path: Path) -> Path:
    """Write x[batch, 64] → scores[batch, 10], its batch a named dimension."""
    rng = np.random.default_rng(7)
    weights = {
        n: rng.standard_normal(s).astype(np.float32) / 8
        for n, s in (("a", (64, 256)), ("b", (256, 10)))
    }
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "b"], ["s"]),
        helper.make_node("Softmax", ["s"], ["scores"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 64])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 10])],
        [onnx.numpy_helper.from_array(v, n) for n, v in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, path)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """Return ONNX Runtime's target, with two threads as OpenVINO had them."""
    return Target(
        engine="onnxruntime",
        model=str(an_onnx_model(tmp_path / "tiny.onnx")),
        shapes={"x": [1, 64]},
        device="CPU",
        precision="f32",
        thread_settings=ALONGSIDE,
    )


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Return four inputs of the tiny model."""
    path = tmp_path / "samples.npz"
    save_arrays(path, {"x": np.random.default_rng(1).standard_normal((4, 1, 64), np.float32)})
    return path


def threads() -> set[str]:
    """Return the ids of this process's threads."""
    return {path.name for path in Path("/proc/self/task").iterdir()}


def outputs_of(target: Target, samples: Path, folder: Path) -> tuple[OutputsResult, np.ndarray]:
    """Return what a measuring process tells of the outputs, and the first of them."""
    out = folder / f"{target.engine}.npz"
    result = done(
        OutputsJob(
            target=target,
            inputs={"samples": str(samples)},
            outputs={"samples": str(out)},
            task="generic",
        )
    )
    assert isinstance(result, OutputsResult), result
    return result, next(iter(np.load(out).values()))


# ---------------------------------------------------------------- ONNX Runtime, for real


def test_onnx_runtime_gives_what_openvino_gives(
    target: Target, samples: Path, tmp_path: Path
) -> None:
    """Same file and inputs, same outputs; kernels are read back from a profile, as f32."""
    reference = msgspec.structs.replace(target, engine="openvino", thread_settings=None)
    told, found = outputs_of(target, samples, tmp_path)
    expected_of, expected = outputs_of(reference, samples, tmp_path)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert [p.name for p in told.outputs] == [p.name for p in expected_of.outputs]
    assert told.inputs == [Port(name="x", dtype="f32", shape=[1, 64], sized_by_data=False)]
    assert told.execution.precision == "f32"
    assert sum(layer.count for layer in told.execution.layers if layer.compute) == 2


def test_threads_are_those_that_openvino_has(target: Target) -> None:
    """Asked for, read back, and counted: two for latency, one a request under load."""
    network = engines.create(target).read(Path(target.model), target.shapes)
    for mode, threads, requests in (("latency", "2", 1), ("throughput", "1", 2)):
        compiled = network.compile("CPU", mode, "f32", None)
        settings = compiled.settings
        assert settings.requested["intra_op_num_threads"] == threads
        assert settings.effective["intra_op_num_threads"] == threads
        assert settings.effective[THREADS] == threads
        assert settings.requested["free_dimension_overrides"] == "batch=1"
        assert compiled.optimal_requests == requests


def test_requests_of_many_threads_have_sessions_of_their_own(target: Target, samples: Path) -> None:
    """Two requests of two threads each start a pool each; of one thread they share a session."""
    wide = msgspec.structs.replace(ALONGSIDE, throughput_threads=4)
    loaded = load_samples(samples)
    for thread_settings, pools in ((wide, 2), (ALONGSIDE, 0)):
        engine = engines.create(msgspec.structs.replace(target, thread_settings=thread_settings))
        before = threads()
        compiled = engine.read(Path(target.model), target.shapes).compile(
            "CPU", "throughput", "f32", None
        )
        requests = [compiled.request(loaded) for _ in range(2)]
        assert len(threads() - before) == pools
        outputs = []
        for request in requests:
            request.feed(1)
            request.infer()
            outputs.append(request.outputs()[0])
        np.testing.assert_array_equal(*outputs)


def test_openvino_tells_what_a_framework_is_given(target: Target) -> None:
    """The job alongside reads threads and requests in force from OpenVINO itself."""
    reference = msgspec.structs.replace(target, engine="openvino", thread_settings=None)
    told = done(ThreadSettingsJob(target=reference))
    assert isinstance(told, ThreadSettings)
    assert told.latency_threads >= 1
    assert told.requests * told.request_threads <= max(told.throughput_threads, told.requests)
    assert [p.name for p in told.outputs] == ["scores"]


def test_a_round_is_measured(target: Target, samples: Path) -> None:
    """Latency, throughput, memory and start-up, by the same loops as OpenVINO."""
    steps = list(worker.steps(an_inference_job(target, inputs=str(samples))))
    result = Inference().result(steps)
    assert result is not None, steps
    assert set(result.missing) <= {"energy"}  # most machines do not tell it
    assert result.latency_ms > 0
    assert result.latency[0].runtime_median_ms == 0
    assert result.throughput[0].requests == 2


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ({"y": [1, 64]}, "no input y; the model's inputs are x"),
        ({"x": [1, 65]}, "shape [1, 65], the model takes"),
        ({"x": [1, 8, 8]}, "shape [1, 8, 8], the model takes"),
    ],
)
def test_wrong_shapes_are_refused(target: Target, shapes: dict, words: str) -> None:
    """By name and by size, before anything is timed."""
    with pytest.raises(ValueError, match="input") as error:
        engines.create(msgspec.structs.replace(target, shapes=shapes))
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "GPU.0"}, "on the CPU only"),
        ({"precision": "bf16"}, "cannot be asked for bf16"),
        ({"engine": "litert"}, "LiteRT reads .tflite, this file is .onnx"),
    ],
)
def test_what_a_framework_cannot_do_is_unsupported(
    target: Target, samples: Path, changes: dict, words: str
) -> None:
    """A reason, not a failure."""
    changed = msgspec.structs.replace(target, **changes)
    job = OutputsJob(target=changed, inputs={}, outputs={}, task="generic")
    result = done(job)
    assert isinstance(result, JobFailed)
    assert result.unsupported
    assert words in result.reason


# ---------------------------------------------------------------- LiteRT, for real


@pytest.mark.network
def test_litert_gives_what_openvino_gives(tmp_path: Path) -> None:
    """A model of the suite: same outputs in the same order, the threads asked for, f32."""
    from ovreport_collector import sources

    quick = load_suite.load("quick")
    model = quick.model("blazeface-front")
    file = sources.fetch(quick, [model])[model.id].model
    path = tmp_path / "samples.npz"
    images = np.random.default_rng(1).random((4, *model.shapes["input"]), np.float32)
    save_arrays(path, {"input": images})
    reference = Target(
        engine="openvino", model=str(file), shapes=model.shapes, device="CPU", precision="f32"
    )
    thread_settings = done(ThreadSettingsJob(target=reference))
    assert isinstance(thread_settings, ThreadSettings)
    thread_settings = msgspec.structs.replace(thread_settings, latency_threads=2)
    target = msgspec.structs.replace(reference, engine="litert", thread_settings=thread_settings)
    told, found = outputs_of(target, path, tmp_path)
    expected_of, expected = outputs_of(reference, path, tmp_path)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    assert told.outputs == expected_of.outputs
    assert told.execution.precision == "f32"
    network = engines.create(target).read(file, model.shapes)
    assert network.compile("CPU", "latency", "f32", None).settings.effective[THREADS] == "2"
    with pytest.raises(ValueError, match="no input wrong"):
        engines.create(target).read(file, {"wrong": [1]}).compile("CPU", "latency", "f32", None)


# ---------------------------------------------------------------- outputs in OpenVINO's order


def port(name: str, *shape: int) -> Port:
    """Return an f32 output."""
    return Port(name=name, dtype="f32", shape=list(shape))


@pytest.mark.parametrize(
    ("own", "theirs", "order"),
    [
        ([port("a", 1), port("b", 2)], [port("b", 2), port("a", 1)], [1, 0]),
        ([port("p", 1), port("q", 2)], [port("b", 2), port("a", 1)], [1, 0]),
        ([port("p", 1), port("a", 1)], [port("a", 1), port("b", 1)], [1, 0]),
        ([port("p", 3), port("q", 2)], [port("b", 2), port("a", 1)], [0, 1]),
        ([port("p", 1)], [port("b", 2), port("a", 1)], [0]),
    ],
)
def test_outputs_are_matched_by_name_else_by_shape(own, theirs, order) -> None:
    """A name is sure, a shape is second; what cannot be matched stays as it is."""
    thread_settings = msgspec.structs.replace(ALONGSIDE, outputs=theirs)
    assert in_openvino_order(own, thread_settings) == order


def test_without_openvino_a_framework_keeps_its_defaults() -> None:
    """Where OpenVINO cannot run the model there is nothing to be equal to."""
    assert native.threads_of("latency", None) is None
    assert in_openvino_order([port("a", 1), port("b", 1)], None) == [0, 1]


# ---------------------------------------------------------------- plan


def cases_of(suite_file: Path, **requested) -> list[tuple[str, str, str, str]]:
    """Return model, engine, device and precision of each planned case."""
    plan = make_plan(a_request(suite_file, **requested))
    return [(p.case.model, p.case.engine, p.case.device, p.case.precision) for p in plan.cases]


def test_native_is_what_fits_the_file(fake_child: FakeChild, suite_file: Path) -> None:
    """Beside OpenVINO's cases, on the CPU only and once: f32 is the precision there is."""
    fake_child.devices = [a_device(), a_device("GPU.0")]
    found = cases_of(suite_file, models=("one",), engines=("openvino", "native"))
    assert found == [
        ("one", "openvino", "CPU", "f32"),
        ("one", "openvino", "CPU", "default"),
        ("one", "onnxruntime", "CPU", "f32"),
        ("one", "openvino", "GPU.0", "f32"),
        ("one", "openvino", "GPU.0", "default"),
    ]
    assert cases_of(suite_file, models=("one",), devices=("CPU",)) == found[:2]


def test_a_plan_tells_engines_apart(fake_child: FakeChild, suite_file: Path) -> None:
    """Case keys, plan keys and package versions differ with the engines."""
    plain = make_plan(a_request(suite_file))
    both = make_plan(a_request(suite_file, engines=("openvino", "onnxruntime")))
    assert len({p.key for p in both.cases}) == len(both.cases) > len(plain.cases)
    assert plain.key != both.key
    assert "onnxruntime" not in plain.software.packages
    assert both.software.packages["onnxruntime"]


def test_a_missing_package_is_reported_before_anything_runs(
    fake_child: FakeChild, suite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that installs it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError) as error:
        cases_of(suite_file, engines=("onnxruntime",))
    assert error.value.remedy == "pip install 'ovreport[onnxruntime]'"
    assert not fake_child.jobs


def test_frameworks_where_they_cannot_run_are_refused(
    fake_child: FakeChild, suite_file: Path
) -> None:
    """Rather than dropped in silence."""
    fake_child.devices = [a_device("GPU.0")]
    with pytest.raises(InputError, match="fits native"):
        cases_of(suite_file, engines=("openvino", "native"))


# ---------------------------------------------------------------- run


@pytest.fixture
def records(fake_child: FakeChild, suite_file: Path, own_folders: Path, console, tier):
    """Return a function that measures model `one` in OpenVINO and ONNX Runtime."""
    tier(processes=2, max_processes=2)

    def measure() -> list[Record]:
        plan = make_plan(
            a_request(
                suite_file, models=("one",), precisions=("f32",), engines=("openvino", "native")
            )
        )
        out = own_folders / "records"
        return collect.measure(plan, out, console, timeout_s=None, fresh=False).records

    return measure


def answering(job: Job) -> ThreadSettings | None:
    """Answer what OpenVINO does."""
    return ALONGSIDE if isinstance(job, ThreadSettingsJob) else None


def test_rounds_of_both_alternate(records, fake_child: FakeChild) -> None:
    """With the threads that OpenVINO reported, asked for once; no model cache is tried."""
    fake_child.answers = [answering]
    ours, theirs = records()
    rounds = [j for j in fake_child.jobs if isinstance(j, InferenceJob)]
    order = ["openvino", "onnxruntime", "onnxruntime", "openvino"]
    assert [j.target.engine for j in rounds] == order  # processes, a round each
    native_jobs = [
        j
        for j in fake_child.jobs
        if isinstance(j, OutputsJob | InferenceJob) and j.target.engine == "onnxruntime"
    ]
    assert {id(j.target.thread_settings) for j in native_jobs} == {id(ALONGSIDE)}
    assert sum(isinstance(j, ThreadSettingsJob) for j in fake_child.jobs) == 1
    assert isinstance(theirs.outcome, Completed)
    assert theirs.startup_cached == Unsupported(reason="this framework has no model cache")
    assert theirs.agreement.outputs[0].relative_rmse == 0
    assert "--engine openvino --engine onnxruntime" in theirs.repeat.ovreport
    assert theirs.repeat.benchmark_app == ""
    assert "--engine" not in ours.repeat.ovreport


def test_record_names_tell_engines_apart(records, fake_child: FakeChild, own_folders: Path) -> None:
    """OpenVINO's names stay as they were."""
    fake_child.answers = [answering]
    records()
    names = sorted(p.name for p in (own_folders / "records").rglob("*.json"))
    assert sum("-onnxruntime-cpu-f32-" in name for name in names) == 1
    assert sum("-fp32-cpu-f32-" in name for name in names) == 1


def test_a_framework_runs_where_openvino_cannot(records, fake_child: FakeChild) -> None:
    """OpenVINO's failure is OpenVINO's: the framework is measured with its own defaults."""
    crash = JobFailed(reason="ended by SIGSEGV", cause="crash")

    def answer(job: Job) -> JobFailed | None:
        has_target = isinstance(job, OutputsJob | InferenceJob | ThreadSettingsJob)
        return crash if has_target and job.target.engine == "openvino" else None

    fake_child.answers = [answer]
    ours, theirs = records()
    assert not isinstance(ours.outcome, Completed)
    assert isinstance(theirs.outcome, Completed)
    assert {j.target.thread_settings for j in fake_child.jobs if isinstance(j, InferenceJob)} == {
        None
    }


def test_overhead_is_not_made_up(records, fake_child: FakeChild) -> None:
    """An engine that does not tell its own duration has no overhead, and says why."""
    fake_child.answers = [answering]
    theirs = records()[1]
    rounds = [msgspec.structs.replace(r, runtime_median_ms=0) for r in theirs.latency.rounds]
    latency = msgspec.structs.replace(theirs.latency, rounds=rounds)
    found = metric_values(msgspec.structs.replace(theirs, latency=latency))
    assert isinstance(found["overhead_ms"], Unsupported)

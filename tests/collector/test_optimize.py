"""Optimizing for real: NNCF on small models, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from ovreport.record import Execution
from ovreport.variants import METHODS, OPTIMIZATIONS
from ovreport_collector.engines.arrays import save_arrays
from ovreport_collector.engines.openvino.engine import OpenVino, OpenVinoNetwork
from ovreport_collector.engines.types import OutputsResult, Target
from ovreport_collector.measurements.outputs import OutputsJob
from ovreport_collector.models.optimize.job import OptimizeJob
from ovreport_collector.models.optimize.request import OptimizeResult, ValidationData
from ovreport_collector.models.variants import QUANTIZATIONS, has_nncf, quantizations, settings
from ovreport_collector.process import child
from ovreport_collector.process.job import JobFailed
from ovreport_collector.suite.model import File, Model
from ovreport_collector.tasks import Calibration
from tests.collector import models

NEEDS_NNCF = pytest.mark.skipif(not has_nncf(), reason="nncf is not installed")
SHAPES = {"x": [1, 3, 32, 48]}


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Return a small image classifier."""
    return models.save(models.image_classifier(), tmp_path / "network.xml")


def made(
    network: Path,
    work: Path,
    variant: str,
    *,
    shapes: dict[str, list[int]] = SHAPES,
    pixels: np.ndarray | None = None,
) -> tuple[OptimizeResult | JobFailed, Path]:
    """Make a variant as a run does; return what came of it, and its file."""
    how = OPTIMIZATIONS[variant]
    if pixels is None:
        pixels = np.random.default_rng(3).random((12, *shapes["x"])).astype(np.float32)
    inputs, folder = work / "inputs.npz", work / "made"
    folder.mkdir(exist_ok=True)
    save_arrays(inputs, {"x": pixels})
    calibration = Calibration({"x": pixels}, "noise") if how.calibrated else None
    job = OptimizeJob(
        target=Target(
            engine="openvino", model=str(network), shapes=shapes, device="CPU", precision="f32"
        ),
        method=how.method,
        settings=settings(how, calibration, len(pixels)),
        file=str(folder / "made.xml"),
        tried_with=str(inputs),
        inputs=str(inputs) if calibration else "",
    )
    return child.run(job, work, limit_s=120), folder / "made.xml"


def executed(file: Path, work: Path) -> Execution:
    """Return what runs of a model, as a run reads it from the runtime model."""
    job = OutputsJob(
        target=Target(
            engine="openvino", model=str(file), shapes=SHAPES, device="CPU", precision="f32"
        ),
        inputs={"samples": str(work / "inputs.npz")},
        outputs={"samples": str(work / "outputs.npz")},
        task="generic",
    )
    result = child.run(job, work, limit_s=60)
    assert isinstance(result, OutputsResult), result
    assert isinstance(result.execution, Execution)
    return result.execution


def test_fp16_halves_the_file_without_nncf(network: Path, tmp_path: Path) -> None:
    """Its size tells; the process that made it had a memory, and took a time."""
    result, file = made(network, tmp_path, "fp16")
    assert isinstance(result, OptimizeResult), result
    saved = file.stat().st_size + file.with_suffix(".bin").stat().st_size
    assert result.bytes_after == saved < result.bytes_before
    assert result.peak_bytes > 20 << 20
    assert result.seconds > 0
    assert sorted(p.name for p in file.parent.iterdir()) == ["made.bin", "made.xml"]
    assert executed(file, tmp_path).precision == "f32"  # as asked: the weights alone are f16


@NEEDS_NNCF
def test_int8_runs_in_int8(network: Path, tmp_path: Path) -> None:
    """The runtime model says so, not the label."""
    assert executed_precision(network, tmp_path) == "f32"
    result, file = made(network, tmp_path, "int8")
    assert isinstance(result, OptimizeResult), result
    assert result.bytes_after < result.bytes_before
    assert executed(file, tmp_path).precision in {"i8", "u8"}


def executed_precision(network: Path, work: Path) -> str:
    """Return the precision of the model as it is."""
    save_arrays(work / "inputs.npz", {"x": np.ones((1, *SHAPES["x"]), np.float32)})
    return executed(network, work).precision


@NEEDS_NNCF
def test_int8_is_as_right_as_eight_bits_can_be(network: Path, tmp_path: Path) -> None:
    """Outputs are near the original's, and not the same; with no overflow on any processor."""
    _, file = made(network, tmp_path, "int8")
    image = np.random.default_rng(9).random(SHAPES["x"]).astype(np.float32)
    outputs = [
        ov.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(image)[0]
        for path in (network, file)
    ]
    assert outputs[1] == pytest.approx(outputs[0], abs=0.05)
    assert not np.array_equal(*outputs)


# ---------------------------------------------------------------- ways of quantizing


@NEEDS_NNCF
def test_held_out_inputs_choose_among_ways(network: Path, tmp_path: Path) -> None:
    """The least error is kept, and recorded with those of the others and the settings it had."""
    result, _ = made(network, tmp_path, "int8")
    assert isinstance(result, OptimizeResult), result
    assert [trial.settings for trial in result.trials] == [dict(way) for way in QUANTIZATIONS]
    best = min(result.trials, key=lambda trial: trial.error)
    assert 0 < best.error < 0.1
    assert best.settings.items() <= result.settings.items()
    assert (result.settings["held_out"], result.settings["subset_size"]) == ("2", "10")
    assert all(trial.error_emulated is not None for trial in result.trials)


@NEEDS_NNCF
def test_what_only_some_inputs_hold_is_not_cut_off(network: Path, tmp_path: Path) -> None:
    """One calibration input in three is ten times as bright: a mean of extremes would clip it."""
    pixels = np.random.default_rng(3).random((30, *SHAPES["x"])).astype(np.float32)
    pixels[::3] *= 10
    result, _ = made(network, tmp_path, "int8", pixels=pixels)
    assert isinstance(result, OptimizeResult), result
    assert result.settings["activations_range"] == "minmax"
    means = [t.error for t in result.trials if "activations_range" not in t.settings]
    assert min(t.error for t in result.trials) < min(means) / 2


def test_a_way_that_contradicts_the_task_is_not_tried() -> None:
    """A transformer is quantized as one."""
    assert len(quantizations({})) == len(QUANTIZATIONS)
    assert {way["model_type"] for way in quantizations({"model_type": "transformer"})} == {
        "transformer"
    }


@NEEDS_NNCF
def test_weights_are_known_as_such_whatever_form_the_file_has(tmp_path: Path) -> None:
    """Stored in f16 and reshaped on their way into a depthwise convolution, as TFLite has them."""
    x = ops.parameter(SHAPES["x"], np.float32, name="x")
    x.output(0).set_names({"x"})
    values = np.random.default_rng(1).normal(0, 1, (3, 3, 3)).astype(np.float16)
    stored = ops.convert(ops.constant(values), "f32")
    kernel = ops.reshape(stored, ops.constant(np.array([3, 1, 1, 3, 3])), False)
    deep = ops.group_convolution(x, kernel, [1, 1], [1, 1], [1, 1], [1, 1])
    network = models.save(ov.Model([ops.relu(deep)], [x], "deep"), tmp_path / "network.xml")
    result, file = made(network, tmp_path, "int8")
    assert isinstance(result, OptimizeResult), result
    constants = [
        op for op in ov.Core().read_model(file).get_ops() if op.get_type_name() == "Constant"
    ]
    in_bytes = [op for op in constants if op.get_element_type() in {ov.Type.i8, ov.Type.u8}]
    assert [int(np.prod(op.get_output_shape(0))) for op in in_bytes] == [27]


@NEEDS_NNCF
def test_recurrent_layers_stay_in_floating_point(tmp_path: Path) -> None:
    """No overflow fix knows them, and products in 16 bits saturate; the rest is quantized."""
    x = ops.parameter([1, 4, 8], np.float32, name="x")
    x.output(0).set_names({"x"})
    rng = np.random.default_rng(2)

    def weights(*shape: int) -> ov.Node:
        return ops.constant(rng.normal(0, 0.3, shape).astype(np.float32))

    before = ops.relu(ops.matmul(x, weights(8, 8), False, False))
    state = ops.constant(np.zeros((1, 1, 6), np.float32))
    lstm = ops.lstm_sequence(
        before,
        state,
        state,
        ops.constant(np.array([4])),
        weights(1, 24, 8),
        weights(1, 24, 6),
        weights(1, 24),
        6,
        "FORWARD",
    )
    network = models.save(ov.Model([lstm.output(0)], [x], "lstm"), tmp_path / "network.xml")
    pixels = rng.random((12, 1, 4, 8)).astype(np.float32)
    result, file = made(network, tmp_path, "int8", shapes={"x": [1, 4, 8]}, pixels=pixels)
    assert isinstance(result, OptimizeResult), result
    assert result.settings["ignored_types"] == "LSTMSequence GRUSequence"
    model = ov.Core().read_model(file)
    (layer,) = [op for op in model.get_ops() if op.get_type_name() == "LSTMSequence"]
    assert [layer.input_value(i).get_node().get_type_name() for i in (4, 5)] == ["Constant"] * 2


@NEEDS_NNCF
@pytest.mark.parametrize("variant", ["int8-weights", "int4-weights"])
def test_weights_are_stored_in_few_bits(variant: str, tmp_path: Path) -> None:
    """Activations stay in floating point, so nothing is calibrated."""
    network = models.save(models.classifier(), tmp_path / "network.xml")
    shapes = {"x": [1, models.FEATURES]}
    result, _ = made(network, tmp_path, variant, shapes=shapes)
    assert isinstance(result, OptimizeResult), result
    assert result.bytes_after < result.bytes_before / 2


@NEEDS_NNCF
@pytest.mark.parametrize("variant", ["int8", "int8-weights", "int4-weights"])
def test_a_model_without_weights_is_not_passed_off_as_another(variant: str, tmp_path: Path) -> None:
    """Nothing can be done: that is unsupported, and no file of the old model under a new name."""
    x = ops.parameter(SHAPES["x"], np.float32, name="x")
    x.output(0).set_names({"x"})
    shifted = ops.relu(ops.add(x, ops.constant(np.float32(1))))
    network = models.save(ov.Model([shifted], [x], "none"), tmp_path / "network.xml")
    result, _ = made(network, tmp_path, variant)
    assert isinstance(result, JobFailed), result
    assert result.unsupported, result
    assert "not supported" in result.reason


def test_a_model_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """With the reason, and no private path."""
    network = tmp_path / "network.onnx"
    network.write_bytes(b"this is no model")
    result, _ = made(network, tmp_path, "fp16")
    assert isinstance(result, JobFailed)
    assert str(tmp_path) not in result.reason


# ---------------------------------------------------------------- accuracy control

FRAMES = {"input": [1, 16], "state": [1, 4]}


def a_voice_model() -> Model:
    """Return a suite's entry whose task judges by the original's answers."""
    return Model(
        id="voice", title="V", task="voice-activity", shapes=FRAMES, file=File(uri="file:voice.xml")
    )


def a_voice_network() -> ov.Model:
    """Return a network of frames, with a state, whose score depends on both."""
    rng = np.random.default_rng(5)
    sound = ops.parameter([1, 16], np.float32, name="input")
    state = ops.parameter([1, 4], np.float32, name="state")
    sound.output(0).set_names({"input"})
    state.output(0).set_names({"state"})
    both = ops.concat([sound, state], 1)
    weights = [rng.standard_normal(shape).astype(np.float32) for shape in ((20, 64), (64, 1))]
    hidden = ops.relu(ops.matmul(both, ops.constant(weights[0]), False, False))
    score = ops.sigmoid(ops.matmul(hidden, ops.constant(weights[1]), False, False))
    return ov.Model([score], [sound, state], "voice")


@NEEDS_NNCF
@pytest.mark.parametrize(("max_drop", "holds"), [("0.5", True), ("-1", False)])
def test_accuracy_is_held_by_the_tasks_own_metric(
    max_drop: str, holds: bool, tmp_path: Path
) -> None:
    """The child makes the validation data again, judges by the original, and saves what holds.

    A limit that nothing meets (twice as good as the original) leaves nothing quantized.
    """
    network = models.save(a_voice_network(), tmp_path / "voice.xml")
    rng = np.random.default_rng(1)
    arrays = {name: rng.random((24, *shape)).astype(np.float32) for name, shape in FRAMES.items()}
    save_arrays(tmp_path / "frames.npz", arrays)
    how = OPTIMIZATIONS["int8-accuracy"]
    validating = ValidationData(
        model=msgspec.Raw(msgspec.json.encode(a_voice_model())),
        file=str(network),
        files={},
        data={},
        seed=20,
    )
    (tmp_path / "made").mkdir()
    job = OptimizeJob(
        target=Target(
            engine="openvino", model=str(network), shapes=FRAMES, device="CPU", precision="f32"
        ),
        method=how.method,
        settings={**settings(how, Calibration(arrays, "noise"), 24), "max_drop": max_drop},
        file=str(tmp_path / "made" / "voice.xml"),
        tried_with=str(tmp_path / "frames.npz"),
        inputs=str(tmp_path / "frames.npz"),
        validation=validating,
    )
    result = child.run(job, tmp_path, limit_s=120)
    if holds:
        assert isinstance(result, OptimizeResult), result
        assert "FakeQuantize" in Path(job.file).read_text()
    else:
        assert isinstance(result, JobFailed), result
        assert result.unsupported
        assert "within the limit" in result.reason


@NEEDS_NNCF
def test_a_metric_of_some_samples_is_that_of_their_own_rows(tmp_path: Path) -> None:
    """Of all it is 1 against the model itself; of each alone too, in the order asked for."""
    from ovreport_collector.models.optimize.validation import Validation

    file = models.save(a_voice_network(), tmp_path / "voice.xml")
    network = OpenVino({}).read(file, FRAMES)
    assert isinstance(network, OpenVinoNetwork)
    validating = ValidationData(
        model=msgspec.Raw(msgspec.json.encode(a_voice_model())),
        file=str(file),
        files={},
        data={},
        seed=20,
    )
    validation = Validation(validating, network)
    compiled = ov.Core().compile_model(network.model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert validation(compiled, [5, 2]) == (1.0, [1.0, 1.0])
    other = ov.Core().compile_model(_contrary(), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    total, each = validation(other, range(len(validation)))
    assert total == pytest.approx(np.mean(each))
    assert total < 1


def _contrary() -> ov.Model:
    """Return the network whose score is 1 less the original's."""
    model = a_voice_network()
    score = model.outputs[0].get_node().input_value(0)
    turned = ops.subtract(ops.constant(np.float32(1)), score)
    return ov.Model([turned], model.get_parameters(), "contrary")


@NEEDS_NNCF
def test_nncf_tells_nobody() -> None:
    """The process that optimizes switches NNCF's reports off before it is imported."""
    code = (
        "import os, sys; from ovreport_collector.models.optimize import run as optimize;"
        "assert 'nncf' not in sys.modules;"
        "os.environ[optimize._NO_TELEMETRY] = '1';"
        "from nncf.telemetry import wrapper;"
        "print(isinstance(wrapper.telemetry, wrapper.NNCFTelemetryStub))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "True"


def test_every_method_of_the_table_is_done() -> None:
    """A variant names a method of `ovreport.variants`, and the optimizing process has it."""
    from ovreport_collector.models.optimize import run

    assert set(run._METHODS) == set(METHODS)
    assert {how.method for how in OPTIMIZATIONS.values()} <= set(METHODS)

"""Quantizes a model by NNCF: with several documented settings, of which held-out inputs select one.

    simplified model → quantized with each settings, by most of the calibration inputs
                     → error on the other inputs → the smallest

No settings are best for all networks: a mean of extremes clips what only some inputs hold, the
extremes themselves spread eight bits too thin, and sums and norms bear eight bits in some networks
only. What accuracy is computed on is never looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ovreport.record.model import Trial
from ovreport_collector.engines.arrays import Array, Sample, load_samples, relative_rmse
from ovreport_collector.engines.openvino.engine import OpenVino, OpenVinoNetwork
from ovreport_collector.engines.openvino.ports import array_for, port_name
from ovreport_collector.engines.runtime import openvino as ov
from ovreport_collector.models.optimize.check import is_quantized
from ovreport_collector.models.optimize.request import OptimizeRequest
from ovreport_collector.models.optimize.validation import Validation
from ovreport_collector.models.variants import quantizations, selection_count

_EMULATED = {"LP_TRANSFORMS_MODE": "NO"}
"""Keeps the rounding in the graph and computes in f32: what is lost beyond it, kernels lose."""


@dataclass(frozen=True)
class OptimizedModel:
    """A model that was optimized, and how."""

    model: Any
    """`openvino.Model`."""
    settings: dict[str, str]
    """Those of the job, and those that were selected."""
    trials: list[Trial]
    """Errors of all settings that were tried, where some were."""


def quantize(network: OpenVinoNetwork, job: OptimizeRequest) -> OptimizedModel:
    """Return the model quantized with the settings whose outputs are nearest to its own.

    ValueError if none quantize anything, or none give finite outputs.
    """
    simplify(network.model)
    held_out, calibration = _split(job)
    expected = _outputs(network, held_out, {})
    dataset = _dataset(network, calibration)
    tried: list[tuple[Any, Trial]] = []
    for settings in quantizations(job.settings):
        model = _quantized(network.model.clone(), dataset, {**job.settings, **settings})
        trial = _trial(_read_again(model, job), held_out, expected, settings)
        if trial is not None:
            tried.append((model, trial))
    if not tried:
        raise ValueError("not supported: no layer of this model could be quantized")
    model, trial = min(tried, key=lambda one: one[1].error)
    return OptimizedModel(model, {**job.settings, **trial.settings}, [trial for _, trial in tried])


def quantize_with_accuracy(network: OpenVinoNetwork, job: OptimizeRequest) -> OptimizedModel:
    """Return the model quantized likewise, with layers left out until accuracy holds."""
    import nncf

    assert job.validation is not None  # noqa: S101 (a job of this method has the data)
    validation = Validation(job.validation, network)
    selected = quantize(network, job)
    model = nncf.quantize_with_accuracy_control(
        network.model,
        calibration_dataset=_dataset(network, _split(job)[1]),
        validation_dataset=nncf.Dataset(range(len(validation)), validation.inputs),
        validation_fn=validation,
        max_drop=float(job.settings["max_drop"]),
        drop_type=nncf.DropType(job.settings["drop_type"]),
        advanced_quantization_parameters=_advanced(selected.settings),
        **_parameters(selected.settings),
    )
    return OptimizedModel(model, selected.settings, selected.trials)


def _split(job: OptimizeRequest) -> tuple[list[Sample], list[Sample]]:
    """Return the held-out inputs, which select settings, and those that calibrate."""
    samples = load_samples(Path(job.inputs))
    n = selection_count(len(samples))
    return samples[:n] or samples, samples[n:]


def simplify(model: Any) -> None:  # noqa: ANN401 (OpenVINO's)
    """Bring a graph as files hold it into the form that NNCF knows layers by.

    Weights that are stored in f16, or reshaped on their way into a convolution, are no weights to
    it but activations; norms that are not fused are layers of their own. `ov.convert_model` does
    most of this too; what only reads a file does not.
    """
    from openvino import opset13 as ops
    from openvino._offline_transformations import apply_moc_transformations

    for op in model.get_ordered_ops():
        if op.get_type_name() != "Convert" or op.get_output_element_type(0) != ov.Type.f32:
            continue
        stored = op.input_value(0).get_node()
        if stored.get_type_name() == "Constant" and stored.get_element_type() == ov.Type.f16:
            op.output(0).replace(ops.constant(stored.data.astype(np.float32)).output(0))
    apply_moc_transformations(model, cf=True)


# ---------------------------------------------------------------- quantization with some settings


def _quantized(model: Any, dataset: Any, settings: Mapping[str, str]) -> Any:  # noqa: ANN401
    import nncf

    return nncf.quantize(
        model, dataset, advanced_parameters=_advanced(settings), **_parameters(settings)
    )


def _parameters(settings: Mapping[str, str]) -> dict[str, Any]:
    import nncf

    model_type = settings.get("model_type")
    return {
        "preset": nncf.QuantizationPreset(settings["preset"]),
        "subset_size": int(settings["subset_size"]),
        "model_type": nncf.ModelType(model_type) if model_type else None,
        "ignored_scope": nncf.IgnoredScope(types=settings["ignored_types"].split(), validate=False),
    }


def _advanced(settings: Mapping[str, str]) -> Any:  # noqa: ANN401
    import nncf
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    parameters: dict[str, Any] = {"overflow_fix": nncf.OverflowFix(settings["overflow_fix"])}
    if "activations_range" in settings:
        estimator = getattr(RangeEstimatorParametersSet, settings["activations_range"].upper())
        parameters["activations_range_estimator_params"] = estimator
    return nncf.AdvancedQuantizationParameters(**parameters)


def _dataset(network: OpenVinoNetwork, samples: Sequence[Sample]) -> Any:  # noqa: ANN401
    import nncf

    ports = network.model.inputs
    return nncf.Dataset(
        [
            {port_name(port, i): array_for(port, sample, i) for i, port in enumerate(ports)}
            for sample in samples
        ]
    )


# ---------------------------------------------------------------- its error on held-out inputs


def _read_again(model: Any, job: OptimizeRequest) -> OpenVinoNetwork:  # noqa: ANN401
    """Return a model as it will be run: saving folds weights, which some layers ask for."""
    file = Path(job.file).with_name("trial.xml")
    ov.save_model(model, file, compress_to_fp16=False)
    network = OpenVino({}).read(file, job.target.shapes)
    for part in (file, file.with_suffix(".bin")):
        part.unlink()  # what is mapped stays readable
    return network


def _trial(
    network: OpenVinoNetwork,
    samples: Sequence[Sample],
    expected: Sequence[Array],
    settings: Mapping[str, str],
) -> Trial | None:
    """Return the error of a quantized model; None where it is not quantized or not finite."""
    if not is_quantized(network.model):
        return None
    error = _error(_outputs(network, samples, {}), expected)
    try:
        emulated = _error(_outputs(network, samples, _EMULATED), expected)
    except RuntimeError:  # the property is the plugin's own, and no release promises it
        emulated = math.nan
    if not math.isfinite(error):
        return None
    known = emulated if math.isfinite(emulated) else None
    return Trial(settings=dict(settings), error=error, error_emulated=known)


def _outputs(
    network: OpenVinoNetwork, samples: Sequence[Sample], properties: Mapping[str, str]
) -> list[Array]:
    """Return the outputs of some samples, [samples, …] each, at f32 where layers are not int8."""
    request = network.compile("CPU", "latency", "f32", None, properties).request(samples)
    found = []
    for index in range(len(samples)):
        request.feed(index)
        request.infer()
        found.append(request.outputs())
    return [np.stack(column) for column in zip(*found, strict=True)]


def _error(found: Sequence[Array], expected: Sequence[Array]) -> float:
    """Return the mean over outputs of the relative root mean square error."""
    return float(np.mean([relative_rmse(a, b) for a, b in zip(found, expected, strict=True)]))

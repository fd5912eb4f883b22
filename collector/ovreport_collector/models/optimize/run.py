"""Optimizes a model, in a process of its own; with `quantize` the only importer of NNCF.

read → optimize → save as OpenVINO IR → read again → check → compile → one inference
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from ovreport.engines import ENGINES
from ovreport_collector.engines.arrays import load_samples
from ovreport_collector.engines.openvino.engine import OpenVino, OpenVinoNetwork
from ovreport_collector.engines.runtime import openvino as ov
from ovreport_collector.loadgen.checks import infer
from ovreport_collector.loadgen.memory import peak_rss_bytes
from ovreport_collector.models.optimize import quantize
from ovreport_collector.models.optimize.check import check_optimized
from ovreport_collector.models.optimize.quantize import OptimizedModel
from ovreport_collector.models.optimize.request import OptimizeRequest, OptimizeResult

_NO_TELEMETRY = "NNCF_CI"
"""NNCF reports its use to a web service unless this is set: a benchmark reports to nobody."""


def optimize(job: OptimizeRequest) -> OptimizeResult:
    """Optimize a model and save it; ValueError where nothing in it can be optimized.

    What was saved is run once. Whether its outputs are right is seen when they are compared.
    """
    os.environ[_NO_TELEMETRY] = "1"
    if ENGINES[job.target.engine].kind == "generation":
        # Late: it imports openvino-genai, which need not be installed.
        from ovreport_collector.models.optimize import language_model

        model, restored = language_model.read_as_f32(job)
        result = _optimize(job, model, lambda: _compress_weights(model, job), language_model.check)
        return msgspec.structs.replace(result, restored=restored)
    network = OpenVino({}).read(Path(job.target.model), job.target.shapes)
    return _optimize(job, network.model, lambda: _METHODS[job.method](network, job), _check)


def _optimize(
    job: OptimizeRequest,
    model: Any,  # noqa: ANN401 (openvino ships no types)
    method: Callable[[], OptimizedModel],
    check: Callable[[OptimizeRequest], None],
) -> OptimizeResult:
    """Save what a method makes of a model, check it, and return what it took and gained."""
    file = Path(job.file)
    before = _saved(model, file.with_name("before.xml"), fp16=False)
    bytes_before = sum(part.stat().st_size for part in before)
    for part in before:
        part.unlink()

    began = time.perf_counter()
    optimized = method()
    after = _saved(optimized.model, file, fp16=job.method == "fp16-compression")
    seconds = time.perf_counter() - began
    check(job)
    return OptimizeResult(
        seconds=seconds,
        peak_bytes=peak_rss_bytes(),
        bytes_before=bytes_before,
        bytes_after=sum(part.stat().st_size for part in after),
        settings=optimized.settings,
        trials=optimized.trials,
    )


def _saved(model: Any, file: Path, *, fp16: bool) -> list[Path]:  # noqa: ANN401
    """Return the files of a model that was saved as OpenVINO IR."""
    ov.save_model(model, file, compress_to_fp16=fp16)
    return [file, file.with_suffix(".bin")]


def _check(job: OptimizeRequest) -> None:
    """Read what was saved, check that it is optimized, compile it and run it once."""
    network = OpenVino({}).read(Path(job.file), job.target.shapes)
    check_optimized(network.model, job)
    compiled = network.compile("CPU", "latency", "f32", None)
    infer(compiled.request(load_samples(Path(job.tried_with))), 0, network)


# ---------------------------------------------------------------- methods


def _unchanged(network: OpenVinoNetwork, job: OptimizeRequest) -> OptimizedModel:
    """Return the model itself: saving it compresses its weights to fp16."""
    return OptimizedModel(network.model, dict(job.settings), [])


def _compress_weights(model: Any, job: OptimizeRequest) -> OptimizedModel:  # noqa: ANN401
    """Return a model whose weights are stored in eight or four bits."""
    import nncf

    settings = job.settings
    parameters: dict[str, Any] = {"mode": nncf.CompressWeightsMode(settings["mode"])}
    if "group_size" in settings:
        fallback = nncf.GroupSizeFallbackMode(settings["group_size_fallback_mode"])
        parameters["group_size"] = int(settings["group_size"])
        parameters["advanced_parameters"] = nncf.AdvancedCompressionParameters(
            group_size_fallback_mode=fallback
        )
    return OptimizedModel(nncf.compress_weights(model, **parameters), dict(settings), [])


_METHODS: dict[str, Callable[[OpenVinoNetwork, OptimizeRequest], OptimizedModel]] = {
    "fp16-compression": _unchanged,
    "post-training-quantization": quantize.quantize,
    "accuracy-controlled-quantization": quantize.quantize_with_accuracy,
    "weight-compression": lambda network, job: _compress_weights(network.model, job),
}
"""Key of `ovreport.variants.METHODS` → what does it."""

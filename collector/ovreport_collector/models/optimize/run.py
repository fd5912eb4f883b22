"""Optimizes a model, in a process of its own; with `quantizing` the only importer of NNCF.

read → optimize → save as OpenVINO IR → read again → compile → one inference
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
from ovreport_collector.loadgen.checks import infer_checked
from ovreport_collector.loadgen.memory import peak_rss_bytes
from ovreport_collector.models.optimize import quantize
from ovreport_collector.models.optimize.check import check_optimized
from ovreport_collector.models.optimize.quantize import Chosen
from ovreport_collector.models.optimize.request import OptimizeRequest, OptimizeResult

_NO_TELEMETRY = "NNCF_CI"
"""NNCF reports its use to a web service unless this is set: a benchmark tells nobody."""


def optimize(job: OptimizeRequest) -> OptimizeResult:
    """Optimize a model and save it; ValueError where nothing in it can be.

    WrongOutputError if what was made does not give finite outputs.
    """
    os.environ[_NO_TELEMETRY] = "1"
    if ENGINES[job.target.engine].kind == "generation":
        # Late: it imports openvino-genai, which need not be installed.
        from ovreport_collector.models.optimize import language_model

        model, restored = language_model.in_floating_point(job)
        made = _make(job, model, lambda: _compressed(model, job), language_model.try_out)
        return msgspec.structs.replace(made, restored=restored)
    network = OpenVino({}).read(Path(job.target.model), job.target.shapes)
    return _make(job, network.model, lambda: _METHODS[job.method](network, job), _try_out)


def _make(
    job: OptimizeRequest,
    model: Any,  # noqa: ANN401 (OpenVINO's)
    optimized: Callable[[], Chosen],
    try_out: Callable[[OptimizeRequest], None],
) -> OptimizeResult:
    """Save what comes of a model, try it out, and tell what it took."""
    file = Path(job.file)
    before = _saved(model, file.with_name("before.xml"), fp16=False)
    bytes_before = sum(part.stat().st_size for part in before)
    for part in before:
        part.unlink()

    began = time.perf_counter()
    chosen = optimized()
    made = _saved(chosen.model, file, fp16=job.method == "fp16-compression")
    seconds = time.perf_counter() - began
    try_out(job)
    return OptimizeResult(
        seconds=seconds,
        peak_bytes=peak_rss_bytes(),
        bytes_before=bytes_before,
        bytes_after=sum(part.stat().st_size for part in made),
        settings=chosen.settings,
        trials=chosen.trials,
    )


def _saved(model: Any, file: Path, *, fp16: bool) -> list[Path]:  # noqa: ANN401
    """Return the files of a model that was saved as OpenVINO IR."""
    ov.save_model(model, file, compress_to_fp16=fp16)
    return [file, file.with_suffix(".bin")]


def _try_out(job: OptimizeRequest) -> None:
    """Read what was saved, look for what was to be done, compile it and run it once."""
    network = OpenVino({}).read(Path(job.file), job.target.shapes)
    check_optimized(network.model, job)
    compiled = network.compile("CPU", "latency", "f32", None)
    infer_checked(compiled.request(load_samples(Path(job.tried_with))), 0, network)


# ---------------------------------------------------------------- methods


def _as_it_is(network: OpenVinoNetwork, job: OptimizeRequest) -> Chosen:
    """Return the model: saving it compresses its weights."""
    return Chosen(network.model, dict(job.settings), [])


def _compressed(model: Any, job: OptimizeRequest) -> Chosen:  # noqa: ANN401
    """Return a model whose weights are stored in few bits."""
    import nncf

    settings = job.settings
    requested: dict[str, Any] = {"mode": nncf.CompressWeightsMode(settings["mode"])}
    if "group_size" in settings:
        fallback = nncf.GroupSizeFallbackMode(settings["group_size_fallback_mode"])
        requested["group_size"] = int(settings["group_size"])
        requested["advanced_parameters"] = nncf.AdvancedCompressionParameters(
            group_size_fallback_mode=fallback
        )
    return Chosen(nncf.compress_weights(model, **requested), dict(settings), [])


_METHODS: dict[str, Callable[[OpenVinoNetwork, OptimizeRequest], Chosen]] = {
    "fp16-compression": _as_it_is,
    "post-training-quantization": quantize.best,
    "accuracy-controlled-quantization": quantize.within,
    "weight-compression": lambda network, job: _compressed(network.model, job),
}

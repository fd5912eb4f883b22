"""Weight compression of a language model: its network in f32, and a check of the outcome.

    pipeline → its network, weights in f32 again → NNCF → a folder that a pipeline loads → check

A pipeline builds the network of a GGUF file itself, and keeps its weights in the few bits that they
were published in. NNCF compresses floating point, so they are dequantized first: what comes out is
quantized twice, and its record says so.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from ovreport_collector.engines.arrays import load_samples
from ovreport_collector.engines.base import WrongOutputError
from ovreport_collector.engines.generation_base import texts
from ovreport_collector.engines.openvino_genai import GenAi
from ovreport_collector.engines.runtime import openvino as ov
from ovreport_collector.loadgen.memory import peak_rss_bytes
from ovreport_collector.models.convert.run import ConvertResult
from ovreport_collector.models.optimize.check import check_optimized
from ovreport_collector.models.optimize.request import OptimizeRequest
from ovreport_collector.sources.model_files import pipeline_files

_CHECK_TOKENS = 32
"""Of a prompt, and of its completion."""


def read_as_f32(job: OptimizeRequest) -> tuple[Any, ConvertResult]:
    """Return the network with its weights in f32, and what that took.

    Tokenizer and settings, which a pipeline needs too, are copied to the folder of `job.file`.
    """
    began, out = time.perf_counter(), Path(job.file).parent
    with tempfile.TemporaryDirectory(dir=out) as work:
        _, network = GenAi(job.target).exporting(Path(work))
        for file in pipeline_files(network):
            shutil.copyfile(file, out / file.name)
        # While the file is there: until folded, weights are read from it.
        model = constants_folded(ov.Core().read_model(network))
    took = ConvertResult(seconds=time.perf_counter() - began, peak_bytes=peak_rss_bytes())
    return model, took


def constants_folded(model: Any) -> Any:  # noqa: ANN401 (openvino ships no types)
    """Return an `openvino.Model` with everything computed that follows from constants alone."""
    from openvino import passes

    manager = passes.Manager()
    manager.register_pass(passes.ConstantFolding())
    manager.run_passes(model)
    return model


def check(job: OptimizeRequest) -> None:
    """Load the folder as a run does, check that it is optimized, and generate once.

    WrongOutputError if tokens are missing, or logits are not finite.
    """
    engine = GenAi(msgspec.structs.replace(job.target, model=job.file))
    check_optimized(ov.Core().read_model(job.file), job)
    pipeline = engine.pipeline()
    text = next(texts(load_samples(Path(job.tried_with))))
    tokens = pipeline.encode(text)[:_CHECK_TOKENS]
    completion = pipeline.generate(tokens, _CHECK_TOKENS)
    count = len(completion.tokens)
    if count != _CHECK_TOKENS:
        raise WrongOutputError(f"{_CHECK_TOKENS} tokens were asked for, {count} came")
    del pipeline
    engine.network(Path(job.file)).windows(
        tokens, window=len(tokens), stride=len(tokens) // 2, most=1
    )

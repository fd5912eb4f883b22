"""A language model's way to compressed weights: its network, and a try of what was made.

    pipeline → its network, weights in f32 again → NNCF → a folder that a pipeline loads → try it

A pipeline makes the network of a GGUF file itself, and keeps its weights in the few bits that they
were published in. NNCF compresses floating point, so they are unfolded first: what comes out is
quantized twice, and the record tells it.
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
from ovreport_collector.suite import language

_TRIED_TOKENS = 32
"""Of a prompt; an answer has as many."""


def in_floating_point(job: OptimizeRequest) -> tuple[Any, ConvertResult]:
    """Return the network with its weights in f32, and what it took to make it.

    What a pipeline needs beside it is copied into the folder of the job's file.
    """
    began, out = time.perf_counter(), Path(job.file).parent
    with tempfile.TemporaryDirectory(dir=out) as work:
        _, network = GenAi(job.target).exporting(Path(work))
        for file in language.beside(network):
            shutil.copyfile(file, out / file.name)
        # While the file is there: until folded, weights are read from it.
        model = unfolded(ov.Core().read_model(network))
    took = ConvertResult(seconds=time.perf_counter() - began, peak_bytes=peak_rss_bytes())
    return model, took


def unfolded(model: Any) -> Any:  # noqa: ANN401
    """Return the network with everything computed that follows from constants alone."""
    from openvino import passes

    manager = passes.Manager()
    manager.register_pass(passes.ConstantFolding())
    manager.run_passes(model)
    return model


def try_out(job: OptimizeRequest) -> None:
    """Load the folder as a run does, look for what was to be done, and let it answer once.

    WrongOutputError if it does not answer, or with logits that are no numbers.
    """
    engine = GenAi(msgspec.structs.replace(job.target, model=job.file))
    check_optimized(ov.Core().read_model(job.file), job)
    pipeline = engine.pipeline()
    text = next(texts(load_samples(Path(job.tried_with))))
    tokens = pipeline.encode(text)[:_TRIED_TOKENS]
    answer = pipeline.generate(tokens, _TRIED_TOKENS)
    if len(answer.tokens) != _TRIED_TOKENS:
        raise WrongOutputError(f"{_TRIED_TOKENS} tokens were asked for, {len(answer.tokens)} came")
    del pipeline
    engine.network(Path(job.file)).windows(
        tokens, window=len(tokens), stride=len(tokens) // 2, most=1
    )

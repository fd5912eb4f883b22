"""Runs a conversion, in a process of its own: OpenVINO is imported, and weights fill memory."""

from __future__ import annotations

import time
from pathlib import Path

import openvino as ov

from ovreport_collector.jobs import ConvertJob, ConvertResult
from ovreport_collector.loadgen.memory import peak_rss_bytes
from ovreport_collector.models.convert.registry import CONVERTERS


def convert(job: ConvertJob) -> ConvertResult:
    """Write the network of a job's weights as an OpenVINO IR, in full precision.

    ValueError where the weights are not what the converter reads.
    """
    start = time.perf_counter()
    files = {role: Path(file) for role, file in job.files.items()}
    model = CONVERTERS[job.converter].build(Path(job.weights), files, job.shapes)
    ov.save_model(model, job.model, compress_to_fp16=False)
    return ConvertResult(seconds=time.perf_counter() - start, peak_bytes=peak_rss_bytes())

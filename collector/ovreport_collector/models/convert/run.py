"""The job of a conversion, in a process of its own: it imports OpenVINO and holds all weights."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec import Struct

from ovreport_collector.loadgen.memory import peak_rss_bytes
from ovreport_collector.models.convert.registry import CONVERTERS
from ovreport_collector.process.job import Job


class ConvertResult(Struct, frozen=True, kw_only=True, tag="convert"):
    """What a conversion took."""

    seconds: float
    peak_bytes: int
    """Highest resident memory of the process."""


class ConvertJob(Job[ConvertResult], frozen=True, kw_only=True):
    """Make an OpenVINO IR of published weights that no engine reads."""

    converter: str
    """Key in `models.convert.registry.CONVERTERS`."""
    weights: str
    files: dict[str, str]
    """Role → path of an auxiliary file of the model."""
    shapes: dict[str, list[int]]
    model: str
    """Path of the .xml to write, its .bin beside it."""

    def run(self) -> ConvertResult:
        """Write the network of the weights as an OpenVINO IR, in full precision.

        ValueError where the weights are not what the converter takes.
        """
        import openvino as ov

        start = time.perf_counter()
        files = {role: Path(file) for role, file in self.files.items()}
        model = CONVERTERS[self.converter].build(Path(self.weights), files, self.shapes)
        ov.save_model(model, self.model, compress_to_fp16=False)
        return ConvertResult(seconds=time.perf_counter() - start, peak_bytes=peak_rss_bytes())

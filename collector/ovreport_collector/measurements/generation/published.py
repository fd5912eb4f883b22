"""The perplexity of the file as published, before an engine converts anything.

A pipeline builds its network of a GGUF file when it loads it, and may round the weights anew: what
is lost then is lost in every precision, f32 included. So the same text goes through the file's own
weights, dequantized, by a forward pass of our own. That depends on file and text alone: it is
computed once and cached.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from ovreport.engines import ENGINES, GENAI
from ovreport.record import NotMeasured, PublishedPerplexity, Skipped, Unsupported, checksum_of
from ovreport_collector.measurements.generation import outputs
from ovreport_collector.models import cache
from ovreport_collector.process.job import Job, JobFailed
from ovreport_collector.sources.model_files import files_of, listed

SKIP = "published-perplexity"
"""Name by which `--skip` leaves it out."""
LIMITS_S = {"quick": 120.0, "standard": 600.0, "publish": 1800.0}
"""What it may take, by tier; a model of 135 million weights takes half a minute on two cores."""
EXPECTED_S = 30.0

_VERSION = 1
"""Of the forward pass: raised when its numbers change."""
_FILE = "published.json"
_PACKAGE = "gguf"


class PublishedResult(Struct, frozen=True, kw_only=True, tag="published"):
    """The loss of a text by a file's own weights, or why it was not computed."""

    measured: PublishedPerplexity | NotMeasured


class PublishedJob(Job[PublishedResult], frozen=True, kw_only=True):
    """Compute the loss of a text by the weights of a GGUF file."""

    file: str
    tokens: list[int]
    window: int
    stride: int
    windows: int
    """At most so many steps of the sliding window."""
    limit_s: float

    def run(self) -> PublishedResult:
        """Compute it, unless that would take longer than it may."""
        from ovreport_collector.engines.gguf.file import GgufFile
        from ovreport_collector.engines.gguf.network import TooSlowError, losses

        file = GgufFile(Path(self.file))
        try:
            found = losses(
                file,
                self.tokens,
                window=self.window,
                stride=self.stride,
                most=self.windows,
                limit_s=self.limit_s,
            )
        except TooSlowError as error:
            most = f"at this tier it may take {self.limit_s:.0f} s"
            return PublishedResult(measured=Skipped(reason=f"{error}; {most}"))
        types = " and ".join(file.types[:2])
        method = f"forward pass in f32 with numpy; {types} weights dequantized by gguf"
        software = {_PACKAGE: reader_version(), "numpy": np.__version__}
        return PublishedResult(
            measured=PublishedPerplexity(windows=found, method=method, software=software)
        )


def why_not(name: str, skip: Sequence[str]) -> NotMeasured | None:
    """Return why the perplexity of a file of that name is not computed; None where it is."""
    if SKIP in skip:
        return Skipped(reason=f"left out: --skip {SKIP}")
    if not name.lower().endswith(".gguf"):
        return Unsupported(reason="nothing is converted: the published file is what runs")
    if not reader_version():
        return Unsupported(
            reason=f"{_PACKAGE}, which reads the weights of GGUF files, is not installed",
            remedy=ENGINES[GENAI].install,
        )
    return None


def reader_version() -> str:
    """Return the version of what reads the weights; empty where it is not installed."""
    try:
        return importlib.metadata.version(_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return ""


def has_been_computed(name: str) -> bool:
    """Return whether it was computed of a file of that name, of whatever text."""
    return cache.has_been_built(published_perplexity_of=name)


def perplexity(
    file: Path,
    tokens: Sequence[int],
    run: Callable[[PublishedJob], PublishedResult | JobFailed],
    *,
    limit_s: float,
) -> PublishedPerplexity | NotMeasured:
    """Return the perplexity of the text by a file's own weights, from the cache if it is there.

    `run` does the job in a process of its own. What went wrong is returned, and not kept.
    """
    job = PublishedJob(
        file=str(file),
        tokens=list(tokens),
        window=outputs.WINDOW,
        stride=outputs.STRIDE,
        windows=outputs.WINDOWS,
        limit_s=limit_s,
    )

    def build(folder: Path) -> None:
        result = run(job)
        found = result.outcome() if isinstance(result, JobFailed) else result.measured
        if isinstance(found, NotMeasured):
            raise _NoneError(found)
        (folder / _FILE).write_bytes(msgspec.json.encode(found))

    try:
        folder = cache.obtain(_recipe(job), build)
    except _NoneError as error:
        return error.why
    return msgspec.json.decode((folder / _FILE).read_bytes(), type=PublishedPerplexity)


class _NoneError(Exception):
    """There is no perplexity, and why."""

    def __init__(self, why: NotMeasured) -> None:
        super().__init__(why.reason)
        self.why = why


def _recipe(job: PublishedJob) -> dict[str, object]:
    """Return everything that decides what comes out."""
    file = Path(job.file)
    return {
        "published_perplexity_of": file.name,
        "sha256": checksum_of(listed(files_of(file))),
        "version": _VERSION,
        "tokens": hashlib.sha256(msgspec.json.encode(job.tokens)).hexdigest(),
        "windows": [job.window, job.stride, job.windows],
        "software": reader_version(),
    }

"""From an encoded image to its answer, stage by stage."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ovreport.record.accuracy import OutputAgreement
from ovreport.record.base import Count, Measured, Part, Positive, Text
from ovreport.record.histogram import check_rounds

__all__ = ["STAGES", "EndToEnd", "Pipeline", "PipelineRound", "Stage", "Way"]


Stage = Literal["decode", "preprocess", "transfer", "infer", "postprocess"]
STAGES: tuple[Stage, ...] = ("decode", "preprocess", "transfer", "infer", "postprocess")
Way = Literal["host", "graph"]
"""Where preprocessing runs: in our process, or inside the model (PrePostProcessor)."""
_LEAST, _MOST = 1e-9, 1e12
"""Bounds of times in ms and of rates in images per second: far beyond any."""


class PipelineRound(Part, frozen=True):
    """One way through the pipeline in one fresh process; the ways of a round take turns in it."""

    round: Count
    n: Count
    """Images that went through the synchronous loop."""
    stages_ms: dict[Stage, Positive]
    """Median of each stage that this way has.

    Decoding ends with Pillow's image on the host way, with its array on the graph's. Letting go
    of what a stage made counts as that stage's. Transfer is the copy into the request's own
    tensor, which lies in host memory for a CPU; what a plugin copies further to its device is part
    of inference.
    """
    median_ms: Positive
    """Median of the whole, image file to answer, one at a time."""
    sync_ips: Positive
    """Images per second, one after the other."""
    async_ips: Positive
    """Images per second when one thread of the host works on the next image while the device
    infers others, compiled for throughput."""

    def __post_init__(self) -> None:
        if self.n == 0 or "infer" not in self.stages_ms:
            raise ValueError("a way through the pipeline has at least one image, and inference")
        # Ratios and logarithms are taken of these.
        for value in (self.median_ms, self.sync_ips, self.async_ips, sum(self.stages_ms.values())):
            if not _LEAST <= value <= _MOST:
                raise ValueError(f"{value!r} is no time and no rate of a pipeline")


class Pipeline(Part, frozen=True):
    """One way through the pipeline."""

    way: Way
    rounds: Annotated[list[PipelineRound], Meta(min_length=1, max_length=100)]
    requests: Count = 2
    """Of the pipeline; those of older records were two, compiled for latency."""
    hint: Literal["latency", "throughput"] = "latency"
    """What the pipeline's requests were compiled for."""

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class EndToEnd(Measured, frozen=True):
    """From an encoded image to the answer, stage by stage."""

    images: Text
    """What was decoded: format, size, number and source, in one sentence."""
    preprocessing: Text
    """The steps, in one sentence, and what the device does otherwise."""
    pipelines: Annotated[list[Pipeline], Meta(min_length=1, max_length=2)]
    missing: dict[Way, Text]
    """Why a way was not measured."""
    agreement: list[OutputAgreement]
    """Outputs with preprocessing in the graph, compared with those with it on the host."""

    def __post_init__(self) -> None:
        ways = [*(pipeline.way for pipeline in self.pipelines), *self.missing]
        if len(set(ways)) < len(ways):
            raise ValueError("each way through the pipeline is measured once, or missing")

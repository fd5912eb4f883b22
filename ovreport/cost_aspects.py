"""Aspects of what an answer costs: the whole pipeline, energy, and the measuring itself."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ovreport.aspects import OutputAgreement
from ovreport.parts import Aspect, Count, Part, Positive, Text
from ovreport.samples import check_rounds

Stage = Literal["decode", "preprocess", "transfer", "infer", "postprocess"]
STAGES: tuple[Stage, ...] = ("decode", "preprocess", "transfer", "infer", "postprocess")
Way = Literal["host", "graph"]
"""Where preprocessing runs: in our process, or inside the model (PrePostProcessor)."""


class PipelineRound(Part, frozen=True):
    """One way through the pipeline in one fresh process."""

    round: Count
    n: Count
    """Images that went through the synchronous loop."""
    stages_ms: dict[Stage, Positive]
    """Median of each stage that this way has."""
    median_ms: Positive
    """Median of the whole, image file to answer, one at a time."""
    sync_ips: Positive
    """Images per second, one after the other."""
    async_ips: Positive
    """Images per second when the host works on the next image while the device infers."""


class Pipeline(Part, frozen=True):
    """One way through the pipeline."""

    way: Way
    rounds: Annotated[list[PipelineRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class EndToEnd(Aspect, frozen=True):
    """From an encoded image to the answer, stage by stage."""

    images: Text
    """What was decoded: format, size, number and source, in one sentence."""
    preprocessing: Text
    """The steps, in one sentence."""
    pipelines: Annotated[list[Pipeline], Meta(min_length=1, max_length=4)]
    agreement: list[OutputAgreement]
    """Outputs with preprocessing in the graph against those with it on the host."""


class EnergyRound(Part, frozen=True):
    """What one domain took while the throughput loop of one round ran."""

    round: Count
    duration_s: Positive
    inferences: Count
    energy_j: Positive
    """Gross: all that the domain took in this time."""
    idle_s: Positive
    """Length of the baseline, measured in the same process just before."""
    idle_w: Positive
    """Power of the domain meanwhile."""


class EnergyDomain(Part, frozen=True):
    """One domain of a meter; domains may contain each other and are never added up."""

    name: Text
    """As the meter calls it: `package`, `dram`, `psys`, `gpu`."""
    scope: Text
    """What the figure covers, in words."""
    rounds: Annotated[list[EnergyRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class Energy(Aspect, frozen=True):
    """Energy in the same run as throughput, with an idle baseline."""

    method: Text
    """`powercap`, `hwmon`, `perf`…"""
    domains: Annotated[list[EnergyDomain], Meta(min_length=1, max_length=16)]
    """The headline first."""


class CalibrationRound(Part, frozen=True):
    """The fixed computations, timed just before and just after one round."""

    round: Count
    device_before_ms: Positive
    """Median of the small model on the case's device."""
    device_after_ms: Positive
    host_before_ms: Positive
    """Median of the matrix product on the host's processor."""
    host_after_ms: Positive


class Calibration(Aspect, frozen=True):
    """How fast the machine was around each round, by computations that are the same for ever."""

    version: Count
    """Of the computations; times of different versions are not comparable."""
    rounds: Annotated[list[CalibrationRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class Effort(Aspect, frozen=True):
    """What the collecting of this case took, and how much of it was measuring."""

    wall_s: Positive
    """All rounds of the case, from the first process's start to the last one's end."""
    measuring_s: Positive
    """Of it: timed loops, their warm-up and idle baselines, and timed starts."""
    parts_s: dict[Text, Positive]
    """Wall time by what it went to."""

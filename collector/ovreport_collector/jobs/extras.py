"""Jobs of `extras`: aspects that a round measures in processes of their own."""

from __future__ import annotations

from msgspec import Struct

from ovreport.record import (
    Curve,
    MemoryRound,
    OpenLoop,
    OutputAgreement,
    PipelineRound,
    StartupRound,
    Unsupported,
    Way,
)
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.engines.types import Target
from ovreport_collector.jobs.target import Driver


class CachedStartJob(Struct, frozen=True, kw_only=True, tag="cached-start"):
    """Start from a model cache; fills it first where it is empty."""

    target: Target
    round: int
    inputs: str
    cache_dir: str
    seed: int = 0


class EndToEndJob(Struct, frozen=True, kw_only=True, tag="end-to-end"):
    """Take encoded images all the way to answers, preprocessed on the host and in the graph."""

    target: Target
    round: int
    seconds: float
    """Of each way, both loops together."""
    pipeline: ImagePipeline
    images: list[str]
    """Paths of the encoded images."""
    about: str
    """What they are."""
    task: str
    """Says how outputs become an answer."""
    seed: int


class NoMmapJob(Struct, frozen=True, kw_only=True, tag="no-mmap"):
    """Start with weights that are read, not mapped."""

    target: Target
    round: int
    inputs: str
    seed: int


class Setting(Struct, frozen=True):
    """One point of a curve's grid."""

    streams: int
    """0: the number that the THROUGHPUT hint chooses."""
    requests: int
    batch: int


class CurveJob(Struct, frozen=True, kw_only=True, tag="curve"):
    """Measure every setting of a grid once."""

    target: Target
    round: int
    inputs: str
    seed: int
    settings: list[Setting]
    seconds: float
    """Least length of one point's loop."""
    driver: Driver
    unloaded_latency_ms: float
    """Median latency of a lone request: tells which settings would take too long."""


class ArrivalsJob(Struct, frozen=True, kw_only=True, tag="arrivals"):
    """Find the highest rate of random arrivals whose tail latency stays within a limit."""

    target: Target
    round: int
    inputs: str
    seed: int
    closed_ips: float
    """Throughput of the closed loop: the search begins at half of it."""
    limit_ms: float
    limit_rule: str
    percentile: float
    seconds: float
    """Least length of one step."""
    least: int
    """Arrivals that a step must have, within three times its least length."""


class CachedStartResult(Struct, frozen=True, kw_only=True, tag="cached-start"):
    """A start from the model cache."""

    startup: StartupRound
    loaded_from_cache: bool
    cache_bytes: int
    memory: MemoryRound | None = None
    """Up to the first inference."""


class EndToEndResult(Struct, frozen=True, kw_only=True, tag="end-to-end"):
    """One round of each way through the pipeline."""

    rounds: dict[Way, PipelineRound]
    missing: dict[Way, str]
    """Why a way could not be gone."""
    images: str
    preprocessing: str
    """The steps, and what the device does otherwise."""
    agreement: list[OutputAgreement]
    """The graph's outputs against the host's; empty without the graph."""


class NoMmapResult(Struct, frozen=True, kw_only=True, tag="no-mmap"):
    """Memory up to the first inference."""

    memory: MemoryRound | None
    why_not: Unsupported | None = None


class CurveResult(Struct, frozen=True, kw_only=True, tag="curve"):
    """One round of a curve."""

    curve: Curve


class ArrivalsResult(Struct, frozen=True, kw_only=True, tag="arrivals"):
    """One search for the highest arrival rate."""

    open_loop: OpenLoop


ExtraJob = CachedStartJob | EndToEndJob | CurveJob | ArrivalsJob | NoMmapJob
ExtraResult = CachedStartResult | EndToEndResult | CurveResult | ArrivalsResult | NoMmapResult

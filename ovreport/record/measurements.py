"""The aspects of a case: what was measured of it, each with its settings and its rounds."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ovreport.record.base import (
    Batch,
    Count,
    Finite,
    Measured,
    NotMeasured,
    Part,
    Positive,
    Slug,
    Text,
)
from ovreport.record.samples import (
    LatencyRound,
    MemoryMode,
    MemoryRound,
    ModeName,
    StartupRound,
    ThroughputRound,
    check_order,
    check_rounds,
)


class Settings(Part, frozen=True):
    """Compile properties: those asked for, and those the compiled model reports."""

    requested: dict[str, Text]
    effective: dict[str, Text]


class Startup(Measured, frozen=True):
    """Cold start: read, compile, first inference, no model cache."""

    rounds: Annotated[list[StartupRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class StartupCached(Measured, frozen=True):
    """Start from a model cache; every round reported LOADED_FROM_CACHE."""

    rounds: Annotated[list[StartupRound], Meta(min_length=1, max_length=100)]
    cache_bytes: Count

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class Latency(Measured, frozen=True):
    """LATENCY hint, synchronous, one request, batch as in the model's inputs."""

    settings: Settings
    rounds: Annotated[list[LatencyRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class Throughput(Measured, frozen=True):
    """THROUGHPUT hint, concurrent requests as many as the device calls optimal."""

    settings: Settings
    batch: Batch
    rounds: Annotated[list[ThroughputRound], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class Memory(Measured, frozen=True):
    """Memory of the measuring process, phase by phase."""

    rounds: Annotated[list[MemoryRound], Meta(min_length=1, max_length=100)]
    modes: dict[ModeName, MemoryMode | NotMeasured] = {}
    """Other ways to load the model; those that records of the time did not know are absent."""
    unreadable: dict[Text, Text] = {}
    """Counters that this machine or device does not give, and why."""

    def __post_init__(self) -> None:
        check_rounds(self.rounds)


class LayerCount(Part, frozen=True):
    """How many layers of the compiled model ran at this precision on this device."""

    device: Text
    precision: Text
    compute: bool
    """True for layers that do the arithmetic (convolution, matrix product, recurrent…)."""
    count: Count


class Execution(Measured, frozen=True):
    """What really ran, read back from the runtime model."""

    devices: list[Text]
    """EXECUTION_DEVICES of the compiled model."""
    precision: Text
    """Precision of most compute layers: f32, bf16, f16, i8, or `mixed`."""
    layers: list[LayerCount]


class Accuracy(Measured, frozen=True):
    """How right the answers are, on labelled data, at this precision on this device."""

    metric: Slug
    """Key in `ovreport.metrics.registry`."""
    value: Finite
    low: Finite
    """95 % interval."""
    high: Finite
    interval: Text
    """Method of the interval: `wilson` or `bootstrap`."""
    n: Count
    unit: Text
    """What is counted in n, plural."""
    data: Text
    """Where samples and labels come from, in one sentence."""
    rendered: bool
    """True when the samples were drawn or synthesised with known labels."""
    reference: AccuracyReference | NotMeasured
    dataset: Text = ""
    """Name of the data in a word or two, for headings; empty: the task has but one."""

    def __post_init__(self) -> None:
        check_order(self.low, self.value, self.high, "low, value, high")


class AccuracyReference(Measured, frozen=True):
    """The same samples through the f32 reference on the CPU, and the paired difference."""

    value: Finite
    delta: Finite
    """value of this case minus value of the reference, same samples."""
    delta_low: Finite
    """95 % interval of the paired difference."""
    delta_high: Finite

    def __post_init__(self) -> None:
        check_order(self.delta_low, self.delta, self.delta_high, "delta_low, delta, delta_high")


class OutputAgreement(Part, frozen=True):
    """One output against the reference's, over all compared inputs."""

    name: Text
    relative_rmse: Positive
    """Root mean square of the difference over that of the reference."""
    max_abs_difference: Positive
    cosine: Annotated[float, Meta(ge=-1.001, le=1.001)]


class Agreement(Measured, frozen=True):
    """Raw outputs compared with the f32 reference on the CPU, on the timed inputs."""

    n: Count
    outputs: list[OutputAgreement]

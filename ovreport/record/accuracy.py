"""What really ran, and how near its outputs are to the labels and to the f32 reference."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ovreport.record.base import Count, Finite, Measured, NotMeasured, Part, Positive, Slug, Text
from ovreport.record.histogram import check_order

__all__ = [
    "Accuracy",
    "AccuracyReference",
    "Agreement",
    "Execution",
    "LayerCount",
    "OutputAgreement",
]


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


class Accuracy(Measured, frozen=True):
    """Accuracy on labelled data, at this precision on this device."""

    metric: Slug
    """Key in `ovreport.metrics.METRICS`; one of the group of accuracy."""
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


class OutputAgreement(Part, frozen=True):
    """One output compared with the reference's, over all compared inputs."""

    name: Text
    relative_rmse: Positive
    """Root mean square of the difference over that of the reference."""
    max_abs_difference: Positive
    cosine: Annotated[float, Meta(ge=-1.001, le=1.001)]
    other_shape: Count = 0
    """Inputs for which the output had another shape than the reference's, where shapes depend on
    the data: they are not in the figures above."""


class Agreement(Measured, frozen=True):
    """Raw outputs compared with the f32 reference on the CPU, on the timed inputs."""

    n: Count
    outputs: list[OutputAgreement]

"""What an optimization is given, and what it reports, as data that passes between processes."""

from __future__ import annotations

from msgspec import Raw, Struct

from ovreport.record.model import Trial
from ovreport_collector.engines.types import Target
from ovreport_collector.models.convert.run import ConvertResult


class ValidationData(Struct, frozen=True, kw_only=True):
    """What a task needs to give its validation inputs in another process."""

    model: Raw
    """The suite's model, as JSON."""
    file: str
    """Path of the published model file."""
    files: dict[str, str]
    """Role → path."""
    data: dict[str, str]
    seed: int


class OptimizeRequest(Struct, frozen=True, kw_only=True):
    """Which model to optimize, how, and what to try it with."""

    target: Target
    """The model as it is."""
    method: str
    """Key of `ovreport.variants.METHODS`."""
    settings: dict[str, str]
    file: str
    """Path of the `.xml` to write, in an empty folder."""
    tried_with: str
    """`.npz` of inputs, of which the first is given to the optimized model."""
    inputs: str = ""
    """`.npz` of calibration inputs."""
    validation: ValidationData | None = None


class OptimizeResult(Struct, frozen=True, kw_only=True, tag="optimize"):
    """What an optimization took, and what it gained."""

    seconds: float
    peak_bytes: int
    """Highest resident memory of the process."""
    bytes_before: int
    """Of the model as OpenVINO IR in full precision, and after the optimization."""
    bytes_after: int
    settings: dict[str, str]
    """Effective ones: the request's, and those that were selected."""
    trials: list[Trial] = []
    restored: ConvertResult | None = None
    """What it took to dequantize the weights first, where they were quantized."""

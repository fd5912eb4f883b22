"""What an optimization is asked for, and what it reports, as data that passes between processes."""

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
    bytes_before: int
    bytes_after: int
    settings: dict[str, str]
    """Those in force: the request's, and what was chosen."""
    trials: list[Trial] = []
    restored: ConvertResult | None = None
    """What it took to make the weights floating point again, where they were not."""

"""Jobs that make a file to run: conversions and optimizations."""

from __future__ import annotations

from msgspec import Raw, Struct

from ovreport.record.model import Trial
from ovreport_collector.engines.types import Target


class ConvertJob(Struct, frozen=True, kw_only=True, tag="convert"):
    """Make an OpenVINO IR of published weights that no engine reads."""

    converter: str
    """Key in `making.converters.CONVERTERS`."""
    weights: str
    files: dict[str, str]
    """Role → path of an auxiliary file of the model."""
    shapes: dict[str, list[int]]
    model: str
    """Path of the .xml to write, its .bin beside it."""


class ConvertResult(Struct, frozen=True, kw_only=True, tag="convert"):
    """What a conversion took."""

    seconds: float
    peak_bytes: int
    """Highest resident memory of the process."""


class Validating(Struct, frozen=True, kw_only=True):
    """What a task needs to give its validation inputs in another process."""

    model: Raw
    """The suite's model, as JSON."""
    file: str
    """Path of the published model file."""
    files: dict[str, str]
    """Role → path."""
    data: dict[str, str]
    seed: int


class OptimizeJob(Struct, frozen=True, kw_only=True, tag="optimize"):
    """Make a variant of a model, and try it."""

    target: Target
    """The model as it is."""
    method: str
    settings: dict[str, str]
    file: str
    """Path of the `.xml` to write, in an empty folder."""
    tried_with: str
    """`.npz` of inputs, of which the first is fed to what was made."""
    inputs: str = ""
    """`.npz` of calibration inputs."""
    validating: Validating | None = None


class OptimizeResult(Struct, frozen=True, kw_only=True, tag="optimize"):
    """What the making of a variant took, and what it gained."""

    seconds: float
    peak_bytes: int
    bytes_before: int
    bytes_after: int
    settings: dict[str, str]
    """Those in force: the job's, and what was chosen."""
    trials: list[Trial] = []
    restored: ConvertResult | None = None
    """What it took to make the weights floating point again, where they were not."""

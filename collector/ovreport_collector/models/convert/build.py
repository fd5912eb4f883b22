"""The file of a model as published: that file itself, or what its converter makes of it."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import msgspec

from ovreport.record import Converted, Original
from ovreport_collector.models import cache
from ovreport_collector.models.cache import ModelFile
from ovreport_collector.models.convert.registry import CONVERTERS
from ovreport_collector.models.convert.run import ConvertJob
from ovreport_collector.process import child
from ovreport_collector.process.job import JobFailed
from ovreport_collector.sources.cache import sha256_of
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks import Files

MODEL_FILE = "model.xml"
LIMIT_S = 600.0
_ORIGIN_FILE = "converted.json"
_PACKAGES = ("openvino", "numpy")
"""What takes part in every conversion."""


def converted(model: Model, files: Files, work: Path) -> ModelFile | JobFailed:
    """Return the file to measure of a model, converted first where the suite names a converter.

    A conversion that failed is returned, not raised; what was converted once is kept.
    """
    if not model.converter:
        return ModelFile(files.model, Original())
    try:
        folder = cache.obtain(_recipe(model, files), lambda out: _convert(model, files, out, work))
    except _ConversionError as error:
        return error.failure
    origin = msgspec.json.decode((folder / _ORIGIN_FILE).read_bytes(), type=Converted)
    return ModelFile(folder / MODEL_FILE, origin)


class _ConversionError(Exception):
    def __init__(self, failure: JobFailed) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def _recipe(model: Model, files: Files) -> dict[str, object]:
    """Return everything that decides what comes out."""
    return {
        "converter": model.converter,
        "version": CONVERTERS[model.converter].version,
        "weights": sha256_of(files.model),
        "files": {role: sha256_of(path) for role, path in _needed(model, files).items()},
        "shapes": model.shapes,
        "software": _software(),
    }


def _convert(model: Model, files: Files, out: Path, work: Path) -> None:
    """Convert into the folder `out`, in a child process."""
    job = ConvertJob(
        converter=model.converter,
        weights=str(files.model),
        files={role: str(path) for role, path in _needed(model, files).items()},
        shapes=model.shapes,
        model=str(out / MODEL_FILE),
    )
    result = child.run(job, work, limit_s=LIMIT_S)
    if isinstance(result, JobFailed):
        what = f"the weights could not be converted ({model.converter}): {result.reason}"
        raise _ConversionError(msgspec.structs.replace(result, reason=what))
    origin = Converted(
        converter=model.converter,
        software=_software(),
        seconds=result.seconds,
        peak_bytes=result.peak_bytes,
    )
    (out / _ORIGIN_FILE).write_bytes(msgspec.json.encode(origin))


def _needed(model: Model, files: Files) -> dict[str, Path]:
    """Return role → path of what the model's converter reads beside the weights."""
    return {role: files.files[role] for role in CONVERTERS[model.converter].files}


def _software() -> dict[str, str]:
    return {package: importlib.metadata.version(package) for package in _PACKAGES}

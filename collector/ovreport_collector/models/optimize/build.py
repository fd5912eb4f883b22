"""The file of a variant: from the cache, or optimized first, in a process of its own.

calibration data of the task → none of it evaluated? → recipe → cache, or a process that optimizes
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from ovreport.engines import GENAI, OPENVINO
from ovreport.errors import StoreError
from ovreport.record.model import WEIGHTS_TO_F32, Converted, Optimized, Origin, Original
from ovreport.variants import OPTIMIZATIONS, Optimization
from ovreport_collector import tasks
from ovreport_collector.engines.arrays import save_arrays
from ovreport_collector.engines.types import Target
from ovreport_collector.models import cache
from ovreport_collector.models.cache import ModelFile
from ovreport_collector.models.optimize.job import OptimizeJob
from ovreport_collector.models.optimize.leakage import check_disjoint, checksum, without
from ovreport_collector.models.optimize.request import OptimizeResult, ValidationData
from ovreport_collector.models.variants import (
    SEED,
    calibration_count,
    optimized_file_name,
    settings,
    versions,
)
from ovreport_collector.process import child
from ovreport_collector.process.job import JobFailed
from ovreport_collector.process.redact import told
from ovreport_collector.sources import Files, model_files
from ovreport_collector.suite import language
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks import Calibrates, Calibration, Inputs, Labelled, Validates

VERSION = 2
"""Of how variants are made: raised when that changes, so that all are made again."""
LIMIT_S = 1500.0
"""Less than what another process waits for it (`sources.cache.WAIT_S`)."""
_RESULT_FILE = "made.json"


@dataclass(frozen=True)
class Unoptimized:
    """A model to optimize, and what its accuracy is computed on."""

    model: Model
    file: Path
    """What is measured of the published model: that file, or what was converted of it."""
    origin: Origin | Optimized
    files: Files
    """As fetched, for the task's calibration data."""
    samples: Path
    """`.npz` of inputs, of which the optimized model is given the first."""
    evaluated: Sequence[Labelled]
    """All labelled inputs, none of which may be optimized with."""


class _BuildError(Exception):
    """Why there is no variant, as the result of a job."""

    def __init__(self, failure: JobFailed) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True)
class _Data:
    """What an optimization looks at; None where it needs none."""

    calibration: Calibration | None
    validation: Labelled | None

    @property
    def samples(self) -> int:
        """Number of calibration samples."""
        if self.calibration is None:
            return 0
        return len(next(iter(self.calibration.inputs.values())))

    @property
    def description(self) -> str:
        """What a record says of it."""
        text = self.calibration.description if self.calibration else ""
        if self.validation is not None:
            n, unit = self.validation.n, self.validation.unit
            text += f"; accuracy was watched on {n} {unit} of their own: {self.validation.source}"
        return text


def optimized(source: Unoptimized, name: str, work: Path) -> ModelFile | JobFailed:
    """Return the file of a variant of a model, or why it cannot be made.

    `work` is a folder for files of this run. StoreError where the disk is full: that is no fault
    of the variant.
    """
    try:
        return _optimized(source, name, work)
    except _BuildError as error:
        return error.failure
    except StoreError:
        raise
    except Exception as error:
        # A task that trips over its data, a cache that cannot be written, a lock never released.
        reason = f"the variant could not be made: {told(error)}"
        return JobFailed(reason=reason, cause="error")


def _optimized(source: Unoptimized, name: str, work: Path) -> ModelFile:
    how = OPTIMIZATIONS[name]
    data = _data(how, source)
    chosen = settings(how, data.calibration, data.samples)
    file_name = optimized_file_name(source.model, name)

    def build(folder: Path) -> None:
        job = _job(source, how, data, chosen, folder / file_name, work)
        result = child.run(job, work, limit_s=LIMIT_S)
        if isinstance(result, JobFailed):
            raise _BuildError(result)
        (folder / _RESULT_FILE).write_bytes(msgspec.json.encode(result))

    folder = cache.obtain(_recipe(source, name, data, chosen), build)
    result = msgspec.json.decode((folder / _RESULT_FILE).read_bytes(), type=OptimizeResult)
    origin = Optimized(
        method=how.method,
        settings=result.settings,
        software=_software(source.model, name),
        calibration=data.description,
        calibration_samples=data.samples,
        seconds=result.seconds,
        peak_bytes=result.peak_bytes,
        bytes_before=result.bytes_before,
        bytes_after=result.bytes_after,
        trials=result.trials,
        derived_from=_derived_from(source, result),
    )
    return ModelFile(folder / file_name, origin)


def made_before(model: Model, file: Path, name: str) -> Path | None:
    """Return the file of a variant of a model that was optimized last; None: none was.

    `file` is what is measured of the published model.
    """
    made = optimized_file_name(model, name)
    folder = cache.newest(file=made, source=_checksums(file), variant=name)
    return folder / made if folder is not None else None


def _derived_from(source: Unoptimized, result: OptimizeResult) -> Origin:
    """Return the origin of what was optimized."""
    if result.restored is not None:
        return Converted(
            converter=WEIGHTS_TO_F32,
            software=language.versions([GENAI]),
            seconds=result.restored.seconds,
            peak_bytes=result.restored.peak_bytes,
        )
    return source.origin if not isinstance(source.origin, Optimized) else Original()


def _recipe(
    source: Unoptimized, name: str, data: _Data, chosen: dict[str, str]
) -> dict[str, object]:
    """Return everything that decides what comes out."""
    return {
        "version": VERSION,
        "file": optimized_file_name(source.model, name),
        "source": _checksums(source.file),
        "shapes": source.model.shapes,
        "variant": name,
        "method": OPTIMIZATIONS[name].method,
        "settings": chosen,
        "calibration": checksum(data.calibration.inputs) if data.calibration else "",
        "validation": checksum(data.validation.inputs) if data.validation else "",
        "software": _software(source.model, name),
    }


def _data(how: Optimization, source: Unoptimized) -> _Data:
    """Return the data that an optimization needs, none of which is evaluated."""
    return _Data(
        _calibration(source) if how.calibrated else None,
        _validation(source) if how.validated else None,
    )


def _calibration(source: Unoptimized) -> Calibration:
    model, task = source.model, tasks.get(source.model.task)
    if not isinstance(task, Calibrates):
        raise _unsupported(f'the task "{task.name}" has no real inputs to calibrate with')
    found = task.calibration(model, source.files, seed=SEED, count=calibration_count(model))
    fresh = found.inputs
    for labelled in source.evaluated:
        fresh = without(fresh, labelled.inputs)
    left_out = _count(found.inputs) - _count(fresh)
    if not left_out:
        return found
    why = f"; {left_out} left out: nearly the same as some that are evaluated"
    return replace(found, inputs=fresh, description=found.description + why)


def _count(inputs: Inputs) -> int:
    return len(next(iter(inputs.values())))


def _validation(source: Unoptimized) -> Labelled:
    task = tasks.get(source.model.task)
    if not isinstance(task, Validates) or not source.evaluated:
        raise _unsupported(
            f'the task "{task.name}" has no labelled inputs beside those that accuracy is '
            "judged by, so none to watch it with while quantizing"
        )
    found = task.validation(source.model, source.files, seed=SEED)
    for labelled in source.evaluated:
        check_disjoint(found.inputs, labelled.inputs, "validation")
    return found


def _unsupported(reason: str) -> _BuildError:
    return _BuildError(JobFailed(reason=reason, cause="error", unsupported=True))


def _job(
    source: Unoptimized,
    how: Optimization,
    data: _Data,
    chosen: dict[str, str],
    file: Path,
    work: Path,
) -> OptimizeJob:
    inputs = work / "calibration.npz"
    if data.calibration is not None:
        save_arrays(inputs, dict(data.calibration.inputs))
    return OptimizeJob(
        target=Target(
            engine=GENAI if language.is_language(source.model) else OPENVINO,
            model=str(source.file),
            shapes=source.model.shapes,
            device="CPU",
            precision="f32",
        ),
        method=how.method,
        settings=chosen,
        file=str(file),
        tried_with=str(source.samples),
        inputs=str(inputs) if data.calibration is not None else "",
        validation=_validation_data(source) if data.validation is not None else None,
    )


def _validation_data(source: Unoptimized) -> ValidationData:
    return ValidationData(
        model=msgspec.Raw(msgspec.json.encode(source.model)),
        file=str(source.files.model),
        files={role: str(path) for role, path in source.files.files.items()},
        data={role: str(path) for role, path in source.files.data.items()},
        seed=SEED,
    )


def _checksums(file: Path) -> list[str]:
    """Return the checksums of all files of a model."""
    return [one.sha256 for one in model_files.listed(model_files.files_of(file))]


def _software(model: Model, name: str) -> dict[str, str]:
    return {
        **versions([name]),
        "openvino": importlib.metadata.version("openvino"),
        **(language.versions([GENAI]) if language.is_language(model) else {}),
    }

"""Makes a variant of a published model ready: once, in a process of its own, kept by its recipe.

    data of the task → apart from what is evaluated? → recipe → cache, or a process that optimizes

What goes wrong is the variant's failure, and nobody else's.
"""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from ovreport.engines import GENAI, OPENVINO
from ovreport.errors import StoreError
from ovreport.record.model import WEIGHTS_TO_F32, Converted, Optimized, Origin, Original
from ovreport_collector.engines.arrays import save_arrays
from ovreport_collector.jobs import JobFailed, OptimizeJob, OptimizeResult, Target, Validating
from ovreport_collector.models import cache
from ovreport_collector.models.optimize.leakage import check_apart, checksum, without
from ovreport_collector.models.variants import (
    OPTIMISATIONS,
    PIPELINES_NETWORK,
    SEED,
    Optimization,
    made_name,
    sample_count,
    settings,
    versions,
)
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process import child
from ovreport_collector.sources.cache import sha256_of
from ovreport_collector.suite import language
from ovreport_collector.suite.model import MadeVariant, Model
from ovreport_collector.tasks import Calibrates, Calibration, Files, Labelled, Validates

VERSION = 2
"""Of how variants are made here: a change of it makes them all anew."""
LIMIT_S = 1500.0
"""Less than what another process waits for it (`sources.cache.WAIT_S`)."""
_FACTS = "made.json"


class _CannotError(Exception):
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
    def words(self) -> str:
        """What a record says of it."""
        told = self.calibration.description if self.calibration else ""
        if self.validation is not None:
            n, unit = self.validation.n, self.validation.unit
            told += f"; accuracy was watched on {n} {unit} of their own: {self.validation.source}"
        return told


def make_variant(
    prepared: PreparedModel, name: MadeVariant, files: Files, work: Path
) -> PreparedModel | JobFailed:
    """Return the variant of a model that is ready, or why it cannot be made.

    StoreError where the disk is full: that is no fault of the variant.
    """
    try:
        return _make_variant(prepared, name, files, work)
    except _CannotError as error:
        return error.failure
    except StoreError:
        raise
    except Exception as error:
        # A task that trips over its data, a cache that cannot be written, a lock never released.
        reason = f"the variant could not be made: {type(error).__name__}: {error}"
        return JobFailed(reason=reason, cause="error")


def _make_variant(
    prepared: PreparedModel, name: MadeVariant, files: Files, work: Path
) -> PreparedModel:
    how = OPTIMISATIONS[name]
    data = _data(how, prepared, files)
    chosen = settings(how, data.calibration, data.samples)
    file_name = made_name(prepared.model, name)

    def make(folder: Path) -> None:
        job = _job(prepared, how, files, data, chosen, folder / file_name, work)
        result = child.run(job, work, limit_s=LIMIT_S)
        if not isinstance(result, OptimizeResult):
            assert isinstance(result, JobFailed)  # noqa: S101 (its job has no other result)
            raise _CannotError(result)
        (folder / _FACTS).write_bytes(msgspec.json.encode(result))

    folder = cache.obtain(_recipe(prepared, name, data, chosen), make)
    result = msgspec.json.decode((folder / _FACTS).read_bytes(), type=OptimizeResult)
    made = Optimized(
        method=how.method,
        settings=result.settings,
        software=_software(prepared.model, name),
        calibration=data.words,
        calibration_samples=data.samples,
        seconds=result.seconds,
        peak_bytes=result.peak_bytes,
        bytes_before=result.bytes_before,
        bytes_after=result.bytes_after,
        trials=result.trials,
        derived_from=_origin(prepared, result),
    )
    return replace(prepared, file=folder / file_name, origin=made)


def _origin(prepared: PreparedModel, result: OptimizeResult) -> Origin:
    """Return what the model was when it was optimized."""
    if result.restored is not None:
        return Converted(
            converter=WEIGHTS_TO_F32,
            software=language.versions([GENAI]),
            seconds=result.restored.seconds,
            peak_bytes=result.restored.peak_bytes,
        )
    return prepared.origin if not isinstance(prepared.origin, Optimized) else Original()


def _recipe(
    prepared: PreparedModel, name: MadeVariant, data: _Data, chosen: dict[str, str]
) -> dict[str, object]:
    """Return all that decides what is made."""
    return {
        "version": VERSION,
        "file": made_name(prepared.model, name),
        "source": _checksums(prepared.file),
        "shapes": prepared.model.shapes,
        "variant": name,
        "method": OPTIMISATIONS[name].method,
        "settings": chosen,
        "calibration": checksum(data.calibration.inputs) if data.calibration else "",
        "validation": checksum(data.validation.inputs) if data.validation else "",
        "software": _software(prepared.model, name),
    }


def _data(how: Optimization, prepared: PreparedModel, files: Files) -> _Data:
    """Return the data that an optimization needs, none of which is evaluated."""
    model, task, evaluated = prepared.model, prepared.task, _evaluated(prepared)
    calibration: Calibration | None = None
    validation: Labelled | None = None
    if how.calibrated:
        if not isinstance(task, Calibrates):
            raise _cannot(f'the task "{task.name}" has no real inputs to calibrate with')
        calibration = task.calibration(model, files, seed=SEED, count=sample_count(model))
        for labelled in evaluated:
            inputs = without(calibration.inputs, labelled.inputs)
            calibration = replace(calibration, inputs=inputs)
    if how.validated:
        if not isinstance(task, Validates) or not evaluated:
            raise _cannot(
                f'the task "{task.name}" has no labelled inputs beside those that accuracy is '
                "judged by, so none to watch it with while quantizing"
            )
        validation = task.validation(model, files, seed=SEED)
        for labelled in evaluated:
            check_apart(validation.inputs, labelled.inputs, "validation")
    return _Data(calibration, validation)


def _evaluated(prepared: PreparedModel) -> list[Labelled]:
    """Return everything that the model's accuracy is judged by."""
    first = [prepared.labelled] if prepared.labelled is not None else []
    return [*first, *(judged.labelled for judged in prepared.additional_evaluations)]


def _cannot(reason: str) -> _CannotError:
    return _CannotError(JobFailed(reason=reason, cause="error", unsupported=True))


def _job(
    prepared: PreparedModel,
    how: Optimization,
    files: Files,
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
            engine=GENAI if language.is_language(prepared.model) else OPENVINO,
            model=str(prepared.file),
            shapes=prepared.model.shapes,
            device="CPU",
            precision="f32",
        ),
        method=how.method,
        settings=chosen,
        file=str(file),
        tried_with=str(prepared.samples),
        inputs=str(inputs) if data.calibration is not None else "",
        validating=_validating(prepared, files) if data.validation is not None else None,
    )


def _validating(prepared: PreparedModel, files: Files) -> Validating:
    return Validating(
        model=msgspec.Raw(msgspec.json.encode(prepared.model)),
        file=str(files.model),
        files={role: str(path) for role, path in files.files.items()},
        data={role: str(path) for role, path in files.data.items()},
        seed=SEED,
    )


def _checksums(file: Path) -> list[str]:
    """Return the checksums of a model file, and of its weights where they are a file apart.

    A pipeline's network comes with its folder: what was made has the tokenizer too.
    """
    parts = [file, file.with_suffix(".bin")] if file.suffix == ".xml" else [file]
    if file.name == PIPELINES_NETWORK:
        parts += language.beside(file)
    return [sha256_of(part) for part in parts if part.is_file()]


def _software(model: Model, name: MadeVariant) -> dict[str, str]:
    pipelines = language.versions([GENAI]) if language.is_language(model) else {}
    return {
        **versions([name]),
        "openvino": importlib.metadata.version("openvino"),
        **pipelines,
    }

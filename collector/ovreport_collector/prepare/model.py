"""Makes a model ready: its files fetched, its inputs in `.npz` files that children read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ovreport.errors import SourceError, StoreError
from ovreport.record import (
    Converted,
    InputData,
    NotMeasured,
    Optimized,
    Original,
    Unsupported,
    UserDataset,
)
from ovreport_collector import datasets, tasks
from ovreport_collector.engines.arrays import Array, save_arrays
from ovreport_collector.models.convert.build import converted
from ovreport_collector.models.optimize.build import Unoptimized, optimized
from ovreport_collector.prepare.images import EncodedImages, encode_images
from ovreport_collector.process.job import JobFailed
from ovreport_collector.process.redact import told
from ovreport_collector.sources import Fetched, Files, model_files
from ovreport_collector.sources.model_files import Contents
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import OptionError
from ovreport_collector.tasks import Evaluator, Labelled, Task
from ovreport_collector.tasks.base import HasVersion
from ovreport_collector.tasks.generic import DATA

_SAMPLE_BYTES = 32 * 1024 * 1024
_MIN_SAMPLES, _MAX_SAMPLES = 4, 16


@dataclass(frozen=True)
class AdditionalEvaluation:
    """An additional accuracy of a model: its metric, and the inputs that it is computed on."""

    name: str
    """The metric's, in `tasks.AdditionalMetrics.additional_metrics`."""
    evaluator: Evaluator
    labelled: Labelled
    inputs: Path
    """`.npz` of the labelled inputs; one file for all metrics on the same inputs."""


@dataclass(frozen=True)
class PreparedModel:
    """A model that can be measured."""

    model: Model
    task: Task
    file: Path
    samples: Path
    """Inputs that are rotated while timing."""
    data: InputData
    labelled: Labelled | None
    labelled_inputs: Path
    encoded_images: EncodedImages | NotMeasured
    """Encoded images, and how they become inputs; or why there are none."""
    absent: Unsupported | None = None
    """Why there is no accuracy, where the user was to provide the dataset and did not."""
    additional_evaluations: tuple[AdditionalEvaluation, ...] = ()
    """Beside the headline's, which is `task` by `labelled`."""
    origin: Original | Converted | Optimized = field(default_factory=Original)
    """How `file` came about."""

    @property
    def labelled_sets(self) -> dict[Path, str]:
        """Files of labelled inputs, each once → name of the metric whose `compact` is used.

        Empty: the task's own. Where several share a file, the first of them.
        """
        if self.labelled is None:
            return {}
        found = {one.inputs: one.name for one in reversed(self.additional_evaluations)}
        return {**found, self.labelled_inputs: ""}

    @property
    def labelled_samples(self) -> int:
        """Number of inferences that all accuracies together take."""
        sets = {one.inputs: one.labelled for one in self.additional_evaluations}
        every = {**sets, self.labelled_inputs: self.labelled}.values()
        return sum(len(next(iter(one.inputs.values()), ())) for one in every if one is not None)


def contents(model: Model, files: Files) -> Contents:
    """Return the files that a model as published consists of, fetched ones.

    What its converter and its task read beside it is a part of it, such as a tokenizer: it decides
    what comes out. Inputs that a suite gives it are none.
    """
    inputs = [role for name, role in model.options.items() if name.startswith(DATA)]
    others = [files.files[role] for role in sorted(files.files) if role not in inputs]
    return model_files.contents(files.model, others)


def prepare_model(
    model: Model,
    fetched: Fetched,
    work: Path,
    *,
    seed: int,
    user_datasets: Sequence[UserDataset] = (),
) -> PreparedModel | JobFailed:
    """Return the model ready to be measured, or why it cannot be.

    What is no fault of the model is raised: SourceError where its files or data cannot be had,
    OptionError where its task cannot follow its options, StoreError where the disk is full.
    """
    if isinstance(fetched, Exception):
        raise fetched
    try:
        found = converted(model, fetched, work)
        if isinstance(found, JobFailed):
            return found
        files = replace(fetched, model=found.file)
        return replace(_prepared(model, files, work, seed, user_datasets), origin=found.origin)
    except (SourceError, StoreError, OptionError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise SourceError(
                f"inputs could not be made: {error.strerror or error}",
                where=model.id,
                remedy="check that its files and data can be read, and that there is space left",
            ) from error
        # A task that trips over its data must not stop the other models.
        return JobFailed(reason=f"inputs could not be made: {told(error)}", cause="error")


def prepare_variant(
    prepared: PreparedModel, name: str, files: Files, work: Path
) -> PreparedModel | JobFailed:
    """Return a variant of a prepared model, optimized first where it is not in the cache.

    `files` are the model's as fetched, `work` a folder for files of this run. StoreError where
    the disk is full.
    """
    own = [prepared.labelled] if prepared.labelled is not None else []
    source = Unoptimized(
        model=prepared.model,
        file=prepared.file,
        origin=prepared.origin,
        files=files,
        samples=prepared.samples,
        evaluated=[*own, *(one.labelled for one in prepared.additional_evaluations)],
    )
    found = optimized(source, name, work)
    if isinstance(found, JobFailed):
        return found
    return replace(prepared, file=found.file, origin=found.origin)


def _prepared(
    model: Model, files: Files, work: Path, seed: int, user_datasets: Sequence[UserDataset]
) -> PreparedModel:
    task, absent = tasks.get(model.task), datasets.why_absent(model, files)
    folder = work / model.id
    folder.mkdir(parents=True, exist_ok=True)
    count = _sample_count(model)
    samples = folder / "samples.npz"
    inputs = dict(task.samples(model, files, seed=seed, count=count))
    save_arrays(samples, inputs)
    labelled = task.labelled(model, files, seed=seed)
    labelled_inputs = folder / "labelled.npz"
    if labelled is not None:
        save_arrays(labelled_inputs, dict(labelled.inputs))
    return PreparedModel(
        model=model,
        task=task,
        file=files.model,
        samples=samples,
        data=InputData(
            description=_description(model, task, absent),
            distinct=_distinct(inputs),
            seed=seed,
            version=task.version if isinstance(task, HasVersion) else 1,
            user_datasets=list(user_datasets),
        ),
        labelled=labelled,
        labelled_inputs=labelled_inputs,
        encoded_images=encode_images(model, task, files, folder / "images", seed=seed),
        additional_evaluations=tuple(
            _additional(model, task, files, labelled, labelled_inputs, seed)
        ),
        absent=absent,
    )


def _additional(
    model: Model, task: Task, files: Files, labelled: Labelled | None, first: Path, seed: int
) -> Iterator[AdditionalEvaluation]:
    """Yield the additional evaluations; inputs that several share are written once."""
    if labelled is None or not isinstance(task, tasks.AdditionalMetrics):
        return
    written = {id(labelled.inputs): first}
    for name, more in task.additional_labelled(model, files, labelled, seed=seed).items():
        if id(more.inputs) not in written:
            written[id(more.inputs)] = first.with_name(f"labelled-{name}.npz")
            save_arrays(written[id(more.inputs)], dict(more.inputs))
        yield AdditionalEvaluation(
            name, task.additional_metrics[name], more, written[id(more.inputs)]
        )


def _sample_count(model: Model) -> int:
    """Return how many inputs to rotate: many, but within a few megabytes."""
    one = sum(4 * math.prod(shape) for shape in model.shapes.values()) or 1
    return min(_MAX_SAMPLES, max(_MIN_SAMPLES, _SAMPLE_BYTES // one))


def _distinct(inputs: Mapping[str, Array]) -> int:
    """Return how many of the inputs differ: a user may give fewer than are rotated."""
    columns = [array.reshape(len(array), -1) for array in inputs.values()]
    if not columns:
        return 1  # without inputs there is one way to ask
    return len({tuple(row.tobytes() for row in rows) for rows in zip(*columns, strict=False)})


def _description(model: Model, task: Task, absent: Unsupported | None) -> str:
    if absent is not None:
        return f"{task.name} inputs made for speed alone: {model.data} was not given"
    return f"{task.name} inputs from {model.data}" if model.data else f"{task.name} inputs"

"""Makes a model ready: its files fetched, its inputs in `.npz` files that children read."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from ovreport.model_facts import Converted, Optimised, Original
from ovreport.record import InputData, NotMeasured
from ovreport_collector import tasks
from ovreport_collector.arrays import save_arrays
from ovreport_collector.jobs import JobFailed
from ovreport_collector.pictures import Pictures, make_pictures
from ovreport_collector.sources import Prepared
from ovreport_collector.suite import Model
from ovreport_collector.tasks import Labelled, Task

_SAMPLE_BYTES = 32 * 1024 * 1024
_MIN_SAMPLES, _MAX_SAMPLES = 4, 16


@dataclass(frozen=True)
class Ready:
    """A model that can be measured."""

    model: Model
    task: Task
    file: Path
    samples: Path
    """Inputs that are rotated while timing."""
    data: InputData
    labelled: Labelled | None
    labelled_inputs: Path
    pictures: Pictures | NotMeasured
    """Encoded images, and how they become inputs; or why there are none."""
    made: Original | Converted | Optimised = field(default_factory=Original)
    """How the file came about."""


def make_ready(model: Model, prepared: Prepared, work: Path, *, seed: int) -> Ready | JobFailed:
    """Return the model ready to be measured, or why it cannot be."""
    if isinstance(prepared, Exception):
        return JobFailed(reason=str(prepared), cause="error")
    try:
        return _make_ready(model, prepared, work, seed)
    except Exception as error:
        # A task that trips over its data must not stop the other models.
        return JobFailed(
            reason=f"inputs could not be made: {type(error).__name__}: {error}", cause="error"
        )


def _make_ready(model: Model, files: tasks.Files, work: Path, seed: int) -> Ready:
    task = tasks.get(model.task)
    folder = work / model.id
    folder.mkdir(parents=True, exist_ok=True)
    count = _sample_count(model)
    samples = folder / "samples.npz"
    save_arrays(samples, dict(task.samples(model, files, seed=seed, count=count)))
    labelled = task.labelled(model, files, seed=seed)
    labelled_inputs = folder / "labelled.npz"
    if labelled is not None:
        save_arrays(labelled_inputs, dict(labelled.inputs))
    return Ready(
        model=model,
        task=task,
        file=files.model,
        samples=samples,
        data=InputData(description=_description(model, task), distinct=count, seed=seed),
        labelled=labelled,
        labelled_inputs=labelled_inputs,
        pictures=make_pictures(model, task, files, folder / "images", seed=seed),
    )


def _sample_count(model: Model) -> int:
    """Return how many inputs to rotate: many, but within a few megabytes."""
    one = sum(4 * math.prod(shape) for shape in model.shapes.values()) or 1
    return min(_MAX_SAMPLES, max(_MIN_SAMPLES, _SAMPLE_BYTES // one))


def _description(model: Model, task: Task) -> str:
    return f"{task.name} inputs from {model.data}" if model.data else f"{task.name} inputs"

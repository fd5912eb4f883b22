"""The tasks that a suite can name.

A new task is a module in this package and a line in `BUILT_IN`; another package adds one by an
entry point. `base` says what a task has to have, `images` and `text` hold what several share.
Listing names imports no task: its module is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Iterator, Mapping
from functools import cache

from ovreport.errors import SuiteError, did_you_mean
from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.tasks.base import (
    AdditionalMetrics,
    Calibrates,
    Calibration,
    Evaluator,
    HasOptions,
    Inputs,
    Labelled,
    Scores,
    SlowAccuracy,
    Task,
    Validates,
)

__all__ = [
    "TASKS",
    "AdditionalMetrics",
    "Array",
    "Calibrates",
    "Calibration",
    "Evaluator",
    "Files",
    "HasOptions",
    "Inputs",
    "Labelled",
    "Scores",
    "SlowAccuracy",
    "Task",
    "Validates",
    "evaluator",
    "get",
    "names",
]

BUILT_IN = {
    "file-type": "file_type:FileType",
    "face-detection": "faces:FaceDetection",
    "face-landmarks": "landmarks:FaceLandmarks",
    "iris-landmarks": "landmarks:IrisLandmarks",
    "text-detection": "text_detection:TextDetection",
    "text-recognition": "text_lines:TextRecognition",
    "text-orientation": "text_lines:TextOrientation",
    "voice-activity": "voice:VoiceActivity",
    "music-transcription": "music:MusicTranscription",
    "sentence-similarity": "sentences:SentenceSimilarity",
    "image-classification": "image_classification:ImageClassification",
    "object-detection": "object_detection:ObjectDetection",
    "text-classification": "text_classification:TextClassification",
    "text-generation": "text_generation:TextGeneration",
    "generic": "generic:Generic",
}
"""Name → module:class, below this package."""

GROUP = "ovreport.tasks"
"""Entry points by which other packages add tasks of their own: name = module:Class."""


class _Registry(Mapping[str, Task]):
    """Task name → task, made on first use."""

    def __getitem__(self, name: str) -> Task:
        return _make(BUILT_IN[name]) if name in BUILT_IN else _load(name)

    def __iter__(self) -> Iterator[str]:
        return iter((*BUILT_IN, *_entry_points()))

    def __len__(self) -> int:
        return len((*BUILT_IN, *_entry_points()))


@cache
def _make(where: str) -> Task:
    module, _, name = where.partition(":")
    task: Task = getattr(importlib.import_module(f"{__name__}.{module}"), name)()
    return task


@cache
def _entry_points() -> Mapping[str, importlib.metadata.EntryPoint]:
    """Return the tasks of other packages by name; the name of a built-in task stays its own."""
    found = importlib.metadata.entry_points(group=GROUP)
    return {entry.name: entry for entry in found if entry.name not in BUILT_IN}


@cache
def _load(name: str) -> Task:
    entry = _entry_points()[name]
    try:
        task: Task = entry.load()()
    except Exception as error:  # whatever another package raises is reported as its fault
        raise SuiteError(
            f'task "{name}" cannot be loaded: {type(error).__name__}: {error}',
            where=f"{GROUP}: {entry.value}",
            remedy="mend or uninstall the package that adds it",
        ) from error
    return task


TASKS: Mapping[str, Task] = _Registry()


def names() -> tuple[str, ...]:
    """Return the names a suite can use, sorted."""
    return tuple(sorted(TASKS))


def get(name: str) -> Task:
    """Return the task of that name; SuiteError when there is none, or it cannot be loaded."""
    if name not in TASKS:
        remedy = f"{did_you_mean(name, names())}use one of: {', '.join(names())}"
        raise SuiteError(f'unknown task "{name}"', remedy=remedy)
    return TASKS[name]


def evaluator(name: str, additional: str = "") -> Evaluator:
    """Return the evaluator of a task's main metric, or of an additional one by its name."""
    task = get(name)
    if additional and isinstance(task, AdditionalMetrics):
        return task.additional_metrics[additional]
    return task

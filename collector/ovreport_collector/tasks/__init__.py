"""The tasks that a suite can name.

Listing the names is cheap: a task's module is imported when the task is first asked for. A
package can add tasks through the entry-point group `ovreport.tasks`; see `base.Task` for what
one has to do.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Iterator, Mapping
from functools import cache

from ovreport.errors import SuiteError
from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources.files import Files
from ovreport_collector.tasks.base import (
    Calibrates,
    Calibration,
    ImageTask,
    Inputs,
    Judge,
    JudgesMore,
    Labelled,
    Task,
    Validates,
)

__all__ = [
    "TASKS",
    "Array",
    "Calibrates",
    "Calibration",
    "Files",
    "ImageTask",
    "Inputs",
    "Judge",
    "JudgesMore",
    "Labelled",
    "Task",
    "Validates",
    "get",
    "image_task",
    "judge",
    "names",
]

_WHERE = {
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


GROUP = "ovreport.tasks"
"""Entry points by which other packages add tasks of their own: name = module:Class."""


class _Registry(Mapping[str, Task]):
    """Task name → task, made on first use."""

    def __getitem__(self, name: str) -> Task:
        return _make(_WHERE[name]) if name in _WHERE else _load(name)

    def __iter__(self) -> Iterator[str]:
        return iter((*_WHERE, *_added()))

    def __len__(self) -> int:
        return len((*_WHERE, *_added()))


@cache
def _make(where: str) -> Task:
    module, _, kind = where.partition(":")
    task: Task = getattr(importlib.import_module(f"{__name__}.{module}"), kind)()
    return task


@cache
def _added() -> Mapping[str, importlib.metadata.EntryPoint]:
    """Return the tasks of other packages by name; a name of ours stays ours."""
    found = importlib.metadata.entry_points(group=GROUP)
    return {entry.name: entry for entry in found if entry.name not in _WHERE}


@cache
def _load(name: str) -> Task:
    entry = _added()[name]
    try:
        task: Task = entry.load()()
    except Exception as error:  # whatever another package raises is its fault, told as such
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
        raise SuiteError(f'unknown task "{name}"', remedy=f"use one of: {', '.join(names())}")
    return TASKS[name]


def image_task(name: str) -> ImageTask:
    """Return the task of that name, which must be one of images; SuiteError when it is not."""
    task = get(name)
    if not isinstance(task, ImageTask):
        raise SuiteError(f'task "{name}" has no images', remedy="use an image task")
    return task


def judge(name: str, further: str = "") -> Judge:
    """Return the judge of a task's headline accuracy, or a further one of its by name."""
    task = get(name)
    return task.further[further] if further and isinstance(task, JudgesMore) else task

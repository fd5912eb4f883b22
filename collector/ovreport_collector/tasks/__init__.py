"""The tasks that a suite can name.

Listing the names is cheap: a task's module is imported when the task is first asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache

from ovreport.errors import SuiteError
from ovreport_collector.tasks.base import Array, Files, Inputs, Labelled, Task

__all__ = ["TASKS", "Array", "Files", "Inputs", "Labelled", "Task", "get", "names"]

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
    "generic": "generic:Generic",
}


class _Registry(Mapping[str, Task]):
    """Task name → task, made on first use."""

    def __getitem__(self, name: str) -> Task:
        return _make(_WHERE[name])

    def __iter__(self) -> Iterator[str]:
        return iter(_WHERE)

    def __len__(self) -> int:
        return len(_WHERE)


@cache
def _make(where: str) -> Task:
    module, _, kind = where.partition(":")
    task: Task = getattr(importlib.import_module(f"{__name__}.{module}"), kind)()
    return task


TASKS: Mapping[str, Task] = _Registry()


def names() -> tuple[str, ...]:
    """Return the names a suite can use, sorted."""
    return tuple(sorted(_WHERE))


def get(name: str) -> Task:
    """Return the task of that name; SuiteError when there is none."""
    if name not in _WHERE:
        raise SuiteError(f'unknown task "{name}"', remedy=f"use one of: {', '.join(names())}")
    return TASKS[name]

"""The protocol of a task of images: from an encoded image to the decoded prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from PIL import Image

from ovreport.errors import SuiteError
from ovreport.record import Unsupported
from ovreport_collector import tasks
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model


@runtime_checkable
class ImageTask(Protocol):
    """A task whose inputs are images, so that the way from file to result can be timed."""

    name: str
    images_are: str
    """What the source images show and where they are from, to end a sentence."""

    def pipeline(self, model: Model) -> ImagePipeline | Unsupported:
        """Return how an image becomes the model's input, or why that is not one image."""
        ...

    def source_images(
        self, model: Model, files: Files, *, size: tuple[int, int], seed: int, count: int
    ) -> list[Image.Image]:
        """Return `count` images of a width and height in pixels, chosen by `seed`, to encode."""
        ...

    def postprocess(self, outputs: Sequence[Array]) -> object:
        """Return the decoded prediction (a class, boxes, a text) of one image's outputs."""
        ...


def image_task(name: str) -> ImageTask:
    """Return the task of that name; SuiteError where it is unknown or has no images."""
    task = tasks.get(name)
    if not isinstance(task, ImageTask):
        raise SuiteError(f'task "{name}" has no images', remedy="use an image task")
    return task

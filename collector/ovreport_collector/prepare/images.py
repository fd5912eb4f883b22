"""The encoded images of a task, written to files: decoding them is part of what is timed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ovreport.record import Failed, NotMeasured, Unsupported
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.engines.images import JPEG_QUALITY, encoded
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks import Task
from ovreport_collector.tasks.images.base import ImageTask

COUNT = 8
"""Images: enough that no cache of the processor holds them all decoded, and few to keep."""


@dataclass(frozen=True)
class EncodedImages:
    """Encoded images, and the steps from them to a model's input."""

    pipeline: ImagePipeline
    files: tuple[Path, ...]
    about: str
    """What they are: number, source, size and format, in one sentence."""


def encode_images(
    model: Model, task: Task, files: Files, folder: Path, *, seed: int
) -> EncodedImages | NotMeasured:
    """Write the images of a task into `folder`, or return why there are none."""
    if not isinstance(task, ImageTask):
        return Unsupported(reason=f"{task.name} is no image task: there is nothing to decode")
    try:
        return _make(model, task, files, folder, seed)
    except Exception as error:
        # A task that trips over its images must not stop what else is measured of the model.
        reason = f"images could not be made: {type(error).__name__}: {error}"
        return Failed(reason=reason[:2000], cause="error")


def _make(
    model: Model, task: ImageTask, files: Files, folder: Path, seed: int
) -> EncodedImages | NotMeasured:
    pipeline = task.pipeline(model)
    if isinstance(pipeline, Unsupported):
        return pipeline
    folder.mkdir(parents=True, exist_ok=True)
    size = (pipeline.source_width, pipeline.source_height)
    written = []
    for i, image in enumerate(task.source_images(model, files, size=size, seed=seed, count=COUNT)):
        path = folder / f"{i:02d}.jpg"
        path.write_bytes(encoded(image))
        written.append(path)
    about = (
        f"{len(written)} JPEG images (quality {JPEG_QUALITY}) of {size[0]}×{size[1]} pixels: "
        f"{task.images_are}"
    )
    return EncodedImages(pipeline, tuple(written), about)

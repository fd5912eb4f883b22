"""From a decoded image to a model's input: the steps, as data that passes between processes."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Numbers = tuple[float, float, float]
"""One a channel, in the order in which the model takes them."""
Resize = Literal["bilinear", "bicubic"]
Layout = Literal["NCHW", "NHWC"]
Channels = Literal["RGB", "BGR"]


class ImagePipeline(Struct, frozen=True, kw_only=True):
    """How an image becomes the model's only input: all that an engine needs to do it too."""

    source_height: int
    """Of every encoded image, in pixels; RGB."""
    source_width: int
    height: int
    """Of the model's input."""
    width: int
    layout: Layout
    mean: Numbers
    """(pixel − mean) / scale, of pixels from 0 to 255."""
    scale: Numbers
    channels: Channels = "RGB"
    resize: Resize = "bilinear"
    """As Pillow does it: with a filter as wide as the reduction, so that nothing aliases."""

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape of the model's input without its batch."""
        if self.layout == "NCHW":
            return len(self.mean), self.height, self.width
        return self.height, self.width, len(self.mean)

    @property
    def steps(self) -> str:
        """The steps in words."""
        mean, scale = _in_words(self.mean), _in_words(self.scale)
        return (
            f"Resize {self.source_width}×{self.source_height} to {self.width}×{self.height} "
            f"({self.resize}, antialiased), f32, {self.channels}, (x − {mean}) / {scale}, "
            f"{self.layout}"
        )


def _in_words(numbers: Numbers) -> str:
    """Return one number where all channels share it, else all of them."""
    texts = [f"{v:g}" for v in numbers]
    return texts[0] if len(set(texts)) == 1 else f"({', '.join(texts)})"

"""Text detection: pages and photographs; where text stands, nobody has labelled here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ovreport_collector.tasks import rendering
from ovreport_collector.tasks.common import Unlabelled, generator, images, only_input, pack, pick

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ovreport_collector.suite import Model
    from ovreport_collector.tasks.base import Files, Inputs


class TextDetection(Unlabelled):
    """Text detection: one input [batch, 3, height, width] f32 in [-1, 1], BGR.

    Data files: photographs under any role, or a wheel that holds some; without any, all pages
    are rendered. No options.
    """

    name = "text-detection"
    why_no_metric = (
        "no labelled text boxes in the package index; agreement with the f32 reference is shown "
        "instead"
    )

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return rendered pages and photographs in turn, chosen by `seed`."""
        name, shape = only_input(model)
        rng = generator(seed, self.name)
        photographs = [image for _, image in images(files.data)]
        units = count * shape[0]
        chosen = iter(pick(rng, len(photographs), units)) if photographs else iter(())
        pictures = []
        for i in range(units):
            photograph = photographs[next(chosen)] if photographs and i % 2 else None
            pictures.append(photograph or rendering.page(shape[3], shape[2], rng))
        pixels = [_whole(picture, shape[2], shape[3]) for picture in pictures]
        return {name: pack(np.stack(pixels), shape)}


def _whole(image: Image.Image, height: int, width: int) -> NDArray[np.float32]:
    """Return the whole image [3, height, width] in [-1, 1], its proportions kept, 0 around."""
    scale = min(height / image.height, width / image.width)
    high, wide = round(image.height * scale), round(image.width * scale)
    fitted = np.zeros((3, height, width), dtype=np.float32)
    scaled = image.resize((wide, high), Image.Resampling.BILINEAR)
    fitted[:, :high, :wide] = rendering.bgr(scaled) / 127.5 - 1
    return fitted

"""A scanned page whose words we have read ourselves: scikit-image's `page.png`, 384×191."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from ovreport.errors import SuiteError
from ovreport_collector.tasks.images.photographs import open_image

SIZE = (384, 191)
Box = tuple[int, int, int, int]

PIECES: tuple[tuple[str, Box], ...] = (
    ("Region-based", (4, 9, 144, 36)),
    ("segmentation", (148, 9, 296, 36)),
    ("Let us first", (3, 47, 84, 67)),
    ("determine markers", (86, 47, 226, 68)),
    ("of the coins and the", (227, 48, 381, 69)),
    ("background. These", (3, 65, 128, 86)),
    ("markers are pixels", (130, 66, 261, 88)),
    ("that we can label", (261, 66, 381, 86)),
    ("unambiguously as", (3, 83, 128, 104)),
    ("either object or", (129, 85, 248, 104)),
    ("background. Here,", (250, 84, 381, 103)),
    ("the markers are found", (3, 99, 158, 120)),
    ("at the two extreme", (156, 101, 298, 121)),
    ("parts of the", (297, 99, 381, 120)),
    ("histogram of grey values:", (3, 116, 175, 138)),
)
"""What stands where: transcribed by eye, cut where a recogniser's input is not squeezed."""


def pieces(path: Path) -> list[tuple[str, Image.Image]]:
    """Return text and image of each piece; SuiteError if this is another image."""
    page = open_image(path, path.name)
    if page.size != SIZE:
        raise SuiteError(
            f"{page.width}×{page.height} pixels, the page we have read has {SIZE[0]}×{SIZE[1]}",
            where=path.name,
            remedy="name skimage/data/page.png under the role page",
        )
    return [(text, page.crop(box)) for text, box in PIECES]

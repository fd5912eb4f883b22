"""Lines and pages of text, drawn with known fonts, so that every letter is known."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Colour = tuple[int, int, int]

PADDLE: dict[str, Any] = {
    "layout": "NCHW",
    "channels": "BGR",
    "mean": (127.5,) * 3,
    "scale": (127.5,) * 3,
}
"""How PaddleOCR's models take pixels, as fields of an `ImagePipeline`."""

_VOCABULARY = """
amber anchor answer apple autumn balance basket beacon bicycle blanket border branch bread
bridge bronze bucket butter button cabin camera candle canyon carbon castle cellar chapter
cherry circle clever climate cloud coffee copper corner cotton cousin crystal current dancer
dawn desert diamond dinner doctor dragon driver eagle early earth echo elbow ember engine
evening fabric falcon father feather figure finger flame flower forest fossil fountain fragile
freight frozen garden gentle glacier gravel guitar hammer harbour harvest hazel helmet hidden
hollow honest horizon hunter island ivory jacket jasmine journey judge jungle kettle kitchen
ladder lantern lemon letter library linen magnet maple marble market meadow melody metal mirror
morning mountain narrow needle nickel north number oak ocean olive orange orbit oxygen oyster
palace paper parcel pepper pigeon pillow planet pocket pollen purple puzzle quarter quartz quiet
rabbit rapid ribbon river robin rocket saddle salmon sample scarlet season shadow shelter signal
silver simple sketch spider spring square station stream summer sunset table temple thunder
ticket timber tomato traffic tunnel turtle umbrella upper valley velvet village violet voyage
walnut water weather whisper willow window winter wonder yellow zebra zipper
"""

WORDS = tuple(_VOCABULARY.split())
"""Plain English words, so that lines resemble text; written for this purpose."""


def phrase(rng: np.random.Generator, longest: int = 26) -> str:
    """Return words and numbers of at most `longest` characters in all."""
    text = _word(rng)
    while len(text) <= longest and rng.random() < 0.85:
        longer = f"{text} {_word(rng)}"
        if len(longer) > longest:
            break
        text = longer
    return text


def _word(rng: np.random.Generator) -> str:
    """Return a word (one in three capitalised, one in ten in capitals) or a number."""
    chance = rng.random()
    if chance < 0.15:
        return str(rng.integers(10, 100_000))
    word = WORDS[int(rng.integers(len(WORDS)))]
    if chance < 0.25:
        return word.upper()
    return word.capitalize() if chance < 0.5 else word


@cache
def _font(size: int, path: Path | None) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    if path is None:
        return ImageFont.load_default(size=size)
    # The layout that every build of Pillow has: the same image everywhere.
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def line(text: str, rng: np.random.Generator, fonts: Sequence[Path] = ()) -> Image.Image:
    """Return a line of text as an RGB image that fits it closely, worn by `rng`.

    In one of the TrueType fonts, or Pillow's own where none is given. Size 12 to 36 pixels,
    dark on light (one in five light on dark), turned by up to 2.5 degrees and slanted, blurred,
    covered with noise, every other one saved as a poor JPEG: hard enough that even a good reader
    errs, since a metric at its ceiling shows no difference.
    """
    size = int(rng.integers(12, 37))
    font = _font(size, fonts[int(rng.integers(len(fonts)))] if fonts else None)
    paper, ink = _colours(rng)
    left, top, right, bottom = font.getbbox(text)
    margin = max(2, size // 6)
    wide, high = int(right - left) + 2 * margin, int(bottom - top) + 2 * margin
    image = Image.new("RGB", (wide, high), paper)
    ImageDraw.Draw(image).text((margin - left, margin - top), text, fill=ink, font=font)
    image = _slanted(image, rng.uniform(-0.15, 0.15), paper)
    image = image.rotate(rng.uniform(-2.5, 2.5), resample=Image.Resampling.BICUBIC, fillcolor=paper)
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.08) * size))
    image = worn(image, rng)
    return _as_jpeg(image, int(rng.integers(15, 60))) if rng.random() < 0.5 else image


def page(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """Return a page with lines of text of one size, in RGB, worn by `rng`."""
    size = max(1, int(rng.integers(height // 40, max(2, height // 16))))
    paper, ink = _colours(rng)
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    margin = int(rng.uniform(0.03, 0.12) * width)
    for y in range(margin, height - margin - size, max(1, int(size * rng.uniform(1.3, 2.2)))):
        text = phrase(rng, longest=max(8, int((width - 2 * margin) / (0.55 * size))))
        draw.text((margin, y), text, fill=ink, font=_font(size, None))
    return worn(image, rng)


def _slanted(image: Image.Image, slant: float, paper: Colour) -> Image.Image:
    """Return the image with its upper edge moved sideways by `slant` of its height."""
    shift = -slant * image.height / 2
    return image.transform(
        image.size,
        Image.Transform.AFFINE,
        (1, slant, shift, 0, 1, 0),
        resample=Image.Resampling.BICUBIC,
        fillcolor=paper,
    )


def _as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    saved = io.BytesIO()
    image.save(saved, "JPEG", quality=quality)
    with Image.open(saved) as again:
        return again.convert("RGB")


def worn(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the image with noise of a random strength, up to 28 grey levels."""
    pixels = np.asarray(image, dtype=np.float32)
    noise = rng.normal(0, rng.uniform(0, 28), size=pixels.shape[:2])[..., None]
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def _colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """Return paper and ink: 70 to 200 grey levels apart, with some tint."""
    paper = rng.uniform(200, 245)
    ink = paper - rng.uniform(70, 200)
    if rng.random() < 0.2:
        paper, ink = ink, paper
    tints = rng.uniform(-10, 10, size=(2, 3))
    return _colour(paper + tints[0]), _colour(ink + tints[1])


def _colour(levels: NDArray[np.float64]) -> Colour:
    red, green, blue = (int(level) for level in np.clip(levels, 0, 255))
    return red, green, blue


def fit(image: Image.Image, height: int, width: int) -> NDArray[np.float32]:
    """Return the image [3, height, width] in [-1, 1], BGR, as PaddleOCR feeds it.

    Scaled to the height, squeezed where it is too wide, filled with 0 on the right.
    """
    wide = min(width, -(-height * image.width // image.height))
    scaled = image.resize((wide, height), Image.Resampling.BILINEAR)
    fitted = np.zeros((3, height, width), dtype=np.float32)
    fitted[:, :, :wide] = bgr(scaled) / 127.5 - 1
    return fitted


def strip(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return an image scaled to a height and laid on grey of that size, as `fit` does it."""
    width, height = size
    wide = min(width, -(-height * image.width // image.height))
    whole = Image.new("RGB", size, (128, 128, 128))
    whole.paste(image.resize((wide, height), Image.Resampling.BILINEAR))
    return whole


def bgr(image: Image.Image) -> NDArray[np.float32]:
    """Return the image [3, height, width], 0 to 255, blue first."""
    return np.asarray(image, dtype=np.float32)[:, :, ::-1].transpose(2, 0, 1)


def stacked(images: Sequence[Image.Image], height: int, width: int) -> NDArray[np.float32]:
    """Return images [n, 3, height, width], each as `fit` makes it."""
    return np.stack([fit(image, height, width) for image in images])

"""Lines of text: what they say, and which way up they are. Nearly all are rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ovreport.errors import SuiteError
from ovreport.record import Unsupported
from ovreport_collector.engines.arrays import Array
from ovreport_collector.engines.image_pipeline import ImagePipeline
from ovreport_collector.sources import Files
from ovreport_collector.sources.onnx_file import properties
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option, generator
from ovreport_collector.tasks.base import Calibration, Inputs, Labelled, Scores
from ovreport_collector.tasks.evaluators import Proportion
from ovreport_collector.tasks.images.preprocess import image_size, single_image_pipeline
from ovreport_collector.tasks.samples import column, extension, only_input, pack, unpack
from ovreport_collector.tasks.text import rendering, scan

LINES = 500
"""Labelled lines that are rendered."""
VALIDATED = 100
"""Lines on which accuracy is watched while a model is quantized."""
_ALIKE = "drawn alike: in the same fonts, of the same words"


class _Lines:
    """What tasks of lines have in common: how a line's image becomes an input."""

    name: str
    images_are = "rendered lines of text, one a picture, on grey"

    def pipeline(self, model: Model) -> ImagePipeline | Unsupported:
        """Return how a line, cut out of a page at twice the model's size, becomes an input."""
        width, height = image_size(only_input(model)[1], "NCHW")
        return single_image_pipeline(model, (2 * width, 2 * height), **rendering.PADDLE)

    def source_images(
        self, model: Model, files: Files, *, size: tuple[int, int], seed: int, count: int
    ) -> list[Image.Image]:
        """Return rendered lines."""
        images, _ = _lines(generator(seed, self.name, "pictures"), count, _fonts(files))
        return [rendering.strip(image, size) for image in images]

    def _drawn(
        self, model: Model, files: Files, rng: np.random.Generator, count: int
    ) -> list[Image.Image]:
        """Return the lines of `count` inputs."""
        images, _ = _lines(rng, count * only_input(model)[1][0], _fonts(files))
        return images


class TextRecognition(_Lines):
    """Text recognition: one input [batch, 3, height, width] f32 in [-1, 1], BGR.

    Output [batch, steps, characters]: scores of blank, of the dictionary's characters, and of
    a space, decoded by taking the best of each step (CTC). Auxiliary file `characters`: the
    dictionary, one character a line; without it the ONNX file's own property `character` is
    used. Data files, all optional: `page`, the scanned page of scikit-image, and TrueType fonts
    under any other role.
    """

    name = "text-recognition"
    options: Sequence[Option] = ()
    accuracy_s = 9.0
    metric: str | None = "character_accuracy"
    why_no_metric = ""

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return rendered lines, drawn by `seed`."""
        return _fed(model, self._drawn(model, files, generator(seed, self.name, "samples"), count))

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return rendered lines whose text is known, and the pieces of the scanned page."""
        fonts = _fonts(files)
        images, texts = _lines(generator(seed, self.name, "labelled"), LINES, fonts)
        scanned = scan.pieces(files.data["page"]) if "page" in files.data else []
        images += [image for _, image in scanned]
        texts += [text for text, _ in scanned]
        more = f"; {len(scanned)} more are pieces of a scanned page" if scanned else ""
        return _known(model, files, images, texts, _source(fonts) + more)

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return lines that say something else."""
        images = self._drawn(model, files, generator(seed, self.name, "calibration"), count)
        return Calibration(_fed(model, images), f"other rendered lines, {_ALIKE}")

    def validation(self, model: Model, files: Files, *, seed: int) -> Labelled:
        """Return yet other lines whose text is known."""
        images, texts = _lines(generator(seed, self.name, "validation"), VALIDATED, _fonts(files))
        return _known(model, files, images, texts, _source(_fonts(files)))

    def compact(self, outputs: Sequence[Array]) -> list[Array]:
        """Return the best character of each step, [n, batch, steps]: a ten-thousandth."""
        scores = outputs[0]
        return [scores.argmax(axis=-1).astype(np.int32) if scores.ndim == 4 else scores]

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each line: edits needed, and characters in truth."""
        truth: _Truth = labelled.labels
        steps = unpack(self.compact(outputs)[0], labelled.n)
        said = [decode_ctc(line, truth.dictionary) for line in steps]
        return np.array(
            [[edits(a, b), len(b)] for a, b in zip(said, truth.texts, strict=True)],
            dtype=np.float64,
        )

    def aggregate(self, scores: Scores) -> float:
        """Return 1 − edits / characters over all lines: 1 less the character error rate."""
        wrong, characters = scores.sum(axis=0)
        return float(1 - wrong / characters)

    def postprocess(self, outputs: Sequence[Array]) -> NDArray[Any]:
        """Return the numbers of the characters: the best of each step, repeats and blanks out."""
        return merged(outputs[0].reshape(outputs[0].shape[-2:]).argmax(axis=-1))


class TextOrientation(_Lines, Proportion):
    """Is a line upright? One input [batch, 3, height, width] f32 in [-1, 1], BGR.

    Output [batch, 2]: a score for 0° and one for 180°. Data files, optional: TrueType fonts
    under any role.
    """

    name = "text-orientation"
    options: Sequence[Option] = ()
    metric: str | None = "top1"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return rendered lines, every other one upside down, drawn by `seed`."""
        images = self._drawn(model, files, generator(seed, self.name, "samples"), count)
        return _fed(model, _every_other_turned(images))

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return rendered lines, every other one upside down."""
        return self._known(model, files, generator(seed, self.name, "labelled"), LINES)

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return lines that say something else, every other one upside down."""
        images = self._drawn(model, files, generator(seed, self.name, "calibration"), count)
        inputs = _fed(model, _every_other_turned(images))
        return Calibration(
            inputs, f"other rendered lines, {_ALIKE}; every other one is upside down"
        )

    def validation(self, model: Model, files: Files, *, seed: int) -> Labelled:
        """Return yet other lines, every other one upside down."""
        return self._known(model, files, generator(seed, self.name, "validation"), VALIDATED)

    def _known(self, model: Model, files: Files, rng: np.random.Generator, n: int) -> Labelled:
        fonts = _fonts(files)
        images, _ = _lines(rng, n, fonts)
        return Labelled(
            inputs=_fed(model, _every_other_turned(images)),
            labels=np.arange(n) % 2,
            n=n,
            unit="lines of text",
            source=f"{_source(fonts)}; every other line is upside down",
            rendered=True,
        )

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each line: 1 where the orientation was recognised."""
        scores = unpack(outputs[0], labelled.n).reshape(labelled.n, 2)
        return column(scores.argmax(axis=1) == labelled.labels)

    def postprocess(self, outputs: Sequence[Array]) -> bool:
        """Return whether the line is upside down."""
        return bool(outputs[0].reshape(-1).argmax())


def _source(fonts: Sequence[Path]) -> str:
    drawn = f"in {len(fonts)} fonts" if fonts else "with Pillow's built-in font"
    return (
        f"lines of English words and numbers, drawn {drawn} in several sizes and colours, "
        "slightly turned, slanted, blurred and noisy"
    )


def _fonts(files: Files) -> list[Path]:
    """Return the TrueType fonts among the data files, in the order of their roles."""
    return [path for _, path in sorted(files.data.items()) if extension(path.name) == ".ttf"]


@dataclass(frozen=True)
class _Truth:
    texts: list[str]
    dictionary: list[str]


def decode_ctc(steps: NDArray[np.int32], dictionary: Sequence[str]) -> str:
    """Return the text of the best character of each step: repeats merged, blanks (0) dropped."""
    return "".join(dictionary[i - 1] for i in merged(steps))


def merged(steps: NDArray[Any]) -> NDArray[Any]:
    """Return the characters of the best of each step: repeats merged, blanks (0) dropped."""
    changed = np.concatenate([[True], steps[1:] != steps[:-1]])
    found: NDArray[Any] = steps[changed & (steps != 0)]
    return found


def edits(a: str, b: str) -> int:
    """Return the Levenshtein distance: insertions, deletions and substitutions."""
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y)))
        above = row
    return above[-1]


def _lines(
    rng: np.random.Generator, count: int, fonts: Sequence[Path]
) -> tuple[list[Image.Image], list[str]]:
    texts = [rendering.phrase(rng) for _ in range(count)]
    return [rendering.line(text, rng, fonts) for text in texts], texts


def _every_other_turned(images: Sequence[Image.Image]) -> list[Image.Image]:
    return [image.rotate(180) if i % 2 else image for i, image in enumerate(images)]


def _fed(model: Model, images: Sequence[Image.Image]) -> Inputs:
    name, shape = only_input(model)
    return {name: pack(rendering.stacked(images, shape[2], shape[3]), shape)}


def _known(
    model: Model, files: Files, images: Sequence[Image.Image], texts: list[str], source: str
) -> Labelled:
    """Return lines whose text is known."""
    return Labelled(
        inputs=_fed(model, images),
        labels=_Truth(texts, _dictionary(model, files)),
        n=len(texts),
        unit="lines of text",
        source=source,
        rendered=True,
    )


def _dictionary(model: Model, files: Files) -> list[str]:
    """Return the characters in the order of the output, blank left out, a space added."""
    if "characters" in files.files:
        listed = files.files["characters"].read_text(encoding="utf-8")
    else:
        listed = properties(files.model).get("character", "")
    if not listed:
        raise SuiteError(
            "the model has no dictionary of characters",
            where=model.id,
            remedy="add the role characters to the model files in the suite, one a line",
        )
    return [*listed.removesuffix("\n").split("\n"), " "]

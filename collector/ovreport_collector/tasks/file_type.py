"""File type: which of some 200 types a file has, from its first and last bytes."""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ovreport.errors import SuiteError
from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option, generator
from ovreport_collector.tasks.base import Calibration, Inputs, Labelled
from ovreport_collector.tasks.evaluators import Proportion
from ovreport_collector.tasks.near_duplicates import near_tokens
from ovreport_collector.tasks.samples import (
    column,
    extension,
    only_input,
    pack,
    required_file,
    shuffled_indices,
    unpack,
)

BLOCK = 4096
"""Bytes read at either end of a file, before white space is stripped."""
PAD = 256
"""The token that stands for "no byte here"."""
SMALLEST = 64
"""Files below this many bytes say too little of themselves."""
LARGEST = 64 << 20
"""Files above this many bytes are left out: their end costs too much to unpack."""
CAP = 100
"""Files of one type, at most, so that Python sources do not decide the result."""
EACH = 8
"""Files of one extension, at most, that calibrate a quantization."""
WATCHED = 25
"""Files of one extension, at most, on which accuracy is watched while a model is quantized."""

TYPES: dict[str, tuple[str, ...]] = {
    ".bz2": ("bzip",),
    ".c": ("c",),
    ".cc": ("cpp",),
    ".cpp": ("cpp",),
    ".css": ("css",),
    ".csv": ("csv",),
    ".gif": ("gif",),
    ".gz": ("gzip",),
    ".h": ("c", "cpp"),
    ".hpp": ("cpp",),
    ".html": ("html",),
    ".ico": ("ico",),
    ".ini": ("ini",),
    ".ipynb": ("ipynb",),
    ".java": ("java",),
    ".jpg": ("jpeg",),
    ".js": ("javascript",),
    ".json": ("json",),
    ".md": ("markdown",),
    ".npy": ("npy",),
    ".npz": ("npz",),
    ".onnx": ("onnx",),
    ".pdf": ("pdf",),
    ".pkl": ("pickle",),
    ".png": ("png",),
    ".po": ("po",),
    ".proto": ("proto",),
    ".py": ("python",),
    ".pyi": ("python",),
    ".rst": ("rst",),
    ".sh": ("shell",),
    ".so": ("elf",),
    ".svg": ("svg",),
    ".tif": ("tiff",),
    ".toml": ("toml",),
    ".ts": ("typescript",),
    ".tsv": ("tsv",),
    ".ttf": ("ttf",),
    ".wav": ("wav",),
    ".xml": ("xml",),
    ".yaml": ("yaml",),
    ".yml": ("yaml",),
}
"""Extension → the labels that are right. Only extensions that name one format: `.txt`, `.bin`,
`.dat`, `.model` and the like say nothing of the content, and `.pyx`, `.tflite` have no label."""
TEMPLATES = frozenset({"templates", "_templates", "jinja2", "themes"})
"""Folders whose files are templates, whatever their extension says."""


@dataclass(frozen=True)
class _Found:
    """A file inside a wheel."""

    order: tuple[int, int, str]
    wheel: Path
    member: str
    right: tuple[str, ...]
    """The labels that are right; empty where the extension does not say."""


class FileType(Proportion):
    """File type by Magika: input [batch, 2048] int32 byte tokens, output a score a label.

    Data files are wheels, under any role: the files inside are the samples, their extensions
    the labels. Auxiliary file `labels`: JSON with `target_labels_space`, the labels in the
    order of the output.
    """

    name = "file-type"
    options: Sequence[Option] = ()
    accuracy_s = 2.5
    metric: str | None = "top1"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return files of mixed types, chosen by `seed`."""
        name, shape = only_input(model)
        found = _corpus(files, model)
        chosen = shuffled_indices(generator(seed, self.name), len(found), count * shape[0])
        return {name: pack(_tokens([found[i] for i in chosen], shape[1]), shape)}

    def labelled(self, model: Model, files: Files, *, seed: int) -> Labelled | None:
        """Return the corpus: the same files for every seed, so that figures compare."""
        return _known(model, files, _corpus(files, model))

    def calibration(self, model: Model, files: Files, *, seed: int, count: int) -> Calibration:
        """Return files outside the corpus, a few of every extension, of unknown types too."""
        name, shape = only_input(model)
        spare = [f for of_one in _spare(files, model) for f in of_one[:EACH]]
        fresh = _unseen(spare, files, model)
        rng = generator(seed, self.name, "calibration")
        chosen = shuffled_indices(rng, len(fresh), min(len(fresh), count * shape[0]))
        return Calibration(
            {name: pack(_tokens([fresh[i] for i in chosen], shape[1]), shape)},
            f"files out of the same wheels, none of them evaluated, at most {EACH} of an extension",
        )

    def validation(self, model: Model, files: Files, *, seed: int) -> Labelled:
        """Return files of known type beyond the corpus and the calibration."""
        beyond = [
            f for of_one in _spare(files, model) for f in of_one[EACH : EACH + WATCHED] if f.right
        ]
        return _known(model, files, _unseen(beyond, files, model))

    def per_sample_scores(
        self, labelled: Labelled, outputs: Sequence[Array]
    ) -> NDArray[np.float64]:
        """Return a row for each file: 1 where the highest score is at a right label."""
        right: NDArray[np.bool_] = labelled.labels
        scores = unpack(outputs[0], labelled.n).reshape(labelled.n, -1)
        hit = right[np.arange(labelled.n), scores.argmax(axis=1)]
        return column(hit)


def _known(model: Model, files: Files, found: Sequence[_Found]) -> Labelled:
    """Return files of known type, those whose label the model does not have left out."""
    name, shape = only_input(model)
    space = _labels(required_file(files.files, "labels", model=model, of="model"))
    found = [f for f in found if any(label in space for label in f.right)]
    return Labelled(
        inputs={name: pack(_tokens(found, shape[1]), shape)},
        labels=np.array([[label in f.right for label in space] for f in found]),
        n=len(found),
        unit="files",
        source=(
            f"files of {len({f.right for f in found})} types out of pinned wheels, at most "
            f"{CAP} of a type, the type known by the file's extension"
        ),
    )


def _unseen(found: Sequence[_Found], files: Files, model: Model) -> list[_Found]:
    """Return the files that do not look like one of the corpus: some start and end alike.

    SuiteError if that leaves none.
    """
    length = only_input(model)[1][1]
    alike = near_tokens(_tokens(found, length), _tokens(_corpus(files, model), length))
    unseen = [f for f, is_alike in zip(found, alike, strict=True) if not is_alike]
    if not unseen:
        raise SuiteError(
            "no file is left that is not evaluated",
            where=model.id,
            remedy="name more wheels in the dataset",
        )
    return unseen


def tokenize(content: bytes, length: int = 2048) -> NDArray[np.int32]:
    """Return the tokens of a file: its start, padded behind, then its end, padded before.

    Half of `length` each, taken from a block of 4096 bytes whose outer white space (as
    `bytes.strip` has it) is stripped: Magika's feature extraction, version 2, as in
    `magika.py` of magika 1.0.3.
    """
    half = length // 2
    start = content[:BLOCK].lstrip()[:half]
    end = content[-BLOCK:].rstrip()[-half:]
    tokens = np.full(length, PAD, dtype=np.int32)
    tokens[: len(start)] = np.frombuffer(start, dtype=np.uint8)
    tokens[length - len(end) :] = np.frombuffer(end, dtype=np.uint8)
    return tokens


def _tokens(found: Sequence[_Found], length: int) -> NDArray[np.int32]:
    """Return the tokens of files [files, length]; each wheel is opened once."""
    tokens = np.empty((len(found), length), dtype=np.int32)
    for path in {f.wheel for f in found}:
        with zipfile.ZipFile(path) as wheel:
            for i, f in enumerate(found):
                if f.wheel == path:
                    tokens[i] = tokenize(wheel.read(f.member), length)
    return tokens


def _corpus(files: Files, model: Model) -> list[_Found]:
    """Return the files of known type, at most CAP of a type, without duplicates.

    They are taken in the order of their checksums, which is as good as random and the same
    everywhere.
    """
    unique: dict[tuple[int, int], _Found] = {}
    for role in sorted(files.data):
        for found in _of_known_type(files.data[role]):
            unique.setdefault(found.order[:2], found)
    groups: dict[tuple[str, ...], list[_Found]] = defaultdict(list)
    for found in sorted(unique.values(), key=lambda f: f.order):
        groups[found.right].append(found)
    corpus = [found for right in sorted(groups) for found in groups[right][:CAP]]
    if not corpus:
        raise SuiteError(
            "no file of known type in the dataset",
            where=model.id,
            remedy="name a dataset whose files are wheels (addresses that end in /)",
        )
    return corpus


def _spare(files: Files, model: Model) -> list[list[_Found]]:
    """Return the files that are not in the corpus, by extension, in the order of checksums."""
    used = {found.order[:2] for found in _corpus(files, model)}
    unique: dict[tuple[int, int], _Found] = {}
    for role in sorted(files.data):
        for found in _members(files.data[role]):
            if found.order[:2] not in used:
                unique.setdefault(found.order[:2], found)
    groups: dict[str, list[_Found]] = defaultdict(list)
    for found in sorted(unique.values(), key=lambda f: f.order):
        groups[extension(found.member)].append(found)
    return [groups[extension] for extension in sorted(groups)]


def _of_known_type(path: Path) -> list[_Found]:
    """Return the files in a wheel whose extension names a type."""
    return [found for found in _members(path) if found.right]


def _members(path: Path) -> list[_Found]:
    """Return the files in a wheel that say something of themselves."""
    with zipfile.ZipFile(path) as wheel:
        return [
            _Found(
                (info.CRC, info.file_size, info.filename),
                path,
                info.filename,
                TYPES.get(extension(info.filename), ()),
            )
            for info in wheel.infolist()
            if SMALLEST <= info.file_size <= LARGEST
            and PurePosixPath(info.filename).name != "__init__.py"
            and TEMPLATES.isdisjoint(PurePosixPath(info.filename).parts)
        ]


def _labels(path: Path) -> list[str]:
    """Return the labels in the order of the model's output."""
    try:
        space = json.loads(path.read_text(encoding="utf-8"))["target_labels_space"]
        return [str(label) for label in space]
    except (ValueError, KeyError, TypeError) as error:
        raise SuiteError(
            f"the labels file has no list target_labels_space ({error})",
            where=path.name,
            remedy="name Magika's config.min.json under the role labels",
        ) from error

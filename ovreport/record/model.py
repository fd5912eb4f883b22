"""What a record says of its model: where the file is from, and how it came to be what it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated

from msgspec import Meta

from ovreport.record.base import Count, Finite, Part, Positive, Slug, Text

__all__ = [
    "WEIGHTS_TO_F32",
    "Checksum",
    "Converted",
    "Model",
    "Optimized",
    "Origin",
    "Original",
    "Port",
    "Published",
    "SourceFile",
    "Trial",
    "checksum_of",
    "variant_of",
]

Checksum = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$(?!\n)")]


WEIGHTS_TO_F32 = "weights-to-f32"
"""Conversion of a file whose quantized weights were turned back into floating point."""


class Port(Part, frozen=True):
    """One input or output of the model as it was measured."""

    name: Text
    dtype: Text
    shape: list[int]
    """Size of each dimension; empty of a scalar, and where it is not fixed."""
    sized_by_data: bool | None = None
    """Whether the shape is not fixed, but depends on the data. None: it was not told, and an empty
    shape may be either."""


class Original(Part, frozen=True, tag_field="kind", tag="original"):
    """The published file itself."""


class Converted(Part, frozen=True, tag_field="kind", tag="converted"):
    """Made of published weights that no engine reads as they are."""

    converter: Slug
    """Name of the conversion, as the suite gives it."""
    software: dict[str, Text]
    """Package → version, of what took part."""
    seconds: Positive
    peak_bytes: Count
    """Peak resident memory of the process that did it."""


Origin = Original | Converted
"""How a model came about that no optimization has touched yet."""


class Trial(Part, frozen=True):
    """One of several ways in which a model was quantized, of which the best one was kept."""

    settings: dict[str, Text]
    """What this way sets beside the common settings; empty: nothing."""
    error: Positive
    """Root mean square of the difference to the outputs before, relative to theirs, on
    calibration inputs that no way looked at; the mean over outputs."""
    error_emulated: Positive | None = None
    """The same by the same file with rounding computed in f32: what is above it, kernels lose (as
    those that saturate in 16 bits do). None where the device cannot do so."""


class Optimized(Part, frozen=True, tag_field="kind", tag="optimized"):
    """Made of the published file by a model-level optimization."""

    method: Slug
    """What was done: a key of `ovreport.variants.METHODS`, for what this version makes."""
    settings: dict[str, Text]
    """Every parameter that was not the tool's default, and the preset: name → value."""
    software: dict[str, Text]
    """Package → version, of what took part (nncf, openvino)."""
    calibration: Text
    """What the calibration samples are and where from; empty where none are needed."""
    calibration_samples: Count
    seconds: Positive
    peak_bytes: Count
    """Peak resident memory of the process that did it."""
    bytes_before: Count
    """Of the model, weights included, saved as OpenVINO IR without compression."""
    bytes_after: Count
    """Of the same after it."""
    derived_from: Origin
    """How the model that was optimized came about."""
    trials: list[Trial] = []
    """Ways that were tried; the one with the least error is in `settings`."""


class Published(Part, frozen=True):
    """A value that somebody else published: shown beside ours, never mixed with it."""

    metric: Slug
    """Key in `ovreport.metrics.METRICS`."""
    value: Finite
    variant: Text
    """Weights or executed precision that it is said of, in the source's words."""
    source: Text
    """What says so: a model card, a paper, a table."""
    url: Text
    note: Text = ""
    """What differs from how we measure: data, size, preprocessing."""


class SourceFile(Part, frozen=True):
    """One of the files that a model consists of, as it was published."""

    name: Text
    """Below the folder of the model's main file."""
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
    size_bytes: Count


def checksum_of(files: Sequence[SourceFile]) -> str:
    """Return the checksum of a model that consists of these files, the main one first.

    Of one file it is that file's SHA-256. Of several it is that of their sorted list, a line
    `SHA-256  name` each, as sha256sum prints it, in which names lack the stem that they share with
    the main file: an OpenVINO IR whose two files were renamed is the same model. (What an ONNX file
    calls its external data is a part of the ONNX file.)
    """
    if len(files) == 1:
        return files[0].sha256
    stem = PurePosixPath(files[0].name).stem
    lines = sorted(f"{one.sha256}  {one.name.removeprefix(stem)}\n" for one in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class Model(Part, frozen=True):
    """What was run, pinned by checksum."""

    id: Slug
    title: Text
    task: Slug
    source: Text
    """Where it was fetched from: `pypi:NAME==VERSION/path`, `https://…`, `file:NAME`."""
    sha256: Checksum
    """Of the model as published: `checksum_of(files)`. Empty where a file could not be had and the
    suite pins none."""
    size_bytes: Count
    """Of all files that were run: those of a variant where the model was optimized. 0 where there
    was none to run."""
    licence: Text
    homepage: Text
    why: Text
    architecture_only: bool = False
    """True when the weights are constants: speed is real, accuracy does not exist."""
    parameters: Count = 0
    """Number of weights; 0 where they were not counted."""
    weights: dict[Text, Count] = {}
    """Type, as OpenVINO calls it → number of weights that the measured file stores in it; empty
    where it was not read. Scales and zero points of quantized weights are none."""
    inputs: list[Port] = []
    outputs: list[Port] = []
    origin: Original | Converted | Optimized = Original()
    """How the file that was run came about."""
    published: list[Published] = []
    files: list[SourceFile] = []
    """What the model as published consists of: weights, settings, and what its task needs beside
    them (a tokenizer, labels); the main file first, then by name. Empty where a file could not be
    had, and in records of before they were listed, whose checksum is of the main file alone."""


_CALLED_FP32 = frozenset(
    {
        "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
        "e376cf6b168d5ece8a3cedb94acc4eb168a136aede125ccc3d903ef38f5beda8",
    }
)
"""Checksums of files of fp16 weights (BlazeFace) that suites once called fp32."""


def variant_of(model: Model, variant: str) -> str:
    """Return what the weights of the measured file are, where a case calls them `variant`."""
    is_published = not isinstance(model.origin, Optimized)
    wrong = is_published and variant == "fp32" and model.sha256 in _CALLED_FP32
    return "fp16" if wrong else variant

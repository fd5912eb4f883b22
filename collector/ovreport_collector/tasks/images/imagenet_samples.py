"""ImageNet's labels in the names of a few photographs: enough for a smoke test, not for a claim.

foolbox (a library of attacks on networks) carries 20 photographs of ImageNet's validation set with
their class in the name: `imagenet_07_948.jpg`. Twenty photographs separate 18 right
from 2 right, but not 18 from 17: the interval says so.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.tasks.base import Labelled
from ovreport_collector.tasks.images.photographs import open_image
from ovreport_collector.tasks.images.preprocess import preprocessing
from ovreport_collector.tasks.samples import only_input, pack

CLASSES = 1000
_NAME = re.compile(r"imagenet_\d+_(?P<label>\d{1,3})\.jpe?g")


def labelled(model: Model, files: Files) -> Labelled | None:
    """Return the photographs of a dataset whose names hold their class; None where none does."""
    found = _named(files)
    if not found:
        return None
    how, (name, shape) = preprocessing(model), only_input(model)
    units = np.stack([how.input_of(open_image(path, path.name)) for path, _ in found])
    return Labelled(
        inputs={name: pack(units, shape)},
        labels=np.array([label for _, label in found]),
        n=len(found),
        unit="photographs",
        name=f"{len(found)} of ImageNet",
        source=(
            f"{len(found)} photographs of ImageNet's validation set that foolbox carries, one of "
            "1,000 classes each: a smoke test, not a claim"
        ),
    )


def without_labelled(files: Files) -> Files:
    """Return the files without the photographs whose class is known."""
    known = {path for path, _ in _named(files)}
    return replace(files, data={r: path for r, path in files.data.items() if path not in known})


def _named(files: Files) -> list[tuple[Path, int]]:
    """Return path and class of every data file whose name holds its class, by name."""
    named = [(path, match) for path in files.data.values() if (match := _NAME.fullmatch(path.name))]
    return sorted((path, int(match["label"])) for path, match in named)

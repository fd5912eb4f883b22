"""The users' own data: folders in usual layouts, which nothing fetches and no record places.

    [datasets.imagenet]                        in a suite: the user brings it
    title = "ImageNet-1k validation"
    layout = "imagenet"

    ovreport collect --dataset imagenet=/path  the user's copy of it

`use_local` reads and checks a folder before anything is measured. A model whose dataset was not
brought is measured for speed; its accuracy says how to bring it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

from ovreport.errors import InputError, SuiteError
from ovreport.record import Unsupported, UserDataset
from ovreport_collector.datasets import coco, glue, imagenet
from ovreport_collector.sources.files import Files
from ovreport_collector.suite.model import LocalDataset, Model, Suite
from ovreport_collector.suite.options import generator, integer

OPTION = "samples"
"""Option of a model: at most so many samples of its dataset are judged."""
HELD_OUT = "held_out"
"""Option of a model, set by `hold_out`: so many samples of its dataset are never judged."""
_MOST_HELD_OUT = 300
_SEED = 20
"""Chooses what is held out: not the run's seed, by which what is judged differs."""
FEW_BYTES = 1 << 30
"""Inputs are kept in a file and in memory: without the option, so many bytes of them."""
MOST = 5_000


class Contents(Protocol):
    """What a folder holds; each layout adds its own."""

    @property
    def n(self) -> int:
        """How many samples there are."""
        ...

    @property
    def checksum(self) -> str:
        """SHA-256 of names, sizes and labels."""
        ...


def use_local(suite: Suite, paths: Mapping[str, str], samples: int | None = None) -> Suite:
    """Return the suite with the user's folders in the place of its datasets.

    `paths` is dataset → folder, `samples` the most that are judged of each. InputError, with
    what is wrong, where, and the remedy, if a folder is not what the dataset's layout says.
    """
    if samples is not None and not paths:
        raise InputError(
            "it limits the samples of datasets of yours, and none is given",
            where="--samples",
            remedy="add --dataset NAME=PATH",
        )
    user_datasets = {name: _brought(suite, name, path) for name, path in paths.items()}
    models = [_limited(model, user_datasets, samples) for model in suite.models]
    return msgspec.structs.replace(suite, user_datasets=user_datasets, models=models)


def _brought(suite: Suite, name: str, path: str) -> LocalDataset:
    dataset = suite.datasets.get(name)
    where = f"--dataset {name}"
    if dataset is None or not dataset.layout:
        known = ", ".join(n for n, one in suite.datasets.items() if one.layout) or "it has none"
        what = "is fetched by the suite itself" if dataset else "is no dataset of the suite"
        raise InputError(
            f'"{name}" {what}', where=where, remedy=f"Datasets that users bring to it: {known}."
        )
    if not Path(path).exists():
        raise InputError(f"there is no {path}", where=where, remedy="check the path")
    if dataset.layout == "coco" and importlib.util.find_spec("pycocotools") is None:
        raise InputError(
            "COCO's own evaluation, pycocotools, is not installed",
            where=where,
            remedy="pip install 'ovreport[coco]'",
        )
    try:
        contents = read(dataset.layout, Path(path))
    except InputError as error:
        raise InputError(error.what, where=f"{where}: {error.where}", remedy=error.remedy) from None
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=where, remedy="check the path and its rights"
        ) from None
    return LocalDataset(folder=str(Path(path).resolve()), n=contents.n, checksum=contents.checksum)


def read(layout: str, folder: Path) -> Contents:
    """Return what a folder of that layout holds; InputError where it is unusable."""
    if layout == "glue-tsv":
        return glue.read(folder)
    if not folder.is_dir():
        raise InputError("not a folder", where=folder.name, remedy="name the folder, unpacked")
    return imagenet.read(folder) if layout == "imagenet" else coco.read(folder)


def _limited(model: Model, user_datasets: Mapping[str, LocalDataset], samples: int | None) -> Model:
    if samples is None or model.data not in user_datasets:
        return model
    return msgspec.structs.replace(model, options={**model.options, OPTION: samples})


def hold_out(suite: Suite, calibrated: Collection[str]) -> Suite:
    """Return the suite with a part of the user's data held out where models are calibrated.

    A fifth, at most 300 samples: a variant is made by them, and every variant of the model is
    judged by the rest. `calibrated`: ids of models.
    """
    models = [
        _holding_out(model, suite.user_datasets[model.data])
        if model.id in calibrated and model.data in suite.user_datasets
        else model
        for model in suite.models
    ]
    return msgspec.structs.replace(suite, models=models)


def _holding_out(model: Model, user_datasets: LocalDataset) -> Model:
    count = min(_MOST_HELD_OUT, user_datasets.n // 5)
    return msgspec.structs.replace(model, options={**model.options, HELD_OUT: count})


def held_out(n: int, model: Model) -> list[int]:
    """Return which of n samples are held out, in random order; none where nothing is made."""
    count = integer(model, HELD_OUT, 0, low=0, high=_MOST_HELD_OUT)
    return [int(i) for i in generator(_SEED, HELD_OUT).permutation(n)[:count]]


def calibrating(n: int, model: Model, count: int) -> list[int]:
    """Return at most `count` of n samples that are held out; SuiteError where none is."""
    found = held_out(n, model)[:count]
    if not found:
        raise SuiteError(
            f"{n:,} samples are too few to hold some out of what is judged",
            where=model.id,
            remedy="bring five or more",
        )
    return found


def calibrated_by(model: Model, unit: str) -> str:
    """Return what held out samples are, for a record."""
    return f"{unit} of the user's own copy of {model.data}, held out of what is judged"


def why_absent(model: Model, files: Files) -> Unsupported | None:
    """Return why a model has no accuracy: its dataset was not brought; None where it was."""
    if not model.data or files.data or model.architecture_only:
        return None
    return Unsupported(
        reason=f"its accuracy needs the dataset {model.data}, which was not given",
        remedy=f"ovreport collect --dataset {model.data}=/path/to/it",
    )


def facts(suite: Suite, model: Model) -> list[UserDataset]:
    """Return what a record tells of the user's data behind a model: never where it is."""
    user_datasets = suite.user_datasets.get(model.data)
    if user_datasets is None:
        return []
    dataset = suite.datasets[model.data]
    return [
        UserDataset(
            name=model.data,
            title=dataset.title,
            layout=dataset.layout,
            n=user_datasets.n,
            checksum=user_datasets.checksum,
        )
    ]


def chosen(n: int, model: Model, rng: np.random.Generator, sample_bytes: int) -> Sequence[int]:
    """Return which of n samples are judged, in order: all, or a subset that a seed draws.

    At most as many as the model's option `samples` says; without it MOST, and what fits into
    FEW_BYTES.
    """
    few = max(1, min(MOST, FEW_BYTES // max(1, sample_bytes)))
    most = integer(model, OPTION, few, low=1, high=10_000_000)
    left = sorted(set(range(n)) - set(held_out(n, model)))
    if len(left) <= most:
        return left
    return sorted(int(i) for i in rng.choice(left, most, replace=False))


def how_many(used: int, n: int, unit: str, model: Model) -> str:
    """Return "1,000 of 50,000 images, drawn by the seed", or "all 872 sentences".

    And how many more are held out.
    """
    held = len(held_out(n, model))
    if used == n:
        return f"all {n:,} {unit}"
    drawn = ", drawn by the seed" if used < n - held else ""
    return f"{used:,} of {n:,} {unit}{drawn}" + (f"; {held:,} others calibrate" if held else "")

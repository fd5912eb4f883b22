"""Users' own datasets: folders in usual layouts, which nothing fetches and no record locates.

    [datasets.imagenet]                        in a suite: the user provides it
    title = "ImageNet-1k validation"
    layout = "imagenet"

    ovreport collect --dataset imagenet=/path  the user's copy of it

`with_user_datasets` reads and checks a folder before anything is measured. A model whose dataset
was not given is measured for speed; its accuracy says how to give it. `selection` says which
samples are evaluated. A new layout is a module with a function `read`, and a line in `LAYOUTS`.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from ovreport.errors import InputError
from ovreport.record import Unsupported, UserDataset
from ovreport_collector.datasets import coco, glue, imagenet
from ovreport_collector.datasets.selection import SAMPLES
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Dataset, LocalDataset, Model, Suite


class Contents(Protocol):
    """What a folder holds; each layout adds its own."""

    @property
    def n(self) -> int:
        """Number of samples."""
        ...

    @property
    def checksum(self) -> str:
        """SHA-256 of names, sizes and labels."""
        ...

    @property
    def warning(self) -> str:
        """What was guessed of them, and how to say it; empty: nothing."""
        ...


@dataclass(frozen=True)
class Layout:
    """How a dataset lies on disk."""

    read: Callable[[Path], Contents]
    """Reads a folder; InputError, with place and remedy, where it is unusable."""
    is_file: bool = False
    """Whether a file can be given in the place of a folder."""
    package: str = ""
    """What its metric needs, as Python imports it."""
    extra: str = ""
    """Extra of ovreport that installs the package."""

    @property
    def about(self) -> str:
        """How it lies on disk, as the module that reads it says."""
        return inspect.getdoc(sys.modules[self.read.__module__]) or ""


LAYOUTS: Mapping[str, Layout] = {
    "imagenet": Layout(imagenet.read),
    "coco": Layout(coco.read, package="pycocotools", extra="coco"),
    "glue-tsv": Layout(glue.read, is_file=True),
}
"""Name in suites → layout."""


def with_user_datasets(suite: Suite, paths: Mapping[str, str], samples: int | None = None) -> Suite:
    """Return the suite with the user's folders in the place of its datasets.

    `paths` is dataset → folder, `samples` the most that are evaluated of each. InputError, with
    what is wrong, where, and the remedy, if a folder is not what the dataset's layout says.
    """
    if samples is not None and not paths:
        raise InputError(
            "it limits the samples of datasets of yours, and none is given",
            where="--samples",
            remedy="add --dataset NAME=PATH",
        )
    found = {name: _local_dataset(suite, name, path) for name, path in paths.items()}
    models = [
        model
        if samples is None or model.data not in found
        else msgspec.structs.replace(model, options={**model.options, SAMPLES: samples})
        for model in suite.models
    ]
    return msgspec.structs.replace(suite, user_datasets=found, models=models)


def _local_dataset(suite: Suite, name: str, path: str) -> LocalDataset:
    where = f"--dataset {name}"
    dataset = _declared(suite, name, where)
    if not Path(path).exists():
        raise InputError(f"there is no {path}", where=where, remedy="check the path")
    _require_package(LAYOUTS[dataset.layout], where)
    try:
        contents = read(dataset.layout, Path(path))
    except InputError as error:
        raise InputError(error.what, where=f"{where}: {error.where}", remedy=error.remedy) from None
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=where, remedy="check the path and its rights"
        ) from None
    return LocalDataset(
        folder=str(Path(path).resolve()),
        n=contents.n,
        checksum=contents.checksum,
        warning=contents.warning,
    )


def _declared(suite: Suite, name: str, where: str) -> Dataset:
    """Return the suite's dataset of that name; InputError unless users are to give it."""
    dataset = suite.datasets.get(name)
    if dataset is None or not dataset.layout:
        known = ", ".join(n for n, one in suite.datasets.items() if one.layout) or "it has none"
        what = "is fetched by the suite itself" if dataset else "is no dataset of the suite"
        raise InputError(
            f'"{name}" {what}', where=where, remedy=f"Datasets that users provide: {known}."
        )
    return dataset


def _require_package(layout: Layout, where: str) -> None:
    if layout.package and importlib.util.find_spec(layout.package) is None:
        raise InputError(
            f"{layout.package}, which computes its metric, is not installed",
            where=where,
            remedy=f"pip install 'ovreport[{layout.extra}]'",
        )


def read(layout: str, folder: Path) -> Contents:
    """Return what a folder of that layout holds; InputError where it is unusable."""
    if not folder.is_dir() and not LAYOUTS[layout].is_file:
        raise InputError("not a folder", where=folder.name, remedy="name the folder, unpacked")
    return LAYOUTS[layout].read(folder)


def why_absent(model: Model, files: Files) -> Unsupported | None:
    """Return why a model has no accuracy: its dataset was not given; None where it was."""
    if not model.data or files.data or model.architecture_only:
        return None
    return Unsupported(
        reason=f"its accuracy needs the dataset {model.data}, which was not given",
        remedy=f"ovreport collect --dataset {model.data}=/path/to/it",
    )


def recorded(suite: Suite, model: Model) -> list[UserDataset]:
    """Return what a record says of the user's data behind a model: never where it is."""
    local = suite.user_datasets.get(model.data)
    if local is None:
        return []
    dataset = suite.datasets[model.data]
    return [
        UserDataset(
            name=model.data,
            title=dataset.title,
            layout=dataset.layout,
            n=local.n,
            checksum=local.checksum,
        )
    ]

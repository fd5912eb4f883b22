"""What a suite is: which models to measure, pinned and explained, as data.

A suite is read and checked in `plan.load_suite`; its files are fetched in `sources`.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from ovreport.errors import SuiteError

Variant = Literal["fp32", "fp16", "int8", "int4"]


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
    """Of this very file (of the innermost one); required for `https:` and for files inside a
    wheel, optional for `file:` and for a wheel itself, which `wheels` pins."""
    size_bytes: int = 0
    """Of what is fetched from the hub or a web server, for the progress bar; 0: not said."""
    unpinned: bool = False
    """True where `hf:` names a branch or a tag: its commit is found when it is fetched, and told
    in the record. Another day it may be another file; `sha256` stays empty."""
    folder: bool = False
    """True where all files of the `hf:` folder that it lies in come with it, and are put beside it:
    a language model's weights, tokenizer and settings. Goes with `unpinned`."""

    @property
    def name(self) -> str:
        """Its name without its place: a folder may name its user."""
        return self.uri.removeprefix("file:").rpartition("/")[2]


class Dataset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data that a task turns into inputs and labels: files that are fetched, or the user's own."""

    title: str
    files: dict[str, File] = {}
    """Role → file. The task named by a model knows the roles it needs."""
    layout: str = ""
    """In the place of files: users provide them, `--dataset NAME=PATH`, in this layout: a key of
    `datasets.LAYOUTS`."""
    licence: str = ""
    homepage: str = ""
    rendered: bool = False
    """True when the samples were drawn or synthesised with known labels."""


class Published(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure that somebody else published: shown beside ours, never mixed with it."""

    metric: str
    """Key of a metric of accuracy in `ovreport.metrics.registry`."""
    value: float
    """As a share or a coefficient: 0.751 for 75.1 %."""
    variant: str
    """Weights or executed precision that it is said of, in the source's words."""
    source: str
    """What says so: a model card, a paper, a table."""
    url: str
    note: str = ""
    """What differs from how we measure: data, size, preprocessing."""


class LocalDataset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user's folder in the place of a dataset's files."""

    folder: str
    """Absolute path; no record tells it."""
    n: int
    """Samples in the whole of it."""
    checksum: str
    """SHA-256 of names, sizes and labels: what it is, wherever it lies."""


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One public network, and how to feed it."""

    id: str
    title: str
    task: str
    """Name of a task in `ovreport_collector.tasks`."""
    file: File
    shapes: dict[str, list[int]] = {}
    """Input name → the static shape to measure; batch first. Language models have none."""
    licence: str = ""
    homepage: str = ""
    why: str = ""
    """Why this model is in the suite, in one sentence."""
    variant: Variant = "fp32"
    """Weights of the published file."""
    variants: list[str] = []
    """Made of it and measured beside it, unless the user names others: keys of
    `ovreport.variants.OPTIMIZATIONS`."""
    architecture_only: bool = False
    """True when the weights are constants: speed is real, accuracy does not exist."""
    files: dict[str, File] = {}
    """Role → auxiliary file that the task needs (labels, tokenizer…)."""
    data: str = ""
    """Id of the dataset that gives inputs and labels; empty: the task renders its own."""
    options: dict[str, str | int | float | bool | list[float]] = {}
    """Settings that the task understands: preprocessing (mean, scale, layout…), how outputs are
    read, `samples`: at most so many of a user's dataset are judged."""
    converter: str = ""
    """Key of `models.convert.registry.CONVERTERS`, which makes an OpenVINO IR of `file`, which then
    holds weights that no engine reads; empty: `file` is a model."""
    published: list[Published] = []
    """Figures of others for the same model."""


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
    """Where relative `file:` paths start. Set by `load`; a document cannot name it."""
    user_datasets: dict[str, LocalDataset] = {}
    """Dataset → the user's own. Set by `datasets.bring`; a document cannot name it."""

    @property
    def identity(self) -> Suite:
        """The suite without what only says where things lie on this machine."""
        user_datasets = {
            name: msgspec.structs.replace(one, folder="")
            for name, one in self.user_datasets.items()
        }
        return msgspec.structs.replace(self, folder="", user_datasets=user_datasets)

    def model(self, model_id: str) -> Model:
        """Return the model of that id; SuiteError when there is none."""
        for model in self.models:
            if model.id == model_id:
                return model
        raise SuiteError(
            f'suite {self.id} has no model "{model_id}"',
            remedy=f"use one of: {', '.join(model.id for model in self.models)}",
        )

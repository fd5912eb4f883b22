"""A model's options, read and checked; and random numbers that a seed and names decide."""

from __future__ import annotations

import zlib

import numpy as np

from ovreport.errors import SuiteError
from ovreport_collector.suite.model import Model


def integer(model: Model, key: str, default: int, *, low: int, high: int) -> int:
    """Return an option that must be an integer from `low` to `high`, both included.

    SuiteError where it is anything else.
    """
    value = model.options.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SuiteError(
            f"{key} is {value}",
            where=f"{model.id}.options",
            remedy=f"give a whole number from {low} to {high}",
        )
    return value


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return a random generator for a seed and names; the same on every machine."""
    return np.random.default_rng([seed, zlib.crc32("\0".join(names).encode())])

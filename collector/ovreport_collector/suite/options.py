"""A model's options, read and checked; and random numbers that a seed and names decide."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from ovreport.errors import SuiteError
from ovreport_collector.suite.model import Model


class OptionError(SuiteError):
    """A task cannot follow an option of a model: nothing is measured before it is mended."""


@dataclass(frozen=True)
class Option:
    """One of a task's options: what `ovreport tasks` says of it, and the key that it may have."""

    name: str
    """The key; one that ends in `.INPUT` may be given for each input of the model."""
    values: str
    default: str
    what: str

    def accepts(self, key: str) -> bool:
        """Return whether a suite's key is this option."""
        prefix, per_input, _ = self.name.partition(PER_INPUT)
        return key.startswith(f"{prefix}.") if per_input else key == self.name


PER_INPUT = ".INPUT"
SAMPLES = Option(
    "samples",
    "a whole number from 1",
    "5,000, and what fits into 1 GiB",
    "the most samples of a user's dataset that accuracies are computed on",
)


def integer(model: Model, key: str, default: int, *, low: int, high: int) -> int:
    """Return an option that must be an integer from `low` to `high`, both included.

    SuiteError where it is anything else.
    """
    value = model.options.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise OptionError(
            f"{key} is {value}",
            where=f"{model.id}.options",
            remedy=f"give a whole number from {low} to {high}",
        )
    return value


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return a random generator for a seed and names; the same on every machine."""
    return np.random.default_rng([seed, zlib.crc32("\0".join(names).encode())])

"""Which samples of a user's dataset are evaluated, and which are held out for calibration."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
import numpy as np

from ovreport.errors import SuiteError
from ovreport_collector.suite.model import LocalDataset, Model, Suite
from ovreport_collector.suite.options import generator, integer

SAMPLES = "samples"
"""Option of a model: the most samples of its dataset that are evaluated."""
HELD_OUT = "held_out"
"""Option of a model, set by `hold_out`: how many samples of its dataset are never evaluated."""
_MAX_HELD_OUT = 300
_SEED = 20
"""Chooses what is held out: not the run's seed, by which the evaluated samples differ."""
MAX_BYTES = 1 << 30
"""Inputs are kept in a file and in memory: without the option, at most so many bytes of them."""
MAX_SAMPLES = 5_000
"""Samples that are evaluated without the option, at most."""


def hold_out(suite: Suite, calibrated: Collection[str]) -> Suite:
    """Return the suite with a part of the user's data held out where models are calibrated.

    A fifth, at most 300 samples: they calibrate, and every variant of the model is evaluated on
    the others. `calibrated`: ids of models.
    """
    models = [
        _holding_out(model, suite.user_datasets[model.data])
        if model.id in calibrated and model.data in suite.user_datasets
        else model
        for model in suite.models
    ]
    return msgspec.structs.replace(suite, models=models)


def _holding_out(model: Model, dataset: LocalDataset) -> Model:
    count = min(_MAX_HELD_OUT, dataset.n // 5)
    return msgspec.structs.replace(model, options={**model.options, HELD_OUT: count})


def held_out(n: int, model: Model) -> list[int]:
    """Return the indices of the held-out samples among n, in random order; mostly none."""
    count = integer(model, HELD_OUT, 0, low=0, high=_MAX_HELD_OUT)
    return [int(i) for i in generator(_SEED, HELD_OUT).permutation(n)[:count]]


def calibration(n: int, model: Model, count: int) -> list[int]:
    """Return the indices of at most `count` held-out samples; SuiteError where there are none."""
    found = held_out(n, model)[:count]
    if not found:
        raise SuiteError(
            f"{n:,} samples are too few to hold some out of what is judged",
            where=model.id,
            remedy="provide five or more",
        )
    return found


def calibration_source(model: Model, unit: str) -> str:
    """Return what the calibration samples are, for a record; `unit` is plural: "images"."""
    return f"{unit} of the user's own copy of {model.data}, held out of the evaluation"


def evaluated(n: int, model: Model, rng: np.random.Generator, sample_bytes: int) -> Sequence[int]:
    """Return the indices of the evaluated samples among n, in order: all, or a drawn subset.

    At most as many as the model's option `samples` says; without it MAX_SAMPLES, and what fits
    into MAX_BYTES. `sample_bytes` is the size of one sample's inputs.
    """
    default = max(1, min(MAX_SAMPLES, MAX_BYTES // max(1, sample_bytes)))
    most = integer(model, SAMPLES, default, low=1, high=10_000_000)
    left = sorted(set(range(n)) - set(held_out(n, model)))
    if len(left) <= most:
        return left
    return sorted(int(i) for i in rng.choice(left, most, replace=False))


def evaluated_source(used: int, n: int, unit: str, model: Model) -> str:
    """Return "1,000 of 50,000 images, drawn by the seed", or "all 872 sentences", for a record.

    It also says how many more are held out.
    """
    held = len(held_out(n, model))
    if used == n:
        return f"all {n:,} {unit}"
    drawn = ", drawn by the seed" if used < n - held else ""
    return f"{used:,} of {n:,} {unit}{drawn}" + (f"; {held:,} others calibrate" if held else "")

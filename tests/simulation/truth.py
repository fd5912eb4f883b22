"""What is true of a simulated case: how long its inferences take, and what goes wrong."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
import numpy as np

from ovreport.stats.intervals import Floats

Tail = Literal["normal", "heavy"]
Fault = Literal["crash", "hang", "wrong-output"]

HEAVY_SHARE, HEAVY_FACTOR = 0.10, 5.0
"""Heavy-tailed noise: one round in ten spreads five times as much (Tukey 1960, "A survey of
sampling from contaminated distributions")."""
OUTLIER_FACTOR = 10.0


class Truth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A case whose every inference takes `median_ms`, times the factors below."""

    median_ms: float = 5.0
    within: float = 0.05
    """Standard deviation of the logarithm of an inference's time, within a round."""
    rho: float = 0.0
    """Lag-1 autocorrelation of that logarithm."""
    between: float = 0.0
    """Standard deviation of the logarithm of a round's level."""
    tail: Tail = "normal"
    """Of the rounds' levels."""
    drift: float = 0.0
    """Relative change over a round, evenly."""
    step: float = 0.0
    """Relative change from the middle of a round on."""
    step_round: int | None = None
    """Relative change from the start of this round on, instead."""
    outliers: float = 0.0
    """Share of inferences that take ten times as long."""
    fault: Fault | None = None
    fault_round: int = 0
    """The round that it happens in."""
    length: int = 4096
    """Inferences that are told apart in a round; then they begin again."""
    seed: int = 0

    def tapes(self, rng: np.random.Generator, comparisons: int, rounds: int) -> Floats:
        """Return the times in ms of each round's inferences [comparisons, rounds, length]."""
        shape = (comparisons, rounds, self.length)
        levels = self.between * self.noise(rng, (comparisons, rounds))
        logs = levels[..., None] + self.within * _ar1(rng, shape, self.rho)
        ms = self.median_ms * np.exp(logs) * self._trend(rounds)
        if self.outliers:
            ms[rng.random(shape) < self.outliers] *= OUTLIER_FACTOR
        return ms

    def tape(self, index: int) -> Floats:
        """Return the times in ms of the inferences of one round: the same for the same seed."""
        rng = np.random.default_rng((self.seed, index))
        return self.tapes(rng, 1, index + 1)[0, index]

    def noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Return levels of rounds, of standard deviation 1 where the tail is normal."""
        z = rng.standard_normal(shape)
        if self.tail == "heavy":
            z[rng.random(shape) < HEAVY_SHARE] *= HEAVY_FACTOR
        return z

    def fault_of(self, index: int) -> Fault | None:
        """Return what goes wrong in a round."""
        return self.fault if self.fault_round == index else None

    def _trend(self, rounds: int) -> Floats:
        """Return the factors of drift and step [rounds, length]."""
        trend = np.tile(1 + self.drift * np.linspace(0, 1, self.length), (rounds, 1))
        if self.step_round is None:
            trend[:, self.length // 2 :] *= 1 + self.step
        else:
            trend[self.step_round :] *= 1 + self.step
        return trend


def _ar1(rng: np.random.Generator, shape: tuple[int, int, int], rho: float) -> Floats:
    """Return standard normal series along the last axis, each an AR(1) process from its start."""
    # Time first: each step is one operation on all series.
    z = rng.standard_normal((shape[2], shape[0] * shape[1]))
    if rho:
        z[1:] *= math.sqrt(1 - rho * rho)
        for i in range(1, len(z)):
            z[i] += rho * z[i - 1]
    return np.moveaxis(z, 0, -1).reshape(shape)

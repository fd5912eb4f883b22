"""What is true of simulated rounds: one value each, noisy, correlated, disturbed by other load."""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import Literal

import msgspec
import numpy as np

from ovreport.metrics.spread import spread_of_rounds
from ovreport.record import RunSpread
from ovreport.stats.intervals import Floats

Kind = Literal["normal", "heavy", "contaminated", "two speeds"]
KINDS: tuple[Kind, ...] = ("normal", "heavy", "contaminated", "two speeds")

ASTRAY = 0.10
"""Share of rounds that spread five times as much (heavy), or that other load slows by 10 to 65 %
(contaminated)."""
SLOW, SLOWER = 0.30, math.log(1.3)
"""Share of rounds at the slower of two speeds, and how much slower."""
CASES = 10
"""Cases of a simulated run."""


class Noise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the rounds of a case lie around 1."""

    kind: Kind = "normal"
    deviation: float = 0.02
    """Standard deviation of the logarithm of an undisturbed round."""
    rho: float = 0.0
    """Lag-1 autocorrelation of rounds, and of which speed they run at."""

    def logs(self, rng: np.random.Generator, cases: int, rounds: int) -> Floats:
        """Return the logarithms of rounds [cases, rounds]."""
        z = correlated(rng, cases, rounds, self.rho)
        if self.kind == "heavy":
            z[rng.random(z.shape) < ASTRAY] *= 5
        logs = self.deviation * z
        if self.kind == "contaminated":
            logs += (rng.random(z.shape) < ASTRAY) * rng.uniform(0.1, 0.5, z.shape)
        if self.kind == "two speeds":
            speed = correlated(rng, cases, rounds, self.rho)
            logs += SLOWER * (speed > NormalDist().inv_cdf(1 - SLOW))
        return logs

    @property
    def median(self) -> float:
        """The logarithm of the distribution's median: what an observed value is to hold."""
        return _median(self.kind, self.deviation)


@cache
def _median(kind: Kind, deviation: float) -> float:
    if kind in {"normal", "heavy"}:
        return 0.0
    rng = np.random.default_rng(0)
    return float(np.median(Noise(kind=kind, deviation=deviation).logs(rng, 1000, 1000)))


def correlated(rng: np.random.Generator, cases: int, rounds: int, rho: float) -> Floats:
    """Return standard normal series [cases, rounds], each an AR(1) process from its start."""
    z = rng.standard_normal((rounds, cases))
    for i in range(1, rounds):
        z[i] = rho * z[i - 1] + math.sqrt(1 - rho * rho) * z[i]
    return z.T


def run_of(logs: Floats) -> RunSpread:
    """Return what a run of these cases [cases, rounds] tells of its rounds."""
    spread = spread_of_rounds(np.exp(logs).tolist())
    assert spread is not None
    return spread

"""What is true of a simulated machine: processes that differ, other load that comes and goes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist
from typing import Literal

import msgspec
import numpy as np

from ovreport.stats.intervals import Floats
from ovreport.stats.undisturbed import Round
from tests.simulation.rounds import correlated

Load = Literal["none", "bursts", "two speeds", "constant"]

BURST_SHARE = 0.4
"""Share of rounds during which other load runs, in bursts."""
TWO_SPEEDS_SHARE = 0.3
IN_A_ROW = 0.6
"""Lag-1 autocorrelation of what decides whether load runs."""


class Machine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine on which a case takes 1, times the factors below."""

    processes: float = 0.01
    """Standard deviation of the logarithm of a process's level, for good."""
    rounds: float = 0.01
    """Standard deviation of the logarithm of a round, within its process."""
    heavy: bool = False
    """Whether one round in ten spreads five times as much."""
    lucky: float = 0.0
    """Share of processes that are 5 % faster, for good."""
    load: Load = "none"
    seen: bool = True
    """Whether evidence shows the load."""
    drift: float = 0.0
    """Relative slowing down from the first to the last round."""

    def case(self, rng: np.random.Generator, processes: int, visits: int) -> list[Round]:
        """Return the rounds of one case, in the order of time."""
        n = processes * visits
        levels = self.processes * rng.standard_normal(processes)
        levels -= 0.05 * (rng.random(processes) < self.lucky)
        z = rng.standard_normal(n)
        if self.heavy:
            z[rng.random(n) < 0.1] *= 5
        logs = np.repeat(levels, visits) + self.rounds * z
        logs += math.log1p(self.drift) * np.linspace(0, 1, n)
        slowed = self._slowed(rng, n)
        return list(_rounds(logs + slowed, slowed > 0, visits, seen=self.seen))

    def _slowed(self, rng: np.random.Generator, n: int) -> Floats:
        """Return by how much load slows each round, as a logarithm."""
        if self.load == "none":
            return np.zeros(n)
        if self.load == "constant":
            return np.log(rng.uniform(1.3, 1.8)) + 0.02 * np.abs(rng.standard_normal(n))
        state = correlated(rng, 1, n, IN_A_ROW)[0]
        if self.load == "two speeds":
            return math.log(1.3) * (state > NormalDist().inv_cdf(1 - TWO_SPEEDS_SHARE))
        return np.log(rng.uniform(1.05, 1.8, n)) * (state > NormalDist().inv_cdf(1 - BURST_SHARE))


def _rounds(logs: Floats, loaded: Floats, visits: int, *, seen: bool) -> Iterator[Round]:
    for i, (log, is_loaded) in enumerate(zip(logs.tolist(), loaded.tolist(), strict=True)):
        yield Round(math.exp(log), i // visits, quiet=not (seen and is_loaded))

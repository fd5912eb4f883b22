"""Sessions with known truth: whether the adjusted interval holds it as often as it says."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import numpy as np

from ovreport.control_variate import Series, adjust, learn, median_reference
from ovreport_sitegen.calibration_study import SimulationRow


@dataclass(frozen=True)
class Setting:
    """How a session's rounds come about: log figure = slope · log speed + noise."""

    name: str
    rounds: int = 7
    cases: int = 10
    wander: float = 0.08
    """Standard deviation of the machine's log speed between rounds."""
    slope: float = 0.6
    slope_sd: float = 0.15
    """Models differ in how much the speed matters."""
    noise: float = 0.03
    heavy: bool = False
    """Student's t with 3 degrees of freedom instead of normal noise."""
    blur: float = 0.01
    """Standard deviation of the calibration around the true log speed."""
    drift: float = 0.0
    """The session's speed changes by this much from first to last round."""


SETTINGS = (
    *(Setting("follows the machine", rounds=n) for n in (5, 7, 11)),
    *(Setting("few cases", cases=n) for n in (4, 6)),
    Setting("heavy-tailed noise", heavy=True),
    Setting("models differ much", slope_sd=0.35),
    Setting("calibration as noisy as the figure", blur=0.05),
    Setting("drifting machine", drift=0.15),
    Setting("no correlation", slope=0.0, slope_sd=0.0),
    Setting("no correlation, few cases, 5 rounds", slope=0.0, slope_sd=0.0, cases=4, rounds=5),
    Setting("quiet machine", wander=0.002),
)


def simulate(sessions: int) -> list[SimulationRow]:
    """Simulate every setting so many times."""
    return [_simulate(setting, sessions) for setting in SETTINGS]


def _simulate(s: Setting, sessions: int) -> SimulationRow:
    rng = np.random.default_rng(7)
    held: list[bool] = []
    widths: list[float] = []
    for _ in range(sessions):
        cases = _session(s, rng)
        reference = median_reference(cases)
        control = learn(cases[1:])
        if not control.holds:
            continue
        adjusted = adjust(cases[0], control, reference)
        held.append(adjusted.interval.low <= 1 <= adjusted.interval.high)
        widths.append(adjusted.width)
    narrower = [h for h, width in zip(held, widths, strict=True) if width < 1]
    return SimulationRow(
        setting=s.name, rounds=s.rounds, cases=s.cases, sessions=sessions,
        adjusted=len(held) / sessions, coverage=_share(held), coverage_narrower=_share(narrower),
        width=statistics.median(widths) if widths else None,
    )  # fmt: skip


def _session(s: Setting, rng: np.random.Generator) -> list[Series]:
    """Return cases whose true figure at the session's mean speed is 1."""
    shape = (s.cases, s.rounds)
    drift = np.linspace(-s.drift / 2, s.drift / 2, s.rounds)
    speed = rng.normal(0, s.wander, shape) + drift
    slopes = s.slope + s.slope_sd * rng.standard_normal((s.cases, 1))
    noise = s.noise * (rng.standard_t(3, shape) if s.heavy else rng.standard_normal(shape))
    y = slopes * speed + noise
    x = speed + s.blur * rng.standard_normal(shape)
    return [Series(xs.tolist(), ys.tolist()) for xs, ys in zip(x, y, strict=True)]


def _share(held: list[bool]) -> float | None:
    return sum(held) / len(held) if held else None

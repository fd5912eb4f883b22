"""Control variates: what rounds would have taken, had the machine been as fast as usual.

Around every round a small computation that never changes is timed. Let x be the logarithm of what
it took and y that of the figure of interest. Where the machine's speed wanders, both follow, and

    adjusted y = y - b (x - reference)

varies less than y: x is a control variate (Lavenberg & Welch, "A Perspective on the Use of Control
Variables to Increase the Efficiency of Monte Carlo Simulations", Management Science 27(3), 1981;
Law & Kelton, "Simulation Modeling and Analysis", section on control variates).

With a slope b that is estimated from the same few rounds, the interval must pay for it: Student's
t with one degree of freedom less, and a variance larger by (n-2)/(n-3) (Lavenberg & Welch); with
five rounds that eats a correlation of 0.7. And who looks at the rounds to decide whether adjusting
helps, and then adjusts them, gets intervals that are too narrow. So here, **a case's own rounds
never decide anything about their adjustment**: the slope, and whether it is used at all, come from
the other cases of the session. Given those, adjusted rounds are independent draws like raw ones,
and the interval of the raw figure holds for them unchanged, whatever b is: a poor slope makes it
wide, not wrong. What a slope of its own would differ by is in the interval as well: see `margin`.

A ratio of two cases is a figure like any other: x is then the difference of the two cases' x in
the same round, the reference is zero (the same machine for both), and slopes come from other pairs.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ovreport.statistics import Floats, Interval, median_interval, ratio_interval, t_quantile

MIN_CASES = 3
"""Other cases that a slope is learned from, at least."""
_NORMAL95 = 1.96
_LARGEST = 700.0
"""Logarithm, beyond which a float has no exponential."""
_STANDS_STILL = 1e-18
"""Sum of squares below which nothing moves: rounds that differ by less than 1e-9."""
HOLDS = 0.8
"""Adjusting is worth it where it leaves at most this share of the spread, out of sample."""


Estimate = Callable[[Sequence[float]], Interval]
"""Of positive values over rounds."""


@dataclass(frozen=True)
class Series:
    """Rounds of one case, as logarithms: the control and the figure."""

    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class Reference:
    """The control's value, a logarithm, that figures are adjusted to."""

    value: float
    error: float
    """Standard error."""


SAME_SPEED = Reference(0.0, 0.0)
"""For ratios: both cases on a machine of the same speed."""


@dataclass(frozen=True)
class Control:
    """What the other cases say about a case's adjustment."""

    slope: float
    """Of log figure over log control, pooled within cases."""
    slope_sd: float
    """Standard deviation of the cases' own slopes around it."""
    spread: float
    """What is left of the spread within a case after adjusting with the others' slope: the
    geometric mean over the cases of (residual ÷ raw), each left out in turn."""
    cases: int

    @property
    def holds(self) -> bool:
        """Whether adjusting is worth it."""
        return self.cases >= MIN_CASES and self.spread <= HOLDS


@dataclass(frozen=True)
class Adjusted:
    """An adjusted figure."""

    interval: Interval
    """Value and 95 % interval."""
    width: float
    """Of the interval on the logarithm, in units of the raw one's."""
    rounds: int


@dataclass(frozen=True)
class Adjustment:
    """What was learned about a figure's adjustment, and the adjusted figure where that holds."""

    control: Control
    adjusted: Adjusted | None


NOTHING = Control(slope=0.0, slope_sd=math.inf, spread=1.0, cases=0)
"""Nothing can be learned: no other case, or a control that does not move."""


def ratio_estimate(ratios: Sequence[float]) -> Interval:
    """Return the estimate of paired ratios, the one that raw comparisons use."""
    return ratio_interval(ratios, [1.0] * len(ratios))


def adjust_all(
    cases: Sequence[Series], reference: Reference, estimate: Estimate = median_interval
) -> list[Adjustment]:
    """Return the adjustment of each case of a session, learned from all the others."""
    return [
        Adjustment(control, adjust(case, control, reference, estimate) if control.holds else None)
        for case, control in zip(cases, learn_all(cases), strict=True)
    ]


def learn_all(cases: Sequence[Series]) -> list[Control]:
    """Return, for each case of a session, what all the others say about it.

    Only sums of squares within cases are needed, so a thousand cases take no time.
    """
    sums = np.array([_sums(case) for case in cases], dtype=np.float64).reshape(-1, 3)
    return [_learn(np.delete(sums, index, axis=0)) for index in range(len(cases))]


def learn(others: Sequence[Series]) -> Control:
    """Return what these cases say about another one."""
    return _learn(np.array([_sums(case) for case in others], dtype=np.float64).reshape(-1, 3))


def adjust(
    case: Series, control: Control, reference: Reference, estimate: Estimate = median_interval
) -> Adjusted:
    """Return a case's figure at the reference, with its interval, estimated like the raw one."""
    values = [
        y - control.slope * (x - reference.value) for x, y in zip(case.x, case.y, strict=True)
    ]
    interval = estimate([_exp(v) for v in values])
    raw = estimate([_exp(v) for v in case.y])
    extra = margin(case, control, reference)
    centre = math.log(interval.value)
    low = centre - math.hypot(centre - _log(interval.low), extra)
    high = centre + math.hypot(_log(interval.high) - centre, extra)
    raw_width = _log(raw.high) - _log(raw.low)
    return Adjusted(
        interval=Interval(interval.value, _exp(low), _exp(high) if high < _LARGEST else math.inf),
        width=(high - low) / raw_width if 0 < raw_width < math.inf else math.inf,
        rounds=len(values),
    )


def margin(case: Series, control: Control, reference: Reference) -> float:
    """Return what is not known exactly adds to the half-width of the interval on the logarithm.

    This case's own slope lies off the others' by `slope_sd` or so, and matters as far as its
    rounds lie off the reference: t(cases - 1) · slope_sd · |mean x - reference|, the prediction
    term of a regression (Draper & Smith, "Applied Regression Analysis", chapter 1.4). And the
    reference is an estimate of the session's typical speed: 1.96 · slope · its standard error
    (Schmeiser, Taaffe & Wang, "Biased control-variate estimation", IIE Transactions 33, 2001).
    """
    distance = abs(math.fsum(case.x) / len(case.x) - reference.value)
    own = t_quantile(control.cases - 1) * control.slope_sd * distance if distance else 0.0
    return math.hypot(own, _NORMAL95 * control.slope * reference.error)


def median_reference(cases: Sequence[Series]) -> Reference:
    """Return the session's typical speed: the median of the control over all rounds of all cases.

    Its standard error is that of a normal sample's median, √(π/2) σ/√n.
    """
    values = [x for case in cases for x in case.x]
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    error = math.sqrt(math.pi / 2) * spread / math.sqrt(len(values))
    return Reference(statistics.median(values), error)


def _sums(case: Series) -> tuple[float, float, float]:
    """Return sums of squares and products around the case's means: xx, xy, yy."""
    x, y = np.asarray(case.x, dtype=np.float64), np.asarray(case.y, dtype=np.float64)
    x, y = x - x.mean(), y - y.mean()
    return float(x @ x), float(x @ y), float(y @ y)


def _learn(sums: Floats) -> Control:
    usable = sums[(sums[:, 0] > _STANDS_STILL) & (sums[:, 2] > _STANDS_STILL)]
    count = len(usable)
    if count < 2:
        return NOTHING
    xx, xy, yy = usable.T
    slope = xy.sum() / xx.sum()
    variance = (xx * (xy / xx - slope) ** 2).sum() / xx.sum() * count / (count - 1)
    without = (xy.sum() - xy) / np.maximum(xx.sum() - xx, _STANDS_STILL)
    left = np.maximum(yy - 2 * without * xy + without**2 * xx, 1e-12 * yy)
    return Control(
        slope=float(slope),
        slope_sd=math.sqrt(variance),
        spread=float(np.exp(np.mean(np.log(left / yy)) / 2)),
        cases=count,
    )


def _exp(log: float) -> float:
    """Return the exponential, bounded: records may hold any numbers."""
    return math.exp(max(-_LARGEST, min(log, _LARGEST)))


def _log(value: float) -> float:
    return math.log(value) if 0 < value < math.inf else (-math.inf if value <= 0 else math.inf)

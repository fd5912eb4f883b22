"""Domains and ticks of axes."""

from __future__ import annotations

import math

_TICKS = 7
"""Most ticks of an axis: more would run into each other."""

AXIS_TITLE = "(axis title)"
"""Stands for a title in a compiled drawing."""

Scale = tuple[tuple[float, float], list[float]]
"""Domain and ticks."""


def finite(value: float, otherwise: float) -> float:
    """Return a number that can be drawn: an unbounded interval ends where the caller says."""
    return value if math.isfinite(value) else otherwise


def is_unknown(low: float | None, high: float | None) -> bool:
    """Return whether nothing is known of an interval, as of one round's: it is not drawn.

    An interval with one end is known: it is drawn up to where the caller of `finite` says.
    """
    return low is not None and high is not None and low <= 0 and high == math.inf


def log_axis(values: list[float], *, fine: bool = False) -> Scale:
    """Return domain and ticks (1 and 3 times powers of ten) of a logarithmic axis.

    `fine`: 1, 2 and 5 times powers of ten where that leaves fewer than three ticks, and more
    still where it leaves one.
    """
    positive = [v for v in values if v > 0 and math.isfinite(v)] or [1.0]
    low, high = min(positive) / 1.25, max(positive) * 1.25
    if high / low < 4:
        middle = math.sqrt(low * high)
        low, high = middle / 2, middle * 2
    ticks = _ladder(low, high, (1, 3))
    if fine and len(ticks) < 3:
        ticks = _ladder(low, high, (1, 2, 5))
    if fine and len(ticks) < 2:
        ticks = _ladder(low, high, (1, 2, 3, 4, 6, 8))
    wide = (len(ticks) > 5 and ticks[-1] >= 10_000) or (len(ticks) > 3 and ticks[-1] >= 100_000)
    if len(ticks) > _TICKS or wide:
        ticks = [t for t in ticks if f"{t:e}".startswith("1")]
    if len(ticks) > _TICKS:
        ticks = ticks[:: math.ceil(len(ticks) / _TICKS)]
    return (low, high), ticks


def _ladder(low: float, high: float, steps: tuple[int, ...]) -> list[float]:
    every = [float(f"{m}e{e}") for e in range(-12, 16) for m in steps]
    return [t for t in every if low <= t <= high]


def linear_axis(low: float, high: float) -> Scale:
    """Return domain and round ticks of a linear axis that covers low…high."""
    if not high > low:
        high = low + 1
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = [round(i * step, 12) for i in range(first, last + 1)]
    return (min(low, high), high), [t for t in ticks if low <= t <= high]

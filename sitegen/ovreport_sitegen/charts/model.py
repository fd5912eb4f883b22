"""What a chart shows, as plain data: no drawing library is needed to make one.

Rows hold numbers and text, never a specification or an expression: nothing in a record can
become code in the drawing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ovreport.record import Stage

Kind = Literal["bars", "dots", "pairs", "ratios", "lost", "rounds", "stages"]

MAX_ROWS = 16
"""Rows of one chart; the table beneath it holds all."""

_TICKS = 7
"""Most ticks of an axis: more would run into each other."""


@dataclass(frozen=True)
class Row:
    """One named line of a chart."""

    name: str
    """Written above the mark."""
    label: str
    """Written beside the mark: value and unit."""
    value: float
    low: float
    high: float
    family: str = "CPU"
    """Gives the colour: CPU, iGPU, dGPU, NPU or other."""
    faint: bool = False
    """Drawn hollow: a suspect result, or a difference that is not distinguishable."""
    other: float | None = None
    """The second value of a pair."""
    points: tuple[float, ...] = ()
    """Every round, for the kind `rounds`."""
    parts: tuple[tuple[Stage, float], ...] = ()
    """What the value is made of, in order, for the kind `stages`."""
    tip: str = ""
    """Hover text, in full words."""


@dataclass(frozen=True)
class Chart:
    """A chart to draw."""

    kind: Kind
    title: str
    """Names the picture for a screen reader."""
    description: str
    """What the picture shows, in a sentence computed from the data."""
    axis: str
    """Title of the axis, with the unit."""
    rows: tuple[Row, ...]


def finite(value: float, otherwise: float) -> float:
    """Return a number that can be drawn: an unbounded interval ends where the caller says."""
    return value if math.isfinite(value) else otherwise


def log_axis(values: list[float]) -> tuple[tuple[float, float], list[float]]:
    """Return domain and ticks (1 and 3 times powers of ten) of a logarithmic axis."""
    positive = [v for v in values if v > 0 and math.isfinite(v)] or [1.0]
    low, high = min(positive) / 1.25, max(positive) * 1.25
    if high / low < 4:
        middle = math.sqrt(low * high)
        low, high = middle / 2, middle * 2
    ladder = [float(f"{m}e{e}") for e in range(-12, 16) for m in (1, 3)]
    ticks = [t for t in ladder if low <= t <= high]
    if len(ticks) > _TICKS or (len(ticks) > 5 and ticks[-1] >= 10_000):
        ticks = [t for t in ticks if f"{t:e}".startswith("1")]
    if len(ticks) > _TICKS:
        ticks = ticks[:: math.ceil(len(ticks) / _TICKS)]
    return (low, high), ticks


def linear_axis(
    low: float, high: float, *, count: int = 4
) -> tuple[tuple[float, float], list[float]]:
    """Return domain and round ticks of a linear axis that covers low…high."""
    if not high > low:
        high = low + 1
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = [round(i * step, 12) for i in range(first, last + 1)]
    return (min(low, high), high), [t for t in ticks if low <= t <= high]

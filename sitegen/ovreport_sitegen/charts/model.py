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

WIDTH = 330
"""Of every chart in pixels: fits a phone and a grid of three columns."""
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
    """Drawn hollow: a noisy result, or a difference that is not distinguishable."""
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


@dataclass(frozen=True)
class Spot:
    """One mark of a scatter."""

    x: float
    y: float
    high: float | None = None
    """End of the line upwards: a tail percentile."""
    series: str = ""
    """Marks of one series are joined by a line, in their order."""
    label: str = ""
    """Written beside the mark, where there is room for it."""
    tip: str = ""
    """Hover text, in full words."""
    family: str = "CPU"
    front: bool = False
    """Drawn filled: no other mark is better in both quantities."""
    square: bool = False
    ghost: bool = False
    """Only a corner of the series' line: its mark belongs to another series."""


@dataclass(frozen=True)
class Scatter:
    """A picture of two quantities, on logarithmic scales."""

    title: str
    """Names the picture for a screen reader."""
    description: str
    """What the picture shows, in a sentence computed from the data."""
    x_axis: str
    y_axis: str
    """Titles of the axes, with the units."""
    spots: tuple[Spot, ...]


@dataclass(frozen=True)
class Mark:
    """One choice in a picture of accuracy against speed."""

    x: float
    """How many times as fast as what it is compared with."""
    x_low: float
    x_high: float
    y: float
    y_low: float
    y_high: float
    label: str = ""
    """Written beside the mark, where there is room for it."""
    tip: str = ""
    """Hover text, in full words."""
    family: str = "CPU"
    best: bool = False
    """Drawn filled, and on the line: nothing else is better in both quantities."""
    beyond: bool = False
    """Drawn as a triangle: outside the tolerance."""


@dataclass(frozen=True)
class Tradeoff:
    """A picture of accuracy, on a linear scale upwards, against a gain, on a logarithmic one."""

    title: str
    """Names the picture for a screen reader."""
    description: str
    """What the picture shows, in a sentence computed from the data."""
    x_axis: str
    y_axis: str
    """Titles of the axes, with the units."""
    marks: tuple[Mark, ...]
    tolerance: float
    """How far below zero is still within the tolerance; shaded."""


Picture = Chart | Scatter | Tradeoff


def finite(value: float, otherwise: float) -> float:
    """Return a number that can be drawn: an unbounded interval ends where the caller says."""
    return value if math.isfinite(value) else otherwise


def log_axis(values: list[float], *, fine: bool = False) -> tuple[tuple[float, float], list[float]]:
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
    if len(ticks) > _TICKS or (len(ticks) > 5 and ticks[-1] >= 10_000):
        ticks = [t for t in ticks if f"{t:e}".startswith("1")]
    if len(ticks) > _TICKS:
        ticks = ticks[:: math.ceil(len(ticks) / _TICKS)]
    return (low, high), ticks


def _ladder(low: float, high: float, steps: tuple[int, ...]) -> list[float]:
    every = [float(f"{m}e{e}") for e in range(-12, 16) for m in steps]
    return [t for t in every if low <= t <= high]


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

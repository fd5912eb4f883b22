"""What a chart shows, as plain data: no drawing library is needed to make one.

Charts hold numbers and text, never a specification or an expression: nothing in a record can
become code in the drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["bars", "dots", "pairs", "ratios", "lost", "rounds", "stages"]
Shape = Literal["circle", "square", "diamond", "triangle-down"]

WIDTH = 330
"""Of every chart in pixels: fits a phone and a grid of three columns."""
MAX_ROWS = 16
"""Rows of one chart; the table beneath it holds all."""


class Part(NamedTuple):
    """A part of a row."""

    name: str
    """The style sheet has a colour for it."""
    length: float
    tip: str
    """Hover text."""


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
    """Ends of the interval; 0 and infinity: nothing is known of it, and none is drawn."""
    family: str = "CPU"
    """Gives the colour: CPU, iGPU, dGPU, NPU or other."""
    faint: bool = False
    """Drawn as an outline: a noisy result, or no clear difference."""
    is_approximate: bool = False
    """Its label is grey: only the order of magnitude is known."""
    other: float | None = None
    """The second value of a pair; for the kind `lost` how far below zero is tolerated."""
    points: tuple[float, ...] = ()
    """Every round, for the kind `rounds`."""
    parts: tuple[Part, ...] = ()
    """What the value is made of, in order, for the kind `stages`."""
    tip: str = ""
    """Hover text, in full words; of a row of parts it is the first one's."""


@dataclass(frozen=True)
class Chart:
    """A chart of named rows, one below the other."""

    kind: Kind
    title: str
    """Names the chart for a screen reader."""
    description: str
    """What the chart shows, in a sentence computed from the data."""
    axis: str
    """Title of the axis, with the unit."""
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Point:
    """One mark in a plane."""

    x: float
    y: float
    x_low: float | None = None
    x_high: float | None = None
    y_low: float | None = None
    y_high: float | None = None
    """Ends of the lines through the mark: an interval, or a tail percentile; None: no line."""
    label: str = ""
    """Written beside the mark, where there is room for it."""
    tip: str = ""
    """Hover text, in full words."""
    family: str = "CPU"
    filled: bool = False
    """No other point is better in both quantities; else only an outline is drawn."""
    shape: Shape = "circle"
    outside: bool = False
    """Drawn in the colour of a fault: outside the tolerance."""
    series: str = ""
    """Points of one series are joined by a line, in their order."""
    joint: bool = False
    """Only a joint of the series' line: its mark belongs to another series."""


@dataclass(frozen=True)
class Plane:
    """A chart of two quantities; the one to the right on a logarithmic scale."""

    title: str
    """Names the chart for a screen reader."""
    description: str
    """What the chart shows, in a sentence computed from the data."""
    x_axis: str
    y_axis: str
    """Titles of the axes, with the units."""
    points: tuple[Point, ...]
    tolerance: float | None = None
    """None: the scale upwards is logarithmic too. Else it is linear, and points are compared with
    a baseline at x = 1, y = 0: both are drawn as lines, so much below 0 is shaded, and a dashed
    line bounds what the filled points reach."""


ChartSpec = Chart | Plane

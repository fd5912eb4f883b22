"""From a scatter's spots to what its drawing is filled with.

The other kinds have one named row after the other; here a mark has two coordinates, and marks of
a series are joined by a line. Names stand beside the marks that are worth naming, where there is
room for them: their places are found here, because a drawing has no way to avoid overlaps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from ovreport_sitegen.charts.fill import COLOURS, GROUND, Axis, Datum, Filled
from ovreport_sitegen.charts.model import WIDTH, Scatter, Spot, finite, log_axis

LEFT, RIGHT, TOP, BOTTOM = 38, 10, 26, 40
PLOT, HEIGHT = WIDTH - LEFT - RIGHT, 250
"""Size of the plot in pixels."""
_CHARACTER, _LINE = 6.7, 13
"""Size of a label's character at 11 px: a little more than most fonts need."""
_DOT, _GAP = 5, 8
_RUNS_ON = 4.0
"""A tail is drawn up to so many times the largest value, then cut by the plot's edge."""


def fill(chart: Scatter) -> Filled:
    """Return what to put into the compiled drawing."""
    spots = chart.spots
    x, y = _axes(spots)
    places = [
        (log_pixel(s.x, x.domain, PLOT), HEIGHT - log_pixel(s.y, y.domain, HEIGHT)) for s in spots
    ]
    labels = Labels([place for place, s in zip(places, spots, strict=True) if not s.ghost])
    rows = []
    for i, (spot, place) in enumerate(zip(spots, places, strict=True)):
        row = _datum(i, spot, y.domain[1])
        at = labels.place(spot.label, place) if spot.label else None
        if at is not None:
            row |= {
                "label": spot.label,
                "align": at.align,
                "lx": log_value(at.x, x.domain, PLOT),
                "ly": log_value(HEIGHT - at.y, y.domain, HEIGHT),
            }
        rows.append(row)
    return Filled(
        rows, Axis(x.domain, x.ticks, chart.x_axis), Axis(y.domain, y.ticks, chart.y_axis)
    )


def _axes(spots: Sequence[Spot]) -> tuple[Axis, Axis]:
    top = max((s.y for s in spots), default=1.0) * _RUNS_ON
    highs = [min(finite(s.high, top), top) for s in spots if s.high is not None]
    x = log_axis([s.x for s in spots], fine=True)
    y = log_axis([*(s.y for s in spots), *highs], fine=True)
    return Axis(*x, ""), Axis(*y, "")


def _datum(i: int, spot: Spot, top: float) -> Datum:
    colour = COLOURS.get(spot.family, COLOURS["other"])
    high = spot.y if spot.high is None else min(finite(spot.high, top), top)
    return {
        "i": i,
        "x": spot.x,
        "y": spot.y,
        "hi": max(high, spot.y),
        "g": spot.series,
        "tip": spot.tip,
        "c": colour,
        "f": colour if spot.front else GROUND,
        "s": "square" if spot.square else "circle",
        "dot": not spot.ghost,
        "align": "",
    }


def log_pixel(value: float, domain: tuple[float, float], size: float) -> float:
    """Return where a value lies on a logarithmic scale of so many pixels."""
    low, high = domain
    return math.log(value / low) / math.log(high / low) * size


def log_value(pixel: float, domain: tuple[float, float], size: float) -> float:
    """Return the value at a place on a logarithmic scale."""
    low, high = domain
    return float(low * (high / low) ** (pixel / size))


Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


Align = Literal["left", "center", "right"]


class _At(NamedTuple):
    """A place for a label: the point that it is aligned to, in pixels."""

    x: float
    y: float
    align: Literal["left", "center", "right"]


class Labels:
    """Places for labels: none covers a dot or another label; one without a place is left out.

    Nor does one cover a line, where another place is free.
    """

    def __init__(
        self,
        dots: Sequence[tuple[float, float]],
        height: float = HEIGHT,
        lines: Sequence[Box] = (),
    ) -> None:
        self._height = height
        self._taken: list[Box] = [(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in dots]
        self._lines = lines

    def place(self, text: str, dot: tuple[float, float]) -> _At | None:
        """Return where the label goes, None where there is no room."""
        free = [(at, box) for at in _around(*dot) if self._is_free(box := _box(at, text))]
        clear = (pair for pair in free if not any(_overlap(pair[1], line) for line in self._lines))
        best = next(clear, free[0] if free else None)
        if best is None:
            return None
        self._taken.append(best[1])
        return best[0]

    def _is_free(self, box: Box) -> bool:
        inside = box[0] >= 0 and box[2] <= PLOT + RIGHT and box[1] >= 0 and box[3] <= self._height
        return inside and not any(_overlap(box, other) for other in self._taken)


def _around(x: float, y: float) -> Iterator[_At]:
    """Yield places for a label, the best first: beside the dot, then below and above it."""
    for dy in (0, 13, -13, 20, -20):
        yield _At(x + _GAP, y + dy, "left")
        yield _At(x - _GAP, y + dy, "right")
        if dy:
            yield _At(x, y + dy, "center")


def _box(at: _At, text: str) -> Box:
    width = len(text) * _CHARACTER
    left = at.x - {"left": 0.0, "center": 0.5, "right": 1.0}[at.align] * width
    return left, at.y - _LINE / 2, left + width, at.y + _LINE / 2


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

"""From the points of a plane to the values, domains and ticks that its drawing is filled with.

Each value has a kind `k`: `band`, `rule` (a straight line), `line` (of a series `g`), `bound` (of
what the filled points reach) or `mark`. Its fields: `x`, `y`, `x2`, `y2` places, `i` order on a
line, `c` colour, `o` opacity, `f` fill, `s` shape, `z` size, `lx`, `ly` and `align` of the name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from ovreport_sitegen.charts.axes import finite, is_unknown, linear_axis, log_axis
from ovreport_sitegen.charts.model import WIDTH, Plane, Point
from ovreport_sitegen.charts.rows import COLOURS, GROUND, Axis, Datum, Filled

LEFT, RIGHT, TOP, BOTTOM = 38, 10, 26, 40
PLOT = WIDTH - LEFT - RIGHT
"""Width of the plot in pixels."""
_BASELINE_X = 1.0
_BEYOND_X, _BEYOND_Y, _BEYOND_LINEAR = 1.5, 4.0, 1.0
"""An interval is drawn so far beyond the outermost marks, then cut: so many times their value, on
the linear scale so many times the height of all marks."""


@dataclass(frozen=True)
class _Scale:
    """An axis, and where its values lie in pixels from its start."""

    axis: Axis
    size: float
    log: bool

    def pixel(self, value: float) -> float:
        low, high = self.axis.domain
        if self.log:
            return math.log(value / low) / math.log(high / low) * self.size
        return (value - low) / (high - low) * self.size

    def value(self, pixel: float) -> float:
        low, high = self.axis.domain
        share = pixel / self.size
        return float(low * (high / low) ** share) if self.log else low + share * (high - low)

    def span(self, low: float | None, value: float, high: float | None) -> tuple[float, float]:
        """Return the ends of a line through a value, within the domain."""
        first, last = self.axis.domain
        start = value if low is None else finite(low, first)
        end = value if high is None else finite(high, last)
        return max(min(start, value), first), min(max(end, value), last)


def height(chart: Plane) -> int:
    """Return the height of the plot in pixels."""
    return 250 if chart.tolerance is None else 190


def fill(chart: Plane) -> Filled:
    """Return what to put into the compiled drawing."""
    chart = replace(chart, points=tuple(map(_without_unknown, chart.points)))
    x, y = _x_scale(chart), _y_scale(chart)
    rules = [*_baseline_rules(chart, x, y), *_intervals(chart.points, x, y)]
    rows = [*_band(chart, x, y), *rules, *_series(chart.points), *_bound(chart, x)]
    return Filled([*rows, *_marks(chart.points, rules, x, y)], x.axis, y.axis)


# ---------------------------------------------------------------- scales


def _x_scale(chart: Plane) -> _Scale:
    values = [p.x for p in chart.points]
    if chart.tolerance is not None:
        values.append(_BASELINE_X)
    ends = [end for p in chart.points for end in (p.x_low, p.x_high) if end is not None]
    axis = log_axis([*values, *_within(ends, values, _BEYOND_X)], fine=True)
    return _Scale(Axis(*axis, chart.x_axis), PLOT, log=True)


def _y_scale(chart: Plane) -> _Scale:
    values, size = [p.y for p in chart.points], height(chart)
    ends = [end for p in chart.points for end in (p.y_low, p.y_high) if end is not None]
    if chart.tolerance is None:
        axis = log_axis([*values, *_within(ends, values, _BEYOND_Y)], fine=True)
        return _Scale(Axis(*axis, chart.y_axis), size, log=True)
    values += [0.0, -chart.tolerance]
    low, high = min(values), max(values)
    beyond = _BEYOND_LINEAR * (high - low or 1.0)
    shown = [min(max(end, low - beyond), high + beyond) for end in ends if math.isfinite(end)]
    low, high = min([low, *shown]), max([high, *shown])
    room = 0.08 * (high - low or 1.0)
    return _Scale(Axis(*linear_axis(low - room, high + room), chart.y_axis), size, log=False)


def _within(ends: Sequence[float], values: Sequence[float], factor: float) -> list[float]:
    low, high = min(values, default=1.0) / factor, max(values, default=1.0) * factor
    return [min(max(end, low), high) for end in ends]


# ---------------------------------------------------------------- lines


def _band(chart: Plane, x: _Scale, y: _Scale) -> Iterator[Datum]:
    if chart.tolerance is not None:
        left, right = x.axis.domain
        bottom = max(-chart.tolerance, y.axis.domain[0])
        yield {"k": "band", "x": left, "x2": right, "y": 0, "y2": bottom}


def _baseline_rules(chart: Plane, x: _Scale, y: _Scale) -> Iterator[Datum]:
    if chart.tolerance is not None:
        look = {"k": "rule", "c": "var(--muted)", "o": 1}
        (left, right), (bottom, top) = x.axis.domain, y.axis.domain
        yield {"x": left, "x2": right, "y": 0, "y2": 0} | look
        yield {"x": _BASELINE_X, "x2": _BASELINE_X, "y": bottom, "y2": top} | look


def _intervals(points: Sequence[Point], x: _Scale, y: _Scale) -> Iterator[Datum]:
    for p in points:
        look = {"k": "rule", "c": _colour(p), "o": 0.65}
        left, right = x.span(p.x_low, p.x, p.x_high)
        bottom, top = y.span(p.y_low, p.y, p.y_high)
        if left < right and not p.joint:
            yield {"x": left, "x2": right, "y": p.y, "y2": p.y} | look
        if bottom < top and not p.joint:
            yield {"x": p.x, "x2": p.x, "y": bottom, "y2": top} | look


def _without_unknown(p: Point) -> Point:
    """Return a point without the intervals of which nothing is known."""
    if is_unknown(p.x_low, p.x_high):
        p = replace(p, x_low=None, x_high=None)
    return replace(p, y_low=None, y_high=None) if is_unknown(p.y_low, p.y_high) else p


def _series(points: Sequence[Point]) -> Iterator[Datum]:
    for i, p in enumerate(points):
        if p.series:
            yield {"k": "line", "i": i, "x": p.x, "y": p.y, "g": p.series, "c": _colour(p)}


def _bound(chart: Plane, x: _Scale) -> Iterator[Datum]:
    """Yield the corners of the staircase through the filled points.

    It bounds what can be had: at a given x, the y of the best point that reaches so far.
    """
    if chart.tolerance is None:
        return
    corners: list[tuple[float, float]] = []
    for p in sorted((p for p in chart.points if p.filled), key=lambda p: -p.x):
        if corners:
            corners.append((p.x, corners[-1][1]))
        corners.append((p.x, p.y))
    if corners:
        corners.append((x.axis.domain[0], corners[-1][1]))
    for i, (at, level) in enumerate(corners):
        yield {"k": "bound", "i": i, "x": at, "y": level}


# ---------------------------------------------------------------- marks and names


def _marks(
    points: Sequence[Point], rules: Sequence[Datum], x: _Scale, y: _Scale
) -> Iterator[Datum]:
    shown = sorted((p for p in points if not p.joint), key=lambda p: not p.filled)
    places = [(x.pixel(p.x), y.size - y.pixel(p.y)) for p in shown]
    lines: list[Box] = [
        (x.pixel(r["x"]), y.size - y.pixel(r["y2"]), x.pixel(r["x2"]), y.size - y.pixel(r["y"]))
        for r in rules
    ]
    labels = Labels(places, width=PLOT + RIGHT, height=y.size, lines=lines)
    for p, place in zip(shown, places, strict=True):  # the best find places for their names first
        at = labels.place(p.label, place) if p.label else None
        named = (
            {"label": p.label, "align": at.align, "lx": x.value(at.x), "ly": y.value(y.size - at.y)}
            if at
            else {"align": ""}
        )
        yield _mark(p) | named


def _mark(p: Point) -> Datum:
    colour = _colour(p)
    return {
        "k": "mark",
        "x": p.x,
        "y": p.y,
        "c": colour,
        "f": colour if p.filled else GROUND,
        "s": p.shape,
        "z": 90 if p.shape == "diamond" else 52,
        "tip": p.tip,
    }


def _colour(p: Point) -> str:
    return "var(--bad)" if p.outside else COLOURS.get(p.family, COLOURS["other"])


# ---------------------------------------------------------------- room for names

_CHARACTER, _LINE = 7.3, 14
"""Size of a label's character at 12 px: a little more than most fonts need."""
_MARK, _GAP = 5, 8
"""Half the width of a mark, and how far its name stands from its middle."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
Align = Literal["left", "center", "right"]


class Place(NamedTuple):
    """A place for a label: the point that it is aligned to, in pixels."""

    x: float
    y: float
    align: Align


class Labels:
    """Places that cover neither a mark nor another label; a label without one is left out.

    Nor do they cover a line, where another place is free.
    """

    def __init__(
        self,
        marks: Sequence[tuple[float, float]],
        *,
        width: float,
        height: float,
        lines: Sequence[Box] = (),
    ) -> None:
        self._width, self._height = width, height
        self._taken: list[Box] = [(x - _MARK, y - _MARK, x + _MARK, y + _MARK) for x, y in marks]
        self._lines = lines

    def place(self, text: str, mark: tuple[float, float]) -> Place | None:
        """Return where the label of a mark goes, None where there is no room."""
        free = [(at, box) for at in _around(*mark) if self._is_free(box := _box(at, text))]
        clear = (pair for pair in free if not any(_overlap(pair[1], line) for line in self._lines))
        best = next(clear, free[0] if free else None)
        if best is None:
            return None
        self._taken.append(best[1])
        return best[0]

    def _is_free(self, box: Box) -> bool:
        inside = box[0] >= 0 and box[2] <= self._width and box[1] >= 0 and box[3] <= self._height
        return inside and not any(_overlap(box, other) for other in self._taken)


def _around(x: float, y: float) -> Iterator[Place]:
    """Yield places for a label, the best first: beside the mark, then below and above it."""
    for dy in (0, 13, -13, 20, -20):
        yield Place(x + _GAP, y + dy, "left")
        yield Place(x - _GAP, y + dy, "right")
        if dy:
            yield Place(x, y + dy, "center")


def _box(at: Place, text: str) -> Box:
    width = len(text) * _CHARACTER
    left = at.x - {"left": 0.0, "center": 0.5, "right": 1.0}[at.align] * width
    return left, at.y - _LINE / 2, left + width, at.y + _LINE / 2


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

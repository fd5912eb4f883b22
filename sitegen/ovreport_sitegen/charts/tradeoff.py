"""From the choices of a model to what the picture of accuracy against speed is filled with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ovreport_sitegen.charts.fill import COLOURS, GROUND, Axis, Datum, Filled
from ovreport_sitegen.charts.model import Mark, Tradeoff, finite, linear_axis, log_axis
from ovreport_sitegen.charts.scatter import PLOT, Box, Labels, log_pixel, log_value

HEIGHT = 190
"""Height of the plot in pixels; its width is a scatter's."""
_NO_GAIN = 1.0
_RUNS_ON = 1.5
"""An interval of speed is drawn so many times beyond the outermost marks, then cut."""
_REACH = 1.0
"""An interval of accuracy is drawn so many times the height of all marks beyond them, then cut."""


def fill(chart: Tradeoff) -> Filled:
    """Return what to put into the compiled drawing."""
    marks = sorted(chart.marks, key=lambda m: not m.best)  # their names find a place first
    x, y = _x_axis(chart), _y_axis(chart)
    rows = [*_ground(chart, x, y), *_line(chart, x), *_dots(marks, x, y)]
    return Filled(rows, x, y)


def _x_axis(chart: Tradeoff) -> Axis:
    values = [*(m.x for m in chart.marks), _NO_GAIN]
    low, high = min(values) / _RUNS_ON, max(values) * _RUNS_ON
    bounds = [min(max(finite(b, m.x), low), high) for m in chart.marks for b in (m.x_low, m.x_high)]
    return Axis(*log_axis([*values, *bounds], fine=True), chart.x_axis)


def _y_axis(chart: Tradeoff) -> Axis:
    values = [*(m.y for m in chart.marks), 0.0, -chart.tolerance]
    low, high = min(values), max(values)
    reach = _REACH * (high - low or 1.0)
    lows = [max(finite(m.y_low, m.y), low - reach) for m in chart.marks]
    highs = [min(finite(m.y_high, m.y), high + reach) for m in chart.marks]
    low, high = min([low, *lows]), max([high, *highs])
    room = 0.08 * (high - low or 1.0)
    return Axis(*linear_axis(low - room, high + room), chart.y_axis)


def _ground(chart: Tradeoff, x: Axis, y: Axis) -> Iterator[Datum]:
    """Yield the shaded tolerance, and the lines of the reference and of no gain."""
    left, right = x.domain
    bottom = max(-chart.tolerance, y.domain[0])
    yield {"k": "band", "x": left, "x2": right, "y": 0, "y2": bottom}
    yield {"k": "zero", "x": left, "x2": right, "y": 0}
    yield {"k": "one", "x": _NO_GAIN, "y": y.domain[0], "y2": y.domain[1]}


def _line(chart: Tradeoff, x: Axis) -> Iterator[Datum]:
    """Yield the corners of the staircase through the best marks.

    It bounds what can be had: at a given speed, the accuracy of the best mark that is as fast.
    """
    best = sorted((m for m in chart.marks if m.best), key=lambda m: -m.x)
    corners: list[tuple[float, float]] = []
    for mark in best:
        if corners:
            corners.append((mark.x, corners[-1][1]))
        corners.append((mark.x, mark.y))
    if corners:
        corners.append((x.domain[0], corners[-1][1]))
    for i, (at, height) in enumerate(corners):
        yield {"k": "line", "i": i, "x": at, "y": height}


def _dots(marks: Sequence[Mark], x: Axis, y: Axis) -> Iterator[Datum]:
    places = [(log_pixel(m.x, x.domain, PLOT), _down(m.y, y)) for m in marks]
    rows = [_datum(mark, x, y) for mark in marks]
    labels = Labels(places, HEIGHT, list(_drawn_lines(rows, x, y)))
    for mark, place, row in zip(marks, places, rows, strict=True):
        at = labels.place(mark.label, place) if mark.label else None
        if at is not None:
            row |= {
                "label": mark.label,
                "align": at.align,
                "lx": log_value(at.x, x.domain, PLOT),
                "ly": _up(at.y, y),
            }
        yield row


def _drawn_lines(rows: Sequence[Datum], x: Axis, y: Axis) -> Iterator[Box]:
    """Yield where intervals, the reference and no gain are drawn, in pixels."""
    across, down = _down(0, y), log_pixel(_NO_GAIN, x.domain, PLOT)
    yield 0, across, PLOT, across
    yield down, 0, down, HEIGHT
    for row in rows:
        left, middle, right = (log_pixel(row[k], x.domain, PLOT) for k in ("xl", "x", "xh"))
        top, level, bottom = (_down(row[k], y) for k in ("hi", "y", "lo"))
        yield left, level, right, level
        yield middle, top, middle, bottom


def _datum(mark: Mark, x: Axis, y: Axis) -> Datum:
    colour = "var(--bad)" if mark.beyond else COLOURS.get(mark.family, COLOURS["other"])
    (left, right), (bottom, top) = x.domain, y.domain
    return {
        "k": "dot",
        "x": mark.x,
        "y": mark.y,
        "xl": max(finite(mark.x_low, left), left),
        "xh": min(finite(mark.x_high, right), right),
        "lo": max(finite(mark.y_low, bottom), bottom),
        "hi": min(finite(mark.y_high, top), top),
        "c": colour,
        "f": colour if mark.best else GROUND,
        "tip": mark.tip,
        "align": "",
        "s": "triangle-down" if mark.beyond else "diamond" if mark.best else "circle",
        "z": 90 if mark.best else 52,
    }


def _down(value: float, y: Axis) -> float:
    low, high = y.domain
    return HEIGHT - (value - low) / (high - low) * HEIGHT


def _up(pixel: float, y: Axis) -> float:
    low, high = y.domain
    return low + (HEIGHT - pixel) / HEIGHT * (high - low)

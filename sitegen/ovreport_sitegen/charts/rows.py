"""From a chart's rows to the values, domain and ticks that its drawing is filled with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ovreport_sitegen.charts.axes import Scale, finite, linear_axis, log_axis
from ovreport_sitegen.charts.model import Chart, Row

COLOURS = {
    "CPU": "var(--cpu)",
    "iGPU": "var(--igpu)",
    "dGPU": "var(--dgpu)",
    "NPU": "var(--npu)",
    "other": "var(--other)",
}
SHAPES = {
    "CPU": "circle",
    "iGPU": "square",
    "dGPU": "diamond",
    "NPU": "triangle-up",
    "other": "cross",
}
"""Families differ by shape too: colour alone would leave some readers out."""

GROUND = "var(--card)"
_RUNS_ON = 1.5
"""An interval is drawn up to so many times the largest value, then cut by the plot's edge."""

STAGES_PLOT = 240
"""Width of the scale of stages, in pixels: a part is named in it where its name fits."""
_LETTER = 6.0
"""Width of a letter of 11 pixels, about."""

Datum = dict[str, Any]


@dataclass(frozen=True)
class Axis:
    """What differs between the axes of two charts of a kind."""

    domain: tuple[float, float]
    ticks: list[float]
    title: str


@dataclass(frozen=True)
class Filled:
    """All that differs between two charts of a kind."""

    rows: list[Datum]
    x: Axis
    y: Axis | None = None
    """None where rows stand one below the other."""


def fill(chart: Chart) -> Filled:
    """Return what to put into the compiled drawing of the chart's kind."""
    rows, (domain, ticks) = _FILLERS[chart.kind](chart.rows)
    return Filled(rows, Axis(domain, ticks, chart.axis))


def _base(i: int, row: Row) -> Datum:
    colour = COLOURS.get(row.family, COLOURS["other"])
    return {
        "i": i,
        "name": row.name,
        "label": row.label,
        "tip": row.tip,
        "v": row.value,
        "zero": 0,
        "c": colour,
        "ci": colour,
        "f": GROUND if row.faint else colour,
        "o": 0.25 if row.faint else 1,
        "s": SHAPES.get(row.family, "cross"),
    }


def _bars(rows: tuple[Row, ...]) -> tuple[list[Datum], Scale]:
    top = max((r.value for r in rows), default=1.0)
    limit = top * _RUNS_ON
    highs = [min(finite(r.high, limit), limit) for r in rows]
    axis = linear_axis(0, max([top, *highs]))
    data = []
    for i, row in enumerate(rows):
        # The interval lies on the bar's end: ink, not the bar's colour, so that it is seen.
        data.append(
            _base(i, row)
            | {
                "lo": max(finite(row.low, 0), 0),
                "hi": highs[i],
                "at": highs[i],
                "ci": "var(--ink)",
            }
        )
    return data, axis


def _log(rows: tuple[Row, ...]) -> tuple[list[Datum], Scale]:
    values = [v for r in rows for v in (r.value, r.other) if v]
    low, high = min(values, default=1), max(values, default=1)
    bounds = [finite(b, r.value) for r in rows for b in (r.low, r.high)]
    near = [b for b in bounds if low / _RUNS_ON <= b <= high * _RUNS_ON]
    (first, last), ticks = log_axis([*values, *near])
    data = []
    for i, row in enumerate(rows):
        ends = sorted((row.value, row.other or row.value))
        start = min(max(finite(row.low, first), first), ends[0])
        end = max(min(finite(row.high, last), last), ends[1])
        data.append(_base(i, row) | {"lo": start, "hi": end, "at": end, "w": row.other})
    return data, ((first, last), ticks)


def _ratios(rows: tuple[Row, ...]) -> tuple[list[Datum], Scale]:
    data, (domain, _) = _log(rows)
    (first, last), ticks = _ratio_axis(domain)
    for datum in data:
        datum["base"] = 1 if datum["i"] == 0 else None
    return data, ((first, last), ticks)


def _ratio_axis(domain: tuple[float, float]) -> Scale:
    """Return an axis that holds 1 and has round ticks on a logarithmic scale."""
    low, high = min(domain[0], 0.9), max(domain[1], 1.2)
    ladder = [0.1, 0.2, 0.33, 0.5, 0.7, 1, 1.4, 2, 3, 5, 10, 20, 50, 100]
    return (low, high), [t for t in ladder if low <= t <= high] or [1]


def _lost(rows: tuple[Row, ...]) -> tuple[list[Datum], Scale]:
    low = min((min(finite(r.low, r.value), r.value) for r in rows), default=-1)
    high = max((max(finite(r.high, r.value), r.value) for r in rows), default=0)
    # The label stands on the left of the mark: room for it, in the units of the axis.
    (first, last), ticks = linear_axis(min(low, -1.5), max(high, 0))
    first -= 0.28 * (last - first)
    data = []
    for i, row in enumerate(rows):
        datum = _base(i, row) | {"tolerance": -abs(row.other or 0), "at": min(row.value, 0)}
        datum["base"] = 0 if i == 0 else None
        if row.value < datum["tolerance"]:
            datum |= {"s": "triangle-down", "c": "var(--bad)", "f": "var(--bad)"}
        data.append(datum)
    return data, ((first, last), ticks)


def _rounds(rows: tuple[Row, ...]) -> tuple[list[Datum], Scale]:
    spread = [abs(p) for r in rows for p in r.points]
    edge = min(max([*spread, 4.0]) * 1.1, 60.0)
    axis = linear_axis(-edge, edge)
    data = []
    for i, row in enumerate(rows):
        data.append(
            _base(i, row)
            | {
                "lo": max(finite(row.low, -edge), -edge),
                "hi": min(finite(row.high, edge), edge),
                # A round beyond the edge is drawn on it: nothing is dropped.
                "points": [min(max(p, -edge), edge) for p in row.points],
                "base": 0 if i == 0 else None,
            }
        )
    return data, axis


def _stages(rows: tuple[Row, ...]) -> tuple[list[Datum], Scale]:
    """Return one datum a part: they lie end to end; the row's texts belong to its last one."""
    tops = [max(row.value, sum(length for _, length in row.parts)) for row in rows]
    limit = max(tops, default=1.0) * _RUNS_ON
    highs = [min(max(finite(row.high, limit), 0), limit) for row in rows]
    (first, last), ticks = linear_axis(0, max([*tops, *highs], default=1.0))
    data = []
    for i, row in enumerate(rows):
        start = 0.0
        for stage, length in row.parts:
            room = length * STAGES_PLOT / (last - first)
            named = room > _LETTER * (len(stage) + 1) and not row.faint
            data.append(
                _base(i, row)
                | {
                    "name": "",
                    "label": "",
                    "from": start,
                    "to": start + length,
                    "middle": start + length / 2,
                    "word": stage if named else "",
                    "c": f"var(--{stage})",
                    "o": 0.45 if row.faint else 1,
                }
            )
            start += length
        data.append(
            _base(i, row)
            | {
                "from": start,
                "to": start,
                "middle": start,
                "word": "",
                "tip": "",
                "lo": max(finite(row.low, 0), 0),
                "hi": highs[i],
                "ci": "var(--ink)",
                "at": max(highs[i], start),
            }
        )
    return data, ((first, last), ticks)


_FILLERS = {
    "bars": _bars,
    "dots": _log,
    "pairs": _log,
    "ratios": _ratios,
    "lost": _lost,
    "rounds": _rounds,
    "stages": _stages,
}

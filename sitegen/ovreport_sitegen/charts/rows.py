"""From a chart's rows to the values, domain and ticks that its drawing is filled with.

The fields of a value, beside its texts: `i` place, `v` value, `lo` and `hi` ends of the interval,
`at` where the label stands, `w` second value, `c` colour, `ci` colour of the interval, `f` fill,
`o` opacity of the fill, `ink` colour of the label, `s` shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ovreport_sitegen.charts.axes import Scale, finite, is_unknown, linear_axis, log_axis
from ovreport_sitegen.charts.model import Chart, Kind, Row

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
"""Device families differ by shape too, for readers who cannot tell the colours apart."""

GROUND, INK, MUTED = "var(--card)", "var(--ink)", "var(--muted)"
_BEYOND = 1.5
"""An interval is drawn up to so many times the largest value, then cut by the plot's edge."""

STAGES_PLOT = 232
"""Width of the scale of stages in pixels."""
_LETTER = 6.6
"""Width of a letter of 12 pixels, about."""

_NAME = 50
"""Characters of a name that fit above its mark."""

Datum = dict[str, Any]


@dataclass(frozen=True)
class Axis:
    """An axis, as it is filled into a drawing."""

    domain: tuple[float, float]
    ticks: list[float]
    title: str


@dataclass(frozen=True)
class Filled:
    """What is filled into the compiled drawing of a kind."""

    rows: list[Datum]
    x: Axis
    y: Axis | None = None
    """None where rows stand one below the other."""


def fill(chart: Chart) -> Filled:
    """Return what to put into the compiled drawing of the chart's kind."""
    rows, (domain, ticks) = _FILLERS[chart.kind](tuple(map(_without_unknown, chart.rows)))
    return Filled(rows, Axis(domain, ticks, chart.axis))


def _without_unknown(row: Row) -> Row:
    """Return a row without its interval where nothing is known of it: only its mark is drawn."""
    return replace(row, low=row.value, high=row.value) if is_unknown(row.low, row.high) else row


def _base(i: int, row: Row) -> Datum:
    colour = COLOURS.get(row.family, COLOURS["other"])
    return {
        "i": i,
        "name": _fitting(row.name),
        "label": row.label,
        "tip": row.tip,
        "v": row.value,
        "zero": 0,
        "c": colour,
        "ci": colour,
        "f": GROUND if row.faint else colour,
        "o": 0.25 if row.faint else 1,
        "ink": MUTED if row.is_approximate else INK,
        "s": SHAPES.get(row.family, "cross"),
    }


def _fitting(name: str) -> str:
    """Return a name that fits above its mark: of a long one, the model's title is cut."""
    if len(name) <= _NAME:
        return name
    title, _, rest = name.partition(" · ")
    room = _NAME - len(rest) - len("… · ")
    if not rest or room < _NAME // 4:
        return f"{name[: _NAME - 1].rstrip()}…"
    return f"{title[:room].rstrip()}… · {rest}"


Drawn = tuple[list[Datum], Scale]
"""The values of all rows, and the axis that they are drawn on."""


def _bars(rows: tuple[Row, ...]) -> Drawn:
    top = max((r.value for r in rows), default=1.0)
    limit = top * _BEYOND
    highs = [min(finite(r.high, limit), limit) for r in rows]
    axis = linear_axis(0, max([top, *highs]))
    # The interval lies on the end of the bar: in ink, to stand out from the bar's colour.
    data = [
        _base(i, row) | {"lo": max(finite(row.low, 0), 0), "hi": high, "at": high, "ci": INK}
        for i, (row, high) in enumerate(zip(rows, highs, strict=True))
    ]
    return data, axis


def _log(rows: tuple[Row, ...]) -> Drawn:
    values = [v for r in rows for v in (r.value, r.other) if v]
    low, high = min(values, default=1), max(values, default=1)
    bounds = [finite(b, r.value) for r in rows for b in (r.low, r.high)]
    near = [b for b in bounds if low / _BEYOND <= b <= high * _BEYOND]
    (first, last), ticks = log_axis([*values, *near])
    data = []
    for i, row in enumerate(rows):
        ends = sorted((row.value, row.other or row.value))
        start = min(max(finite(row.low, first), first), ends[0])
        end = max(min(finite(row.high, last), last), ends[1])
        data.append(_base(i, row) | {"lo": start, "hi": end, "at": end, "w": row.other})
    return data, ((first, last), ticks)


def _ratios(rows: tuple[Row, ...]) -> Drawn:
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


def _lost(rows: tuple[Row, ...]) -> Drawn:
    low = min((min(finite(r.low, r.value), r.value) for r in rows), default=-1)
    high = max((max(finite(r.high, r.value), r.value) for r in rows), default=0)
    # The label stands on the left of the mark: room for it, in the units of the axis.
    (first, last), ticks = linear_axis(min(low, -1.5), max(high, 0))
    first -= 0.28 * (last - first)
    data = []
    for i, row in enumerate(rows):
        start, end = max(finite(row.low, first), first), min(finite(row.high, last), last)
        datum = _base(i, row) | {"tolerance": -abs(row.other or 0), "lo": start, "hi": end}
        datum["at"] = min(start, row.value, 0)
        datum["base"] = 0 if i == 0 else None
        if row.value < datum["tolerance"]:
            datum |= {"s": "triangle-down"} | dict.fromkeys(("c", "ci", "f"), "var(--bad)")
        data.append(datum)
    return data, ((first, last), ticks)


def _rounds(rows: tuple[Row, ...]) -> Drawn:
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


def _stages(rows: tuple[Row, ...]) -> Drawn:
    ends = [sum(part.length for part in row.parts) for row in rows]
    tops = [max(row.value, end) for row, end in zip(rows, ends, strict=True)]
    limit = max(tops, default=1.0) * _BEYOND
    highs = [min(max(finite(row.high, limit), 0), limit) for row in rows]
    (first, last), ticks = linear_axis(0, max([*tops, *highs], default=1.0))
    data: list[Datum] = []
    for i, row in enumerate(rows):
        data += _parts(i, row, STAGES_PLOT / (last - first))
        end = ends[i]
        place = {"from": end, "to": end, "middle": end, "word": ""}
        interval = {"lo": max(finite(row.low, 0), 0), "hi": highs[i], "ci": INK}
        data.append(_base(i, row) | place | interval | {"tip": "", "at": max(highs[i], end)})
    return data, ((first, last), ticks)


def _parts(i: int, row: Row, pixels_per_unit: float) -> Iterator[Datum]:
    """Yield the parts of a row end to end; each is named in it where its name fits."""
    start = 0.0
    for stage, length, tip in row.parts:
        fits = length * pixels_per_unit > _LETTER * (len(stage) + 1)
        yield _base(i, row) | {
            "name": "",
            "label": "",
            "tip": tip if start else row.tip,
            "from": start,
            "to": start + length,
            "middle": start + length / 2,
            "word": stage if fits and not row.faint else "",
            "c": f"var(--{stage})",
            "o": 0.45 if row.faint else 1,
        }
        start += length


_FILLERS: dict[Kind, Callable[[tuple[Row, ...]], Drawn]] = {
    "bars": _bars,
    "dots": _log,
    "pairs": _log,
    "ratios": _ratios,
    "lost": _lost,
    "rounds": _rounds,
    "stages": _stages,
}

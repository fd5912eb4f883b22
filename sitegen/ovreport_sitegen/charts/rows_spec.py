"""One Altair specification for each kind of rows, made once a build and compiled to Vega.

The data are filled into the finished Vega specification: to build it anew for each chart costs
tens of milliseconds, to fill it a tenth of one. Colours are custom properties of the page's
style sheet, so that one drawing serves the light and the dark theme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import altair as alt
import vl_convert

from ovreport_sitegen.charts.axes import AXIS_TITLE
from ovreport_sitegen.charts.model import WIDTH, Kind
from ovreport_sitegen.charts.rows import STAGES_PLOT

Spec = dict[str, Any]
Layer = Any
"""An `alt.Chart`: what its methods return is not typed."""

PLOT = {
    "bars": 232,
    "dots": 236,
    "pairs": 204,
    "ratios": 258,
    "lost": 318,
    "rounds": 318,
    "stages": STAGES_PLOT,
}
"""Width of the scale; the rest is for the label at the end of a row."""
_LOG = ("dots", "pairs", "ratios")
"""Kinds whose scale is logarithmic."""
STEP = 34
TEXT = 12
"""Size of every text: a drawing is shown as large as it is, on a phone too."""
TICKS = [0.5, 1]

_INK, _MUTED, _GRID = "var(--ink)", "var(--muted)", "var(--grid)"
_INK_OF_LABEL = alt.Fill("ink:N", scale=None)


@cache
def compiled(kind: Kind) -> Spec:
    """Return the Vega specification of a kind, without data."""
    padding = {"left": 2, "right": 10, "top": 2, "bottom": 40}
    return compiled_layers(
        _LAYERS[kind](), width=WIDTH - 12, height=alt.Step(STEP), padding=padding
    )


def compiled_layers(
    layers: Iterable[Layer], *, width: int, height: int | alt.Step, padding: dict[str, int]
) -> Spec:
    """Return the Vega specification of some layers over the data set `rows`, which is empty."""
    with alt.data_transformers.enable("default"):
        chart = alt.layer(*layers, data=alt.NamedData(name="rows")).properties(
            width=width, height=height, background="transparent"
        )
        spec = chart.configure(**_configuration(padding)).to_dict(validate=False)
    spec["datasets"] = {"rows": []}
    return dict(vl_convert.vegalite_to_vega(spec))


def _configuration(padding: dict[str, int]) -> Spec:
    """Return what all drawings share: a fixed frame, colours of the page, small labels."""
    return {
        "view": alt.ViewConfig(stroke=None),
        # A fixed frame: a long label must not make one chart wider than the others.
        "autosize": "none",
        "padding": padding,
        "axis": alt.AxisConfig(
            domain=False,
            ticks=False,
            gridColor=_GRID,
            labelColor=_MUTED,
            titleColor=_MUTED,
            labelFontSize=TEXT,
            titleFontSize=TEXT,
            titleFontWeight="normal",
            labelLimit=0,
            titleLimit=0,
            titlePadding=6,
            labelPadding=6,
            labelOverlap="greedy",
        ),
        "text": alt.MarkConfig(fontSize=TEXT, fill=_INK, limit=0),
    }


def _x(kind: Kind, field: str = "v") -> alt.X:
    scale: dict[str, Any] = {
        "domain": TICKS,
        "nice": False,
        "zero": False,
        "range": [0, PLOT[kind]],
    }
    if kind in _LOG:
        scale["type"] = "log"
    axis = alt.Axis(title=AXIS_TITLE, values=TICKS, formatType="number", format=",~f")
    return alt.X(f"{field}:Q", scale=alt.Scale(**scale), axis=axis, stack=False)


def _y() -> alt.Y:
    return alt.Y("i:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))


def _names() -> Layer:
    mark = alt.Chart().mark_text(align="left", dy=-9, aria=False)
    return mark.encode(x=alt.value(0), y=_y(), text="name:N")


def _labels(kind: Kind) -> Layer:
    mark = alt.Chart().mark_text(align="left", dx=7, yOffset=7, fontWeight=600, aria=False)
    return mark.encode(x=_x(kind, "at"), y=_y(), text="label:N", fill=_INK_OF_LABEL)


def _interval(kind: Kind, *, width: float = 1.5) -> Layer:
    mark = alt.Chart().mark_rule(strokeWidth=width, yOffset=7, y2Offset=7, aria=False, clip=True)
    return mark.encode(x=_x(kind, "lo"), x2="hi:Q", y=_y(), stroke=alt.Stroke("ci:N", scale=None))


def _dots(kind: Kind, field: str = "v", *, size: int = 60) -> Layer:
    mark = alt.Chart().mark_point(filled=False, size=size, yOffset=7, strokeWidth=2, opacity=1)
    return mark.encode(
        x=_x(kind, field),
        y=_y(),
        description="tip:N",
        stroke=alt.Stroke("c:N", scale=None),
        fill=alt.Fill("f:N", scale=None),
        shape=alt.Shape("s:N", scale=None),
    )


def _baseline(kind: Kind) -> Layer:
    """Draw a rule down the whole chart at the value that the first row carries."""
    mark = alt.Chart().mark_rule(strokeWidth=1, stroke=_MUTED, aria=False)
    return mark.encode(x=_x(kind, "base"))


def _bars() -> list[Layer]:
    bars = (
        alt.Chart()
        .mark_bar(height=10, yOffset=7, strokeWidth=1)
        .encode(
            x=_x("bars"),
            x2="zero:Q",
            y=_y(),
            description="tip:N",
            fill=alt.Fill("c:N", scale=None),
            stroke=alt.Stroke("c:N", scale=None),
            fillOpacity=alt.FillOpacity("o:Q", scale=None),
        )
    )
    return [_names(), bars, _interval("bars"), _labels("bars")]


def _dots_kind() -> list[Layer]:
    interval = _interval("dots", width=2)
    return [_names(), interval, _dots("dots"), _labels("dots")]


def _pairs() -> list[Layer]:
    return [
        _names(),
        _interval("pairs", width=2),
        _dots("pairs", "w", size=36),
        _dots("pairs"),
        _labels("pairs"),
    ]


def _ratios() -> list[Layer]:
    return [
        _baseline("ratios"),
        _names(),
        _interval("ratios", width=2),
        _dots("ratios"),
        _labels("ratios"),
    ]


def _lost() -> list[Layer]:
    band = (
        alt.Chart()
        .mark_bar(height=STEP, aria=False, fill="var(--band)")
        .encode(x=_x("lost", "tolerance"), x2="zero:Q", y=_y())
    )
    stem = (
        alt.Chart()
        .mark_rule(strokeWidth=5, opacity=0.35, yOffset=7, y2Offset=7, aria=False)
        .encode(x=_x("lost"), x2="zero:Q", y=_y(), stroke=alt.Stroke("c:N", scale=None))
    )
    label = (
        alt.Chart()
        .mark_text(align="right", dx=-7, yOffset=7, fontWeight=600, aria=False)
        .encode(x=_x("lost", "at"), y=_y(), text="label:N", fill=_INK_OF_LABEL)
    )
    zero = _baseline("lost")
    return [band, zero, _names(), stem, _interval("lost"), _dots("lost"), label]


def _rounds() -> list[Layer]:
    band = alt.Chart().mark_bar(height=12, yOffset=7, aria=False, fill="var(--band)", clip=True)
    point = (
        alt.Chart()
        .transform_flatten(["points"], as_=["p"])
        .mark_point(
            filled=False, size=40, yOffset=7, strokeWidth=1.5, opacity=1, clip=True, aria=False
        )
    )
    return [
        band.encode(x=_x("rounds", "lo"), x2="hi:Q", y=_y(), description="tip:N"),
        _baseline("rounds"),
        _names(),
        point.encode(x=_x("rounds", "p"), y=_y(), stroke=alt.Stroke("c:N", scale=None)),
    ]


def _stages() -> list[Layer]:
    parts = alt.Chart().mark_bar(height=15, yOffset=7, stroke="var(--card)", strokeWidth=1.5)
    words = alt.Chart().mark_text(align="center", yOffset=8, fontWeight=500, aria=False)
    return [
        _names(),
        parts.encode(
            x=_x("stages", "from"),
            x2="to:Q",
            y=_y(),
            description="tip:N",
            fill=alt.Fill("c:N", scale=None),
            fillOpacity=alt.FillOpacity("o:Q", scale=None),
        ),
        words.encode(x=_x("stages", "middle"), y=_y(), text="word:N"),
        _interval("stages"),
        _labels("stages"),
    ]


_LAYERS: dict[Kind, Callable[[], list[Layer]]] = {
    "bars": _bars,
    "dots": _dots_kind,
    "pairs": _pairs,
    "ratios": _ratios,
    "lost": _lost,
    "rounds": _rounds,
    "stages": _stages,
}

"""The Altair specification of a plane: two axes, marks, lines and names; see `rows_spec`."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

import altair as alt

from ovreport_sitegen.charts.axes import AXIS_TITLE
from ovreport_sitegen.charts.plane import BOTTOM, LEFT, PLOT, RIGHT, TOP, Align
from ovreport_sitegen.charts.rows_spec import TICKS, Layer, Spec, compiled_layers


@cache
def compiled(height: int, *, log: bool) -> Spec:
    """Return the Vega specification, without data; `log`: the axis upwards is logarithmic."""
    return compiled_layers(
        _layers(height, log),
        width=PLOT,
        height=height,
        padding={"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
    )


def _layers(height: int, log: bool) -> list[Layer]:
    colour = alt.Stroke("c:N", scale=None)
    band = alt.Chart().mark_rect(fill="var(--band)", aria=False)
    rule = alt.Chart().mark_rule(strokeWidth=1.25, aria=False, clip=True)
    line = alt.Chart().mark_line(strokeWidth=1, opacity=0.55, aria=False)
    bound = alt.Chart().mark_line(strokeWidth=1, strokeDash=[3, 3], stroke="var(--ink)", aria=False)
    mark = alt.Chart().mark_point(filled=False, strokeWidth=2, opacity=1)
    x, y = _x("x"), _y("y", height, log)
    return [
        _only(band, "band").encode(x=x, x2="x2:Q", y=y, y2="y2:Q"),
        _only(rule, "rule").encode(
            x=x, x2="x2:Q", y=y, y2="y2:Q", stroke=colour, opacity=alt.Opacity("o:Q", scale=None)
        ),
        _only(line, "line").encode(x=x, y=y, detail="g:N", order="i:Q", stroke=colour),
        _only(bound, "bound").encode(x=x, y=y, order="i:Q"),
        _only(mark, "mark").encode(
            x=x,
            y=y,
            description="tip:N",
            stroke=colour,
            fill=alt.Fill("f:N", scale=None),
            shape=alt.Shape("s:N", scale=None),
            size=alt.Size("z:Q", scale=None),
        ),
        *(_names(align, height, log) for align in get_args(Align)),
    ]


def _only(chart: Layer, kind: str, field: str = "k") -> Layer:
    return chart.transform_filter(alt.FieldEqualPredicate(field=field, equal=kind))


def _names(align: Align, height: int, log: bool) -> Layer:
    """Draw the names of one alignment: how wide they are, only the browser knows."""
    text = alt.Chart().mark_text(align=align, baseline="middle", fontWeight=600, aria=False)
    return _only(text, align, "align").encode(x=_x("lx"), y=_y("ly", height, log), text="label:N")


def _x(field: str) -> alt.X:
    scale = alt.Scale(type="log", domain=TICKS, nice=False, range=[0, PLOT])
    axis = alt.Axis(title=AXIS_TITLE, values=TICKS, formatType="number", format=",~f")
    return alt.X(f"{field}:Q", scale=scale, axis=axis)


def _y(field: str, height: int, log: bool) -> alt.Y:
    """Return the axis upwards, its title above it."""
    axis = alt.Axis(
        title=AXIS_TITLE,
        values=TICKS,
        formatType="number",
        format=",~f",
        titleAngle=0,
        titleAlign="left",
        titleX=-LEFT + 2,
        titleY=-8,
        titleBaseline="bottom",
    )
    kind: dict[str, Any] = {"type": "log"} if log else {"zero": False}
    scale = alt.Scale(domain=TICKS, nice=False, range=[height, 0], **kind)
    return alt.Y(f"{field}:Q", scale=scale, axis=axis, stack=False)

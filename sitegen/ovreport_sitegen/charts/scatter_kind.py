"""The drawing of a scatter: two logarithmic axes, dots, a line through each series, tails upwards.

Made and filled like the kinds of rows in `kinds`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

import altair as alt
import vl_convert

from ovreport_sitegen.charts.kinds import AXIS_TITLE, TICKS, Layer, Spec, configuration
from ovreport_sitegen.charts.scatter import BOTTOM, HEIGHT, LEFT, PLOT, RIGHT, TOP, Align


@cache
def compiled() -> Spec:
    """Return the Vega specification, without data."""
    config: dict[str, Any] = configuration() | {
        "padding": {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    }
    with alt.data_transformers.enable("default"):
        chart = alt.layer(*_layers(), data=alt.NamedData(name="rows")).properties(
            width=PLOT, height=HEIGHT, background="transparent"
        )
        spec = chart.configure(**config).to_dict(validate=False)
    spec["datasets"] = {"rows": []}
    return dict(vl_convert.vegalite_to_vega(spec))


def _layers() -> list[Layer]:
    stroke = alt.Stroke("c:N", scale=None)
    line = alt.Chart().mark_line(strokeWidth=1, opacity=0.55, aria=False)
    tail = alt.Chart().mark_rule(strokeWidth=1, opacity=0.55, aria=False, clip=True)
    dots = alt.Chart().mark_point(filled=False, size=52, strokeWidth=2, opacity=1)
    drawn = alt.FieldEqualPredicate(field="dot", equal=True)
    return [
        line.encode(x=_x("x"), y=_y("y"), detail="g:N", order="i:Q", stroke=stroke),
        tail.transform_filter(drawn).encode(x=_x("x"), y=_y("y"), y2="hi:Q", stroke=stroke),
        dots.transform_filter(drawn).encode(
            x=_x("x"), y=_y("y"), description="tip:N", stroke=stroke,
            fill=alt.Fill("f:N", scale=None), shape=alt.Shape("s:N", scale=None),
        ),
        *map(_names, get_args(Align)),
    ]  # fmt: skip


def _names(align: Align) -> Layer:
    """Draw the labels that are aligned so: how wide they are, only the page knows."""
    mark = alt.Chart().mark_text(align=align, baseline="middle", fontWeight=600, aria=False)
    drawn = mark.transform_filter(alt.FieldEqualPredicate(field="align", equal=align))
    return drawn.encode(x=_x("lx"), y=_y("ly"), text="label:N")


def _scale(size: list[int]) -> alt.Scale:
    return alt.Scale(type="log", domain=TICKS, nice=False, range=size)


def _x(field: str) -> alt.X:
    axis = alt.Axis(title=AXIS_TITLE, values=TICKS, formatType="number", format=",~f")
    return alt.X(f"{field}:Q", scale=_scale([0, PLOT]), axis=axis)


def _y(field: str) -> alt.Y:
    axis = alt.Axis(
        title=AXIS_TITLE, values=TICKS, formatType="number", format=",~f", titleAngle=0,
        titleAlign="left", titleX=-LEFT + 2, titleY=-8, titleBaseline="bottom",
    )  # fmt: skip
    return alt.Y(f"{field}:Q", scale=_scale([HEIGHT, 0]), axis=axis)

"""The drawing of accuracy against speed: marks with intervals both ways, and the best ones' line.

Made and filled like the other kinds; see `kinds`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

import altair as alt
import vl_convert

from ovreport_sitegen.charts.kinds import AXIS_TITLE, TICKS, Layer, Spec, configuration
from ovreport_sitegen.charts.scatter import BOTTOM, LEFT, PLOT, RIGHT, TOP, Align
from ovreport_sitegen.charts.tradeoff import HEIGHT


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
    band = alt.Chart().mark_rect(fill="var(--band)", aria=False)
    zero = alt.Chart().mark_rule(strokeWidth=1, stroke="var(--muted)", aria=False)
    line = alt.Chart().mark_line(strokeWidth=1, strokeDash=[3, 3], stroke="var(--ink)", aria=False)
    rule = alt.Chart().mark_rule(strokeWidth=1.5, opacity=0.7, aria=False, clip=True)
    dots = alt.Chart().mark_point(filled=False, strokeWidth=2, opacity=1)
    return [
        _only(band, "band").encode(x=_x("x"), x2="x2:Q", y=_y("y"), y2="y2:Q"),
        _only(zero, "zero").encode(x=_x("x"), x2="x2:Q", y=_y("y")),
        _only(zero, "one").encode(x=_x("x"), y=_y("y"), y2="y2:Q"),
        _only(line, "line").encode(x=_x("x"), y=_y("y"), order="i:Q"),
        _only(rule, "dot").encode(x=_x("xl"), x2="xh:Q", y=_y("y"), stroke=stroke),
        _only(rule, "dot").encode(x=_x("x"), y=_y("lo"), y2="hi:Q", stroke=stroke),
        _only(dots, "dot").encode(
            x=_x("x"), y=_y("y"), description="tip:N", stroke=stroke,
            fill=alt.Fill("f:N", scale=None), shape=alt.Shape("s:N", scale=None),
            size=alt.Size("z:Q", scale=None),
        ),
        *map(_names, get_args(Align)),
    ]  # fmt: skip


def _only(chart: Layer, kind: str) -> Layer:
    return chart.transform_filter(alt.FieldEqualPredicate(field="k", equal=kind))


def _names(align: Align) -> Layer:
    """Draw the labels that are aligned so: how wide they are, only the page knows."""
    mark = alt.Chart().mark_text(align=align, baseline="middle", fontWeight=600, aria=False)
    drawn = mark.transform_filter(alt.FieldEqualPredicate(field="align", equal=align))
    return drawn.encode(x=_x("lx"), y=_y("ly"), text="label:N")


def _x(field: str) -> alt.X:
    scale = alt.Scale(type="log", domain=TICKS, nice=False, range=[0, PLOT])
    axis = alt.Axis(title=AXIS_TITLE, values=TICKS, formatType="number", format=",~f")
    return alt.X(f"{field}:Q", scale=scale, axis=axis)


def _y(field: str) -> alt.Y:
    axis = alt.Axis(
        title=AXIS_TITLE, values=TICKS, formatType="number", format=",~f", titleAngle=0,
        titleAlign="left", titleX=-LEFT + 2, titleY=-8, titleBaseline="bottom",
    )  # fmt: skip
    scale = alt.Scale(domain=TICKS, nice=False, zero=False, range=[HEIGHT, 0])
    return alt.Y(f"{field}:Q", scale=scale, axis=axis, stack=False)

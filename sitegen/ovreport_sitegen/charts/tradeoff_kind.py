"""The drawing of accuracy against speed: marks with intervals both ways, and the best ones' line.

Made and filled like the other kinds; see `kinds`.
"""

from __future__ import annotations

from functools import cache

import altair as alt

from ovreport_sitegen.charts import plane
from ovreport_sitegen.charts.kinds import Layer, Spec
from ovreport_sitegen.charts.tradeoff import HEIGHT


@cache
def compiled() -> Spec:
    """Return the Vega specification, without data."""
    return plane.compiled(_layers(), HEIGHT)


def _layers() -> list[Layer]:
    stroke = alt.Stroke("c:N", scale=None)
    band = alt.Chart().mark_rect(fill="var(--band)", aria=False)
    zero = alt.Chart().mark_rule(strokeWidth=1, stroke="var(--muted)", aria=False)
    line = alt.Chart().mark_line(strokeWidth=1, strokeDash=[3, 3], stroke="var(--ink)", aria=False)
    rule = alt.Chart().mark_rule(strokeWidth=1.5, opacity=0.7, aria=False, clip=True)
    dots = alt.Chart().mark_point(filled=False, strokeWidth=2, opacity=1)
    x, y = plane.x("x"), _y("y")
    return [
        _only(band, "band").encode(x=x, x2="x2:Q", y=y, y2="y2:Q"),
        _only(zero, "zero").encode(x=x, x2="x2:Q", y=y),
        _only(zero, "one").encode(x=x, y=y, y2="y2:Q"),
        _only(line, "line").encode(x=x, y=y, order="i:Q"),
        _only(rule, "dot").encode(x=plane.x("xl"), x2="xh:Q", y=y, stroke=stroke),
        _only(rule, "dot").encode(x=x, y=_y("lo"), y2="hi:Q", stroke=stroke),
        _only(dots, "dot").encode(
            x=x,
            y=y,
            description="tip:N",
            stroke=stroke,
            fill=alt.Fill("f:N", scale=None),
            shape=alt.Shape("s:N", scale=None),
            size=alt.Size("z:Q", scale=None),
        ),
        *plane.names(HEIGHT, log=False),
    ]


def _only(chart: Layer, kind: str) -> Layer:
    return chart.transform_filter(alt.FieldEqualPredicate(field="k", equal=kind))


def _y(field: str) -> alt.Y:
    return plane.y(field, HEIGHT, log=False)

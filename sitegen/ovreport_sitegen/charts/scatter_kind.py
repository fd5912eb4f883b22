"""The drawing of a scatter: two logarithmic axes, dots, a line through each series, tails upwards.

Made and filled like the kinds of rows in `kinds`.
"""

from __future__ import annotations

from functools import cache

import altair as alt

from ovreport_sitegen.charts import plane
from ovreport_sitegen.charts.kinds import Layer, Spec
from ovreport_sitegen.charts.scatter import HEIGHT


@cache
def compiled() -> Spec:
    """Return the Vega specification, without data."""
    return plane.compiled(_layers(), HEIGHT)


def _layers() -> list[Layer]:
    stroke = alt.Stroke("c:N", scale=None)
    line = alt.Chart().mark_line(strokeWidth=1, opacity=0.55, aria=False)
    tail = alt.Chart().mark_rule(strokeWidth=1, opacity=0.55, aria=False, clip=True)
    dots = alt.Chart().mark_point(filled=False, size=52, strokeWidth=2, opacity=1)
    drawn = alt.FieldEqualPredicate(field="dot", equal=True)
    x, y = plane.x("x"), plane.y("y", HEIGHT, log=True)
    return [
        line.encode(x=x, y=y, detail="g:N", order="i:Q", stroke=stroke),
        tail.transform_filter(drawn).encode(x=x, y=y, y2="hi:Q", stroke=stroke),
        dots.transform_filter(drawn).encode(
            x=x,
            y=y,
            description="tip:N",
            stroke=stroke,
            fill=alt.Fill("f:N", scale=None),
            shape=alt.Shape("s:N", scale=None),
        ),
        *plane.names(HEIGHT, log=True),
    ]

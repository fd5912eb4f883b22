"""What the drawings of two quantities share: frame, axes, and names beside marks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

import altair as alt
import vl_convert

from ovreport_sitegen.charts.kinds import AXIS_TITLE, TICKS, Layer, Spec, configuration
from ovreport_sitegen.charts.scatter import BOTTOM, LEFT, PLOT, RIGHT, TOP, Align


def compiled(layers: Iterable[Layer], height: int) -> Spec:
    """Return the Vega specification of a drawing of so many pixels' height, without data."""
    config: dict[str, Any] = configuration() | {
        "padding": {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    }
    with alt.data_transformers.enable("default"):
        chart = alt.layer(*layers, data=alt.NamedData(name="rows")).properties(
            width=PLOT, height=height, background="transparent"
        )
        spec = chart.configure(**config).to_dict(validate=False)
    spec["datasets"] = {"rows": []}
    return dict(vl_convert.vegalite_to_vega(spec))


def names(height: int, *, log: bool) -> list[Layer]:
    """Draw the labels, by how they are aligned: how wide they are, only the page knows."""
    at = {"x": x("lx"), "y": y("ly", height, log=log), "text": "label:N"}
    return [
        alt.Chart()
        .mark_text(align=align, baseline="middle", fontWeight=600, aria=False)
        .transform_filter(alt.FieldEqualPredicate(field="align", equal=align))
        .encode(**at)
        for align in get_args(Align)
    ]


def x(field: str) -> alt.X:
    """Return the axis to the right, which is logarithmic."""
    scale = alt.Scale(type="log", domain=TICKS, nice=False, range=[0, PLOT])
    axis = alt.Axis(title=AXIS_TITLE, values=TICKS, formatType="number", format=",~f")
    return alt.X(f"{field}:Q", scale=scale, axis=axis)


def y(field: str, height: int, *, log: bool) -> alt.Y:
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

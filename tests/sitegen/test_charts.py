"""Charts: what is drawn, and that it is safe, named and small."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from typing import get_args

import pytest

from ovreport_sitegen.charts import Chart, Drawer, Kind, Part, Row
from ovreport_sitegen.charts.axes import linear_axis, log_axis
from ovreport_sitegen.charts.rows import fill

NASTY = "<script>alert(1)</script>\"'&]]>"


def parse(text: str) -> ET.Element:
    """Return our own output as a tree; an error if it is not well-formed."""
    return ET.fromstring(text)  # noqa: S314 - not from anybody else


def a_chart(kind: Kind, **changes: object) -> Chart:
    """Return a chart of three rows."""
    rows = tuple(
        Row(
            **{
                "name": f"Row {i}",
                "label": f"{i} ms",
                "value": v,
                "low": v * 0.9,
                "high": v * 1.1,
                "other": 0.9,
                "points": (-1.0, 0.0, 2.0),
                "parts": (Part("decode", v / 4, "tip"), Part("infer", v / 2, "tip")),
                "tip": f"tip {i}",
                **changes,
            }
        )
        for i, v in enumerate((-2.0, -0.5, 0.1) if kind == "lost" else (1.0, 5.0, 40.0))
    )
    return Chart(kind, "Title", "What it shows", "Milliseconds", rows)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_is_sound_named_and_without_styles(kind: Kind) -> None:
    """Well-formed, one named image, no fonts, scripts, styles or addresses in it."""
    text = Drawer(None).svg(a_chart(kind))
    root = parse(text)
    assert root.get("role") == "img"
    assert [child.tag.rpartition("}")[2] for child in root][:2] == ["title", "desc"]
    assert root.get("viewBox", "").split()[2] == "330"
    for bad in ("font-family", "style=", "<script", "href", "NaN", "undefined"):
        assert bad not in text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("kind", get_args(Kind))
def test_hostile_text_stays_text(kind: Kind) -> None:
    """Markup in a name, a label or a tip is escaped in the chart."""
    text = Drawer(None).svg(a_chart(kind, name=NASTY, label=NASTY, tip=NASTY))
    assert "<script" not in text
    parse(text)


def test_ids_are_unique_within_a_build() -> None:
    """Two charts of a page never share a clip path."""
    drawer = Drawer(None)
    both = drawer.svg(a_chart("rounds")) + drawer.svg(a_chart("rounds"))
    ids = [e.get("id") for e in parse(f"<x>{both}</x>").iter() if e.get("id")]
    assert len(ids) == len(set(ids)) > 4


def test_unbounded_intervals_can_be_drawn() -> None:
    """One round gives no interval: nothing breaks."""
    for kind in get_args(Kind):
        text = Drawer(None).svg(a_chart(kind, low=0.0, high=math.inf))
        assert "NaN" not in text
        assert "Infinity" not in text


@pytest.mark.parametrize("kind", ["bars", "dots", "pairs", "ratios", "stages"])
def test_an_unknown_interval_is_not_drawn(kind: Kind) -> None:
    """Only the mark is: a line over the whole plot would look like knowledge."""
    unknown = fill(a_chart(kind, low=0.0, high=math.inf, other=None)).rows
    ends = [(datum["lo"], datum["hi"], datum["v"]) for datum in unknown if "lo" in datum]
    assert ends
    assert all(low == high == value for low, high, value in ends)


def test_bars_start_at_zero() -> None:
    """A bar that does not start at zero lies."""
    assert fill(a_chart("bars")).x.domain[0] == 0


def test_stages_lie_end_to_end_and_are_named_where_there_is_room() -> None:
    """Parts start at zero, each where the one before it ends; a narrow one has no word in it."""
    found = fill(a_chart("stages"))
    assert found.x.domain[0] == 0
    longest = [datum for datum in found.rows if datum["i"] == 2]
    assert [(d["from"], d["to"], d["word"]) for d in longest[:2]] == [
        (0, 10, "decode"),
        (10, 30, "infer"),
    ]
    assert {datum["word"] for datum in found.rows if datum["i"] == 0} == {""}


def test_the_first_part_says_all_of_its_row_and_the_others_what_they_are() -> None:
    """Nothing is drawn that cannot be seen: no text without words, no bar without width."""
    text = Drawer(None).svg(a_chart("stages"))
    tips = [e.text for e in parse(text).iter() if e.tag.endswith("}title")]
    assert tips == ["Title", *(tip for i in range(3) for tip in (f"tip {i}", "tip"))]
    assert not [e for e in parse(text).iter() if e.tag.endswith("}text") and not e.text]


def test_families_differ_by_shape_too() -> None:
    """Colour alone would leave some readers out."""
    shapes = {fill(a_chart("dots", family=f)).rows[0]["s"] for f in ("CPU", "iGPU", "dGPU", "NPU")}
    assert len(shapes) == 4


def test_axes_have_round_ticks() -> None:
    """Ones and threes on a logarithmic scale, round steps on a linear one."""
    (low, high), ticks = log_axis([0.07, 167])
    assert low < 0.07
    assert high > 167
    assert ticks == [0.1, 0.3, 1, 3, 10, 30, 100]
    assert linear_axis(0, 97)[1] == [0, 25, 50, 75]
    assert log_axis([])[1]

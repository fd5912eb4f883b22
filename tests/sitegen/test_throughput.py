"""The curve and random arrivals on pages: chart, finding, table, and what is missing."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest

from ovreport import record as r
from ovreport.metrics.percentiles import TOO_FEW
from ovreport_sitegen.charts import Drawer, Plane, Point
from ovreport_sitegen.charts.plane import fill
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages import model, throughput
from ovreport_sitegen.pages.throughput import curve
from tests.factories import a_failed_record, a_record
from tests.ovreport.test_load import FOUR, TWICE, UNLOADED, WORSE, a_curve, a_loop, a_point
from tests.sitegen.conftest import catalogue
from tests.sitegen.test_charts import NASTY


def only(record: r.Record) -> Result:
    """Return the one result of a catalogue."""
    return catalogue(record).results[0]


GAP = r.CurveGap(streams=1, requests=1, batch=8, reason=f"no batch {NASTY}")


# ---------------------------------------------------------------- the drawing


def a_plane(**changes: object) -> Plane:
    """Return a plane of two series."""
    points = tuple(
        Point(
            **{
                "x": 10.0 * (i + 1),
                "y": 2.0**i,
                "y_high": 3.0 * 2**i,
                "series": f"s{i % 2}",
                "label": f"{i} streams",
                "tip": f"tip {i}",
                "filled": i < 3,
                "shape": "square" if i == 3 else "circle",
                **changes,
            }
        )
        for i in range(5)
    )
    return Plane("Title", "What it shows", "Samples per second", "Milliseconds", points)


def test_a_plane_is_sound_named_and_safe() -> None:
    """Well-formed, one named image, hostile texts escaped, no script, style or address in it."""
    text = Drawer(None).svg(a_plane(label=NASTY, tip=NASTY))
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.get("role") == "img"
    assert root.get("viewBox", "").split()[2] == "330"
    for bad in ("font-family", "style=", "<script", "href", "NaN", "undefined", "Infinity"):
        assert bad not in text.replace("http://www.w3.org/2000/svg", "")


def test_marks_have_hover_texts_and_axes_their_titles() -> None:
    """What a mark is, is said without a script; both axes have a unit."""
    text = str(Drawer(None).svg(a_plane()))
    assert len(re.findall(r"<title>tip \d</title>", text)) == 5
    assert ">Samples per second<" in text
    assert ">Milliseconds<" in text


def test_a_joint_draws_no_mark_of_its_own() -> None:
    """It is a corner of a line; its mark belongs to another series."""
    text = str(Drawer(None).svg(a_plane(joint=True)))
    assert "<title>tip" not in text


def test_labels_cover_neither_marks_nor_each_other() -> None:
    """Twenty marks in one place: some label has no room, none is put on another."""
    crowd = Plane(
        "",
        "",
        "",
        "",
        tuple(
            Point(x=10 + i / 100, y=1 + i / 200, label="2 streams, 4 requests") for i in range(20)
        ),
    )
    named = [row for row in fill(crowd).rows if row.get("align")]
    assert 0 < len(named) < 20
    assert len({(row["lx"], row["ly"]) for row in named}) == len(named)


def test_unbounded_tails_and_single_marks_can_be_drawn() -> None:
    """A tail ends at the plot's edge; one mark has a domain around it."""
    filled = fill(a_plane(y_high=math.inf))
    assert filled.y is not None
    assert all(math.isfinite(row["y2"]) for row in filled.rows if row["k"] == "rule")
    unknown = fill(a_plane(y_low=0.0, y_high=math.inf))
    assert not any(row["k"] == "rule" for row in unknown.rows)
    alone = fill(Plane("", "", "", "", (Point(x=5, y=5),)))
    assert alone.x.domain[0] < 5 < alone.x.domain[1]


# ---------------------------------------------------------------- the card


def test_the_finding_says_what_more_requests_gain_and_cost() -> None:
    """First the best setting within twice the latency of one request, then the best of all."""
    card = curve.card(only(a_record(curve=a_curve(UNLOADED, TWICE, FOUR))), "t", "c")
    facts = ("2 streams, 2 requests", "1.90×", "1.10×", "4 requests", "2.00×")
    places = [card.finding.index(fact) for fact in facts]
    assert places == sorted(places)


def test_that_nothing_beats_one_request_is_the_finding() -> None:
    """Whether the best is not significant, or there is only the one."""
    noisy = a_point(2, [60, 104, 170], 20)
    card = curve.card(only(a_record(curve=a_curve(UNLOADED, noisy))), "t", "c")
    assert card.finding.startswith("No setting clearly")
    assert "1.02×" in card.finding
    single = curve.card(only(a_record(curve=a_curve(UNLOADED))), "t", "c")
    assert single.finding.startswith("No setting")


def test_the_table_has_every_setting_with_what_is_missing() -> None:
    """Points with interval, percentiles and n; gaps with their reasons, hostile or not."""
    made = a_record(curve=a_curve(UNLOADED, TWICE, FOUR, WORSE, gaps=(GAP,)))
    card = curve.card(only(made), "t", "c")
    assert card.table is not None
    assert [row.cells[0].text for row in card.table.rows] == [
        "2 streams, 1 request",
        "2 streams, 2 requests",
        "2 streams, 4 requests",
        "2 streams, 8 requests",
        "1 stream, 1 request, batch 8",
    ]
    first, gap = card.table.rows[0], card.table.rows[-1]
    assert first.cells[1].sub.count("–") == 1
    assert TOO_FEW in first.html
    assert "3 rounds" in first.html
    assert gap.cells[1].text == "not measured"
    assert "<script" not in gap.html
    assert isinstance(card.chart, Plane)
    assert [point.filled for point in card.chart.points] == [True, True, True, False]


def test_a_curve_of_one_round_says_so() -> None:
    """One round has no interval, and no bound of a percentile."""
    once = a_curve(a_point(1, [100], 10), a_point(2, [180], 11))
    card = curve.card(only(a_record(curve=once)), "t", "c")
    assert "1 round" in card.table.rows[0].html
    assert "nan" not in str(Drawer(None).svg(card.chart)).lower()


# ---------------------------------------------------------------- pages


def test_a_models_page_shows_at_most_four_curves() -> None:
    """One for each result that has one; without any there is no such part of the page."""
    many = [a_record(machine=f"machine-{i}", seed=i) for i in range(6)]
    found = catalogue(*many)
    view = model.view(found, found.models[0])
    assert len(view.curves) == curve.MAX_CURVES
    assert len({card.id for card in view.curves}) == len(view.curves)
    skipped = r.Skipped(reason="left out: --skip curve")
    bare = catalogue(a_record(curve=skipped, open_loop=skipped))
    view = model.view(bare, bare.models[0])
    assert view.curves == ()


def test_the_throughput_page_shows_three_curves() -> None:
    """The fastest, the middle and the slowest model of the main device."""
    speeds = {"a": 1.0, "b": 2.0, "c": 4.0, "d": 8.0, "e": 16.0}
    found = catalogue(*(a_record(model=m, title=m, median_ms=ms) for m, ms in speeds.items()))
    view = throughput.view(found)
    curves = [card for card in view.cards if card.id.startswith("curve-")]
    assert [card.title.split(": ")[1][0] for card in curves] == ["a", "c", "e"]
    assert any(card.id == "arrivals" for card in view.cards)


def test_arrivals_say_limit_percentile_and_verdict() -> None:
    """A row for each result; one without a rate says why."""
    good, none = (
        a_record(open_loop=a_loop([300, 301, 299, 300, 300, 301, 300])),
        a_record(precision="default", seed=2, open_loop=a_loop([0, 0, 0], late=0.5)),
    )
    results = catalogue(good, none, a_failed_record(precision="f16")).results
    verdict = results[0].metric_values["max_arrival_ips"].verdict
    table = throughput.arrivals_table(results)
    assert table is not None
    texts = [[cell.text for cell in row.cells] for row in table.rows]
    assert texts[0][2:4] == ["300", verdict.level]
    assert texts[0][5:7] == ["10.0", "p90"]
    failed = next(row for row in table.rows if row.tone == "failed")
    assert "SIGSEGV" in failed.html
    assert any("too coarse" in row.html for row in table.rows)


@pytest.mark.parametrize("limit_rule", [NASTY])
def test_hostile_texts_of_a_record_stay_texts(build_of, limit_rule: str) -> None:
    """In a finished site: reasons and rules from a record are never markup."""
    loop = msgspec.structs.replace(a_record().open_loop, limit_rule=limit_rule)
    out: Path = build_of([a_record(curve=a_curve(UNLOADED, TWICE, gaps=(GAP,)), open_loop=loop)])
    for page in ("throughput.html", "model-magika-v3.3.html"):
        text = (out / page).read_text("utf-8")
        assert "Latency" in text
        assert "<script>alert" not in text

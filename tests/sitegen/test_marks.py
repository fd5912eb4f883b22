"""How far a value can be relied on looks the same wherever it is shown."""

from __future__ import annotations

import math

import pytest

from ovreport.metrics import MetricValue
from ovreport.record import Level, Verdict
from ovreport.stats.comparison import Comparison, Outcome
from ovreport.stats.intervals import Interval
from ovreport_sitegen.components import marks
from ovreport_sitegen.components.cells import interval_cell
from ovreport_sitegen.components.ratio_card import mean_ratio, note_of, ratio_cell
from ovreport_sitegen.components.table import Cell


def a_value(level: Level, kind: str = "undisturbed") -> MetricValue:
    """Return a latency with that verdict."""
    return MetricValue(
        "latency_ms", 1.0, 0.9, 1.1, 5, 500, Verdict(level=level, reasons=[]), kind=kind
    )


@pytest.mark.parametrize(
    ("level", "kind", "approximate", "hollow", "observed"),
    [
        ("stable", "undisturbed", False, False, False),
        ("noisy", "undisturbed", False, True, False),
        ("unreliable", "undisturbed", True, True, False),
        ("noisy", "observed", False, True, True),
        ("unreliable", "observed", True, True, True),
    ],
)
def test_a_value_looks_as_its_verdict_and_kind_say(
    level: Level, kind: str, *, approximate: bool, hollow: bool, observed: bool
) -> None:
    """Grey with ≈, as an outline, and marked as observed: each for its own reason."""
    look = marks.look(a_value(level, kind))
    assert look == marks.Look(approximate, hollow, observed)
    assert look.text("1 ms").startswith("≈") == approximate
    assert look.is_uncertain == (approximate or observed)


@pytest.mark.parametrize(
    ("low", "high", "outcome", "approximate", "hollow"),
    [
        (1.45, 1.55, "different", False, False),
        (1.2, 1.9, "different", True, True),
        (0.99, 1.01, "no clear difference", False, True),
        (0.6, 1.6, "no clear difference", True, True),
        (1.4, 1.6, "insufficient data", False, True),
        (0.0, math.inf, "insufficient data", True, True),
    ],
)
def test_a_ratio_looks_as_its_interval_says(
    low: float, high: float, outcome: Outcome, *, approximate: bool, hollow: bool
) -> None:
    """An outline without a clear difference or with few rounds; with ≈ too for a wide interval."""
    middle = math.sqrt(low * high) if low else 1.5
    found = Comparison(Interval(middle, low, high), outcome, 7)
    look = marks.look_of_ratio(found)
    assert (look.is_approximate, look.is_hollow) == (approximate, hollow)
    cell = ratio_cell(found)
    assert cell.tone == ("unreliable" if approximate else "")
    assert cell.note == ("" if outcome == "different" else outcome)


def test_a_wide_interval_makes_its_value_approximate() -> None:
    """Where only the interval is known; one round has none."""
    assert interval_cell(Interval(10.0, 9.9, 10.1)).tone == ""
    assert interval_cell(Interval(10.0, 7.0, 14.0)).tone == "unreliable"
    assert interval_cell(Interval(10.0, 0.0, math.inf)).tone == "unreliable"


def test_every_mark_used_is_found_and_no_other() -> None:
    """In the order of the table, each once; text that looks like a mark is none."""
    cells = (
        Cell("noisy", explained="noisy"),
        Cell("1", sign="unreliable", marks=("quick", "ONNX Runtime")),
        Cell('popovertarget="mark-published"'),
    )
    html = "".join(cell.html for cell in cells) * 2
    assert [key for key, _ in marks.used(html)] == ["noisy", "unreliable", "quick"]
    assert "ONNX Runtime" in html


def test_the_mean_of_ratios_has_an_interval_no_narrower_than_it_may_be() -> None:
    """Errors may all point the same way: the means of the ends; unknown where one is unknown."""
    known = [Interval(2.0, 1.0, 4.0), Interval(8.0, 4.0, 16.0)]
    mean = mean_ratio(known)
    assert (mean.value, mean.low, mean.high) == pytest.approx((4.0, 2.0, 8.0))
    unknown = Interval(1.0, 0.0, math.inf)
    assert note_of(mean_ratio([*known, unknown])) == ""

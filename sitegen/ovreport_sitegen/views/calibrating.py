"""Calibration on a result's place: the fixed computations around its rounds, adjusted figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ovreport.control_variate import HOLDS, MIN_CASES, Adjusted, Adjustment
from ovreport.metrics import Metric, significant
from ovreport.record import Calibration, CalibrationRound, CalibrationTime, NotMeasured
from ovreport_sitegen.text import line, plural
from ovreport_sitegen.views.result_cells import status_word
from ovreport_sitegen.views.table import Cell, TableRow

HEADLINES = {"latency": "latency_ms", "throughput": "throughput_ips"}
"""Aspect → the metric that is adjusted."""
EXPLAINED = "method.html#adjusted"


@dataclass(frozen=True)
class CalibrationView:
    """What the template needs to show a result's calibration."""

    rows: tuple[TableRow, ...]
    """Computation, lowest, middle and highest time over the rounds, number of rounds."""
    findings: tuple[str, ...]
    """Whether each figure is adjusted, and why, in a sentence."""
    missing: str
    """Why there is no calibration; empty where there is."""
    explained: str = EXPLAINED


def view(
    calibration: Calibration | NotMeasured, adjustments: Mapping[str, Adjustment]
) -> CalibrationView:
    """Return a result's calibration, or why there is none."""
    if not isinstance(calibration, Calibration):
        missing = f"{status_word(calibration)}: {line(calibration.reason, 300)}"
        return CalibrationView((), (), missing)
    findings = tuple(_finding(aspect, found) for aspect, found in adjustments.items())
    return CalibrationView(tuple(_rows(calibration.rounds)), findings, "")


def adjusted_row(metric: Metric, adjusted: Adjusted) -> TableRow:
    """Return the row of an adjusted figure: value, interval, n, direction."""
    interval = adjusted.interval
    return TableRow((
        Cell(f"{metric.label}, adjusted", href=EXPLAINED, tone="adjusted",
             tip="At the session's median machine speed, by calibration. Never in a headline or a "
                 "ranking; the raw figure stands above."),
        Cell(metric.format(interval.value), sub=metric.unit, tone="num"),
        Cell(f"{metric.format(interval.low)} – {metric.format(interval.high)}",
             sub=f" · {_width(adjusted)}"),
        Cell(plural(adjusted.rounds, "round")),
        Cell(metric.better),
    ))  # fmt: skip


def _width(adjusted: Adjusted) -> str:
    return f"{significant(adjusted.width, 2)} × as wide as the raw one"


def _finding(aspect: str, adjustment: Adjustment) -> str:
    control = adjustment.control
    name = aspect.capitalize()
    if control.cases < MIN_CASES:
        return (
            f"{name} is not adjusted: that takes {MIN_CASES} other calibrated cases of the same "
            f"session to learn from, and there are {control.cases}."
        )
    learned = (
        f"the slope of the {control.cases} other cases ({significant(control.slope, 2)}) leaves "
        f"{control.spread:.0%} of the spread between rounds, each case left out in turn"
    ).replace("%", " %")
    if adjustment.adjusted is None:
        return f"{name} is not adjusted: {learned}; it must be at most {HOLDS * 100:g} %."
    return f"{name} is adjusted: {learned}."


def _rows(rounds: Sequence[CalibrationRound]) -> list[TableRow]:
    return [
        _row("small model on the device, before", [r.device_before for r in rounds]),
        _row("small model on the device, after", [r.device_after for r in rounds]),
        _row("matrix product on the host, before", [r.host_before for r in rounds]),
        _row("matrix product on the host, after", [r.host_after for r in rounds]),
    ]


def _row(name: str, times: Sequence[CalibrationTime]) -> TableRow:
    ordered = sorted(time.median_ms for time in times)
    shown = (ordered[0], ordered[len(ordered) // 2], ordered[-1])
    numbers = [Cell(significant(ms), tone="num") for ms in shown]
    return TableRow((Cell(name, tone="text"), *numbers, Cell(str(len(ordered)), tone="num")))

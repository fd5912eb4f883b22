"""The part of the method's page that explains calibration, and shows its study."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ovreport.control_variate import HOLDS, MIN_CASES
from ovreport.metrics import significant
from ovreport_sitegen import calibration_study
from ovreport_sitegen.calibration_study import (
    CalibrationRow,
    CalibrationStudy,
    LoadShift,
    SimulationRow,
)
from ovreport_sitegen.text import day, line, listed, plural
from ovreport_sitegen.views.table import Cell, Column, Table, TableRow

ENOUGH = 100
"""Adjusted sessions, below which a coverage is mostly chance."""

_FIGURES = {
    "latency": "Latency",
    "throughput": "Throughput",
    "ratio of latency": "Ratio of the default's latency to f32's",
    "ratio of throughput": "Ratio of the default's throughput to f32's",
}


@dataclass(frozen=True)
class CalibrationMethodView:
    """What the template needs."""

    fewest: int
    """Other cases that a slope is learned from."""
    holds: str
    """Share of the spread that may be left."""
    headline: str
    """What the study found, in a sentence or two."""
    findings: tuple[str, ...]
    tables: tuple[Table, ...]
    source: str
    """Where, when and beside what the study was measured."""
    command: str


def view() -> CalibrationMethodView:
    """Return the view, of the study that this ovreport carries."""
    return of(calibration_study.load())


def of(study: CalibrationStudy) -> CalibrationMethodView:
    """Return the view of a study."""
    findings: list[str] = []
    tables: list[Table] = []
    for figure in _FIGURES:
        rows = [row for row in study.rows if row.figure == figure]
        if rows:
            findings.append(_finding(figure, rows))
            tables.append(_table(figure, rows))
    if study.simulated:
        findings.append(_simulated_finding(study.simulated))
        tables.append(_simulation(study.simulated))
    source = ", ".join((
        line(study.machine, 80), f"OpenVINO {line(study.openvino, 60)}", day(study.measured_at),
        line(study.conditions, 200),
    ))  # fmt: skip
    return CalibrationMethodView(
        fewest=MIN_CASES, holds=_percent(HOLDS), headline=_headline(study.rows),
        findings=tuple(findings), tables=tuple(tables), source=source,
        command=line(study.command, 200),
    )  # fmt: skip


def _headline(rows: Sequence[CalibrationRow]) -> str:
    """Return which figures gain, and which do not."""
    gain, rest = [], []
    for figure in dict.fromkeys(row.figure for row in rows):
        mine = [row for row in rows if row.figure == figure]
        if 2 * sum(row.adjusted for row in mine) > len(mine):
            left = statistics.median(row.left_others for row in mine)
            gain.append(f"{_percent(left)} for {figure}")
        else:
            rest.append(figure)
    parts = []
    if gain:
        parts.append(
            f"In the study below, adjusting leaves of the spread between rounds {listed(gain)}."
        )
    if rest and gain:
        parts.append(f"It does not help {listed(rest)}, which mostly stay raw.")
    elif rest:
        parts.append(f"In the study below, adjusting did not help: {listed(rest)} mostly stay raw.")
    return " ".join(parts)


def _finding(figure: str, rows: Sequence[CalibrationRow]) -> str:
    left = statistics.median(row.left_others for row in rows)
    taken = sum(row.adjusted for row in rows)
    said = (
        f"{_FIGURES[figure]}: the other cases' slope leaves {_percent(left)} of the spread between "
        f"rounds (median of {plural(len(rows), 'case')}); the rule adjusts {taken} of them"
    )
    loads = [row.load for row in rows if row.load is not None]
    if loads:
        raw = statistics.median(load.raw for load in loads)
        adjusted = statistics.median(load.adjusted for load in loads)
        said += (
            f". A foreign process on one core changes it by a factor of {significant(raw)}, "
            f"adjusted {significant(adjusted)}"
        )
    return f"{said}."


def _simulated_finding(rows: Sequence[SimulationRow]) -> str:
    lowest = min(
        (row.coverage for row in rows if row.coverage and row.adjusted * row.sessions >= ENOUGH),
        default=math.nan,
    )
    related = max((row.adjusted for row in rows if row.setting.startswith("no corr")), default=0.0)
    return (
        f"Simulated: where the rule adjusts, 95 % intervals hold the truth in at least "
        f"{_percent(lowest)} of sessions; where nothing is correlated it adjusts at most "
        f"{_percent(related)}."
    )


def _table(figure: str, rows: Sequence[CalibrationRow]) -> Table:
    loaded = any(row.load for row in rows)
    columns = (
        Column("Model"), Column("Rounds", "", "", True),
        Column("Raw spread", "%", "", True, tip="Standard deviation of the logarithm over rounds"),
        Column("Left", "%", "lower", True, tip="Spread left with the other cases' slope"),
        Column("Interval", "× raw", "lower", True),
        Column("Adjusted?"),
        *((Column("Under load", "× raw", "", True), Column("Under load", "× adjusted", "", True))
          if loaded else ()),
        Column("Correlation", "device", "", True, tip="With the small model on the device"),
        Column("Correlation", "host", "", True, tip="With the matrix product on the host"),
        Column("Slope", "", "", True, tip="Least squares, of this case alone"),
        Column("Left", "% own slope", "", True, tip="Leaving each round out in turn"),
        Column("Left", "% later half", "", True, tip="Slope from the others' earlier rounds"),
    )  # fmt: skip
    return Table(
        f"study-{figure.replace(' ', '-')}", _FIGURES[figure], columns,
        tuple(TableRow(tuple(_cells(row, loaded=loaded))) for row in rows),
    )  # fmt: skip


def _cells(row: CalibrationRow, *, loaded: bool) -> list[Cell]:
    load = row.load
    under_load = (
        [_under_load(load, load.raw), _under_load(load, load.adjusted)] if load else [Cell("–")] * 2
    )
    return [
        Cell(line(row.model, 40), sub=line(row.precision, 30)), _count(row.rounds),
        _share(row.spread), _share(row.left_others), _number(row.width),
        Cell("yes" if row.adjusted else "raw only"), *(under_load if loaded else []),
        _number(row.device_correlation), _number(row.host_correlation), _number(row.slope),
        _share(row.left_own), _share(row.left_later),
    ]  # fmt: skip


def _simulation(rows: Sequence[SimulationRow]) -> Table:
    columns = (
        Column("Simulated session"), Column("Rounds", "", "", True), Column("Cases", "", "", True),
        Column("Sessions", "", "", True), Column("Adjusted", "%", "", True),
        Column("Coverage", "%", "higher", True, tip="Of adjusted 95 % intervals; goal 93 %"),
        Column("Coverage", "% of narrower", "higher", True, tip="Of those narrower than raw"),
        Column("Interval", "× raw", "", True),
    )  # fmt: skip
    made = (
        TableRow((
            Cell(line(row.setting, 60)), _count(row.rounds), _count(row.cases),
            _count(row.sessions), _share(row.adjusted), _share(row.coverage),
            _share(row.coverage_narrower), _number(row.width),
        ))
        for row in rows
    )  # fmt: skip
    return Table("study-simulated", "Simulated sessions with known truth", columns, tuple(made))


def _under_load(load: LoadShift, factor: float) -> Cell:
    return Cell(significant(factor), sub=plural(load.rounds, "round"), sort=factor)


def _count(n: int) -> Cell:
    return Cell(f"{n:,}", sort=n)


def _share(value: float | None) -> Cell:
    return _number(None if value is None else 100 * value, 3)


def _number(value: float | None, digits: int = 2) -> Cell:
    if value is None or not math.isfinite(value):
        return Cell("–", tone="missing", tip="never adjusted")
    return Cell(significant(value, digits), sort=value)


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")

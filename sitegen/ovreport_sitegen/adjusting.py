"""Figures adjusted by calibration: session by session, for whole sites.

A session is what one collect measured alternately on one device. Its cases teach each other how
much the machine's speed matters (`ovreport.control_variate`); the reference is the session's
median calibration, so that its cases stay comparable. Adjusted figures stand beside raw ones,
never in their place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from ovreport.control_variate import (
    SAME_SPEED,
    Adjustment,
    Series,
    adjust_all,
    median_reference,
    ratio_estimate,
)
from ovreport.record import Calibration, CalibrationTime, Completed, Record
from ovreport_sitegen.speedup import HasRecord, Speedup, latencies, throughputs

R = TypeVar("R", bound=HasRecord)
Rounds = Mapping[int, float]
"""Round → figure."""

FIGURES: dict[str, Callable[[Record], Rounds]] = {
    "latency": latencies,
    "throughput": throughputs,
}
FEWEST_ROUNDS = 3


def adjustments(records: Sequence[Record]) -> dict[int, dict[str, Adjustment]]:
    """Return the adjustment of latency and throughput, by the record's id()."""
    found: dict[int, dict[str, Adjustment]] = {}
    for session in sessions(records):
        for aspect in FIGURES:
            for record, adjustment in _in_session(session, aspect):
                found.setdefault(id(record), {})[aspect] = adjustment
    return found


def adjusted_speedups(gains: Sequence[Speedup[R]]) -> list[Speedup[R]]:
    """Return the speed-ups with their adjusted ratios, where those hold.

    What a pair needs is learned from the other pairs of its session; nothing else is as alike as
    two rounds that ran one after the other.
    """
    made = list(gains)
    groups = sessions([g.default.record for g in gains])
    place = {id(g.default.record): index for index, g in enumerate(gains)}
    for session in groups:
        indices = [place[id(record)] for record in session]
        for aspect in FIGURES:
            pairs = [(i, s) for i in indices if (s := _ratio(gains[i], aspect)) is not None]
            found = adjust_all([series for _, series in pairs], SAME_SPEED, ratio_estimate)
            for (index, _), adjustment in zip(pairs, found, strict=True):
                kept = {**made[index].adjustments, aspect: adjustment}
                made[index] = replace(made[index], adjustments=kept)
    return made


def sessions(records: Sequence[Record]) -> list[list[Record]]:
    """Return the calibrated records that ran alternately on one device: their times overlap."""
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in sorted((r for r in records if _is_calibrated(r)), key=_start):
        groups.setdefault(_key(record), []).append(record)
    return [session for group in groups.values() for session in _overlapping(group)]


def calibrations(record: Record, aspect: str) -> dict[int, float]:
    """Return each round's control: the mean of the logarithms of before and after."""
    if not isinstance(record.calibration, Calibration):
        return {}
    means = {
        r.round: (_log_time(r.device_before, aspect) + _log_time(r.device_after, aspect)) / 2
        for r in record.calibration.rounds
    }
    return {number: mean for number, mean in means.items() if mean > -math.inf}


def _log_time(time: CalibrationTime, aspect: str) -> float:
    """Return what moves as the figure does: latency is a median, throughput counts all time."""
    ms = time.median_ms if aspect == "latency" else time.mean_ms
    return math.log(ms) if ms > 0 else -math.inf


def _in_session(session: Sequence[Record], aspect: str) -> Iterator[tuple[Record, Adjustment]]:
    cases = [(r, s) for r in session if (s := _series(r, aspect)) is not None]
    if not cases:
        return
    series = [one for _, one in cases]
    found = adjust_all(series, median_reference(series))
    yield from zip((record for record, _ in cases), found, strict=True)


def _series(record: Record, aspect: str) -> Series | None:
    return _paired(calibrations(record, aspect), FIGURES[aspect](record))


def _ratio(gain: Speedup[R], aspect: str) -> Series | None:
    """Return the rounds of a ratio: above 1 the default is faster, as in `speedups`."""
    f32, default = gain.f32.record, gain.default.record
    above, below = (f32, default) if aspect == "latency" else (default, f32)
    return _paired(
        _quotient(calibrations(above, aspect), calibrations(below, aspect), logs=True),
        _quotient(FIGURES[aspect](above), FIGURES[aspect](below)),
    )


def _quotient(above: Rounds, below: Rounds, *, logs: bool = False) -> dict[int, float]:
    shared = above.keys() & below.keys()
    return {r: above[r] - below[r] if logs else above[r] / below[r] for r in shared if below[r]}


def _paired(controls: Rounds, figures: Rounds) -> Series | None:
    rounds = sorted(r for r in controls.keys() & figures.keys() if figures[r] > 0)
    if len(rounds) < FEWEST_ROUNDS:
        return None
    return Series([controls[r] for r in rounds], [math.log(figures[r]) for r in rounds])


# ---------------------------------------------------------------- sessions


def _is_calibrated(record: Record) -> bool:
    return (
        isinstance(record.outcome, Completed)
        and isinstance(record.calibration, Calibration)
        and bool(record.noise)
    )


def _key(record: Record) -> tuple[object, ...]:
    calibration = record.calibration
    version = calibration.version if isinstance(calibration, Calibration) else 0
    return (record.machine.id, record.software.openvino, record.software.ovreport,
            repr(record.tier), record.case.device, record.device.full_name, version)  # fmt: skip


def _start(record: Record) -> str:
    return min(n.started_at for n in record.noise)


def _end(record: Record) -> str:
    return max(n.started_at for n in record.noise)


def _overlapping(group: Sequence[Record]) -> Iterator[list[Record]]:
    """Yield runs of records, sorted by start, whose times overlap."""
    session: list[Record] = []
    end = ""
    for record in group:
        if session and _start(record) > end:
            yield session
            session, end = [], ""
        session.append(record)
        end = max(end, _end(record))
    yield session

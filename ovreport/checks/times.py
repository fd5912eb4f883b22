"""When it was measured: not in the future, not before there was OpenVINO, processes in order."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from ovreport.checks.fault import Fault
from ovreport.record import Record

FIRST_RELEASE = datetime.datetime(2018, 5, 16, tzinfo=datetime.UTC)
"""Of OpenVINO."""
THIS_VERSION = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
"""When these lines were written. A clock that is behind it is wrong, and no measure of others."""
AHEAD = datetime.timedelta(days=1)
"""By which clocks of honest machines differ, time zones set wrong included."""
BACK = datetime.timedelta(minutes=5)
"""By which a clock may be set back while a case is measured."""


def measured_at(record: Record) -> Iterator[Fault]:
    """Yield times that cannot have been."""
    at = _time(record.measured_at)
    if at is None:
        return  # the contract refuses it
    now = max(datetime.datetime.now(datetime.UTC), THIS_VERSION)
    if at > now + AHEAD:
        yield Fault(
            "$.measured_at",
            f"{record.measured_at} is in the future",
            "Set the clock of the machine that measured, and measure again.",
            spoils_others=True,
        )
    release = re.match(r"(20\d\d)\.\d", record.software.openvino)
    # A release is named after its year, and nightly builds of it begin the year before.
    year = int(release[1]) - 1 if release else FIRST_RELEASE.year
    if at < max(FIRST_RELEASE, datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)):
        yield Fault(
            "$.measured_at",
            f"{record.measured_at} is before OpenVINO {record.software.openvino[:40]!r} existed",
            "Set the clock of the machine that measured, and measure again.",
        )


def processes(record: Record) -> Iterator[Fault]:
    """Yield processes that began out of order, or after the last one."""
    end, before = _time(record.measured_at), None
    for index, one in enumerate(record.noise):
        path, at = f"$.noise[{index}].started_at", _time(one.started_at)
        if at is None:
            yield Fault(path, "not a time: 2026-11-24T18:02:48Z is one")
            continue
        if before is not None and at < before - BACK:
            yield Fault(path, f"{one.started_at}, before the process that ran before it")
        if end is not None and at > end + BACK:
            yield Fault(path, f"{one.started_at}, after the record's own time")
        before = at


def _time(text: str) -> datetime.datetime | None:
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=datetime.UTC)

"""What the newest record of a case left out, from the run before that has it.

Who measures again with `--skip curve` wants new times, not a site without curves. An aspect that
was left out on purpose is shown from the newest earlier record of the same case, file and OpenVINO
build, with the day of that run; one that failed, or that the device cannot do, stays what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ovreport.metrics import METRICS, MetricValues, metric_values
from ovreport.record import Completed, Measured, Record, Skipped

WHOLE = ("curve", "open_loop", "end_to_end")
"""Aspects that hold all that their figures need, but for what is derived from both runs."""


def completed(record: Record, earlier: Sequence[Record]) -> tuple[Record, Mapping[str, Record]]:
    """Return the record with what it left out, and which record each such aspect is of.

    `earlier` has the other records of the same case, oldest first.
    """
    if not isinstance(record.outcome, Completed):
        return record, {}
    of = {
        measurement: found
        for measurement in WHOLE
        if isinstance(getattr(record, measurement), Skipped)
        and (found := _last(record, measurement, earlier))
    }
    taken = {measurement: getattr(found, measurement) for measurement, found in of.items()}
    return (msgspec.structs.replace(record, **taken) if taken else record), of


def figures_of(record: Record, of: Mapping[str, Record]) -> MetricValues:
    """Return the figures of a record; those of an earlier run's aspects as that run had them."""
    found = metric_values(record)
    if not of:
        return found
    before = {id(r): metric_values(r) for r in of.values()}
    return {
        key: before[id(of[METRICS[key].measurement])].get(key, figure)
        if METRICS[key].measurement in of
        else figure
        for key, figure in found.items()
    }


def _last(record: Record, measurement: str, earlier: Sequence[Record]) -> Record | None:
    """Return the newest earlier record that measured an aspect of the same file and build."""
    alike = (
        r
        for r in reversed(earlier)
        if r.model.sha256 == record.model.sha256 and r.software.openvino == record.software.openvino
    )
    return next((r for r in alike if isinstance(getattr(r, measurement), Measured)), None)

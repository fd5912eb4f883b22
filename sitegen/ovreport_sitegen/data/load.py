"""From a pile of records to results: the newest of each case, with its metric values.

Who measures again with `--skip curve` wants new times, not a site without curves. A measurement
that was skipped is shown from the newest earlier record of the same case, file and OpenVINO build,
with the day of that run; one that failed, or that the device cannot do, stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from ovreport.engines import ENGINES
from ovreport.history import case_key
from ovreport.metrics import METRICS, MetricValues, metric_values
from ovreport.record import Completed, Measured, Record, Skipped
from ovreport_sitegen.compare import same_run
from ovreport_sitegen.data.names import Names, device_key, grouped, model_key
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import release


def results(current: Sequence[Record], older: Iterable[Record], names: Names) -> Iterator[Result]:
    """Yield the result of every newest record, with what its run skipped from an earlier one."""
    before = grouped((case_key(record), record) for record in older)
    for record in current:
        earlier = before.get(case_key(record), [])
        whole, sources = resolved(record, earlier)
        values = resolved_values(whole, sources)
        yield names.result(whole, values, sources, _ran_before(record, earlier))


def _ran_before(record: Record, earlier: Sequence[Record]) -> Record | None:
    """Return the newest earlier record in which a case ran that failed since; None for no such."""
    if isinstance(record.outcome, Completed):
        return None
    return next((r for r in reversed(earlier) if isinstance(r.outcome, Completed)), None)


def earlier_partners(
    native: Sequence[Result], older: Iterable[Record], names: Names
) -> Iterator[Result]:
    """Yield OpenVINO's earlier results of the runs that the native frameworks' newest are of.

    They are the last comparison with a framework where OpenVINO was measured again alone.
    """
    by_case = grouped(((model_key(r.record), r.device.key), r.record) for r in native)
    for record in older:
        others = by_case.get((model_key(record), device_key(record)), [])
        is_openvino = ENGINES[record.case.engine].kind == "openvino"
        if is_openvino and any(same_run(other, record) for other in others):
            yield names.result(record, metric_values(record))


def earlier_releases(
    current: Sequence[Record], older: Iterable[Record], names: Names
) -> Iterator[Result]:
    """Yield the newest result of each case in each OpenVINO release but that of its newest."""
    now = {case_key(record): release(record.software.openvino) for record in current}
    found = {
        (case_key(record), release(record.software.openvino)): record
        for record in older  # oldest first: the newest stays
    }
    for (case, of), record in found.items():
        is_openvino = ENGINES[record.case.engine].kind == "openvino"
        if is_openvino and case in now and of != now[case]:
            yield names.result(record, metric_values(record))


# ---------------------------------------------------------------- what a run skipped

SELF_CONTAINED = ("curve", "open_loop", "end_to_end")
"""Measurements whose metrics need nothing else of the record: these can be of another run."""


def resolved(record: Record, earlier: Sequence[Record]) -> tuple[Record, Mapping[str, Record]]:
    """Return the record with what it skipped, and the earlier record of each such measurement.

    `earlier` has the other records of the same case, oldest first.
    """
    if not isinstance(record.outcome, Completed):
        return record, {}
    sources = {
        measurement: found
        for measurement in SELF_CONTAINED
        if isinstance(getattr(record, measurement), Skipped)
        and (found := _newest_with(measurement, record, earlier))
    }
    taken = {measurement: getattr(found, measurement) for measurement, found in sources.items()}
    return (msgspec.structs.replace(record, **taken) if taken else record), sources


def resolved_values(record: Record, sources: Mapping[str, Record]) -> MetricValues:
    """Return the metric values of a resolved record; those of an earlier run as that run has them.

    `sources` is what `resolved` returned with the record.
    """
    found = metric_values(record)
    if not sources:
        return found
    earlier = {id(r): metric_values(r) for r in sources.values()}
    return {
        key: earlier[id(sources[measurement])].get(key, value)
        if (measurement := METRICS[key].measurement) in sources
        else value
        for key, value in found.items()
    }


def _newest_with(measurement: str, record: Record, earlier: Sequence[Record]) -> Record | None:
    """Return the newest earlier record of the same file and build that has a measurement."""
    return next(
        (
            r
            for r in reversed(earlier)
            if isinstance(getattr(r, measurement), Measured)
            and r.software.openvino == record.software.openvino
        ),
        None,
    )

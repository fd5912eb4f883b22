"""From a pile of records to results: the newest of each case, with its metric values.

Who measures again with `--skip curve` wants new times, not a site without curves. A measurement
that was skipped is shown from the newest earlier record of the same case, file and OpenVINO build,
with the day of that run; one that failed, or that the device cannot do, stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from ovreport.change import Run
from ovreport.engines import ENGINES
from ovreport.metrics import METRICS, MetricValues
from ovreport.record import Completed, Record, Skipped
from ovreport_sitegen.compare import same_run
from ovreport_sitegen.data.collection import Collection, Entry
from ovreport_sitegen.data.names import Names, grouped, model_key
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.data.summary import SELF_CONTAINED, Summary
from ovreport_sitegen.text import release

Current = Sequence[tuple[Entry, Record]]
"""The newest entry of each case, and its record."""


def results(
    found: Collection, current: Current, older: Iterable[Entry], names: Names
) -> Iterator[Result]:
    """Yield the result of every newest record, with what its run skipped from an earlier one."""
    before = grouped((entry.summary.case, entry) for entry in older)
    for entry, record in current:
        earlier = before.get(entry.summary.case, [])
        sources = _sources(entry, record, earlier)
        ran = _ran_before(record, earlier)
        lent = {id_: found.shown(one) for id_, one in sources.items()}
        taken = {id_: getattr(lender, id_) for id_, lender in lent.items()}
        whole = msgspec.structs.replace(record, **taken) if taken else record
        yield names.result(
            whole,
            _values(found, entry, sources),
            lent,
            Run(found.shown(ran), found.values(ran)) if ran else None,
            b"".join(one.checksum for one in (entry, *sources.values(), ran) if one),
        )


def _ran_before(record: Record, earlier: Sequence[Entry]) -> Entry | None:
    """Return the newest earlier entry in which a case ran that failed since; None for no such."""
    if isinstance(record.outcome, Completed):
        return None
    return next((entry for entry in reversed(earlier) if entry.summary.completed), None)


def earlier_partners(
    found: Collection, native: Sequence[Result], older: Iterable[Entry], names: Names
) -> Iterator[Result]:
    """Yield OpenVINO's earlier results of the runs that the native frameworks' newest are of.

    They are the last comparison with a framework where OpenVINO was measured again alone.
    """
    by_case = grouped(((model_key(r.record), r.device.key), r.record) for r in native)
    for entry in older:
        about = entry.summary
        others = by_case.get((about.model, about.device), [])
        if ENGINES[about.engine].kind != "openvino" or not any(
            _may_be_of_one_run(about, other) for other in others
        ):
            continue
        record = found.shown(entry)
        if any(same_run(other, record) for other in others):
            yield names.result(record, found.values(entry))


def _may_be_of_one_run(about: Summary, other: Record) -> bool:
    """Return whether it pays to read a record in order to ask `same_run`."""
    first, last = about.started
    starts = sorted(n.started_at for n in other.noise)
    by_turns = bool(starts) and first <= starts[-1] and starts[0] <= last
    return about.openvino == other.software.openvino and (
        by_turns or first == last or len(starts) < 2
    )


def earlier_releases(
    found: Collection, current: Current, older: Iterable[Entry], names: Names
) -> Iterator[Result]:
    """Yield the newest result of each case in each OpenVINO release but that of its newest."""
    now = {entry.summary.case: release(entry.summary.openvino) for entry, _ in current}
    last = {
        (entry.summary.case, release(entry.summary.openvino)): entry
        for entry in older  # oldest first: the newest stays
        if ENGINES[entry.summary.engine].kind == "openvino"
    }
    for (case, of), entry in last.items():
        if case in now and of != now[case]:
            yield names.result(found.past(entry), found.values(entry))


# ---------------------------------------------------------------- what a run skipped


def _sources(entry: Entry, record: Record, earlier: Sequence[Entry]) -> Mapping[str, Entry]:
    """Return the earlier entry of each measurement that a record skipped.

    `earlier` has the other entries of the same case, oldest first.
    """
    if not isinstance(record.outcome, Completed):
        return {}
    return {
        measurement: found
        for measurement in SELF_CONTAINED
        if isinstance(getattr(record, measurement), Skipped)
        and (found := _newest_with(measurement, entry.summary, earlier))
    }


def _values(found: Collection, entry: Entry, sources: Mapping[str, Entry]) -> MetricValues:
    """Return the metric values of an entry; those of an earlier run as that run has them."""
    own = found.values(entry)
    if not sources:
        return own
    lent = {
        key: value
        for measurement, source in sources.items()
        for key, value in found.values(source).items()
        if METRICS[key].measurement == measurement
    }
    kept = {key: value for key, value in own.items() if METRICS[key].measurement not in sources}
    both = {**kept, **lent}
    return {key: both[key] for key in METRICS if key in both}


def _newest_with(measurement: str, about: Summary, earlier: Sequence[Entry]) -> Entry | None:
    """Return the newest earlier entry of the same file and build that has a measurement."""
    return next(
        (
            entry
            for entry in reversed(earlier)
            if measurement in entry.summary.measured and entry.summary.openvino == about.openvino
        ),
        None,
    )

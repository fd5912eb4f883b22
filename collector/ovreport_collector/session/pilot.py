"""How to drive a case's requests: found out once, before its first round."""

from __future__ import annotations

import msgspec

from ovreport_collector.jobs import Alongside, AlongsideJob, Driver, PilotJob, PilotResult
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import Ready
from ovreport_collector.session.context import Bench
from ovreport_collector.session.journal import Piloted


def piloted(bench: Bench, planned: PlannedCase, ready: Ready) -> Piloted:
    """Return how to drive the case's requests; a pilot finds out, unless the journal knows."""
    known = bench.journal.piloted(planned.key)
    if known is not None:
        return known
    find = _alongside if planned.is_native else _fastest
    found = find(bench, planned, ready)
    bench.journal.add(found)
    return found


def _fastest(bench: Bench, planned: PlannedCase, ready: Ready) -> Piloted:
    target = bench.target(ready, planned.case)
    result = bench.child(PilotJob(target=target, inputs=str(ready.samples)))
    # What stopped the pilot will stop the round too, and is told there.
    driver: Driver = result.driver if isinstance(result, PilotResult) else "threads"
    return Piloted(case=planned.key, driver=driver)


def _alongside(bench: Bench, planned: PlannedCase, ready: Ready) -> Piloted:
    """Return the threads and requests that OpenVINO has: a native framework gets as many."""
    beside = msgspec.structs.replace(planned.case, engine="openvino")
    result = bench.child(AlongsideJob(target=bench.target(ready, beside)))
    # Where OpenVINO cannot run the model, the framework runs with its own defaults.
    alongside = result if isinstance(result, Alongside) else None
    return Piloted(case=planned.key, driver="threads", alongside=alongside)

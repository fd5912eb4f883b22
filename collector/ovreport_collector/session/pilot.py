"""How to drive a case's requests: found out once, before its first round."""

from __future__ import annotations

import msgspec

from ovreport_collector.jobs import Driver, PilotJob, PilotResult, ThreadSettings, ThreadSettingsJob
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.session.context import RunContext
from ovreport_collector.session.journal import Piloted


def piloted(context: RunContext, planned: PlannedCase, prepared: PreparedModel) -> Piloted:
    """Return how to drive the case's requests; a pilot finds out, unless the journal knows."""
    known = context.journal.piloted(planned.key)
    if known is not None:
        return known
    find = _thread_settings if planned.is_native else _fastest
    found = find(context, planned, prepared)
    context.journal.add(found)
    return found


def _fastest(context: RunContext, planned: PlannedCase, prepared: PreparedModel) -> Piloted:
    target = context.target(prepared, planned.case)
    result = context.child(PilotJob(target=target, inputs=str(prepared.samples)))
    # What stopped the pilot will stop the round too, and is told there.
    driver: Driver = result.driver if isinstance(result, PilotResult) else "threads"
    return Piloted(case=planned.key, driver=driver)


def _thread_settings(context: RunContext, planned: PlannedCase, prepared: PreparedModel) -> Piloted:
    """Return the threads and requests that OpenVINO has: a native framework gets as many."""
    beside = msgspec.structs.replace(planned.case, engine="openvino")
    result = context.child(ThreadSettingsJob(target=context.target(prepared, beside)))
    # Where OpenVINO cannot run the model, the framework runs with its own defaults.
    thread_settings = result if isinstance(result, ThreadSettings) else None
    return Piloted(case=planned.key, driver="threads", thread_settings=thread_settings)

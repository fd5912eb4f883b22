"""How to drive a case's requests: found out once, before its first round."""

from __future__ import annotations

import msgspec

from ovreport_collector.measurements.outputs import DriverJob, ThreadSettingsJob
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process.job import JobFailed
from ovreport_collector.session.context import RunContext
from ovreport_collector.session.journal import DriverChosen


def choose_driver(
    context: RunContext, planned: PlannedCase, prepared: PreparedModel
) -> DriverChosen:
    """Return how to drive the case's requests: from the journal, or found out and noted there."""
    known = context.journal.driver(planned.key)
    if known is not None:
        return known
    find = _thread_settings if planned.is_native else _fastest
    found = find(context, planned, prepared)
    context.journal.add(found)
    return found


def _fastest(context: RunContext, planned: PlannedCase, prepared: PreparedModel) -> DriverChosen:
    target = context.target(prepared, planned.case)
    result = context.run_job(DriverJob(target=target, inputs=str(prepared.samples)))
    # What stopped this trial will stop the round too, and is reported there.
    driver = "threads" if isinstance(result, JobFailed) else result.driver
    return DriverChosen(case=planned.key, driver=driver)


def _thread_settings(
    context: RunContext, planned: PlannedCase, prepared: PreparedModel
) -> DriverChosen:
    """Return the threads and requests that OpenVINO has: a native framework gets as many."""
    same_on_openvino = msgspec.structs.replace(planned.case, engine="openvino")
    result = context.run_job(ThreadSettingsJob(target=context.target(prepared, same_on_openvino)))
    # Where OpenVINO cannot run the model, the framework runs with its own defaults.
    settings = None if isinstance(result, JobFailed) else result
    return DriverChosen(case=planned.key, driver="threads", thread_settings=settings)

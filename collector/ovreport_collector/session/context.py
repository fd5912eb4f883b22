"""What every step of a run works with: the plan, its models, the journal, and fresh processes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ovreport.record import Case
from ovreport_collector.engines.types import Target, ThreadSettings
from ovreport_collector.measurements.outputs import DriverJob, ThreadSettingsJob
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process import child, timing
from ovreport_collector.process.job import Job, JobFailed, R
from ovreport_collector.process.timing import Stopwatch
from ovreport_collector.session.journal import DriverChosen, Journal
from ovreport_collector.session.progress import PlainDisplay

_START_LIMIT_S = 300.0
"""What reading and compiling may take, in addition to the timed loops."""


@dataclass
class RunContext:
    """What the steps of one run share."""

    plan: Plan
    prepared: Mapping[tuple[str, str], PreparedModel | JobFailed]
    """Model id and variant → the prepared model, or why there is none; the published one always."""
    journal: Journal
    work: Path
    display: PlainDisplay
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    """Since the last step of the journal."""
    timeout_s: float | None = None
    """Limit of one measuring process; None: from the tier."""
    begun: set[tuple[str, str]] = field(default_factory=set)
    """Case and measurement: whose first job was done in this process."""

    def target(
        self, prepared: PreparedModel, case: Case, thread_settings: ThreadSettings | None = None
    ) -> Target:
        """Return what a process has to load to measure a case."""
        return Target(
            engine=case.engine,
            model=str(prepared.file),
            shapes=prepared.model.shapes,
            device=case.device,
            precision=case.precision,
            plugins=dict(self.plan.plugins),
            thread_settings=thread_settings,
        )

    def folder(self, planned: PlannedCase) -> Path:
        """Return the working folder of a case, which need not exist."""
        return self.work / "cases" / str(list(self.plan.cases).index(planned))

    def run_job(self, job: Job[R], *, extra_s: float = 0) -> R | JobFailed:
        """Do a job in a fresh process, which may take `extra_s` more than the tier's loops."""
        limit_s = self.timeout_s or _START_LIMIT_S + 4 * (self.plan.tier.max_seconds + extra_s)
        result = child.run(job, self.work, limit_s=limit_s)
        self.stopwatch.add(timing.read_measured(child.measured_file(self.work)))
        return result

    def driver(self, planned: PlannedCase, prepared: PreparedModel) -> DriverChosen:
        """Return how to drive a case's requests: found out once, and noted in the journal."""
        known = self.journal.driver(planned.key)
        if known is not None:
            return known
        find = self._thread_settings if planned.is_native else self._fastest
        found = find(planned, prepared)
        self.journal.add(found)
        return found

    def _fastest(self, planned: PlannedCase, prepared: PreparedModel) -> DriverChosen:
        target = self.target(prepared, planned.case)
        result = self.run_job(DriverJob(target=target, inputs=str(prepared.samples)))
        # What stopped this trial will stop the round too, and is reported there.
        driver = "threads" if isinstance(result, JobFailed) else result.driver
        return DriverChosen(case=planned.key, driver=driver)

    def _thread_settings(self, planned: PlannedCase, prepared: PreparedModel) -> DriverChosen:
        """Return the threads and requests that OpenVINO has: a native framework gets as many."""
        same_on_openvino = msgspec.structs.replace(planned.case, engine="openvino")
        result = self.run_job(ThreadSettingsJob(target=self.target(prepared, same_on_openvino)))
        # Where OpenVINO cannot run the model, the framework runs with its own defaults.
        settings = None if isinstance(result, JobFailed) else result
        return DriverChosen(case=planned.key, driver="threads", thread_settings=settings)


def now() -> str:
    """Return the time as records have it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

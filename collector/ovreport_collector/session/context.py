"""What every step of a run works with: the plan, its models, the journal, and fresh processes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ovreport.record import Case, SourceFile
from ovreport_collector.engines.base import NO_PROPERTIES
from ovreport_collector.engines.types import OutputTraits, Target, ThreadSettings
from ovreport_collector.loadgen.checks import NO_TRAITS
from ovreport_collector.machine.core_to_core import CoreToCore
from ovreport_collector.measurements.outputs import ThreadSettingsJob
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process import child, timing
from ovreport_collector.process.job import Job, JobFailed, R
from ovreport_collector.process.timing import Stopwatch
from ovreport_collector.session.journal import Journal
from ovreport_collector.session.progress import PlainDisplay
from ovreport_collector.session.steps import ThreadsFound
from ovreport_collector.sources.model_files import Contents

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
    """Limit of one step of a measuring process; None: from the tier."""
    contents: Mapping[str, Contents] = field(default_factory=dict)
    """Model id → the files that it consists of; without those that could not be had."""
    cores: CoreToCore = field(default_factory=CoreToCore)
    """Tells how far apart the host runs our processors; nothing unless it was started."""
    begun: set[tuple[str, str]] = field(default_factory=set)
    """Case and measurement: whose first job was done in this process."""

    def files(self, model_id: str) -> Sequence[SourceFile]:
        """Return the files that a model consists of; none where they could not be had."""
        return self.contents[model_id].files if model_id in self.contents else ()

    def have_changed(self, model_id: str) -> bool:
        """Return whether a model's files are others than when the run began."""
        return model_id in self.contents and self.contents[model_id].have_changed

    def target(
        self,
        prepared: PreparedModel,
        case: Case,
        thread_settings: ThreadSettings | None = None,
        traits: OutputTraits = NO_TRAITS,
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> Target:
        """Return what a process has to load to measure a case; `traits` of outputs, once known.

        `properties`: of OpenVINO, that its arm sets.
        """
        return Target(
            engine=case.engine,
            model=str(prepared.file),
            shapes=prepared.model.shapes,
            device=case.device,
            precision=case.precision,
            plugins=dict(self.plan.plugins),
            thread_settings=thread_settings,
            traits=traits,
            properties=dict(properties),
        )

    def folder(self, planned: PlannedCase) -> Path:
        """Return the working folder of a case, which need not exist."""
        return self.work / "cases" / str(list(self.plan.cases).index(planned))

    def limit_s(self, extra_s: float = 0) -> float:
        """Return what a step of a process may take, `extra_s` more than the tier's loops."""
        return self.timeout_s or _START_LIMIT_S + 4 * (self.plan.tier.max_seconds + extra_s)

    def run_job(
        self, job: Job[R], *, extra_s: float = 0, python: Path | None = None
    ) -> R | JobFailed:
        """Do a job in a fresh process, which may take `extra_s` more than the tier's loops.

        `python`: interpreter of the case's arm; None: our own.
        """
        result = child.run(job, self.work, limit_s=self.limit_s(extra_s), python=python)
        self.stopwatch.add(timing.read_measured(child.measured_file(self.work)))
        return result

    def thread_settings(
        self, planned: PlannedCase, prepared: PreparedModel
    ) -> ThreadSettings | None:
        """Return the threads and requests of a native framework: as many as OpenVINO has.

        Found out once, and noted in the journal. None for OpenVINO itself.
        """
        if not planned.is_native:
            return None
        known = self.journal.threads(planned.key)
        if known is None:
            known = self._thread_settings(planned, prepared)
            self.journal.add(known)
        return known.thread_settings

    def _thread_settings(self, planned: PlannedCase, prepared: PreparedModel) -> ThreadsFound:
        same_on_openvino = msgspec.structs.replace(planned.case, engine="openvino")
        result = self.run_job(ThreadSettingsJob(target=self.target(prepared, same_on_openvino)))
        # Where OpenVINO cannot run the model, the framework runs with its own defaults.
        settings = None if isinstance(result, JobFailed) else result
        return ThreadsFound(case=planned.key, thread_settings=settings)


def now() -> str:
    """Return the time as records have it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Memory of a start whose weights are read, not mapped: what mapping them saves."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.record import Failed, MemoryMode, NotMeasured, Tier, Unsupported
from ovreport_collector.jobs import ExtraJob, ExtraResult, JobFailed, NoMmapJob, NoMmapResult
from ovreport_collector.measurements.base import Around
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel

_START_S = 1.5


class NoMmap:
    """The mode `no-mmap` of the record's memory."""

    name = "no_mmap"

    def why_not(self, planned: PlannedCase, prepared: PreparedModel) -> NotMeasured | None:
        """Return why this case does not have it."""
        if planned.case.engine != "openvino":
            return Unsupported(reason="only OpenVINO can be told to read weights, not to map them")
        return None

    def seconds(self, tier: Tier) -> float:
        """Return what a start takes."""
        return _START_S

    def job(self, around: Around) -> ExtraJob:
        """Return the start of one round."""
        return NoMmapJob(
            target=around.target,
            round=around.round,
            inputs=str(around.prepared.samples),
            seed=around.seed,
        )

    def measurement(self, results: Sequence[ExtraResult | JobFailed]) -> MemoryMode | NotMeasured:
        """Return the mode of the rounds that gave it."""
        measured = [r for r in results if isinstance(r, NoMmapResult)]
        rounds = [r.memory for r in measured if r.memory is not None]
        if rounds:
            return MemoryMode(rounds=rounds)
        for failed in results:
            if isinstance(failed, JobFailed):
                return Failed(
                    reason=failed.reason, cause=failed.cause, stderr_tail=failed.stderr_tail
                )
        return next(r.why_not for r in measured if r.why_not is not None)

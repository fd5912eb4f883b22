"""The start from the model cache among the measurements that follow a process."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.record import MemoryMode, NotMeasured, StartupCached, Tier, Unsupported
from ovreport.stats.spread import MIN_PROCESSES
from ovreport_collector.measurements.base import (
    NO_ROUND,
    Measurement,
    PlannedProcess,
    first_failure,
    measured,
)
from ovreport_collector.measurements.results import InferenceResult
from ovreport_collector.measurements.startup.run import CachedStartJob, CachedStartResult
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process.job import JobFailed

_START_S = 0.6
_QUICK_PROCESSES = MIN_PROCESSES + 1
"""Three have to agree, one may be disturbed."""
_NOT_CACHED = Unsupported(
    reason="the plugin did not report LOADED_FROM_CACHE: it compiled the model again"
)


class CachedStart(Measurement[CachedStartResult]):
    """The record's `startup_cached`, and the mode `cached` of its memory."""

    name = "startup_cached"
    memory_mode = "cached"
    for_all_cases = True

    def why_not(self, planned: PlannedCase, prepared: PreparedModel) -> NotMeasured | None:
        """Return why this case does not have it: a native framework has no model cache."""
        if planned.is_native:
            return Unsupported(reason="this framework has no model cache")
        return None

    def rounds(self, tier: Tier) -> int:
        """Return the number of all processes; at quick no more than can be confirmed."""
        most = tier.max_processes
        return min(most, _QUICK_PROCESSES) if tier.name == "quick" else most

    def seconds(self, tier: Tier, inference_s: float = 0.0) -> float:
        """Return what a start takes; the first one of a case fills the cache before."""
        return _START_S

    def first_job(self, current: PlannedProcess) -> CachedStartJob:
        """Return the job that fills the case's cache: a start as all others."""
        return self.job(current, ())

    def job(self, current: PlannedProcess, results: Sequence[InferenceResult]) -> CachedStartJob:
        """Return a start from the case's cache."""
        return CachedStartJob(
            target=current.target,
            round=current.index,
            inputs=str(current.prepared.samples),
            cache_dir=str(current.folder / "model-cache"),
            seed=current.seed,
        )

    def part(self, results: Sequence[CachedStartResult | JobFailed]) -> StartupCached | NotMeasured:
        """Return the starts of all processes; one that failed or was not cached counts for all."""
        if failure := first_failure(results):
            return failure
        starts = measured(results)
        if not all(start.loaded_from_cache for start in starts):
            return _NOT_CACHED
        return StartupCached(
            rounds=[start.startup for start in starts],
            cache_bytes=max(start.cache_bytes for start in starts),
        )

    def memory(self, results: Sequence[CachedStartResult | JobFailed]) -> MemoryMode | NotMeasured:
        """Return the memory of the starts that `part` returns."""
        part = self.part(results)
        if isinstance(part, NotMeasured):
            return part
        rounds = [start.memory for start in measured(results) if start.memory is not None]
        return MemoryMode(rounds=rounds) if rounds else NO_ROUND

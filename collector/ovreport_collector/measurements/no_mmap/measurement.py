"""Memory of a start whose weights are read, not mapped: what mapping them saves."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.record import MemoryMode, NotMeasured, Tier, Unsupported
from ovreport_collector.measurements.base import (
    Measurement,
    PlannedProcess,
    first_failure,
    measured,
)
from ovreport_collector.measurements.no_mmap.run import NoMmapJob, NoMmapResult
from ovreport_collector.measurements.results import InferenceResult
from ovreport_collector.plan.plan import PlannedCase
from ovreport_collector.prepare.model import PreparedModel
from ovreport_collector.process.job import JobFailed

_START_S = 0.5


class NoMmap(Measurement[NoMmapResult]):
    """The mode `no-mmap` of the record's memory."""

    name = "no_mmap"
    is_field = False
    memory_mode = "no-mmap"

    def why_not(self, planned: PlannedCase, prepared: PreparedModel) -> NotMeasured | None:
        """Return why this case does not have it: another engine."""
        if planned.case.engine != "openvino":
            return Unsupported(reason="only OpenVINO can read weights instead of mapping them")
        return None

    def seconds(self, tier: Tier, inference_s: float = 0.0) -> float:
        """Return what a start takes."""
        return _START_S

    def job(self, current: PlannedProcess, results: Sequence[InferenceResult]) -> NoMmapJob:
        """Return the start that follows a process."""
        return NoMmapJob(
            target=current.target,
            round=current.index,
            inputs=str(current.prepared.samples),
            seed=current.seed,
        )

    def part(self, results: Sequence[NoMmapResult | JobFailed]) -> MemoryMode | NotMeasured:
        """Return the memory of the processes that measured it."""
        return self.memory(results)

    def memory(self, results: Sequence[NoMmapResult | JobFailed]) -> MemoryMode | NotMeasured:
        """Return the memory of the processes that measured it, or why none did."""
        found = measured(results)
        if rounds := [result.memory for result in found if result.memory is not None]:
            return MemoryMode(rounds=rounds)
        whys = [result.why_not for result in found if result.why_not is not None]
        return first_failure(results) or whys[0]

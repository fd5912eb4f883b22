"""The second read among the measurements of a round."""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.record import NotMeasured, SecondRead, Tier
from ovreport_collector.measurements.base import (
    NO_ROUND,
    Measurement,
    PlannedProcess,
    first_failure,
    measured,
)
from ovreport_collector.measurements.results import InferenceResult
from ovreport_collector.measurements.second_read.run import SecondReadJob, SecondReadResult
from ovreport_collector.process.job import JobFailed


class SecondReadMeasurement(Measurement[SecondReadResult]):
    """The record's `second_read`."""

    name = "second_read"

    def seconds(self, tier: Tier, inference_s: float = 0.0) -> float:
        """Return what starting a process takes."""
        return 1.0

    def job(self, current: PlannedProcess, results: Sequence[InferenceResult]) -> SecondReadJob:
        """Return the job of one round."""
        return SecondReadJob(target=current.target, round=current.index)

    def part(self, results: Sequence[SecondReadResult | JobFailed]) -> SecondRead | NotMeasured:
        """Return the reads of all rounds."""
        if rounds := [result.read for result in measured(results)]:
            return SecondRead(rounds=rounds)
        return first_failure(results) or NO_ROUND

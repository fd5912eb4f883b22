"""Arrivals at random: the highest rate whose tail latency stays within a limit."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ovreport.metrics import significant
from ovreport.record import NotMeasured, OpenLoop, Tier
from ovreport_collector.measurements.base import (
    NO_ROUND,
    Measurement,
    PlannedProcess,
    first_failure,
    measured,
)
from ovreport_collector.measurements.open_loop.run import FEW, LONGEST, ArrivalsJob, ArrivalsResult
from ovreport_collector.measurements.results import InferenceResult
from ovreport_collector.process.job import JobFailed

SECONDS = {"quick": 0.7, "standard": 3.0, "publish": 10.0}
RATES = {"quick": 4, "standard": 6, "publish": 6}
"""Rates of a search: four end 6 % of the throughput apart, six 1.6 %."""
LIMIT = 5
"""The limit is so many times the case's own latency without any load."""
LEAST = {0.9: 3 * 64, 0.99: 3 * 662}
"""Percentile → arrivals of a step: the bound needs 64 or 662 independent ones (MLPerf), and
waiting requests are correlated: three times that serves up to a correlation of one half."""
_START_S = 0.6
_TRIES = 1.2
"""Steps at a rate: one that misses is repeated, but ends early."""


class OpenLoopMeasurement(Measurement[ArrivalsResult]):
    """The record's `open_loop`."""

    name = "open_loop"
    needs_streams = True

    def seconds(self, tier: Tier, inference_s: float = 0.0) -> float:
        """Return about how long it takes once: a model that is too slow for it takes no time."""
        seconds, rate = SECONDS[tier.name], 1 / (2 * max(inference_s, 1e-6))
        if rate * LONGEST * seconds < FEW:
            return _START_S
        step_s = min(max(seconds, LEAST[0.9] / rate), LONGEST * seconds)
        return _START_S + RATES[tier.name] * _TRIES * step_s

    def job(self, current: PlannedProcess, results: Sequence[InferenceResult]) -> ArrivalsJob:
        """Return the job after a process: limit and percentile are the same in all of them."""
        first, seconds = results[0], SECONDS[current.tier.name]
        limit_ms = float(f"{LIMIT * first.latency_ms:.2g}")
        percentile = percentile_for(first.throughput_ips, seconds)
        return ArrivalsJob(
            target=current.target,
            round=current.index,
            inputs=str(current.prepared.samples),
            seed=current.seed,
            closed_ips=results[-1].throughput_ips or first.throughput_ips,
            limit_ms=limit_ms,
            limit_rule=f"{LIMIT} times the case's own median latency without load, "
            f"{significant(first.latency_ms)} ms in its first process, to two significant digits",
            percentile=percentile,
            seconds=seconds,
            least=LEAST[percentile],
            rates=RATES[current.tier.name],
        )

    def part(self, results: Sequence[ArrivalsResult | JobFailed]) -> OpenLoop | NotMeasured:
        """Return the searches of all rounds; what one round could not do, the others may."""
        loops = [result.open_loop for result in measured(results)]
        if not loops:
            return first_failure(results) or NO_ROUND
        return msgspec.structs.replace(loops[0], rounds=[r for loop in loops for r in loop.rounds])


def percentile_for(rate: float, seconds: float) -> float:
    """Return p99 where half the throughput brings enough arrivals within a step, else p90."""
    return 0.99 if rate / 2 * LONGEST * seconds >= LEAST[0.99] else 0.9

"""How far rounds lie apart, over all cases of a run: what one case alone cannot tell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ovreport.record import Latency, Record, RunSpread, Throughput
from ovreport.stats import intervals
from ovreport.stats.spread import pooled

_MIN_CASES = 2
_MIN_ROUNDS = 3


def run_spreads(records: Sequence[Record]) -> dict[str, RunSpread]:
    """Return the spread over the cases of one run by metric key, of what two cases or more have."""
    found = {
        "latency_observed_ms": [_latencies(record) for record in records],
        "throughput_observed_ips": [_rates(record) for record in records],
    }
    spreads = {key: _spread(cases) for key, cases in found.items()}
    return {key: spread for key, spread in spreads.items() if spread is not None}


def _latencies(record: Record) -> list[float]:
    measured = record.latency
    return [r.median_ms for r in measured.rounds] if isinstance(measured, Latency) else []


def _rates(record: Record) -> list[float]:
    measured = record.throughput
    if not isinstance(measured, Throughput):
        return []
    return [r.n * measured.batch / r.duration_s for r in measured.rounds]


def _spread(cases: Iterable[Sequence[float]]) -> RunSpread | None:
    logs = [[math.log(v) for v in values] for values in cases if len(values) >= _MIN_ROUNDS]
    if len(logs) < _MIN_CASES:
        return None
    spread = pooled([intervals.deviation(v) for v in logs], [len(v) - 1.0 for v in logs])
    rhos = [intervals.autocorrelation(v) for v in logs]
    return RunSpread(
        cases=len(logs),
        deviation=spread.deviation,
        degrees=spread.degrees,
        autocorrelation=sum(rhos) / len(rhos),
    )

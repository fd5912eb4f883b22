"""How far rounds lie apart, over all cases of a run: what one case alone cannot tell."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ovreport.metrics.efficiency import cpu_times_ms
from ovreport.metrics.generation import first_token_of, per_token_of
from ovreport.metrics.headline import Rounds
from ovreport.metrics.speed import latency_of, throughput_of
from ovreport.metrics.startup import startup_of
from ovreport.record import Latency, Record, RunSpread, Throughput
from ovreport.stats.intervals import reach
from ovreport.stats.spread import MIN_PROCESSES, ROUNDS, Spread, lag1, of_values, pooled
from ovreport.stats.undisturbed import LUCKY

_HEADLINES: dict[str, Callable[[Record], Rounds | None]] = {
    "latency_ms": latency_of,
    "throughput_ips": throughput_of,
    "startup_ms": startup_of,
    "time_to_first_token_ms": first_token_of,
    "time_per_output_token_ms": per_token_of,
}
_MIN_CASES = 2
_MIN_ROUNDS = 3
_ORDINARY_ROUNDS = 20
"""So many rounds the ordinary autocorrelation is worth beside those of the run."""


def run_spreads(records: Sequence[Record]) -> dict[str, RunSpread]:
    """Return the spread over the cases of one run by metric key, of what two cases or more have.

    Of a headline it is that of the floors of processes, of an observed value that of rounds.
    """
    found = {
        key: spread_of_floors([rounds.floors for rounds in _all(records, of)])
        for key, of in _HEADLINES.items()
    }
    found |= {key: spread_of_rounds([of(r) for r in records]) for key, of in _ROUNDS.items()}
    return {key: spread for key, spread in found.items() if spread is not None}


def _latencies(record: Record) -> list[float]:
    rounds = latency_of(record)
    return list(rounds.values) if rounds else []


def _rates(record: Record) -> list[float]:
    rounds = throughput_of(record)
    return list(rounds.values) if rounds else []


def _latency_cpu(record: Record) -> list[float]:
    measured = record.latency
    return list(cpu_times_ms(measured.rounds).values()) if isinstance(measured, Latency) else []


def _throughput_cpu(record: Record) -> list[float]:
    measured = record.throughput
    if not isinstance(measured, Throughput):
        return []
    return list(cpu_times_ms(measured.rounds, measured.batch).values())


_ROUNDS: dict[str, Callable[[Record], list[float]]] = {
    "latency_observed_ms": _latencies,
    "throughput_observed_ips": _rates,
    "latency_cpu_ms": _latency_cpu,
    "throughput_cpu_ms": _throughput_cpu,
}


def _all(records: Sequence[Record], of: Callable[[Record], Rounds | None]) -> list[Rounds]:
    return [rounds for record in records if (rounds := of(record)) is not None]


def spread_of_floors(cases: Sequence[Sequence[float]]) -> RunSpread | None:
    """Return the spread of the first processes that were quiet: a choice by value would be small.

    Each case is a list of logarithms, one a process. Processes are added where the first ones
    disagree, so that all of them together would tell most of the cases that are noisiest. Those far
    slower than the fastest of their case were disturbed by what nothing showed, and are no part of
    any value either: they would tell of the disturbance, not of how processes differ.
    """
    near = [_near_fastest(floors) for floors in cases]
    first = [floors[:MIN_PROCESSES] for floors in near if len(floors) >= MIN_PROCESSES]
    return _run_spread(first, rho=0.0)


def _near_fastest(floors: Sequence[float]) -> list[float]:
    return [floor for floor in floors if floor - min(floors) <= math.log1p(LUCKY)]


def spread_of_rounds(cases: Sequence[Sequence[float]]) -> RunSpread | None:
    """Return the spread of the rounds of several cases, each a list of positive values."""
    logs = [[math.log(v) for v in values] for values in cases if len(values) >= _MIN_ROUNDS]
    return _run_spread(logs, rho=_correlation(logs))


def _correlation(cases: Sequence[Sequence[float]]) -> float:
    """Return the autocorrelation of rounds that the cases bear out, two standard errors on top.

    Rounds far astray are left out: one that another program disturbed hides how its neighbours are
    alike. Two errors more, since too little of it makes intervals too narrow.
    """
    rounds = sum(map(len, cases)) + _ORDINARY_ROUNDS
    found = math.fsum(len(values) * lag1(values, reach(values)) for values in cases)
    rho = (found + _ORDINARY_ROUNDS * ROUNDS.autocorrelation) / rounds
    error = math.sqrt(max(1 - rho * rho, 0.0) / rounds)
    return min(max(rho + 2 * error, 0.0), 0.9)


def _run_spread(cases: Sequence[Sequence[float]], *, rho: float) -> RunSpread | None:
    if len(cases) < _MIN_CASES:
        return None
    spreads: list[Spread] = [of_values(values, rho) for values in cases]
    typical = pooled(spreads)
    return RunSpread(
        cases=len(cases), deviation=typical.deviation, degrees=typical.degrees, autocorrelation=rho
    )

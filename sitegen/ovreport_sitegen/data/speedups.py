"""A result against a baseline, by rounds that alternated: f32, another choice, a framework."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from ovreport.history import same_work
from ovreport_sitegen.compare import PairedComparison
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import Result

Speedup = PairedComparison[Result]
"""A result against its baseline."""


@lru_cache(maxsize=1 << 16)
def speedup_over(baseline: Result, candidate: Result) -> Speedup:
    """Return a result against a baseline: computed once, whichever pages ask for it."""
    return PairedComparison(baseline, candidate)


def framework_speedups(ours: Sequence[Result], native: Sequence[Result]) -> Iterator[Speedup]:
    """Yield OpenVINO against each native framework that did the same work in the same run."""
    by_case = grouped((_framework_key(result), result) for result in ours)
    for framework in native:
        for result in by_case.get(_framework_key(framework), []):
            pair = speedup_over(framework, result)
            if same_work(framework.record, result.record) and (pair.latency or pair.throughput):
                yield pair


def _framework_key(result: Result) -> tuple[object, ...]:
    """Return what a result of OpenVINO shares with those of native frameworks."""
    return (*result.device.key, result.record.case.device, result.model.id, result.variant)

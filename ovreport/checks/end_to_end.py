"""From an image file to its answer: stages, the whole and rates are of the same images."""

from __future__ import annotations

from collections.abc import Iterator

from ovreport.checks.fault import Fault, number
from ovreport.record import EndToEnd, PipelineRound, Record

APART = 3.0
"""Medians of stages do not add up to the median of the whole, and a rate follows from the mean; but
never so far apart."""
OVERLAP = 20.0
"""Most that doing the next images' work meanwhile can gain."""


def end_to_end(record: Record) -> Iterator[Fault]:
    """Yield rounds of a pipeline that contradict themselves."""
    if isinstance(record.end_to_end, EndToEnd):
        for index, pipeline in enumerate(record.end_to_end.pipelines):
            for k, r in enumerate(pipeline.rounds):
                for field, what in _round(r):
                    yield Fault(f"$.end_to_end.pipelines[{index}].rounds[{k}].{field}", what)


def _round(r: PipelineRound) -> Iterator[tuple[str, str]]:
    stages = sum(r.stages_ms.values())
    if not r.median_ms / APART <= stages <= r.median_ms * APART:
        yield (
            "stages_ms",
            f"the stages take {number(stages)} ms, the whole {number(r.median_ms)} ms",
        )
    one_by_one = 1000 / r.median_ms
    if not one_by_one / APART <= r.sync_ips <= one_by_one * APART:
        yield (
            "sync_ips",
            f"{number(r.sync_ips)} images a second one after the other, each of which takes "
            f"{number(r.median_ms)} ms",
        )
    if not r.sync_ips / OVERLAP <= r.async_ips <= r.sync_ips * OVERLAP:
        yield (
            "async_ips",
            f"{number(r.async_ips)} images a second in a pipeline, {number(r.sync_ips)} without",
        )

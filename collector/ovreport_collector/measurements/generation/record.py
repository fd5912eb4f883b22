"""A language model's part of a record: what its rounds become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ovreport.metrics.generation import first_token, headline, per_token
from ovreport.metrics.verdict import needs_more_rounds
from ovreport.record import (
    Concurrency,
    ConcurrentPoint,
    Generation,
    GenerationPoint,
    Histogram,
    NotMeasured,
    Skipped,
    Unsupported,
)
from ovreport.record.generation import TOKEN_GROWTH
from ovreport_collector.jobs import GenerationResult

if TYPE_CHECKING:
    from ovreport_collector.plan.plan import PlannedCase
    from ovreport_collector.session.journal import Described, GenerationDone, Journal

SEE = Unsupported(reason="a language model: see generation")
FAILED_BEFORE = Skipped(reason="the case failed before this was measured")
DECODING = (
    "Greedy; the end of the text is ignored, so that every answer has the length that is told. "
    "Prompts are parts of a pinned text without a chat template; no prompt comes twice in a "
    "process, so none comes out of the prefix cache."
)


def is_wide(steps: Sequence[GenerationDone]) -> bool:
    """Return whether the headline is not known well enough yet."""
    point = headline(_points([step.result for step in steps]))
    return any(needs_more_rounds(of(point)) for of in (first_token, per_token))


def measurements(planned: PlannedCase, journal: Journal) -> dict[str, Any]:
    """Return the fields of a record that differ from a classic model's."""
    steps = sorted(journal.generated(planned.key), key=lambda step: step.round)
    described = journal.described(planned.key)
    classic = (
        "startup",
        "startup_cached",
        "latency",
        "throughput",
        "memory",
        "accuracy",
        "agreement",
        "curve",
        "open_loop",
        "end_to_end",
        "energy",
    )
    found: Generation | NotMeasured = FAILED_BEFORE
    if steps:
        found = _generation(steps, described)
    return {**dict.fromkeys(classic, SEE), "generation": found}


def _generation(steps: Sequence[GenerationDone], described: Described | None) -> Generation:
    results = [step.result for step in steps]
    return Generation(
        settings=described.settings if described and described.settings else results[0].settings,
        decoding=DECODING,
        points=_points(results),
        loads=[result.load for result in results],
        memory=[result.memory for result in results if result.memory is not None],
        memory_unreadable=next((r.memory_unreadable for r in results), ""),
        perplexity=described.perplexity if described else FAILED_BEFORE,
        agreement=described.token_agreement if described else FAILED_BEFORE,
        concurrency=_concurrency([result.concurrency for result in results]),
    )


def _points(results: Sequence[GenerationResult]) -> list[GenerationPoint]:
    """Return each pair of lengths over all rounds."""
    by_lengths: dict[tuple[int, int], list[GenerationPoint]] = {}
    for point in (point for result in results for point in result.points):
        by_lengths.setdefault((point.prompt_tokens, point.new_tokens), []).append(point)
    return [
        msgspec.structs.replace(
            same[0],
            rounds=[r for point in same for r in point.rounds],
            histogram=_added([point.histogram for point in same]),
        )
        for same in by_lengths.values()
    ]


def _added(histograms: Sequence[Histogram]) -> Histogram:
    counts: dict[int, int] = {}
    for index, count in (bucket for h in histograms for bucket in h.buckets):
        counts[index] = counts.get(index, 0) + count
    return Histogram(growth=TOKEN_GROWTH, buckets=sorted(counts.items()))


def _concurrency(found: Sequence[Concurrency | NotMeasured]) -> Concurrency | NotMeasured:
    """Return all rounds' requests at once; where no round has any, the first one's reason."""
    measured = [one for one in found if isinstance(one, Concurrency)]
    if not measured:
        return next(one for one in found if isinstance(one, NotMeasured))
    by_requests: dict[int, list[ConcurrentPoint]] = {}
    for point in (point for one in measured for point in one.points):
        by_requests.setdefault(point.requests, []).append(point)
    points = [
        ConcurrentPoint(requests=n, rounds=[r for point in same for r in point.rounds])
        for n, same in sorted(by_requests.items())
    ]
    return msgspec.structs.replace(measured[0], points=points)

"""Language models: tokens, answers and their times are of the same answers."""

from __future__ import annotations

from collections.abc import Iterator

from ovreport.checks import samples
from ovreport.checks.fault import Fault, number
from ovreport.checks.loops import possible
from ovreport.record import Concurrency, Generation, GenerationPoint, GenerationRound, Record

APART = 10.0
"""A median time to the first token may be far from its mean."""
RUNTIME, RUNTIME_MS = 1.2, 1.0
"""The pipeline reads another clock, and may count from another moment."""


def generation(record: Record) -> Iterator[Fault]:
    """Yield points of generation that contradict themselves."""
    if not isinstance(record.generation, Generation):
        return
    for index, point in enumerate(record.generation.points):
        path = f"$.generation.points[{index}]"
        least, most = samples.total_ms(point.histogram)
        gaps = point.new_tokens - 1
        total = sum(r.generations * gaps * r.time_per_output_token_mean_ms for r in point.rounds)
        if not least * (1 - samples.SLACK) <= total <= most * (1 + samples.SLACK):
            yield Fault(
                f"{path}.rounds",
                f"the means add up to {number(total)} ms, the histogram to {number(least)} to "
                f"{number(most)} ms",
            )
        for k, r in enumerate(point.rounds):
            for field, what in _round(r, point):
                yield Fault(f"{path}.rounds[{k}].{field}", what)
    for index, load in enumerate(record.generation.loads):
        if min(load.load_ms, load.first_ms) <= 0:
            yield Fault(f"$.generation.loads[{index}].load_ms", "loading takes time")
    if isinstance(record.generation.concurrency, Concurrency):
        yield from _concurrency(record.generation.concurrency)


def _round(r: GenerationRound, point: GenerationPoint) -> Iterator[tuple[str, str]]:
    gaps = r.generations * (point.new_tokens - 1)
    if not samples.in_range(r.time_per_output_token_ms, point.histogram):
        what = f"{number(r.time_per_output_token_ms)} ms lies outside the histogram"
        yield "time_per_output_token_ms", what
    between_s = gaps * r.time_per_output_token_mean_ms / 1000
    first_s = r.generations * r.time_to_first_token_ms / 1000
    # Half of the answers had their first token no sooner than the median.
    if not between_s + first_s / 2.1 <= r.duration_s * 1.01 <= between_s + first_s * APART + 1:
        yield (
            "duration_s",
            f"{number(r.duration_s)} s, where first tokens take {number(first_s)} s and the others "
            f"{number(between_s)} s",
        )
    for what in ("time_to_first_token_ms", "time_per_output_token_ms"):
        caller = max(getattr(r, what), r.time_per_output_token_mean_ms * (what[5:8] == "per"))
        if getattr(r, f"runtime_{what}") > caller * RUNTIME + RUNTIME_MS:
            yield f"runtime_{what}", "longer inside the pipeline than for its caller"
    if not possible(r.autocorrelation, gaps):
        yield "autocorrelation", f"{r.autocorrelation!r} cannot be of {gaps} samples"


def _concurrency(found: Concurrency) -> Iterator[Fault]:
    for index, point in enumerate(found.points):
        for k, r in enumerate(point.rounds):
            if r.tokens != point.requests * found.new_tokens:
                yield Fault(
                    f"$.generation.concurrency.points[{index}].rounds[{k}].tokens",
                    f"{r.tokens}, where {point.requests} requests of {found.new_tokens} tokens "
                    f"make {point.requests * found.new_tokens}",
                )

"""What a process measures of a language model, as the session sees it; the job of its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ovreport.metrics.generation import first_token_rounds, headline_point, per_token_rounds
from ovreport.record import Concurrency, ConcurrentPoint, GenerationPoint, NotMeasured, Tier, pooled
from ovreport.record import Generation as GenerationPart
from ovreport_collector.engines.types import Target
from ovreport_collector.measurements.base import (
    FAILED_BEFORE,
    SEE_GENERATION,
    Pass,
    PassName,
    PlannedProcess,
    Workload,
    grouped,
)
from ovreport_collector.measurements.generation import outputs
from ovreport_collector.measurements.generation.outputs import GenerationOutputsJob
from ovreport_collector.measurements.generation.run import GenerationJob, GenerationResult, Lengths
from ovreport_collector.measurements.results import GenerationQuality
from ovreport_collector.prepare.model import PreparedModel

SKIP = "concurrency"
"""Name by which `--skip` leaves several requests at once out."""

GRID = [Lengths(prompt, new) for prompt in (32, 128, 512) for new in (32, 128)]
GENERATIONS = {"quick": 1, "standard": 3, "publish": 5}
"""Generations of each pair of lengths in a process: one of each has 158 gaps between tokens for
each prompt length."""
REQUESTS = [1, 2, 4, 8]
CONCURRENT = Lengths(128, 32)
CONCURRENT_PROCESSES = {"quick": 3, "standard": 5, "publish": 7}
"""Processes that measure several requests at once, which loads the model a second time: three give
an interval, five are the fewest that may be compared."""
OUTPUTS_LIMIT_S = 300.0
"""Plenty for all prompts and windows of a small model on a small machine: a limit, no estimate."""
ACCURACY_S, LOADING_S, TOKEN_S, TOGETHER_S = 22.0, 4.0, 0.0105, 6.0
"""Expected, of a small model on two cores: a case's prompts and windows; a process with its load
and warm-up; a token, its share of the prompt included; several requests at once, the second load
included."""
_SLOWER = 3.0
"""Times as long may a process of a larger model take, which is a limit, no estimate."""

DECODING = (
    "Greedy; the end of the text is ignored, so that every generation has the stated length. "
    "Prompts are parts of a pinned text without a chat template; no prompt comes twice in a "
    "process, so none comes out of the prefix cache."
)
_NOT_OF_LANGUAGE_MODELS = (
    "startup",
    "latency",
    "throughput",
    "memory",
    "energy",
    "accuracy",
    "agreement",
)


class Generation(Workload[GenerationResult]):
    """Load, time to the first token and per token, and several requests at once."""

    def passes(self, visits: Mapping[PassName, int]) -> list[Pass]:
        """Return the only step of a process."""
        return [Pass("generation")]

    def step_s(
        self, one: Pass, tier: Tier, index: int, inference_s: float, *, skip: Sequence[str] = ()
    ) -> float:
        """Return about how long the only step of a process takes."""
        tokens = GENERATIONS[tier.name] * sum(lengths.new_tokens for lengths in GRID)
        together = SKIP not in skip and index < CONCURRENT_PROCESSES[tier.name]
        return LOADING_S + TOKEN_S * tokens + (TOGETHER_S if together else 0.0)

    def step_extra_s(self, tier: Tier) -> float:
        """Return what its longest process takes: tokens are not bounded by the tier."""
        return _SLOWER * self.step_s(Pass("generation"), tier, 0, 0.0)

    def job(self, current: PlannedProcess) -> GenerationJob:
        """Return the job of one process."""
        why_none = _why_no_concurrency(current)
        return GenerationJob(
            target=current.target,
            round=current.index,
            inputs=str(current.prepared.samples),
            seed=current.seed,
            grid=GRID,
            generations=GENERATIONS[current.tier.name],
            max_seconds=current.tier.max_seconds,
            requests=[] if why_none else REQUESTS,
            concurrent=CONCURRENT,
            concurrent_s=2 * current.tier.max_seconds,
            why_none=why_none,
        )

    def result(
        self, steps: Sequence[GenerationResult], failure: NotMeasured | None = None
    ) -> GenerationResult | None:
        """Return the result of the only step."""
        return next(iter(steps), None)

    def is_wide(self, results: Sequence[GenerationResult]) -> bool:
        """Return whether the headline is not known well enough yet."""
        point = headline_point(_points(results))
        made = first_token_rounds(point, {}), per_token_rounds(point, {})
        return any(rounds.needs_more for rounds in made)

    def fields(
        self, results: Sequence[GenerationResult], quality: GenerationQuality | None
    ) -> dict[str, Any]:
        """Return the record's `generation`, and where to look instead of the fields of others."""
        part = _part(results, quality) if results else FAILED_BEFORE
        return {**dict.fromkeys(_NOT_OF_LANGUAGE_MODELS, SEE_GENERATION), "generation": part}


def outputs_job(prepared: PreparedModel, target: Target, folder: Path) -> GenerationOutputsJob:
    """Return the job from whose result the quality of a case's generations follows."""
    return GenerationOutputsJob(
        target=target,
        inputs=str(prepared.samples),
        text=str(prepared.labelled_inputs),
        prompts=outputs.PROMPTS,
        lengths=outputs.COMPLETION,
        window=outputs.WINDOW,
        stride=outputs.STRIDE,
        windows=outputs.WINDOWS,
        folder=str(folder / "network"),
    )


def _why_no_concurrency(current: PlannedProcess) -> str:
    if SKIP in current.skip:
        return f"left out: --skip {SKIP}"
    tier, most = current.tier.name, CONCURRENT_PROCESSES[current.tier.name]
    return "" if current.index < most else f"at tier {tier} measured in {most} processes only"


# ---------------------------------------------------------------- processes together


def _part(results: Sequence[GenerationResult], quality: GenerationQuality | None) -> GenerationPart:
    return GenerationPart(
        settings=results[0].settings,
        settings_of="pipeline",
        decoding=DECODING,
        points=_points(results),
        loads=[result.load for result in results],
        memory=[result.memory for result in results if result.memory is not None],
        memory_unreadable=next((r.memory_unreadable for r in results), ""),
        perplexity=quality.perplexity if quality else FAILED_BEFORE,
        agreement=quality.agreement if quality else FAILED_BEFORE,
        concurrency=_concurrency([result.concurrency for result in results]),
    )


def _points(results: Sequence[GenerationResult]) -> list[GenerationPoint]:
    """Return each pair of lengths over all processes."""
    points = (point for result in results for point in result.points)
    by_lengths = grouped(points, lambda point: (point.prompt_tokens, point.new_tokens))
    return [
        msgspec.structs.replace(
            same[0],
            rounds=[r for point in same for r in point.rounds],
            histogram=pooled(point.histogram for point in same),
        )
        for same in by_lengths.values()
    ]


def _concurrency(found: Sequence[Concurrency | NotMeasured]) -> Concurrency | NotMeasured:
    """Return all processes' requests at once; where none has any, the first one's reason."""
    measured = [one for one in found if isinstance(one, Concurrency)]
    if not measured:
        return next(one for one in found if isinstance(one, NotMeasured))
    together = (point for one in measured for point in one.points)
    by_requests = grouped(together, lambda point: point.requests)
    points = [
        ConcurrentPoint(requests=n, rounds=[r for point in same for r in point.rounds])
        for n, same in sorted(by_requests.items())
    ]
    return msgspec.structs.replace(measured[0], points=points)

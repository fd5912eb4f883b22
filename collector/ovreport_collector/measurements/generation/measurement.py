"""How language models are measured: lengths, numbers, and the jobs they make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ovreport.record import Tier
from ovreport_collector.jobs import AnswersJob, GenerationJob, Lengths, Target

if TYPE_CHECKING:
    from ovreport_collector.plan.plan import Plan
    from ovreport_collector.prepare.model import PreparedModel

SKIP = "concurrency"
"""Name by which `--skip` leaves several requests at once out."""

GRID = [Lengths(prompt, new) for prompt in (32, 128, 512) for new in (32, 128)]
GENERATIONS = {"quick": 1, "standard": 3, "publish": 5}
"""Answers of each pair of lengths in a round: 158 tokens a prompt length and answer of each."""
REQUESTS = [1, 2, 4, 8]
CONCURRENT = Lengths(128, 32)
CONCURRENT_ROUNDS = {"quick": 3, "standard": 5, "publish": 7}
"""Rounds that measure several requests at once, which loads the model a second time: three give an
interval, five are the fewest that may be compared."""
ANSWERS = Lengths(32, 64)
PROMPTS = 24
WINDOW, STRIDE, WINDOWS = 512, 256, 16
"""4,351 scored tokens at most, each after 256 others or more, but for the first window's."""

ANSWERS_S = 300.0
"""Plenty for all answers and windows of a small model on a small machine: a limit, no estimate."""
JUDGING_S, _LOADING_S, _TOKEN_S, _TOGETHER_S = 60.0, 15.0, 0.02, 20.0
"""Expected, of a small model on a small machine: a case's answers and windows; a load; a token;
several requests at once, the second load included."""


def seconds(tier: Tier, index: int = 0, *, skip: Sequence[str] = ()) -> float:
    """Return about how long a round takes, to tell the time left."""
    tokens = GENERATIONS[tier.name] * sum(lengths.new_tokens for lengths in GRID)
    together = SKIP not in skip and index < CONCURRENT_ROUNDS[tier.name]
    return _LOADING_S + _TOKEN_S * tokens + (_TOGETHER_S if together else 0.0)


def round_job(plan: Plan, prepared: PreparedModel, target: Target, index: int) -> GenerationJob:
    """Return the job of one round."""
    why_none = _why_none_at_once(plan, index)
    return GenerationJob(
        target=target,
        round=index,
        inputs=str(prepared.samples),
        seed=plan.seed,
        grid=GRID,
        generations=GENERATIONS[plan.tier.name],
        max_seconds=plan.tier.max_seconds,
        requests=[] if why_none else REQUESTS,
        concurrent=CONCURRENT,
        concurrent_s=2 * plan.tier.max_seconds,
        why_none=why_none,
    )


def _why_none_at_once(plan: Plan, index: int) -> str:
    if SKIP in plan.skip:
        return f"left out: --skip {SKIP}"
    rounds = CONCURRENT_ROUNDS[plan.tier.name]
    return "" if index < rounds else f"at tier {plan.tier.name} measured in {rounds} rounds only"


def answers_job(prepared: PreparedModel, target: Target, folder: Path) -> AnswersJob:
    """Return the job that tells how right the answers are."""
    return AnswersJob(
        target=target,
        inputs=str(prepared.samples),
        text=str(prepared.labelled_inputs),
        prompts=PROMPTS,
        lengths=ANSWERS,
        window=WINDOW,
        stride=STRIDE,
        windows=WINDOWS,
        folder=str(folder / "network"),
    )

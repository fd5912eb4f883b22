"""Which of several results a cell shows.

By default the best that keeps 99 % of the accuracy, so that a fast wrong output never wins: f32 of
the published file, unless another that is known to keep 99 % is clearly better.
"""

from __future__ import annotations

from collections.abc import Sequence

from ovreport.metrics import METRICS
from ovreport_sitegen.answer.ratios import against
from ovreport_sitegen.answer.state import ANY, KEPT
from ovreport_sitegen.components.accuracy_cells import keeps
from ovreport_sitegen.data.result import Result

ACCURACY = "accuracy"
"""Stands for whichever accuracy metric a model has."""


def counts(result: Result) -> bool:
    """Return whether a result's speed counts: it keeps 99 % of the accuracy, or is f32 itself."""
    return result.is_baseline or bool(result.framework) or keeps(result)


def value_key(result: Result, metric: str) -> str:
    """Return the key of a metric's value in a result: that of its accuracy metric, where asked."""
    return getattr(result.accuracy, "metric", metric) if metric == ACCURACY else metric


def choose(results: Sequence[Result], metric: str, precision: str) -> Result | None:
    """Return the result that a cell shows; None where none of them may stand there.

    `results`: of one model on one device. `precision`: as in the state of the table.
    """
    if precision not in {KEPT, ANY}:
        asked = [r for r in results if r.requested == precision]
        return min(asked, key=fullness, default=None)
    pool = [r for r in results if precision == ANY or counts(r)]
    measured = [r for r in pool if r.metric_value(value_key(r, metric))]
    if not measured:
        return min(pool, key=fullness, default=None)
    plain = [r for r in measured if r.is_baseline]
    better = [r for r in measured if plain and _is_clearly_better(r, plain[0], metric)]
    return min([*plain, *better] if plain else measured, key=lambda r: _badness(r, metric))


def _is_clearly_better(result: Result, baseline: Result, metric: str) -> bool:
    """Return whether a result is clearly better than f32 of the published file."""
    if metric == ACCURACY or result.framework or result is baseline:
        return False
    found = against(result, baseline, metric).comparison
    return bool(found and found.above_one)


def fullness(result: Result) -> int:
    """Return a rank: lowest for f32 of the published file, then its other precisions."""
    variants = result.model.variants
    place = variants.index(result.variant) if result.variant in variants else len(variants)
    signs = (not result.completed, not result.is_published)
    return 1000 * signs[0] + 100 * signs[1] + 2 * place + (not result.is_baseline)


def _badness(result: Result, metric: str) -> float:
    found = result.metric_value(value_key(result, metric))
    if found is None:
        return float("inf")
    higher = metric == ACCURACY or METRICS[metric].direction == "higher"
    return -found.value if higher else found.value

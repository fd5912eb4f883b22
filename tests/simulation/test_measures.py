"""A shortened study: loose bounds that a broken method would still break.

`tests/benchmarks/statistics_simulation.py` is the whole of it. Seeds are fixed: these tests pass
or fail the same way each time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from ovreport.stats import intervals
from ovreport.stats.intervals import Interval
from ovreport_sitegen.pages.method.simulation import Finding
from tests.simulation import measures

N = 400
COVERED, FALSE, ANNOUNCED, FOUND, BEYOND = 0.92, 0.065, 0.025, 0.92, 0.035
"""Three standard errors of 400 comparisons beside the goals."""


def of(findings: Sequence[Finding], question: str) -> list[float]:
    """Return what was measured of a question."""
    return [f.measured for f in findings if f.question == question]


def kept(findings: Sequence[Finding]) -> bool:
    """Return whether intervals cover, and decisions are right, as far as 400 comparisons tell."""
    covered = of(findings, measures.COVERED_MEDIAN) + of(findings, measures.COVERED_RATIO)
    return (
        min(covered) >= COVERED
        and max(of(findings, measures.FALSE_ALARM)) <= FALSE
        and max(of(findings, measures.FALSE_ANNOUNCED)) <= ANNOUNCED
    )


def test_real_loops_keep_their_promises() -> None:
    """Comparisons of three cases through the collector's loops, records and figures."""
    findings = list(measures.through_the_loops(N // 2, seed=1))
    assert kept(findings)
    assert of(findings, measures.DETECTED)[0] >= FOUND


def test_intervals_and_decisions_hold_under_all_conditions() -> None:
    """Rounds, autocorrelation and heavy tails, on medians of simulated rounds."""
    assert kept(list(measures.grid(N, seed=2, length=40)))


def test_bounds_hold_for_a_repetition() -> None:
    """Under normal noise between rounds; heavy noise has its reason."""
    findings = list(measures.percentile_bounds(N // 2, seed=3, length=400))
    assert max(f.measured for f in findings if not f.why) <= BEYOND


def test_ten_rounds_announce_what_seven_find() -> None:
    """The tier `publish` has them."""
    assert 9 <= measures.rounds_needed(1000, seed=4, limit=11).measured <= 11


# ---------------------------------------------------------------- broken methods are caught


def percentile_bootstrap(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the interval that covers less than it says for a handful of rounds."""
    rng = np.random.default_rng(0)
    means = np.log(values)[rng.integers(0, len(values), (200, len(values)))].mean(axis=1)
    low, high = np.exp(np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2]))
    return Interval(float(np.exp(np.mean(np.log(values)))), float(low), float(high))


def normal_quantile(degrees: int, confidence: float = 0.95) -> float:
    """Return what would be right for hundreds of rounds."""
    return intervals.NORMAL[confidence]


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (measures, "median_interval", percentile_bootstrap),
        (intervals, "t_quantile", normal_quantile),
    ],
)
def test_a_method_that_covers_too_little_is_caught(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, broken: Callable[..., object]
) -> None:
    """The same simulation, another method: the bounds above are not met."""
    monkeypatch.setattr(module, name, broken)
    assert not kept(list(measures.grid(N, seed=2, length=40)))


def test_bounds_that_forget_the_rounds_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rank alone: a repetition often lies above."""
    monkeypatch.setattr(intervals, "rounds_factor", lambda *_: 1.0)
    findings = list(measures.percentile_bounds(N // 2, seed=3, length=400))
    assert max(f.measured for f in findings if not f.why) > 0.2

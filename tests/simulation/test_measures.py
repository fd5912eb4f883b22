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
from ovreport_sitegen.pages.method.simulation import Finding, load
from tests.simulation import cells, machines, measures
from tests.simulation.machines import DESIGNS, MACHINES, Value

N = 400
COVERED, FALSE, ANNOUNCED, FOUND, BEYOND = 0.92, 0.065, 0.025, 0.92, 0.03
"""About three standard errors of so few comparisons beside the goals."""


def of(findings: Sequence[Finding], question: str) -> list[float]:
    """Return what was measured of a question."""
    return [f.measured for f in findings if f.question == question]


def kept(findings: Sequence[Finding]) -> bool:
    """Return whether intervals cover, and decisions are right, as far as 400 comparisons tell."""
    questions = measures.COVERED_MEDIAN, measures.COVERED_RATIO, cells.COVERED_OBSERVED
    covered = [share for question in questions for share in of(findings, question)]
    return (
        min(covered) >= COVERED
        and max(of(findings, measures.FALSE_ALARM), default=0) <= FALSE
        and max(of(findings, measures.FALSE_ANNOUNCED), default=0) <= ANNOUNCED
    )


def test_real_loops_keep_their_promises() -> None:
    """Comparisons of three cases through the collector's loops, records and figures."""
    findings = list(measures.through_the_loops(N // 2, seed=1))
    assert kept(findings)
    assert of(findings, measures.DETECTED)[0] >= FOUND


@pytest.fixture
def corners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the corners of the tables: few rounds or many, correlated or not."""
    monkeypatch.setattr(cells, "DEVIATIONS", (0.02, 0.3))
    monkeypatch.setattr(cells, "RHOS", (0.0, 0.6))
    monkeypatch.setattr(cells, "ROUNDS", (5, 20))
    monkeypatch.setattr(cells, "PAIRED_ROUNDS", (7, 12))


@pytest.mark.usefixtures("corners")
def test_intervals_of_observed_values_hold_under_all_conditions() -> None:
    """Two speeds, rounds astray, correlation; those that are called stable too."""
    findings = list(cells.observed(200, seed=2))
    assert kept(findings)
    assert min(of(findings, cells.COVERED_STABLE)) >= 0.90


@pytest.mark.usefixtures("corners")
def test_paired_ratios_are_right_under_all_conditions() -> None:
    """No false alarms where rounds are correlated; true changes found where some are astray."""
    findings = list(cells.ratios(N, seed=3))
    assert kept(findings)
    assert min(of(findings, cells.DETECTED)) >= FOUND
    assert min(of(findings, cells.DETECTED_ASTRAY)) >= 0.75


def violated(findings: Sequence[Finding]) -> float:
    """Return how often bounds were too low under the worst noise but the heavy one."""
    return max(f.measured for f in findings if "heavy" not in f.conditions)


def test_bounds_hold_for_a_repetition() -> None:
    """Under normal noise between rounds; heavy noise has its reason."""
    findings = list(measures.percentile_bounds(N // 2, seed=3, length=400))
    assert violated(findings) <= BEYOND


# ---------------------------------------------------------------- undisturbed values


def test_the_stored_study_is_of_the_tiers_as_they_are() -> None:
    """What the method page shows of undisturbed values was simulated with today's processes."""
    conditions = {f.conditions for f in load().findings}
    for machine in MACHINES:
        assert {f"{machine}, {design}" for design in DESIGNS} <= conditions


def said_of(machine: str) -> list[Value | None]:
    """Return what is said of a hundred cases on one of the study's machines, measured quickly."""
    return machines.values(MACHINES[machine][0], DESIGNS[0], np.random.default_rng(5), 100)


@pytest.mark.parametrize(
    "machine",
    ["quiet machine", "bursts of load, seen", "bursts of load, unseen", "two speeds, seen"],
)
def test_an_undisturbed_value_is_that_of_the_machine_without_load(machine: str) -> None:
    """Intervals hold, the median is right, and hardly one is far off."""
    found = [value for value in said_of(machine) if value is not None]
    assert len(found) >= 50
    assert np.mean([value.is_covered for value in found]) >= 0.93
    assert abs(np.median([value.log for value in found])) < 0.01
    assert np.mean([abs(value.log) > 0.1 for value in found]) < 0.02


def test_a_quiet_machine_gives_stable_values() -> None:
    """With the fewest processes."""
    assert sum(value is not None and value.is_stable for value in said_of("quiet machine")) > 85


def test_a_load_that_never_pauses_leaves_no_undisturbed_value() -> None:
    """Where it is seen: agreement alone proves nothing."""
    assert set(said_of("constant load, seen")) == {None}


# ---------------------------------------------------------------- broken methods are caught


def percentile_bootstrap(
    values: Sequence[float], confidence: float = 0.95, prior: object = None
) -> Interval:
    """Return the interval that covers less than it says for a handful of rounds."""
    rng = np.random.default_rng(0)
    means = np.log(values)[rng.integers(0, len(values), (200, len(values)))].mean(axis=1)
    low, high = np.exp(np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2]))
    return Interval(float(np.exp(np.mean(np.log(values)))), float(low), float(high))


def uncorrelated(values: Sequence[float], prior: object) -> float:
    """Return what would be right for rounds that know nothing of each other."""
    return 0.0


@pytest.mark.usefixtures("corners")
@pytest.mark.parametrize(
    ("module", "name", "broken", "study"),
    [
        (cells, "median_interval", percentile_bootstrap, cells.observed),
        (intervals, "correlation", uncorrelated, cells.ratios),
    ],
)
def test_a_method_that_covers_too_little_is_caught(
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    name: str,
    broken: Callable[..., object],
    study: Callable[..., Sequence[Finding]],
) -> None:
    """The same simulation, another method: the bounds above are not met."""
    monkeypatch.setattr(module, name, broken)
    assert not kept(list(study(100, seed=2)))


def test_bounds_that_forget_the_rounds_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rank alone: a repetition often lies above."""
    monkeypatch.setattr(measures, "rounds_factor", lambda *_: 1.0)
    findings = list(measures.percentile_bounds(N // 2, seed=3, length=400))
    assert violated(findings) > 0.2

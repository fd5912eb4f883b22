"""Accuracy against speed: which of a model's choices on one device are optimal.

A choice is a variant in the precision that ran. Its speed is its speedup over f32 of the published
file, from rounds that ran alternately: on a busy machine that ratio holds where times do not. A
choice without a usable speedup is not ranked, with the reason.

Another choice is ahead of it if it is at least as good at both speed and accuracy and better at
one. If one of the two differences is significant, the choice is beaten; if neither is, it is too
close to call. A choice that none is ahead of is optimal (Pareto 1896).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ovreport.metrics import HEADLINES
from ovreport.record import Execution
from ovreport.stats.comparison import Comparison
from ovreport.stats.intervals import Interval
from ovreport.variants import VARIANTS
from ovreport_sitegen.compare import MEASUREMENTS, SpeedMeasurement
from ovreport_sitegen.components.accuracy_cells import ELIGIBLE, difference_of, keeps
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.names import grouped
from ovreport_sitegen.data.result import DeviceRef, ModelRef, Result
from ovreport_sitegen.data.speedups import speedup_over

Word = Literal["optimal", "too close to call", "beaten"]


@dataclass(frozen=True)
class Standing:
    """How a choice stands among the others."""

    word: Word
    by: Result | None = None
    """The one that is ahead; of several the fastest."""
    ratio: Comparison | None = None
    """Its speedup over this choice, paired by round; None where there is none to use."""


@dataclass(frozen=True)
class Ranking:
    """The choices by one measurement, by id(): each has a speedup and a standing, or a reason."""

    speedups: Mapping[int, Comparison]
    """Speedup over f32 of the published file; that of the file itself is 1."""
    exclusions: Mapping[int, str]
    """Why a speedup cannot be used."""
    unclear: Mapping[int, Comparison]
    """Excluded speedups that are known, with too wide an interval or of too few rounds."""
    standings: Mapping[int, Standing]

    def speedup(self, result: Result) -> float:
        """Return how many times as fast as f32 a choice is, 0 where that is not known."""
        found = self.speedups.get(id(result))
        return found.ratio.value if found else 0.0

    def is_faster(self, result: Result) -> bool:
        """Return whether a choice is significantly faster than f32."""
        found = self.speedups.get(id(result))
        return bool(found and found.above_one)


@dataclass(frozen=True, eq=False)
class Choices:
    """The choices for one model on one device; each has an accuracy."""

    model: ModelRef
    device: DeviceRef
    results: tuple[Result, ...]
    names: Mapping[int, str]
    rankings: Mapping[SpeedMeasurement, Ranking]

    def usable(self, measurement: SpeedMeasurement) -> list[Result]:
        """Return those with a usable speedup, fastest first."""
        ranking = self.rankings[measurement]
        found = [r for r in self.results if id(r) in ranking.speedups]
        return sorted(found, key=lambda r: -ranking.speedup(r))

    def drawn(self, measurement: SpeedMeasurement) -> list[Result]:
        """Return those with a speedup, usable or not: the usable ones first, then the fastest."""
        unclear = self.rankings[measurement].unclear
        found = [r for r in self.results if id(r) in unclear]
        found.sort(key=lambda r: -unclear[id(r)].ratio.value)
        return [*self.usable(measurement), *found]

    def optimal(self, measurement: SpeedMeasurement) -> list[Result]:
        """Return those that nothing is ahead of, fastest first."""
        standings = self.rankings[measurement].standings
        return [r for r in self.usable(measurement) if standings[id(r)].word == "optimal"]


@lru_cache(maxsize=1)
def every(catalogue: Catalogue) -> tuple[Choices, ...]:
    """Return each model's choices on each device that has any, in the order of the catalogue."""
    return tuple(c for model in catalogue.models for c in _of_model(catalogue, model))


def _of_model(catalogue: Catalogue, model: ModelRef) -> Iterator[Choices]:
    by_device = grouped((r.device, r) for r in catalogue.of_model(model))
    for device, results in by_device.items():
        found = distinct(results)
        if len(found) > 1 and any(map(is_another, found)):
            rankings = {
                measurement: _ranking(catalogue, found, measurement) for measurement in MEASUREMENTS
            }
            yield Choices(model, device, tuple(found), names(found), rankings)


def is_another(result: Result) -> bool:
    """Return whether a result is another choice than f32 of the published file, by what ran."""
    return not result.is_published or result.executed not in {"f32", None}


def distinct(results: Iterable[Result]) -> list[Result]:
    """Return the results of one model on one device that differ in what ran, with an accuracy.

    Where f32 and the default precision ran the same arithmetic they are one choice.
    """
    found: dict[object, Result] = {}
    for r in results:
        if difference_of(r) is None:
            continue
        key = (r.variant, r.record.case.device, _arithmetic(r))
        if key not in found or _precedence(r) > _precedence(found[key]):
            found[key] = r
    return list(found.values())


def _precedence(result: Result) -> tuple[bool, bool]:
    """Return which of two that ran alike is shown: the baseline, then what users run."""
    return result.is_baseline, result.requested == "default"


def _arithmetic(result: Result) -> object:
    execution = result.record.execution
    if not isinstance(execution, Execution):
        return result.requested
    layers = {(c.device, c.precision) for c in execution.layers if c.compute}
    return execution.precision, tuple(sorted(layers))


def names(results: Sequence[Result]) -> dict[int, str]:
    """Return a short name for each choice, by id(): what is the same for all is left out."""
    many = len({r.variant for r in results}) > 1
    plain = {
        id(r): " · ".join(
            [*([VARIANTS[r.variant].short] if many else []), r.executed or f"{r.requested}?"]
        )
        for r in results
    }
    shared = Counter(plain.values())
    return {
        id(r): f"{plain[id(r)]} ({r.requested})" if shared[plain[id(r)]] > 1 else plain[id(r)]
        for r in results
    }


# ---------------------------------------------------------------- speed


_ITSELF = Comparison(Interval(1.0, 1.0, 1.0), "no clear difference", pairs=0)
"""The speedup of f32 over itself."""


def _ranking(
    catalogue: Catalogue, results: Sequence[Result], measurement: SpeedMeasurement
) -> Ranking:
    speedups: dict[int, Comparison] = {}
    exclusions: dict[int, str] = {}
    for r in results:
        found = _speedup(catalogue, r, measurement)
        if isinstance(found, str):
            exclusions[id(r)] = found
        else:
            speedups[id(r)] = found
    pairs = {key: catalogue.speedup(r) for r in results if (key := id(r)) in exclusions}
    unclear = {key: c for key, pair in pairs.items() if pair and (c := pair.of(measurement))}
    ranked = [r for r in results if id(r) in speedups]
    standings = {id(r): _standing(r, ranked, speedups, measurement) for r in ranked}
    return Ranking(speedups, exclusions, unclear, standings)


def _speedup(
    catalogue: Catalogue, result: Result, measurement: SpeedMeasurement
) -> Comparison | str:
    """Return a choice's speedup over f32, or why it cannot be used."""
    if result.is_baseline:
        return (
            _ITSELF
            if result.metric_value(HEADLINES[measurement])
            else f"its {measurement} was not measured"
        )
    speedup = catalogue.speedup(result)
    if speedup is None:
        return "the baseline was not measured on this device"
    return speedup.usable(measurement) or speedup.exclusion_reason(measurement)


def fastest_kept(
    choices: Choices, measurement: SpeedMeasurement, share: float = ELIGIBLE
) -> Result | None:
    """Return the fastest choice that keeps that share of the reference's accuracy.

    It is f32 of the published file unless another one is significantly faster.
    """
    ranking, kept = choices.rankings[measurement], _kept(choices, measurement, share)
    faster = [r for r in kept if ranking.is_faster(r)]
    baseline = [r for r in kept if r.is_baseline]
    return next(iter(faster or baseline or kept), None)


def runner_up(
    choices: Choices, measurement: SpeedMeasurement, share: float = ELIGIBLE
) -> Result | None:
    """Return the fastest of those that keep as much and are not `fastest_kept`."""
    first = fastest_kept(choices, measurement, share)
    return next((r for r in _kept(choices, measurement, share) if r is not first), None)


def _kept(choices: Choices, measurement: SpeedMeasurement, share: float) -> list[Result]:
    return [r for r in choices.usable(measurement) if keeps(r, share)]


# ---------------------------------------------------------------- standings


def _standing(
    result: Result,
    ranked: Sequence[Result],
    speedups: Mapping[int, Comparison],
    measurement: SpeedMeasurement,
) -> Standing:
    ahead = [o for o in ranked if o is not result and _is_ahead(o, result, speedups)]
    if not ahead:
        return Standing("optimal")
    ratios = {id(o): speedup_over(result, o).usable(measurement) for o in ahead}
    significant = [o for o in ahead if _is_significantly_better(o, result, speedups, ratios[id(o)])]
    by = max(significant or ahead, key=lambda o: speedups[id(o)].ratio.value)
    return Standing("beaten" if significant else "too close to call", by, ratios[id(by)])


def _is_ahead(other: Result, result: Result, speedups: Mapping[int, Comparison]) -> bool:
    theirs = speedups[id(other)].ratio.value, _delta(other)
    mine = speedups[id(result)].ratio.value, _delta(result)
    return theirs != mine and theirs[0] >= mine[0] and theirs[1] >= mine[1]


def _is_significantly_better(
    other: Result, result: Result, speedups: Mapping[int, Comparison], ratio: Comparison | None
) -> bool:
    """Return whether one of the differences is significant, where `other` is ahead in both."""
    theirs, mine = difference_of(other), difference_of(result)
    if theirs and mine and theirs.delta_low > mine.delta_high:
        return True
    if ratio is not None:
        return ratio.above_one
    return speedups[id(other)].ratio.low > speedups[id(result)].ratio.high


def _delta(result: Result) -> float:
    reference = difference_of(result)
    return reference.delta if reference else 0.0

"""Accuracy against speed: which of a model's choices nothing else beats, on one device.

A choice is a variant in the precision that ran. Another one is ahead of it when it is at least as
good at both speed and accuracy and better at one. Where one of the two differences is certain, the
choice is beaten; where neither is, it is too close to call; where none is ahead, it is optimal
(Pareto 1896; the front of what can be had).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ovreport.record import Execution
from ovreport_sitegen import variants
from ovreport_sitegen.catalogue import HEADLINES, Result
from ovreport_sitegen.trades import trade
from ovreport_sitegen.views.accuracy_cells import difference_of, eligible, is_reference

Aspect = Literal["latency", "throughput"]
Word = Literal["optimal", "too close to call", "beaten"]


@dataclass(frozen=True)
class Standing:
    """How a choice stands among the others."""

    word: Word
    by: Result | None = None
    """The one that is ahead; of several the fastest."""


def choices(results: Iterable[Result]) -> list[Result]:
    """Return the results of one model on one device that differ in what ran, with an accuracy.

    Where f32 and the default precision ran the same arithmetic they are one choice.
    """
    found: dict[object, Result] = {}
    for r in results:
        if difference_of(r) is None:
            continue
        key = (r.variant, r.record.case.device, _arithmetic(r))
        if key not in found or r.asked == "default":
            found[key] = r
    return list(found.values())


def _arithmetic(result: Result) -> object:
    execution = result.record.execution
    if not isinstance(execution, Execution):
        return result.asked
    layers = {(c.device, c.precision) for c in execution.layers if c.compute}
    return execution.precision, tuple(sorted(layers))


def names(results: Sequence[Result]) -> dict[int, str]:
    """Return a short name for each choice, by id(): what is the same for all is left out."""
    many = len({r.variant for r in results}) > 1
    plain = {
        id(r): " · ".join(
            [*([variants.short(r.variant)] if many else []), r.executed or f"{r.asked}?"]
        )
        for r in results
    }
    shared = Counter(plain.values())
    return {
        id(r): f"{plain[id(r)]} ({r.asked})" if shared[plain[id(r)]] > 1 else plain[id(r)]
        for r in results
    }


def standings(results: Sequence[Result], aspect: Aspect) -> dict[int, Standing]:
    """Return how each choice stands, by id(); those whose speed is not trusted are left out."""
    ranked = [r for r in results if r.trusted(HEADLINES[aspect]) and difference_of(r)]
    return {id(r): _standing(r, ranked, aspect) for r in ranked}


def fastest_kept(results: Sequence[Result], aspect: Aspect) -> Result | None:
    """Return the fastest choice that keeps 99 % of the reference's accuracy."""
    kept = [r for r in results if (is_reference(r) or eligible(r)) and r.trusted(HEADLINES[aspect])]
    return max(kept, key=lambda r: _speed(r, aspect), default=None)


def _standing(result: Result, ranked: Sequence[Result], aspect: Aspect) -> Standing:
    ahead = [o for o in ranked if o is not result and _is_ahead(o, result, aspect)]
    sure = [o for o in ahead if _is_surely_better(o, result, aspect)]
    if not ahead:
        return Standing("optimal")
    by = max(sure or ahead, key=lambda o: _speed(o, aspect))
    return Standing("beaten" if sure else "too close to call", by)


def _is_ahead(other: Result, result: Result, aspect: Aspect) -> bool:
    theirs = _speed(other, aspect), _delta(other)
    mine = _speed(result, aspect), _delta(result)
    return theirs != mine and theirs[0] >= mine[0] and theirs[1] >= mine[1]


def _is_surely_better(other: Result, result: Result, aspect: Aspect) -> bool:
    """Return whether speed or accuracy differs for certain, where `other` is ahead in both."""
    theirs, mine = difference_of(other), difference_of(result)
    if theirs and mine and theirs.delta_low > mine.delta_high:
        return True
    pair = trade(result, other)
    comparison = pair.of(aspect) if pair else None
    if comparison is not None:
        return comparison.outcome == "different" and comparison.ratio.value > 1
    fast, slow = other.trusted(HEADLINES[aspect]), result.trusted(HEADLINES[aspect])
    if fast is None or slow is None:
        return False
    return fast.high < slow.low if aspect == "latency" else fast.low > slow.high


def _speed(result: Result, aspect: Aspect) -> float:
    """Return a number that is larger for what is faster."""
    figure = result.trusted(HEADLINES[aspect])
    if figure is None:
        return 0.0
    return -figure.value if aspect == "latency" else figure.value


def _delta(result: Result) -> float:
    reference = difference_of(result)
    return reference.delta if reference else 0.0

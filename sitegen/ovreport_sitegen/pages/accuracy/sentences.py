"""Sentences on what another precision or variant does to the speed and accuracy of a model.

Each case is compared with the published file in f32: its speed by paired rounds on the same device,
its accuracy by paired samples with f32 on the CPU. Only significant differences count. Where speeds
cannot be compared, the sentence ends with why, or with the unpaired ratio of runs that were apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ovreport.metrics import significant
from ovreport.metrics.anomalies import tolerance
from ovreport.record import Accuracy
from ovreport.stats.comparison import Comparison, outcome_of
from ovreport.variants import VARIANTS
from ovreport.words import plural
from ovreport_sitegen.compare import SpeedMeasurement
from ovreport_sitegen.components import accuracy_cells as cells
from ovreport_sitegen.components.ratio_card import note_of, times
from ovreport_sitegen.components.speedups import runs_apart
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.data.speedups import Speedup
from ovreport_sitegen.pages.accuracy.pareto import is_another
from ovreport_sitegen.text import interval_note, line

Change = Literal["more", "less", "same", "unknown"]
"""A significant change of speed or accuracy, none, or too little data."""
_SPEED: dict[SpeedMeasurement, dict[Change, str]] = {
    "latency": {
        "more": "is {times} as fast as f32{interval}",
        "less": "is {percent} % slower than f32{interval}",
        "same": "shows no clear difference in speed from f32",
        "unknown": "",
    },
    "throughput": {
        "more": "has {times} the throughput of f32{interval}",
        "less": "has {percent} % less throughput than f32{interval}",
        "same": "shows no clear difference in throughput from f32",
        "unknown": "",
    },
}
_ACCURACY: dict[Change, str] = {
    "more": "gains {points} points of accuracy",
    "less": "loses {points} points of accuracy",
    "same": "has no measurable loss of accuracy",
    "unknown": "",
}
_FEW_SAMPLES = "has no loss of accuracy that {n} {unit} can show"
_WHAT: dict[SpeedMeasurement, str] = {"latency": "speed", "throughput": "throughput"}
_UNPAIRED: dict[SpeedMeasurement, str] = {
    "latency": "is {} as fast",
    "throughput": "has {} the throughput",
}
_FASTER: dict[SpeedMeasurement, str] = {
    "latency": "is significantly faster than",
    "throughput": "has significantly more throughput than",
}


@dataclass(frozen=True)
class Effect:
    """A case, and its speedup over the published file in f32."""

    result: Result
    speedup: Speedup | None
    """None: there is no f32 on the same device to compare with."""

    def ratio(self, measurement: SpeedMeasurement) -> Comparison | None:
        """Return the speedup in latency or throughput; None: not compared."""
        return self.speedup.of(measurement) if self.speedup else None


def effects(catalogue: Catalogue, results: Iterable[Result]) -> list[Effect]:
    """Return the effect of each result that is not the baseline itself."""
    return [Effect(r, catalogue.speedup(r)) for r in results if not r.is_baseline]


# ---------------------------------------------------------------- findings


def page_findings(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the accuracy page's findings: the largest loss by default, then the best variant."""
    many = len(catalogue.devices) > 1
    found = effects(catalogue, (r for r in catalogue.results if cells.reference_of(r)))
    found = [effect for effect in found if is_another(effect.result)]
    if not found:
        return (_no_choice(catalogue),)
    defaults = [effect for effect in found if effect.result.is_published]
    optimized = [effect for effect in found if not effect.result.is_published]
    tried = [r for r in catalogue.results if r.is_published and r.requested == "default"]
    texts = [_of_defaults(defaults, many, cells.failed_words(tried))] if defaults else []
    if optimized:
        best, worst = best_choice(optimized), largest_loss(found)
        texts.append(sentence(best, many=many) if best else _no_best(optimized, "latency"))
        if worst and not worst.result.is_published:
            texts.append(sentence(worst, many=many))
    return tuple(texts)


def card_finding(found: Sequence[Effect], measurement: SpeedMeasurement = "latency") -> str:
    """Return the best and the worst of one model's choices on one device."""
    notable = [e for e in (best_choice(found, measurement), largest_loss(found)) if e]
    shown = notable or (found if len(found) == 1 else [])
    texts = (sentence(effect, measurement=measurement) for effect in shown)
    return " ".join(filter(None, texts)) or (
        f"{_no_best(found, measurement)} None loses significantly more than 1 % of its accuracy."
    )


def best_choice(
    found: Sequence[Effect], measurement: SpeedMeasurement = "latency"
) -> Effect | None:
    """Return the fastest that is significantly faster than f32 and keeps 99 % of the accuracy."""
    good = [
        (ratio.ratio.value, -i)
        for i, effect in enumerate(found)
        if (ratio := effect.ratio(measurement))
        and speed_change(ratio) == "more"
        and cells.eligible(effect.result)
    ]
    return found[-max(good)[1]] if good else None


def largest_loss(found: Sequence[Effect]) -> Effect | None:
    """Return the one that significantly loses most of the accuracy, and more than 1 %.

    A variant is left out where the published file ran in the same arithmetic: that, not the
    variant, may be the cause.
    """
    published = {_arithmetic(e.result) for e in found if e.result.is_published}
    bad = [
        (share_lost(effect.result), -i)
        for i, effect in enumerate(found)
        if accuracy_change(effect.result) == "less"
        and cells.eligible(effect.result) is False
        and (effect.result.is_published or _arithmetic(effect.result) not in published)
    ]
    return found[-max(bad)[1]] if bad else None


def _arithmetic(result: Result) -> tuple[str, str, str | None]:
    """Return model, device and executed precision."""
    return result.model.id, result.device.slug, result.executed


def share_lost(result: Result) -> float:
    """Return which share of the reference's accuracy is lost; negative: gained."""
    reference = cells.reference_of(result)
    return -reference.delta / reference.value if reference and reference.value else 0.0


def _of_defaults(found: Sequence[Effect], many: bool, left_out: str) -> str:
    worst = largest_loss(found)
    if worst:
        return sentence(worst, many=many)
    count = len({effect.result.model.id for effect in found})
    who = "the only model" if count == 1 else f"none of {plural(count, 'model')}"
    does = "does not lose" if count == 1 else "loses"
    return (
        f"In the default precision, {who} with labelled data {does} significantly more than 1 % "
        f"of its accuracy{left_out}."
    )


def _no_best(found: Sequence[Effect], measurement: SpeedMeasurement) -> str:
    """Return why no choice is known to be faster and to keep the accuracy."""
    outcomes = {outcome_of(effect.ratio(measurement)) for effect in found}
    if outcomes == {"no comparison"}:
        return (
            f"No comparison of {_WHAT[measurement]}: no choice ran in rounds that alternate with "
            "f32 of the published file."
        )
    if outcomes <= {"no comparison", "insufficient data"}:
        return (
            f"Insufficient data on {_WHAT[measurement]}: too few rounds alternate with f32 of the "
            "published file."
        )
    return (
        f"No choice {_FASTER[measurement]} the published file in f32 while keeping 99 % of its "
        "accuracy."
    )


def _no_choice(catalogue: Catalogue) -> str:
    if not any(isinstance(r.accuracy, Accuracy) for r in catalogue.results):
        return "No model here was measured on labelled data."
    ran_f32 = any(r.requested == "default" and r.executed == "f32" for r in catalogue.results)
    why = "f32 is the default here" if ran_f32 else "every model was measured only in f32"
    return (
        f"There is nothing to compare with f32: {why}, and no optimized variant was measured. "
        "ovreport collect --variant published --variant int8 measures what INT8 buys and costs."
    )


# ---------------------------------------------------------------- one sentence


def sentence(
    effect: Effect, *, many: bool = False, measurement: SpeedMeasurement = "latency"
) -> str:
    """Return what a case does to its model; empty where neither speed nor accuracy is known.

    `many`: the site has several devices, so this one is named.
    """
    result = effect.result
    speed, accuracy = speed_change(effect.ratio(measurement)), accuracy_change(result)
    loss_first = accuracy == "less"  # what comes second need not say what its brackets are
    parts = [
        _speed_words(effect, measurement, named=not loss_first),
        _accuracy_words(result, named=loss_first or speed not in {"more", "less"}),
    ]
    known = [part for part in (reversed(parts) if loss_first else parts) if part]
    if not known:
        return ""
    joined = (" but " if {speed, accuracy} == {"more", "less"} else " and ").join(known)
    no_accuracy = accuracy == "unknown" and not result.model.architecture_only
    rest = "; its accuracy against f32 is not known" if no_accuracy else ""
    rest += _no_speed_words(effect, measurement)
    return f"{result.model.title}: {subject(result, many=many)} {joined}{rest}."


def _no_speed_words(effect: Effect, measurement: SpeedMeasurement) -> str:
    """Return why a case's speed is not compared with f32's; empty where it is."""
    outcome, what = outcome_of(effect.ratio(measurement)), _WHAT[measurement]
    if outcome == "insufficient data":
        return f"; insufficient data to compare its {what} with f32’s"
    if outcome != "no comparison":
        return ""
    apart = runs_apart(effect.speedup, measurement) if effect.speedup else None
    if apart is None:
        return f"; no comparison of its {what} with f32’s, as their rounds did not alternate"
    unpaired = _UNPAIRED[measurement].format(f"{significant(apart.value)}×")
    return (
        f"; no comparison of its {what} with f32’s, as the runs were apart; unpaired, it {unpaired}"
        f"{note_of(apart)}"
    )


def _speed_words(effect: Effect, measurement: SpeedMeasurement, *, named: bool) -> str:
    ratio = effect.ratio(measurement)
    if ratio is None:
        return ""
    change, interval = speed_change(ratio), ratio.ratio
    note = note_of(interval, named=named)
    if change == "less":
        most, least = (significant(100 * (1 - end), 2) for end in (interval.low, interval.high))
        note = interval_note(least, most, " %", named=named)
    return _SPEED[measurement][change].format(
        times=times(ratio), percent=significant(100 * abs(1 - interval.value), 2), interval=note
    )


def _accuracy_words(result: Result, *, named: bool) -> str:
    accuracy, change = result.accuracy, accuracy_change(result)
    if not isinstance(accuracy, Accuracy) or change == "unknown":
        return ""
    if change == "same" and tolerance(accuracy) == "too few samples":
        return _FEW_SAMPLES.format(n=f"{accuracy.n:,}", unit=line(accuracy.unit, 30))
    return _ACCURACY[change].format(points=cells.cost_cell(result).text.lstrip("−+")) + (
        cells.cost_note(result, named=named) if change in {"less", "more"} else ""
    )


def subject(result: Result, *, many: bool = False) -> str:
    """Return a case as the subject of a sentence, never as more than what ran."""
    where = f"on {result.device.label}" if many else "here"
    if result.is_published and result.requested == "default":
        ran = result.executed
        return f"{ran}, the default {where}," if ran else f"the default precision {where}"
    name = VARIANTS[result.variant].phrase
    if result.is_published:
        name = result.executed or f"{result.requested} (not verified)"
    elif result.executed in {"i8", "mixed"} and result.requested != "default":
        name += f" with the rest in {result.requested}"
    elif result.executed in {"bf16", "f16"}:
        name += f" run in {result.executed}"
    return f"{name} {where}" if many else name


def speed_change(comparison: Comparison | None) -> Change:
    """Return whether a speedup is significantly above or below 1."""
    if comparison is None or comparison.outcome == "insufficient data":
        return "unknown"
    if not comparison.significant:
        return "same"
    return "more" if comparison.ratio.value > 1 else "less"


def accuracy_change(result: Result) -> Change:
    """Return whether the difference to the reference is significant: its interval excludes 0."""
    reference = cells.reference_of(result)
    if reference is None:
        return "unknown"
    if reference.delta_high < 0:
        return "less"
    return "more" if reference.delta_low > 0 else "same"

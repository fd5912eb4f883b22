"""What another precision or variant does to a model, in words that a reader takes away.

Each case is set against the published file in f32, its speed on the same device by paired rounds,
its accuracy on the CPU by paired samples. Only what is certain is said to differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from ovreport.metrics.anomalies import tolerance
from ovreport.record import Accuracy
from ovreport.stats.comparison import Comparison
from ovreport_sitegen.compare.paired import PairedComparison, SpeedMeasurement
from ovreport_sitegen.components import accuracy_cells as cells
from ovreport_sitegen.components.ratio_card import times
from ovreport_sitegen.data import variants
from ovreport_sitegen.data.catalogue import Catalogue
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.pages.accuracy.pareto import is_another
from ovreport_sitegen.text import line, plural

Trade = PairedComparison[Result]
_UNKNOWN = "what it does to accuracy is not known"
_NOUN = {"latency": "speed", "throughput": "throughput"}
Change = Literal["more", "less", "same", "unknown"]
"""Of speed or accuracy, where it is certain."""


def headlines(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the accuracy page's first sentences: the worst default, then the best variant."""
    many = len(catalogue.devices) > 1
    known = [r for r in catalogue.results if cells.reference_of(r)]
    choices = trades_of(catalogue, filter(is_another, known))
    if not choices:
        return (_no_choice(catalogue),)
    defaults = [t for t in choices if t.candidate.is_published]
    made = [t for t in choices if not t.candidate.is_published]
    found = [_of_defaults(defaults, many)] if defaults else []
    if made:
        best, worst = bargain(made), costliest(choices)
        found.append(sentence(best, many=many) if best else _no_bargain(made))
        if worst and not worst.candidate.is_published:
            found.append(sentence(worst, many=many))
    return tuple(found)


def trades_of(catalogue: Catalogue, results: Iterable[Result]) -> list[Trade]:
    """Return each other case against f32 of its published file.

    What did not run alternately with that has no gain here, and may lose accuracy all the same.
    """
    return [catalogue.speedup(r) or PairedComparison(r, r) for r in results if not r.is_baseline]


def finding(trades: Sequence[Trade], measurement: SpeedMeasurement = "latency") -> str:
    """Return what the choices of one model on one device come to, in a sentence or two."""
    best, worst = bargain(trades, measurement), costliest(trades)
    told = [t for t in (best, worst) if t] or (trades if len(trades) == 1 else [])
    said = filter(None, (sentence(t, measurement=measurement) for t in told))
    is_more = "is surely faster" if measurement == "latency" else "surely has more throughput"
    return " ".join(said) or (
        f"Nothing here {is_more} than the published file in f32 within 1 % of its accuracy, and "
        "nothing surely loses more than that."
    )


def bargain(trades: Sequence[Trade], measurement: SpeedMeasurement = "latency") -> Trade | None:
    """Return what is surely faster and keeps 99 % of the accuracy: of several the fastest."""
    good = [
        (gain.ratio.value, -i)
        for i, t in enumerate(trades)
        if (gain := t.of(measurement))
        and speed_change(gain) == "more"
        and cells.eligible(t.candidate)
    ]
    return trades[-max(good)[1]] if good else None


def costliest(trades: Sequence[Trade]) -> Trade | None:
    """Return what surely loses more than 1 % of the accuracy: of several the worst.

    A variant that ran in what the published file runs in too is left out: not it is the cause.
    """
    causes = {_where(t) for t in trades if t.candidate.is_published}
    bad = [
        (share_lost(t.candidate), -i)
        for i, t in enumerate(trades)
        if accuracy_change(t.candidate) == "less"
        and cells.eligible(t.candidate) is False
        and (t.candidate.is_published or _where(t) not in causes)
    ]
    return trades[-max(bad)[1]] if bad else None


def _where(trade: Trade) -> tuple[str, str, str | None]:
    """Return model, device and arithmetic of a case."""
    result = trade.candidate
    return result.model.id, result.device.slug, result.executed


def share_lost(result: Result) -> float:
    """Return which share of the reference's accuracy is lost; negative: gained."""
    reference = cells.reference_of(result)
    return -reference.delta / reference.value if reference and reference.value else 0.0


def _of_defaults(trades: Sequence[Trade], many: bool) -> str:
    worst = costliest(trades)
    if worst:
        return sentence(worst, many=many)
    count = len({t.candidate.model.id for t in trades})
    who = "the one model" if count == 1 else f"any of {plural(count, 'model')}"
    return f"The default precision costs {who} with labelled data no more than 1 % for certain."


def _no_bargain(made: Sequence[Trade]) -> str:
    if all(speed_change(t.latency) == "unknown" for t in made):
        return (
            "No variant here ran alternately with f32 of the published file often enough to say "
            "whether it is faster."
        )
    return (
        "No variant here is both surely faster than the published file and within 1 % of its "
        "accuracy."
    )


def _no_choice(catalogue: Catalogue) -> str:
    labelled = any(isinstance(r.accuracy, Accuracy) for r in catalogue.results)
    if not labelled:
        return "No model here was measured on labelled data."
    ran_f32 = any(r.requested == "default" and r.executed == "f32" for r in catalogue.results)
    why = "f32 is the default here" if ran_f32 else "every model was measured in f32 alone"
    return (
        f"Nothing is lost and nothing is gained: {why}, and no variant of lower precision was "
        "measured."
    )


# ---------------------------------------------------------------- one sentence


def sentence(trade: Trade, *, many: bool = False, measurement: SpeedMeasurement = "latency") -> str:
    """Return what a case does to its model; `many`: the device has to be named.

    Empty where neither speed nor accuracy is known.
    """
    result, gain = trade.candidate, trade.of(measurement)
    who, x = subject(result, many=many), result.model.title
    speed, accuracy = speed_change(gain), accuracy_change(result)
    if accuracy == "less":
        also = f" and {_makes(gain, measurement, 'it')}" if speed != "unknown" else ""
        return f"{who} costs {x} {_points(result)} points{also}."
    if speed == accuracy == "unknown":
        return ""
    if speed == "unknown":
        return f"{who} {_cost(result, accuracy, x)}."
    if speed == "same":
        return f"{who} {_no_faster(result, accuracy, _NOUN[measurement])}."
    makes = _makes(gain, measurement, x)
    if accuracy == "unknown":
        return f"{who} {makes}; {_UNKNOWN}."
    return f"{who} {makes} and {_cost(result, accuracy, '')}."


def _makes(gain: Comparison | None, measurement: SpeedMeasurement, whom: str) -> str:
    """Return what is certain of a speed, as what a case does to a model."""
    change, x = speed_change(gain), times(gain, 2) if gain else ""
    if change == "same":
        return f"gives no {_NOUN[measurement]} that can be told for it"
    if measurement == "latency":
        slower = f"slower ({x} as fast)"
        return f"makes {whom} {f'{x} as fast' if change == 'more' else slower}"
    less = f"less throughput ({x} that of f32)"
    return f"gives {whom} {f'{x} the throughput' if change == 'more' else less}"


def _no_faster(result: Result, accuracy: Change, speed: str) -> str:
    """Return what is left to say where the speed is not distinguishable and nothing is lost."""
    x = result.model.title
    if accuracy == "same":
        return f"changes neither the {speed} nor the accuracy of {x} by anything that can be told"
    if accuracy == "more":
        gain = _cost(result, accuracy, x)
        return f"{gain} and changes its {speed} by nothing that can be told"
    return f"changes the {speed} of {x} by nothing that can be told; {_UNKNOWN}"


def subject(result: Result, *, many: bool = False) -> str:
    """Return a case as the subject of a sentence, never as more than what ran."""
    where = f"on {result.device.label}" if many else "here"
    if result.is_published:
        ran = result.executed or "the default precision"
        requested = f", the default {where}," if result.requested == "default" else ""
        if result.executed is None:
            return (
                f"The default precision {where}"
                if requested
                else f"{result.requested}, unverified,"
            )
        return f"{ran}{requested}" if requested or not many else f"{ran}, {where},"
    name = variants.subject(result.variant)
    first = f"On {result.device.label}, " if many else ""
    if result.executed in {"i8", "mixed"} and result.requested != "default":
        return f"{first}{_start(name, first)} with the rest in {result.requested}"
    if result.executed in {"bf16", "f16"}:
        return f"{first}{_start(name, first)}, run in {result.executed},"
    return f"{first}{_start(name, first)}"


def _start(name: str, before: str) -> str:
    return name if before else name[:1].upper() + name[1:]


def speed_change(comparison: Comparison | None) -> Change:
    """Return what is certain of a ratio."""
    if comparison is None or comparison.outcome == "insufficient data":
        return "unknown"
    if comparison.outcome == "no clear difference":
        return "same"
    return "more" if comparison.ratio.value > 1 else "less"


def accuracy_change(result: Result) -> Change:
    """Return what is certain of a difference to the reference: its interval excludes zero."""
    reference = cells.reference_of(result)
    if reference is None:
        return "unknown"
    if reference.delta_high < 0:
        return "less"
    return "more" if reference.delta_low > 0 else "same"


def _cost(result: Result, change: Change, whom: str) -> str:
    """Return a cost that is not certain, or a gain."""
    model = f"{whom} " if whom else ""
    if change == "more":
        return f"gains {model}{_points(result)} points"
    accuracy = result.accuracy
    if isinstance(accuracy, Accuracy) and tolerance(accuracy) == "too few samples":
        return f"costs {model}nothing that {accuracy.n:,} {line(accuracy.unit, 30)} can tell"
    return f"costs {model}nothing that can be told"


def _points(result: Result) -> str:
    return cells.cost_cell(result).text.lstrip("−+")

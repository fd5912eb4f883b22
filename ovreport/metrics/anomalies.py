"""Accuracies that cannot be taken at their word, found by comparing what records say.

    tolerance(accuracy) -> "equal", "worse", "better" or "too few samples"
    anomalies(records) -> what to look at, in words

Published tables of accuracy hold cells that were pasted from another column, signs that flip
between devices, and quantized models that are better than their originals. Each is possible and
none is likely: an anomaly is a reason to look, not a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from ovreport.metrics.registry import METRICS
from ovreport.record import (
    Accuracy,
    AccuracyReference,
    Agreement,
    Completed,
    Execution,
    Optimized,
    Record,
)

TOLERANCE = 0.01
"""Share of the reference's accuracy that may be lost (MLPerf's 99 % target)."""
UNRELATED_RMSE = 0.5
"""Outputs that are off by half of their size or more are no rounding."""
SAME_RMSE = 0.01
"""Outputs this near to the reference's cannot make an accuracy that is far from its own."""
FAR = 0.05
"""An accuracy is far from another one when it is off by this much of it."""

Tolerance = Literal["equal", "worse", "better", "too few samples"]


@dataclass(frozen=True)
class AnomalyText:
    """What a code means, and what to do about it."""

    title: str
    meaning: str
    remedy: str


ANOMALIES: dict[str, AnomalyText] = {
    "outputs-unrelated": AnomalyText(
        "Outputs unlike the reference's",
        f"The raw outputs are off from f32 by {100 * UNRELATED_RMSE:.0f} % of their size or more: "
        "that is no rounding but another computation, such as a layer lost in conversion.",
        "Compare layer by layer, or convert the model again.",
    ),
    "accuracy-without-cause": AnomalyText(
        "Accuracy far off, outputs alike",
        "The raw outputs agree with f32 and yet the accuracy is far from its: labels, their order "
        "or the decoding of outputs differ between the two.",
        "Check labels and preprocessing of this case.",
    ),
    "identical-outputs": AnomalyText(
        "Not a digit changed",
        "Another precision ran, or weights of another precision, and every raw output equals f32's "
        "to the last digit: f32 may have been measured in its place.",
        "Check that the model file is the one it says, and measure again.",
    ),
    "better-than-reference": AnomalyText(
        "Better than f32",
        "Lower precision scores higher than f32 by more than its interval: more often an artefact "
        "of a threshold or of few samples than a gain.",
        "Look at the samples that changed, or measure with more of them.",
    ),
    "sign-flip": AnomalyText(
        "Worse here, better there",
        "The same weights in the same precision are significantly worse than f32 on one device and "
        "significantly better on another.",
        "Check that both devices measured the same model and the same data.",
    ),
}
"""Every code, in words."""


@dataclass(frozen=True)
class Anomaly:
    """One accuracy that looks wrong, and why."""

    record: Record
    code: str
    """Key in `ANOMALIES`."""
    detail: str


def tolerance(accuracy: Accuracy) -> Tolerance | None:
    """Return how an accuracy stands to the f32 reference's; None without a reference.

    `equal`: the whole 95 % interval of the paired difference is within the tolerance. Else `worse`:
    the interval excludes zero, and more than the tolerance is lost; `better`: the interval excludes
    zero, a gain, however small, which no tolerance forbids. `too few samples`: none of these; more
    samples would decide.
    """
    reference = accuracy.reference
    if not isinstance(reference, AccuracyReference):
        return None
    allowed = TOLERANCE * abs(reference.value)
    if -allowed <= reference.delta_low and reference.delta_high <= allowed:
        return "equal"
    if reference.delta_high < 0 and reference.delta < -allowed:
        return "worse"
    if reference.delta_low > 0:
        return "better"
    return "too few samples"


def anomalies(records: Sequence[Record]) -> list[Anomaly]:
    """Return what looks wrong in all accuracies of some records, in the order of the records.

    Models that are architecture only are left out: constant weights saturate their outputs.
    """
    compared = [
        r for r in records if isinstance(r.outcome, Completed) and not r.model.architecture_only
    ]
    found = [s for record in compared for s in _of_one(record)] + list(_sign_flips(compared))
    place = {id(record): i for i, record in enumerate(records)}
    return sorted(found, key=lambda s: (place[id(s.record)], list(ANOMALIES).index(s.code)))


def _of_one(record: Record) -> Iterator[Anomaly]:
    agreement = record.agreement
    worst = _worst_rmse(agreement) if isinstance(agreement, Agreement) else None
    if worst is not None and worst >= UNRELATED_RMSE:
        yield Anomaly(record, "outputs-unrelated", f"relative RMSE {worst:.2g}")
    if worst == 0 and _differs_from_f32(record):
        yield Anomaly(record, "identical-outputs", f"in {_ran(record)}, relative RMSE 0")
    for name, accuracy in _accuracies(record):
        yield from _of_accuracy(record, name, accuracy, worst)


def _of_accuracy(
    record: Record, name: str, accuracy: Accuracy, worst: float | None
) -> Iterator[Anomaly]:
    """Yield what looks wrong in one of a record's accuracies."""
    reference = accuracy.reference
    if not isinstance(reference, AccuracyReference):
        return
    significant = not reference.delta_low <= 0 <= reference.delta_high
    far = abs(reference.delta) > FAR * abs(reference.value)
    if worst is not None and worst <= SAME_RMSE and significant and far:
        yield Anomaly(
            record,
            "accuracy-without-cause",
            f"{name}{reference.delta:+.3f} from {reference.value:.3f}, relative RMSE {worst:.2g}",
        )
    if reference.delta_low > 0 and _differs_from_f32(record):
        yield Anomaly(
            record,
            "better-than-reference",
            f"{name}{reference.delta:+.3f}, 95 % interval {reference.delta_low:+.3f} to "
            f"{reference.delta_high:+.3f}",
        )


def _accuracies(record: Record) -> Iterator[tuple[str, Accuracy]]:
    """Yield name and accuracy: the headline's name is empty, others have metric and data set."""
    if isinstance(record.accuracy, Accuracy):
        yield "", record.accuracy
    for other in record.additional_accuracy:
        yield f"{_name(other)}: ", other


def _name(accuracy: Accuracy) -> str:
    """Return metric and data set of an additional accuracy."""
    metric = METRICS.get(accuracy.metric)
    label = metric.label if metric else accuracy.metric
    return f"{label}, {accuracy.dataset}" if accuracy.dataset else label


def _sign_flips(records: Sequence[Record]) -> Iterator[Anomaly]:
    def key(record: Record) -> tuple[str, ...]:
        return (record.model.id, record.model.sha256, record.case.variant, _ran(record))

    for _, group in groupby(sorted(records, key=key), key=key):
        signed: dict[str, list[tuple[Record, float]]] = {}
        for record in group:
            for name, accuracy in _accuracies(record):
                if delta := _significant_delta(accuracy):
                    signed.setdefault(name, []).append((record, delta))
        for name, pairs in signed.items():
            yield from _flipped(name, pairs)


def _flipped(name: str, signed: Sequence[tuple[Record, float]]) -> Iterator[Anomaly]:
    up, down = [p for p in signed if p[1] > 0], [p for p in signed if p[1] < 0]
    for record, delta in up if down else ():
        other, lost = down[0]
        yield Anomaly(
            record, "sign-flip", f"{name}{delta:+.3f} here, {lost:+.3f} on {other.device.full_name}"
        )


def _significant_delta(accuracy: Accuracy) -> float:
    """Return the difference to f32 where its interval excludes zero, else 0."""
    reference = accuracy.reference
    if not isinstance(reference, AccuracyReference):
        return 0.0
    return 0.0 if reference.delta_low <= 0 <= reference.delta_high else reference.delta


def _worst_rmse(agreement: Agreement) -> float | None:
    return max((output.relative_rmse for output in agreement.outputs), default=None)


def _ran(record: Record) -> str:
    execution = record.execution
    return execution.precision if isinstance(execution, Execution) else "unknown"


def _differs_from_f32(record: Record) -> bool:
    """Return whether something must have changed digits: other weights, or another arithmetic.

    The published file's weights are the reference's too; those of an optimized variant are not,
    even where the arithmetic is.
    """
    optimized = isinstance(record.model.origin, Optimized)
    return optimized or _ran(record) not in {"f32", "unknown"}

"""Accuracy and agreement: shares are shares, differences are differences of what stands there."""

from __future__ import annotations

from collections.abc import Iterator

from ovreport.checks.fault import Fault, number
from ovreport.record import Accuracy, AccuracyReference, Agreement, Generation, Perplexity, Record

ROUNDING = 1e-6
CORRELATIONS = ("pearson", "spearman")
"""Metrics that may be negative; all others are shares, but one."""
EDITS = ("character_accuracy",)
"""One minus an error rate, which may be above 1."""


def accuracy(record: Record) -> Iterator[Fault]:
    """Yield accuracies outside their range, of nothing, or that contradict the reference."""
    if isinstance(record.accuracy, Accuracy):
        yield from _accuracy("$.accuracy", record.accuracy)
    for index, one in enumerate(record.additional_accuracy):
        yield from _accuracy(f"$.additional_accuracy[{index}]", one)
    if isinstance(record.agreement, Agreement) and record.agreement.n == 0:
        yield Fault("$.agreement.n", "compared on no input")
    if isinstance(record.agreement, Agreement):
        for index, output in enumerate(record.agreement.outputs):
            if output.other_shape >= max(1, record.agreement.n):
                what = f"{output.other_shape} of {record.agreement.n} inputs: none was compared"
                yield Fault(f"$.agreement.outputs[{index}].other_shape", what)


def _accuracy(path: str, one: Accuracy) -> Iterator[Fault]:
    if one.n == 0:
        yield Fault(f"{path}.n", "measured on nothing")
    least = -1.0 if one.metric in CORRELATIONS else -1e6 if one.metric in EDITS else 0.0
    values = [("value", one.value), ("low", one.low), ("high", one.high)]
    if isinstance(one.reference, AccuracyReference):
        values.append(("reference.value", one.reference.value))
    for name, value in values:
        if not least - ROUNDING <= value <= 1 + ROUNDING:
            what = f"{number(value)}, where {one.metric} lies between {number(least)} and 1"
            yield Fault(f"{path}.{name}", what)
    if isinstance(one.reference, AccuracyReference):
        yield from _delta(path, one.value, one.reference)


def _delta(path: str, value: float, reference: AccuracyReference) -> Iterator[Fault]:
    expected = value - reference.value
    slack = ROUNDING * max(1.0, abs(value), abs(reference.value))
    if abs(reference.delta - expected) > slack:
        yield Fault(
            f"{path}.reference.delta",
            f"{number(reference.delta)}, where {number(value)} minus {number(reference.value)} is "
            f"{number(expected)}",
        )


def perplexity(record: Record) -> Iterator[Fault]:
    """Yield perplexities that contradict their windows or the reference."""
    if not isinstance(record.generation, Generation):
        return
    found = record.generation.perplexity
    if not isinstance(found, Perplexity):
        return
    path = "$.generation.perplexity"
    for index, window in enumerate(found.windows):
        if window.tokens > found.window:
            what = f"{window.tokens} scored tokens in a window of {found.window}"
            yield Fault(f"{path}.windows[{index}].tokens", what)
    if isinstance(found.reference, AccuracyReference):
        if found.reference.value < 1 - ROUNDING:
            yield Fault(f"{path}.reference.value", "no perplexity is below 1")
        yield from _delta(path, found.value, found.reference)

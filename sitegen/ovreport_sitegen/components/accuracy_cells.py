"""Accuracy of a result, and its difference to the f32 reference: cells that several pages show."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ovreport.metrics import METRICS, significant
from ovreport.metrics.anomalies import tolerance
from ovreport.record import Accuracy, AccuracyReference, Agreement, Failed, Skipped
from ovreport_sitegen.charts import Row
from ovreport_sitegen.components.cells import count_cell, missing_cell
from ovreport_sitegen.components.ratio_card import left_out_words
from ovreport_sitegen.components.table import DASH, Cell
from ovreport_sitegen.data.result import Result
from ovreport_sitegen.text import interval_note, line

ELIGIBLE, ELIGIBLE_STRICT = 0.99, 0.999
"""Shares of the reference's accuracy that a result must keep for its speed to count: both of
MLPerf's targets."""
_NO_POINTS = 1e-4
"""A smaller difference is what rounding left: no accuracy is of so many samples."""
_TOLERANCE_TIPS = {
    "equal": "The whole 95 % interval of the difference is within 1 % of the reference.",
    "worse": "Significantly below the reference, by more than 1 % of it.",
    "better": "Significantly above the reference: worth a second look.",
    "too few samples": "The interval of the difference reaches across the tolerance of 1 %.",
}

_REFERENCE = Cell("reference", tone="missing", tip="The others are compared with it.")


def reference_of(result: Result) -> AccuracyReference | None:
    """Return the comparison with the f32 reference, None where there is none."""
    accuracy = result.accuracy
    if isinstance(accuracy, Accuracy) and isinstance(accuracy.reference, AccuracyReference):
        return accuracy.reference
    return None


def is_reference(result: Result) -> bool:
    """Return whether a result is the f32 reference itself, which is compared with nothing."""
    accuracy = result.accuracy
    unpaired = isinstance(accuracy, Accuracy) and isinstance(accuracy.reference, Skipped)
    return unpaired and result.is_baseline


def difference_of(result: Result) -> AccuracyReference | None:
    """Return the difference to the f32 reference; the reference's own is zero."""
    accuracy = result.accuracy
    if is_reference(result) and isinstance(accuracy, Accuracy):
        return AccuracyReference(value=accuracy.value, delta=0, delta_low=0, delta_high=0)
    return reference_of(result)


def eligible(result: Result, share: float = ELIGIBLE) -> bool | None:
    """Return whether a result keeps a share of the reference's accuracy; None: not known."""
    reference = reference_of(result)
    if reference is None or reference.value <= 0:
        return None
    return (reference.value + reference.delta) / reference.value >= share - 1e-9


def shown_to_keep(result: Result, share: float = ELIGIBLE) -> bool | None:
    """Return whether a result keeps a share of the reference's accuracy for sure.

    True and False: the whole 95 % interval of the difference says so. None: too few samples to
    tell, or no reference.
    """
    reference = reference_of(result)
    if reference is None or reference.value <= 0:
        return None
    least = (share - 1) * reference.value
    if reference.delta_low >= least - 1e-9:
        return True
    return False if reference.delta_high < least else None


def others_words(results: Sequence[Result]) -> str:
    """Return how many of these are not shown to keep 99 %, and why: goes on with a sentence.

    Empty where all keep it.
    """
    found = [shown_to_keep(r) for r in results]
    few, lost = found.count(None), found.count(False)
    only = len(found) == 1
    text = ""
    if few:
        text = f"; {'it' if only else few} {'has' if few == 1 else 'have'} too few samples to tell"
    if lost:
        text += f"; {'it' if only else lost} {'loses' if lost == 1 else 'lose'} more than 1 %"
    return text


def failed_words(results: Sequence[Result]) -> str:
    """Return how many of these have no accuracy because something failed: ends a sentence."""
    failed = [r for r in results if not r.completed or isinstance(r.record.accuracy, Failed)]
    return left_out_words(failed, (), "accuracy")


def keeps(result: Result, share: float = ELIGIBLE) -> bool:
    """Return whether a result is known to keep that share; the reference does."""
    return is_reference(result) or bool(eligible(result, share))


def value_cell(result: Result) -> Cell:
    """Return the accuracy with its interval."""
    accuracy = result.accuracy
    if not isinstance(accuracy, Accuracy):
        return missing_cell(accuracy)
    metric = METRICS[accuracy.metric]
    return Cell(
        metric.format(accuracy.value),
        sub=f"{metric.format(accuracy.low)} – {metric.format(accuracy.high)}",
        sort=accuracy.value,
        tip=f"{metric.label}, {metric.unit}; interval: {line(accuracy.interval)}",
    )


def named_cell(result: Result, *, counted: bool = True) -> Cell:
    """Return the accuracy with its interval, its metric and, unless a column has it, its n."""
    cell, accuracy = value_cell(result), result.accuracy
    if not isinstance(accuracy, Accuracy):
        return cell
    metric = METRICS[accuracy.metric]
    unit = "" if metric.unit.startswith("%") else f", {metric.unit}"
    return msgspec.structs.replace(
        cell,
        text=f"{cell.text} %" if not unit else cell.text,
        sub=f"{cell.sub}\n{metric.label}{unit}" + (f", n {accuracy.n:,}" if counted else ""),
    )


def metric_cell(result: Result) -> Cell:
    """Return the metric of an accuracy."""
    accuracy = result.accuracy
    if not isinstance(accuracy, Accuracy):
        return DASH
    metric = METRICS[accuracy.metric]
    return Cell(metric.label, sub=metric.unit, sort=metric.label)


def points(value: float) -> str:
    """Return a number of points with its sign: `+1.5`, `−0.32`, `0`."""
    if abs(value) < _NO_POINTS:
        return "0"
    text = significant(abs(value), 3 if abs(value) >= 1 else 2)
    return f"{'−' if value < 0 else '+'}{text}"


def cost_cell(result: Result) -> Cell:
    """Return the difference to the f32 reference in points, with its interval."""
    reference, accuracy = reference_of(result), result.accuracy
    if not isinstance(accuracy, Accuracy):
        return missing_cell(accuracy)
    if reference is None:
        return _REFERENCE if is_reference(result) else missing_cell(accuracy.reference)  # type: ignore[arg-type]
    scale = METRICS[accuracy.metric].scale
    low, high = reference.delta_low * scale, reference.delta_high * scale
    return Cell(
        points(reference.delta * scale),
        sub="" if points(low) == points(high) == "0" else f"{points(low)} … {points(high)}",
        sort=reference.delta * scale,
        tone="bad" if eligible(result) is False else "",
    )


def cost_note(result: Result, *, named: bool = True) -> str:
    """Return the interval of the difference to the f32 reference, as a sentence has it."""
    reference, accuracy = reference_of(result), result.accuracy
    if reference is None or not isinstance(accuracy, Accuracy):
        return ""
    scale = METRICS[accuracy.metric].scale
    ends = sorted(abs(scale * end) for end in (reference.delta_low, reference.delta_high))
    low, high = map(significant, ends)
    return interval_note(low, high, named=named)


def eligible_cell(result: Result) -> Cell:
    """Return whether a result keeps enough accuracy for its speed to count."""
    reference, known = reference_of(result), eligible(result)
    if is_reference(result):
        return _REFERENCE
    if reference is None or known is None:
        return Cell("–", tone="missing", tip="No f32 reference on the same samples.")
    kept = (reference.value + reference.delta) / reference.value
    strict = eligible(result, ELIGIBLE_STRICT)
    return Cell(
        ("eligible at 99.9 %" if strict else "eligible at 99 %") if known else "not eligible",
        sub=f"{significant(kept * 100)} % of reference",
        sort=kept,
        tone="" if known else "bad",
    )


def tolerance_cell(result: Result) -> Cell:
    """Return whether the accuracy is within 1 % of the reference's, by the interval."""
    accuracy = result.accuracy
    found = tolerance(accuracy) if isinstance(accuracy, Accuracy) else None
    if is_reference(result):
        return _REFERENCE
    if found is None:
        return Cell("–", tone="missing", tip="No f32 reference on the same samples.")
    text = "yes" if found == "equal" else found
    return Cell(text, sort=text, tone="bad" if found == "worse" else "", tip=_TOLERANCE_TIPS[found])


def lost_row(result: Result, name: str) -> Row | None:
    """Return a chart's row of the points lost, None without a reference."""
    reference, accuracy = reference_of(result), result.accuracy
    if reference is None or not isinstance(accuracy, Accuracy):
        return None
    scale = METRICS[accuracy.metric].scale
    delta = reference.delta * scale
    return Row(
        name=name,
        label=points(delta),
        value=delta,
        low=reference.delta_low * scale,
        high=reference.delta_high * scale,
        family=result.device.family,
        other=(1 - ELIGIBLE) * reference.value * scale,
        tip=f"{name}: {points(delta)} points, 95 % interval "
        f"{points(reference.delta_low * scale)} to {points(reference.delta_high * scale)}, "
        f"{accuracy.n:,} {line(accuracy.unit, 30)}",
    )


def agreement_cells(result: Result) -> tuple[Cell, Cell, Cell, Cell]:
    """Return n, relative RMSE, largest difference and cosine of the worst output."""
    agreement = result.record.agreement if result.completed else result.record.outcome
    if not isinstance(agreement, Agreement) or not agreement.outputs:
        why = missing_cell(agreement if not isinstance(agreement, Agreement) else None)  # type: ignore[arg-type]
        return (why, *(DASH,) * 3)
    worst = max(agreement.outputs, key=lambda output: output.relative_rmse)
    name = line(worst.name, 40)
    others = max(output.other_shape for output in agreement.outputs)
    return (
        count_cell(agreement.n, f"{others:,} gave another shape" if others else ""),
        Cell(scientific(worst.relative_rmse), sub=name, sort=worst.relative_rmse),
        Cell(scientific(worst.max_abs_difference), sort=worst.max_abs_difference),
        Cell(f"{worst.cosine:.6f}", sort=worst.cosine),
    )


def scientific(value: float) -> str:
    """Return a number that may be tiny: 0.0012, or 3.4 × 10⁻⁸."""
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e5:
        return significant(value, 2)
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

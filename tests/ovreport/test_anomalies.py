"""Accuracies that cannot be taken at their word."""

from __future__ import annotations

import msgspec
import pytest

from ovreport.metrics.anomalies import ANOMALIES, anomalies, tolerance
from ovreport.record import Accuracy, AccuracyReference, Agreement, OutputAgreement, Record, Skipped
from tests.factories import a_failed_record, a_made_record, a_record


def a_case(*, delta: float = 0.0, margin: float = 0.005, rmse: float = 0.02, **knobs) -> Record:
    """Return a bf16 case with a difference to f32 and an agreement of outputs."""
    record = a_record(**{"precision": "default", "executed": "bf16", **knobs})
    if not isinstance(record.accuracy, Accuracy):
        return record
    reference = AccuracyReference(
        value=0.9, delta=delta, delta_low=delta - margin, delta_high=delta + margin
    )
    output = OutputAgreement(name="y", relative_rmse=rmse, max_abs_difference=rmse, cosine=1)
    return msgspec.structs.replace(
        record,
        accuracy=msgspec.structs.replace(record.accuracy, reference=reference),
        agreement=Agreement(n=16, outputs=[output]),
    )


def codes(*records: Record) -> list[str]:
    """Return the codes of what is suspicious."""
    return [s.code for s in anomalies(records)]


@pytest.mark.parametrize(
    ("delta", "margin", "expected"),
    [
        (0.0, 0.005, "equal"),
        (-0.004, 0.004, "equal"),
        (-0.1, 0.02, "worse"),
        (0.05, 0.02, "better"),
        (0.008, 0.004, "better"),  # a gain for sure, of more or less than 1 %
        (-0.01, 0.02, "too few samples"),
        (0.0, 0.02, "too few samples"),
        (-0.008, 0.004, "too few samples"),
    ],
)
def test_a_difference_is_weighed_with_its_interval(delta, margin, expected):
    """Within 1 % for sure, beyond it for sure, or undecided."""
    assert tolerance(a_case(delta=delta, margin=margin).accuracy) == expected


def test_without_a_reference_nothing_is_said():
    """The reference itself is not compared."""
    accuracy = msgspec.structs.replace(a_record().accuracy, reference=Skipped(reason="it is it"))
    assert tolerance(accuracy) is None


def test_sound_results_are_not_suspicious():
    """A little lost in bf16, nothing in f32, a loss with its cause."""
    sound = a_record(executed="f32")
    assert codes(sound, a_case(delta=-0.002), a_case(delta=-0.11, rmse=0.2)) == []


def test_a_zeroed_layer_is_caught():
    """Outputs that have little to do with the reference's."""
    assert codes(a_case(delta=-0.6, rmse=0.9)) == ["outputs-unrelated"]


def test_shuffled_labels_are_caught():
    """The outputs agree, the accuracy does not."""
    assert codes(a_case(delta=-0.85, rmse=0.001)) == ["accuracy-without-cause"]


def test_pasted_outputs_are_caught():
    """f32's outputs in the place of int8's: not one digit differs."""
    pasted = a_case(executed="i8", variant="int8", rmse=0.0)
    assert codes(pasted) == ["identical-outputs"]


def test_a_gain_by_lower_precision_is_looked_at():
    """Better than f32 by more than the interval."""
    assert codes(a_case(delta=0.007, margin=0.004)) == ["better-than-reference"]
    assert codes(a_case(delta=0.003, margin=0.004)) == []


def test_signs_that_flip_between_devices_are_looked_at():
    """Worse on one device, better on another, in the same precision."""
    here = a_case(delta=0.01, margin=0.004)
    there = a_case(delta=-0.02, device="GPU", full_name="Example GPU", family="dGPU")
    assert codes(here, there) == ["better-than-reference", "sign-flip"]
    assert codes(there, a_case(delta=0.0)) == []


def test_what_cannot_be_compared_is_left_out():
    """Failed cases, and constant weights, whose outputs saturate."""
    assert codes(a_failed_record(), a_case(rmse=0.0, architecture_only=True)) == []


def test_every_code_has_its_words():
    """What it means and what to do."""
    for text in ANOMALIES.values():
        assert all((text.title, text.meaning, text.remedy))


def test_a_made_file_must_change_digits_whatever_ran():
    """FP16 weights computed in f32: outputs equal to the last digit are the published file's."""
    pasted = a_case(rmse=0, executed="f32", precision="f32", variant="fp16")
    made = a_made_record("fp16").model.origin
    assert codes(pasted) == []
    model = msgspec.structs.replace(pasted.model, origin=made)
    assert codes(msgspec.structs.replace(pasted, model=model)) == ["identical-outputs"]


# ---------------------------------------------------------------- further metrics


def with_further(record: Record, *, delta: float, margin: float = 0.004) -> Record:
    """Return a case with a second accuracy, on data of its own."""
    accuracy = msgspec.structs.replace(
        record.accuracy,
        metric="spearman",
        dataset="SimLex-999",
        reference=AccuracyReference(
            value=0.9, delta=delta, delta_low=delta - margin, delta_high=delta + margin
        ),
    )
    return msgspec.structs.replace(record, additional_accuracy=[accuracy])


def test_further_metrics_are_looked_at_too():
    """By the same rules, and the detail says of which one it speaks."""
    sound = a_case(delta=-0.002)
    assert codes(with_further(sound, delta=-0.002)) == []
    (gain,) = anomalies([with_further(sound, delta=0.02)])
    assert gain.code == "better-than-reference"
    assert gain.detail.startswith("Spearman correlation, SimLex-999: +0.020")
    shuffled = with_further(a_case(delta=-0.001, rmse=0.001), delta=-0.5)
    assert codes(shuffled) == ["accuracy-without-cause"]


def test_signs_that_flip_in_a_further_metric_are_looked_at():
    """Each metric with itself: a gain in one and a loss in another is no flip."""
    here = with_further(a_case(delta=-0.02), delta=0.01)
    gpu = {"device": "GPU", "full_name": "Example GPU", "family": "dGPU"}
    there = with_further(a_case(delta=-0.02, **gpu), delta=-0.02)
    assert codes(here, there) == ["better-than-reference", "sign-flip"]
    assert codes(here, a_case(delta=-0.02, **gpu)) == ["better-than-reference"]

"""Sentences about what a variant or a precision does: every grammatical case, from the data."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ovreport import record as r
from ovreport.store import Loaded, Stored
from ovreport_sitegen.config import Config
from ovreport_sitegen.data.catalogue import Catalogue, make
from ovreport_sitegen.pages.accuracy import sentences
from tests.factories import a_made_record, a_record

FASTER, SLOWER, SAME = 2.5, 10.0, 5.0
"""Milliseconds, against 5 of f32."""
LOSS, NOTHING, GAIN = 0.841, 0.97, 0.985
"""Top-1, against 0.97 of the reference."""


def catalogue(*records: r.Record) -> Catalogue:
    """Return a catalogue of records."""
    from pathlib import Path

    return make(Config(), Loaded([Stored(record, Path("x.json")) for record in records]))


def a_reference(**knobs: Any) -> r.Record:
    """Return f32 of the published file on the CPU, as it is collected: it has no reference."""
    record = a_record(**{"seed": 1, **knobs})
    assert isinstance(record.accuracy, r.Accuracy)
    none = r.Skipped(reason="this is the reference")
    return msgspec.structs.replace(
        record, accuracy=msgspec.structs.replace(record.accuracy, reference=none)
    )


def only(record: r.Record, *, many: bool = False) -> str:
    """Return the sentence about a record, against f32 of the published file."""
    (trade,) = catalogue(a_reference(), record).speedups
    return sentences.sentence(trade, many=many)


def default(**knobs: Any) -> r.Record:
    """Return the default precision of the published file."""
    return a_record(**{"precision": "default", "seed": 2, **knobs})


def surely(record: r.Record, low: float, high: float) -> r.Record:
    """Return a record with another interval of the paired difference."""
    accuracy = record.accuracy
    assert isinstance(accuracy, r.Accuracy)
    assert isinstance(accuracy.reference, r.AccuracyReference)
    reference = msgspec.structs.replace(accuracy.reference, delta_low=low, delta_high=high)
    return msgspec.structs.replace(
        record, accuracy=msgspec.structs.replace(accuracy, reference=reference)
    )


@pytest.mark.parametrize(
    ("ms", "top1", "said"),
    [
        (FASTER, LOSS, "costs Magika v3.3 12.9 points and makes it 2.0× as fast."),
        (SLOWER, LOSS, "costs Magika v3.3 12.9 points and makes it slower (0.50× as fast)."),
        (SAME, LOSS, "costs Magika v3.3 12.9 points and gives no speed that can be told for it."),
        (
            FASTER,
            NOTHING,
            "makes Magika v3.3 2.0× as fast and costs nothing that 402 files can tell.",
        ),
        (
            SLOWER,
            NOTHING,
            "makes Magika v3.3 slower (0.50× as fast) and costs nothing that 402 files can tell.",
        ),
        (
            SAME,
            NOTHING,
            "changes neither the speed nor the accuracy of Magika v3.3 by anything "
            "that can be told.",
        ),
        (FASTER, GAIN, "makes Magika v3.3 2.0× as fast and gains 1.50 points."),
        (SLOWER, GAIN, "makes Magika v3.3 slower (0.50× as fast) and gains 1.50 points."),
        (
            SAME,
            GAIN,
            "gains Magika v3.3 1.50 points and changes its speed by nothing that can be told.",
        ),
    ],
)
def test_speed_and_accuracy_in_every_combination(ms: float, top1: float, said: str) -> None:
    """Cost first where it costs; certain differences only; the model is named once."""
    assert only(default(median_ms=ms, top1=top1)) == f"bf16, the default here, {said}"


@pytest.mark.parametrize(
    ("top1", "said"),
    [
        (LOSS, "costs Magika v3.3 12.9 points."),
        (NOTHING, "costs Magika v3.3 nothing that 402 files can tell."),
        (GAIN, "gains Magika v3.3 1.50 points."),
    ],
)
def test_without_enough_rounds_only_the_accuracy_is_said(top1: float, said: str) -> None:
    """Three rounds are too few for a word about speed."""
    assert only(default(top1=top1, rounds=3)) == f"bf16, the default here, {said}"


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (FASTER, "makes Magika v3.3 2.0× as fast"),
        (SLOWER, "makes Magika v3.3 slower (0.50× as fast)"),
        (SAME, "changes the speed of Magika v3.3 by nothing that can be told"),
    ],
)
def test_without_a_reference_only_the_speed_is_said(ms: float, said: str) -> None:
    """What accuracy does is then called unknown; without either there is no sentence."""
    none = r.Skipped(reason="no labelled data")
    expected = f"bf16, the default here, {said}; what it does to accuracy is not known."
    assert only(default(median_ms=ms, accuracy=none)) == expected
    assert only(default(accuracy=none, rounds=3)) == ""


def test_an_interval_within_the_tolerance_needs_no_count_of_samples() -> None:
    """Enough samples: nothing that can be told; few samples: nothing that these can tell."""
    narrow = surely(default(median_ms=FASTER), -0.001, 0.001)
    assert only(narrow).endswith("and costs nothing that can be told.")


@pytest.mark.parametrize(
    ("record", "who"),
    [
        (a_made_record("int8", precision="default", seed=3), "INT8"),
        (a_made_record("int8", seed=3), "INT8 with the rest in f32"),
        (a_made_record("int8-accuracy", precision="default", seed=3), "Accuracy-controlled INT8"),
        (a_made_record("fp16", seed=3), "FP16 compression"),
        (
            a_made_record("int4-weights", precision="default", seed=3),
            "INT4 weight compression, run in bf16,",
        ),
        (
            a_record(precision="default", seed=3, execution=r.Unsupported(reason="not readable")),
            "The default precision here",
        ),
    ],
)
def test_a_case_is_named_by_what_ran(record: r.Record, who: str) -> None:
    """Variant first, then the precision that ran; what could not be read back is not claimed."""
    (trade,) = catalogue(a_reference(), record).speedups
    assert sentences.subject(trade.candidate) == who


def test_of_several_devices_the_one_is_named() -> None:
    """`here` is only said of one device."""
    assert only(default(), many=True).startswith("bf16, the default on Example CPU 9000, ")
    said = only(a_made_record("int8-accuracy", precision="default", seed=3), many=True)
    assert said.startswith("On Example CPU 9000, accuracy-controlled INT8 changes ")


# ---------------------------------------------------------------- headlines of a page


def test_the_worst_default_comes_first_then_the_best_variant() -> None:
    """A reader takes away what costs, and what is a bargain."""
    found = catalogue(
        a_reference(),
        default(median_ms=FASTER, top1=LOSS),
        a_made_record("int8", precision="default", seed=3, median_ms=2),
        a_made_record("fp16", precision="default", seed=4, top1=LOSS - 0.01),
    )
    first, second = sentences.headlines(found)
    assert first == (
        "bf16, the default here, costs Magika v3.3 12.9 points and makes it 2.0× as fast."
    )
    assert second.startswith("INT8 makes Magika v3.3 2.5× as fast and costs nothing")


def test_a_variant_that_costs_by_itself_is_told() -> None:
    """The loss is the variant's where the published file in that precision has none."""
    found = catalogue(
        a_reference(), default(), a_made_record("int8", precision="default", seed=3, top1=0.9)
    )
    *_, last = sentences.headlines(found)
    assert last.startswith("INT8 costs Magika v3.3 7.00 points")


@pytest.mark.parametrize("models", [1, 2])
def test_a_default_that_costs_nothing_is_said_to(models: int) -> None:
    """One model, or any of several."""
    names = [f"m{i}" for i in range(models)]
    found = catalogue(*(a_reference(model=m) for m in names), *(default(model=m) for m in names))
    who = "the one model" if models == 1 else "any of 2 models"
    (first,) = sentences.headlines(found)
    assert first == (
        f"The default precision costs {who} with labelled data no more than 1 % for certain."
    )


def test_variants_without_a_bargain_are_said_to_be_none() -> None:
    """Slower, or less accurate: nobody should take them for speed."""
    found = catalogue(a_reference(), a_made_record("fp16", seed=3))
    (first,) = sentences.headlines(found)
    assert first.startswith("No variant here is both surely faster")


def test_without_a_choice_the_headline_says_so() -> None:
    """f32 alone, f32 as the default, and no labelled data at all."""
    alone = sentences.headlines(catalogue(a_reference()))
    assert "every model was measured in f32 alone" in alone[0]
    same = sentences.headlines(catalogue(a_reference(), default(executed="f32")))
    assert "f32 is the default here" in same[0]
    bare = sentences.headlines(catalogue(a_record(architecture_only=True)))
    assert bare == ("No model here was measured on labelled data.",)

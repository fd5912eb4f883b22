"""Sentences on what a variant or a precision does: the facts in them, in every combination."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ovreport import record as r
from ovreport_sitegen.pages.accuracy import sentences
from tests.factories import a_made_record, a_record
from tests.sitegen.conftest import a_reference, catalogue

FASTER, SLOWER, SAME = 2.5, 10.0, 5.0
"""Milliseconds, against 5 of f32."""
LOSS, NOTHING, GAIN = 0.841, 0.97, 0.985
"""Top-1, against 0.97 of the reference."""


def only(record: r.Record, *, many: bool = False, measurement: Any = "latency") -> str:
    """Return the sentence about a record, against f32 of the published file."""
    (effect,) = _effects(record)
    return sentences.sentence(effect, many=many, measurement=measurement)


def _effects(*records: r.Record) -> list[sentences.Effect]:
    found = catalogue(a_reference(), *records)
    return sentences.effects(found, found.results)


def default(**knobs: Any) -> r.Record:
    """Return the default precision of the published file."""
    return a_record(**{"precision": "default", "seed": 2, **knobs})


def with_interval(record: r.Record, low: float, high: float) -> r.Record:
    """Return a record with another interval of the paired difference."""
    accuracy = record.accuracy
    assert isinstance(accuracy, r.Accuracy)
    assert isinstance(accuracy.reference, r.AccuracyReference)
    reference = msgspec.structs.replace(accuracy.reference, delta_low=low, delta_high=high)
    return msgspec.structs.replace(
        record, accuracy=msgspec.structs.replace(accuracy, reference=reference)
    )


@pytest.mark.parametrize(
    ("ms", "top1", "words"),
    [
        (FASTER, LOSS, ["loses 12.9", "but", "2.00×"]),
        (SLOWER, LOSS, ["loses 12.9", "and", "50 % slower"]),
        (SAME, LOSS, ["loses 12.9", "and", "no clear difference"]),
        (FASTER, NOTHING, ["2.00×", "and", "no loss", "402 files"]),
        (SLOWER, NOTHING, ["50 % slower", "and", "no loss", "402 files"]),
        (SAME, NOTHING, ["no clear difference", "and", "no loss", "402 files"]),
        (FASTER, GAIN, ["2.00×", "and", "gains 1.50"]),
        (SLOWER, GAIN, ["50 % slower", "but", "gains 1.50"]),
        (SAME, GAIN, ["no clear difference", "and", "gains 1.50"]),
    ],
)
def test_speed_and_accuracy_in_every_combination(ms: float, top1: float, words: list[str]) -> None:
    """A loss comes first; only significant differences are said; the model is named once."""
    text = only(default(median_ms=ms, top1=top1))
    assert text.startswith("Magika v3.3: bf16, ")
    places = [text.index(word) for word in words]
    assert places == sorted(places)
    assert text.count("Magika") == 1


@pytest.mark.parametrize(
    ("ms", "words"), [(FASTER, "2.00×"), (SLOWER, "50 % less"), (SAME, "no clear difference")]
)
def test_throughput_has_sentences_of_its_own(ms: float, words: str) -> None:
    """More or less throughput, not faster or slower."""
    text = only(default(median_ms=ms), measurement="throughput")
    assert words in text
    assert "throughput" in text


@pytest.mark.parametrize(
    ("top1", "words"), [(LOSS, "loses 12.9"), (NOTHING, "402 files"), (GAIN, "gains 1.50")]
)
def test_without_enough_rounds_only_the_accuracy_is_said(top1: float, words: str) -> None:
    """Three rounds are too few for a word about speed but that."""
    text = only(default(top1=top1, rounds=3))
    assert words in text
    assert "insufficient data" in text


@pytest.mark.parametrize(
    ("ms", "words"), [(FASTER, "2.00×"), (SLOWER, "50 % slower"), (SAME, "no clear difference")]
)
def test_without_a_reference_the_accuracy_is_not_known(ms: float, words: str) -> None:
    """Only the speed is said then; without either there is no sentence."""
    none = r.Skipped(reason="no labelled data")
    text = only(default(median_ms=ms, accuracy=none))
    assert words in text
    assert "not known" in text
    assert only(default(accuracy=none, rounds=3)) == ""


def test_an_interval_within_the_tolerance_needs_no_count_of_samples() -> None:
    """The number of samples is given where there are too few of them."""
    narrow = only(with_interval(default(median_ms=FASTER), -0.001, 0.001))
    assert "no measurable loss" in narrow
    assert "402" not in narrow


@pytest.mark.parametrize(
    ("record", "who"),
    [
        (a_made_record("int8", precision="default", seed=3), "INT8"),
        (a_made_record("int8", seed=3), "INT8 with the rest in f32"),
        (a_made_record("int8-accuracy", precision="default", seed=3), "accuracy-controlled INT8"),
        (a_made_record("fp16", seed=3), "FP16 compression"),
        (
            a_made_record("int4-weights", precision="default", seed=3),
            "INT4 weight compression run in bf16",
        ),
        (
            a_record(precision="default", seed=3, execution=r.Unsupported(reason="not readable")),
            "the default precision here",
        ),
    ],
)
def test_a_case_is_named_by_what_ran(record: r.Record, who: str) -> None:
    """Variant first, then the precision that ran; what could not be read back is not claimed."""
    (effect,) = _effects(record)
    assert sentences.subject(effect.result) == who


def test_of_several_devices_the_one_is_named() -> None:
    """`here` is only said of one device."""
    assert "on Example CPU 9000" in only(default(), many=True)
    optimized = only(a_made_record("int8-accuracy", precision="default", seed=3), many=True)
    assert "accuracy-controlled INT8 on Example CPU 9000" in optimized
    assert "here" not in optimized


# ---------------------------------------------------------------- findings of a page


def test_the_worst_default_comes_first_then_the_best_variant() -> None:
    """The largest loss by default, and the fastest variant that loses nothing."""
    found = catalogue(
        a_reference(),
        default(median_ms=FASTER, top1=LOSS),
        a_made_record("int8", precision="default", seed=3, median_ms=2),
        a_made_record("fp16", precision="default", seed=4, top1=LOSS - 0.01),
    )
    first, second = sentences.page_findings(found)
    assert "bf16" in first
    assert "12.9" in first
    assert "INT8" in second
    assert "2.51×" in second


def test_a_variant_that_loses_by_itself_is_a_finding() -> None:
    """The loss is the variant's where the published file in that precision has none."""
    found = catalogue(
        a_reference(), default(), a_made_record("int8", precision="default", seed=3, top1=0.9)
    )
    *_, last = sentences.page_findings(found)
    assert "INT8" in last
    assert "loses 7.00" in last


@pytest.mark.parametrize(("models", "who"), [(1, "only model"), (2, "2 models")])
def test_a_default_that_loses_nothing_is_a_finding(models: int, who: str) -> None:
    """Of one model, or of several."""
    names = [f"m{i}" for i in range(models)]
    found = catalogue(*(a_reference(model=m) for m in names), *(default(model=m) for m in names))
    (first,) = sentences.page_findings(found)
    assert who in first
    assert "1 %" in first


def test_variants_that_are_not_faster_are_not_recommended() -> None:
    """Slower, or less accurate: nobody should take them for speed."""
    found = catalogue(a_reference(), a_made_record("fp16", seed=3))
    (first,) = sentences.page_findings(found)
    assert first.startswith("No choice")


def test_without_a_choice_the_finding_says_why() -> None:
    """f32 alone, f32 as the default, and no labelled data at all."""
    (alone,) = sentences.page_findings(catalogue(a_reference()))
    assert "only in f32" in alone
    (same,) = sentences.page_findings(catalogue(a_reference(), default(executed="f32")))
    assert "default" in same
    (bare,) = sentences.page_findings(catalogue(a_record(architecture_only=True)))
    assert "labelled" in bare

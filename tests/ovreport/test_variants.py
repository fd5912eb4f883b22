"""The table of variants: whole, closed to what is not in it, and all that it names can be made."""

from __future__ import annotations

import re

import msgspec
import pytest

from ovreport import store
from ovreport.errors import RecordError
from ovreport.record import json_schema, variant_of
from ovreport.variants import METHODS, OPTIMIZATIONS, VARIANTS
from tests.factories import a_record


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=str)
def test_a_variant_is_complete(variant) -> None:
    """Its name can be a part of a file name, and nothing that a reader sees is empty."""
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", variant.name)
    assert variant.label
    assert variant.short
    assert variant.phrase
    if variant.optimization is not None:
        assert variant.optimization.method in METHODS


def test_what_a_reader_sees_tells_variants_apart() -> None:
    """Two of one label could not be told from each other in a table or a chart."""
    for words in ("label", "short", "phrase"):
        assert len({getattr(variant, words) for variant in VARIANTS.values()}) == len(VARIANTS)


def test_validation_needs_calibration() -> None:
    """Accuracy is watched while a model is quantized, which takes calibration data."""
    assert all(how.calibrated for how in OPTIMIZATIONS.values() if how.validated)
    assert not any(how.calibrated for how in OPTIMIZATIONS.values() if how.weights_only)


def test_a_record_of_an_unknown_variant_is_refused_by_name() -> None:
    """The site would have no name for it."""
    document = msgspec.to_builtins(a_record())
    document["case"]["variant"] = "int3"
    with pytest.raises(RecordError) as caught:
        store.decode(msgspec.json.encode(document), where="x.json")
    assert "int3" in caught.value.what
    assert caught.value.where == "x.json: $.case.variant"


def test_the_schema_lists_the_variants() -> None:
    """Whoever writes records by another tool sees what is accepted."""
    variant = json_schema()["$defs"]["Case"]["properties"]["variant"]
    assert variant["enum"] == list(VARIANTS)


def test_files_that_were_called_fp32_are_what_they_hold() -> None:
    """Of BlazeFace, whose records name what suites claimed; an optimized file is not."""
    front = "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
    model = msgspec.structs.replace(a_record().model, sha256=front)
    assert variant_of(model, "fp32") == "fp16"
    assert variant_of(model, "int8") == "int8"
    assert variant_of(a_record().model, "fp32") == "fp32"

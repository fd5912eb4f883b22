"""Variants of a model: their order, their names, and which of them was published.

Charts of all models show the published file; what was made of it stands on the model's own page
and on the accuracy page, named wherever a model has more than one variant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from ovreport.record import Optimized, Record, VariantName

ORDER: tuple[str, ...] = get_args(VariantName)

_LABELS = {
    "int8-accuracy": "int8, accuracy kept",
    "int8-weights": "int8 weights only",
    "int4-weights": "int4 weights only",
}
_SHORT = {"int8-accuracy": "int8 kept", "int8-weights": "int8 w", "int4-weights": "int4 w"}
_SUBJECTS = {
    "int8-accuracy": "accuracy-controlled INT8",
    "int8-weights": "INT8 weight compression",
    "int4-weights": "INT4 weight compression",
    "fp16": "FP16 compression",
}


def label(variant: str) -> str:
    """Return a variant's name in tables and charts."""
    return _LABELS.get(variant, f"{variant} weights" if variant.startswith("fp") else variant)


def short(variant: str) -> str:
    """Return a variant's name beside a mark, where there is little room."""
    return _SHORT.get(variant, variant)


def subject(variant: str) -> str:
    """Return a variant as the subject of a sentence."""
    return _SUBJECTS.get(variant, variant.upper())


def ordered(variants: Iterable[str]) -> tuple[str, ...]:
    """Return variants from full to reduced precision, each once."""
    return tuple(sorted(set(variants), key=lambda v: (ORDER.index(v) if v in ORDER else 99, v)))


def published(records: Sequence[Record]) -> str:
    """Return the variant of one model's records that is the published file.

    What was made by an optimization is not; where only such records are at hand, it is the
    variant of the fullest precision.
    """
    as_published = [r for r in records if not isinstance(r.model.origin, Optimized)]
    return ordered(r.case.variant for r in as_published or records)[0]

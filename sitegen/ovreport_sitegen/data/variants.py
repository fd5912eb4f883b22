"""Variants of a model: their order, their names, and which of them was published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from ovreport.record import Optimized, Record, VariantName

ORDER: tuple[str, ...] = get_args(VariantName)
"""From full to reduced precision."""


@dataclass(frozen=True)
class _Names:
    label: str
    """In tables."""
    short: str
    """Beside a mark, where there is little room."""
    subject: str
    """As the subject of a sentence."""


_NAMES = {
    "fp16": _Names("fp16 weights", "fp16", "FP16 compression"),
    "int8-accuracy": _Names("int8, accuracy kept", "int8 kept", "accuracy-controlled INT8"),
    "int8-weights": _Names("int8 weights only", "int8 w", "INT8 weight compression"),
    "int4-weights": _Names("int4 weights only", "int4 w", "INT4 weight compression"),
}


def _names(variant: str) -> _Names:
    plain = f"{variant} weights" if variant.startswith("fp") else variant
    return _NAMES.get(variant) or _Names(plain, variant, variant.upper())


def label(variant: str) -> str:
    """Return a variant's name in tables."""
    return _names(variant).label


def short(variant: str) -> str:
    """Return a variant's name beside a mark, where there is little room."""
    return _names(variant).short


def subject(variant: str) -> str:
    """Return a variant as the subject of a sentence."""
    return _names(variant).subject


def ordered(variants: Iterable[str]) -> tuple[str, ...]:
    """Return variants from full to reduced precision, each once."""
    return tuple(sorted(set(variants), key=lambda v: (ORDER.index(v) if v in ORDER else 99, v)))


def published(records: Sequence[Record]) -> str:
    """Return which variant of one model's records is the published file.

    It is one that was not optimized here; where all were, the one of the fullest precision.
    """
    as_published = [r for r in records if not isinstance(r.model.origin, Optimized)]
    return ordered(r.case.variant for r in as_published or records)[0]

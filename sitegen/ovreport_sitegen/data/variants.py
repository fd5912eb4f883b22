"""Variants of a model: their order, their names, and which of them was published.

Charts of all models show the published file; what was made of it stands on the model's own page
and on the accuracy page, named wherever a model has more than one variant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ovreport.record import Optimized, Record
from ovreport.variants import VARIANTS

_ORDER = list(VARIANTS)


def label(variant: str) -> str:
    """Return a variant's name in tables and charts."""
    return VARIANTS[variant].label


def short(variant: str) -> str:
    """Return a variant's name beside a mark, where there is little room."""
    return VARIANTS[variant].short


def subject(variant: str) -> str:
    """Return a variant as the subject of a sentence."""
    return VARIANTS[variant].phrase


def ordered(variants: Iterable[str]) -> tuple[str, ...]:
    """Return variants from full to reduced precision, each once."""
    return tuple(sorted(set(variants), key=_ORDER.index))


def published(records: Sequence[Record]) -> str:
    """Return the variant of one model's records that is the published file.

    What was made by an optimization is not; where only such records are at hand, it is the
    variant of the fullest precision.
    """
    as_published = [r for r in records if not isinstance(r.model.origin, Optimized)]
    return ordered(r.case.variant for r in as_published or records)[0]

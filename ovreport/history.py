"""Which records are of the same case, and which of those is the newest."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from ovreport.errors import RecordError, one_line
from ovreport.record import Record
from ovreport.store import Stored

T = TypeVar("T")
CaseKey = tuple[str, ...]
"""Machine, engine, the device's full name and string, model, variant and requested precision."""


def case_key(record: Record) -> CaseKey:
    """Return what makes two records measurements of the same case."""
    case, machine, full_name = record.case, record.machine.id, record.device.full_name
    return machine, case.engine, full_name, case.device, case.model, case.variant, case.precision


class Moment(NamedTuple):
    """What tells which of several records is the newest of its case."""

    case: CaseKey
    measured_at: str
    min_seconds: float
    """Of the tier's loops."""
    path: Path


def newest(stored: Iterable[Stored]) -> tuple[list[Stored], list[Stored], list[RecordError]]:
    """Return the newest record of each case, all others from old to new, and what is in doubt.

    In doubt is which of two records of one case and one time is the newer: the one of the longer
    tier counts as such, then the one whose file name is the later in the alphabet.
    """
    return newest_by(stored, lambda one: moment(one.record, one.path))


def moment(record: Record, path: Path) -> Moment:
    """Return the moment of a record and its file."""
    return Moment(case_key(record), record.measured_at, record.tier.min_seconds, path)


def newest_by(
    items: Iterable[T], moment_of: Callable[[T], Moment]
) -> tuple[list[T], list[T], list[RecordError]]:
    """Do as `newest` does with anything that stands for a record."""
    by_age = sorted(((moment_of(item), item) for item in items), key=lambda pair: _age(pair[0]))
    by_case: dict[CaseKey, list[tuple[Moment, T]]] = {}
    for at, item in by_age:
        by_case.setdefault(at.case, []).append((at, item))
    doubts = [
        _same_time(one.path, after.path)
        for of_case in by_case.values()
        for (one, _), (after, _) in itertools.pairwise(of_case)
        if one.measured_at == after.measured_at
    ]
    current = [of_case[-1][1] for of_case in by_case.values()]
    # Of two moments that are equal, each is an item of its own.
    newest_ones = set(map(id, current))
    return current, [item for _, item in by_age if id(item) not in newest_ones], doubts


def _age(at: Moment) -> tuple[str, float, str]:
    return at.measured_at, at.min_seconds, at.path.name


def _same_time(one: Path, after: Path) -> RecordError:
    return RecordError(
        f"of the same case and time as {one_line(str(after), limit=1000)}, which counts as "
        "the newer",
        where=one_line(str(one), limit=1000),
        remedy="Keep one of the two.",
    )

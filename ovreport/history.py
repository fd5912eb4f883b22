"""Which records are of the same case, and which of those is the newest."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from ovreport.errors import RecordError, one_line
from ovreport.record import Record
from ovreport.store import Stored

CaseKey = tuple[str, ...]
"""Machine, the processors that a limited run had (else empty), engine, the device's full name and
string, model, variant and requested precision."""


def case_key(record: Record) -> CaseKey:
    """Return what makes two records measurements of the same case.

    A run that could use only some of the processors never takes the place of one that had all.
    """
    case, machine, device = record.case, record.machine, record.device.full_name
    host = machine.id, f"{machine.cores_available:g}" if machine.is_limited else ""
    return *host, case.engine, device, case.device, case.model, case.variant, case.precision


def newest(stored: Iterable[Stored]) -> tuple[list[Stored], list[Stored], list[RecordError]]:
    """Return the newest record of each case, all others from old to new, and what is in doubt.

    In doubt is which of two records of one case and one time is the newer: the one of the longer
    tier counts as such, then the one whose file name is the later in the alphabet.
    """
    by_case: dict[CaseKey, list[Stored]] = {}
    for one in sorted(stored, key=_age):
        by_case.setdefault(case_key(one.record), []).append(one)
    doubts = [
        _same_time(one, after)
        for of_case in by_case.values()
        for one, after in itertools.pairwise(of_case)
        if one.record.measured_at == after.record.measured_at
    ]
    older = sorted((one for of_case in by_case.values() for one in of_case[:-1]), key=_age)
    return [of_case[-1] for of_case in by_case.values()], older, doubts


def _age(one: Stored) -> tuple[str, float, str]:
    return one.record.measured_at, one.record.tier.min_seconds, one.path.name


def _same_time(one: Stored, after: Stored) -> RecordError:
    return RecordError(
        f"of the same case and time as {one_line(str(after.path), limit=1000)}, which counts as "
        "the newer",
        where=one_line(str(one.path), limit=1000),
        remedy="Keep one of the two.",
    )
